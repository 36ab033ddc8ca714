#include "lib/Generate/Cpu/RowSpace.h"

#include <numeric>

using namespace mlir;
using namespace ogee;

/// A chunk has at least this many elements, about ten microseconds; a kernel
/// has at most this many chunks, enough for dozens of threads of unequal speed.
static constexpr int64_t kChunkElements = 1 << 13;
static constexpr int64_t kMostChunks = 96;
/// Elements of a row where rows are cut from the flat box.
static constexpr int64_t kBlockElements = 1024;

static int64_t product(ArrayRef<int64_t> extents) {
  return std::accumulate(extents.begin(), extents.end(), int64_t(1),
                         std::multiplies<>());
}

Point RowSpace::leadingPoint(AffineExpr point) const {
  Point result;
  if (!blocked)
    appendDigits(result, point, leading());
  return result;
}

Point RowSpace::elementPoint(AffineExpr point, AffineExpr element) const {
  Point result = leadingPoint(point);
  if (blocked)
    appendDigits(result, point * elements + element, box);
  else
    appendDigits(result, element, row());
  return result;
}

/// Lanes of the widest floating-point type that fills vectors.
static int64_t lanesOf(kernel::FuncOp kernel, const Target &target) {
  auto isWide = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.getRank() > 0 && tensor.getElementType().isF64();
  };
  bool wide = llvm::any_of(kernel.getArgumentTypes(), isWide);
  for (Operation &op : kernel.getBody().front())
    wide |= llvm::any_of(op.getResultTypes(), isWide);
  Builder b(kernel.getContext());
  return target.lanes(wide ? b.getF64Type() : b.getF32Type());
}

static void cutIntoChunks(RowSpace &space) {
  int64_t wanted =
      std::clamp<int64_t>(space.total / kChunkElements, 1, kMostChunks);
  space.chunkPoints =
      llvm::divideCeil(space.points, std::min(wanted, space.points));
  space.chunks = llvm::divideCeil(space.points, space.chunkPoints);
}

RowSpace ogee::rowSpaceOf(kernel::FuncOp kernel, const Target &target) {
  RowSpace space;
  space.lanes = lanesOf(kernel, target);
  if (kernel.getList()) {
    space.box = {ShapedType::kDynamic};
    space.rowDims = 1;
    return space;
  }
  if (kernel.getBox())
    space.box.assign(kernel.getBox()->begin(), kernel.getBox()->end());
  space.rowDims = kernel.getRow().value_or(0);
  space.total = product(space.box);
  if (space.isScalar())
    return space;
  if (space.rowDims == 0) {
    // Masked tails are cheap in long rows; short ones waste most of a vector.
    bool longRows = space.box.back() >= 4 * space.lanes ||
                    space.box.back() % space.lanes == 0;
    bool manyRows = space.total / space.box.back() >= 16;
    space.rowDims = longRows && manyRows ? 1 : 0;
    space.blocked = space.rowDims == 0;
  }
  space.elements = space.blocked ? std::min(space.total, kBlockElements)
                                 : product(space.row());
  space.points = llvm::divideCeil(space.total, space.elements);
  cutIntoChunks(space);
  return space;
}
