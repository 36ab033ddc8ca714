// Sums that cost nothing: the addition is done by whoever makes the operands.
#include "lib/Schedule/Ops.h"
#include "lib/Schedule/Prepare.h"

#include "lib/Nn/Nn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;

/// Two operands of the result's shape, added element by element.
static bool isPlainSum(linalg::GenericOp op) {
  if (kindOf(op) != OpKind::ElementWise || op.getNumDpsInputs() != 2)
    return false;
  Block &body = op.getRegion().front();
  auto add = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  return add && body.getOperations().size() == 2 &&
         isa<BlockArgument>(add.getLhs()) && isa<BlockArgument>(add.getRhs()) &&
         add.getLhs() != add.getRhs() &&
         llvm::all_of(op.getIndexingMapsArray(),
                      [](AffineMap map) { return map.isIdentity(); });
}

static Operation *later(Operation *a, Operation *b) {
  return a->isBeforeInBlock(b) ? b : a;
}

/// The first segment of the chain that ends in `op`.
static linalg::GenericOp firstSegment(linalg::GenericOp op) {
  while (auto before = op.getDpsInits()[0].getDefiningOp<linalg::GenericOp>())
    op = before;
  return op;
}

/// a + b, both products with one reader: the later chain starts from the
/// earlier one's sum.
static bool mergeProducts(linalg::GenericOp sum) {
  auto a = sum.getInputs()[0].getDefiningOp<linalg::GenericOp>();
  auto b = sum.getInputs()[1].getDefiningOp<linalg::GenericOp>();
  if (!a || !b || a == b || !a->hasOneUse() || !b->hasOneUse())
    return false;
  std::optional<ProductLoops> left = productLoops(a), right = productLoops(b);
  if (!left || !right || left->batch != right->batch ||
      left->rows != right->rows || left->columns != right->columns)
    return false;
  auto last = cast<linalg::GenericOp>(later(a, b));
  auto before = last == a ? b : a;
  linalg::GenericOp first = firstSegment(last);
  if (!isZero(first.getDpsInits()[0]))
    return false;
  first.getDpsInitsMutable()[0].set(before.getResult(0));
  if (first->isBeforeInBlock(before)) {
    // Segments between the two move behind `before`; operands stay dominated.
    SmallVector<linalg::GenericOp> chain{last};
    while (chain.back() != first)
      chain.push_back(
          chain.back().getDpsInits()[0].getDefiningOp<linalg::GenericOp>());
    for (linalg::GenericOp segment : llvm::reverse(chain))
      segment->moveBefore(sum);
  }
  sum.getResult(0).replaceAllUsesWith(last.getResult(0));
  sum.erase();
  return true;
}

/// scatter_add(0, i, u) + y = scatter_add(y, i, u).
static bool startScatter(linalg::GenericOp sum) {
  for (unsigned side : {0, 1}) {
    auto scatter = sum.getInputs()[side].getDefiningOp<nn::ScatterAddOp>();
    Value other = sum.getInputs()[1 - side];
    if (!scatter || !scatter->hasOneUse() || !isZero(scatter.getInit()))
      continue;
    scatter.getInitMutable().set(other);
    scatter->moveBefore(sum);
    sum.getResult(0).replaceAllUsesWith(scatter.getResult());
    sum.erase();
    return true;
  }
  return false;
}

namespace {
/// A tensor that is `value` in one range of one dimension and 0 elsewhere.
struct Part {
  Value value;
  int64_t dim, offset;
  int64_t end() const { return offset + shapeOf(value)[dim]; }
};
} // namespace

/// The dimension in which `part` is a piece of `whole`; -1 if there is not
/// exactly one.
static int64_t cutDim(ArrayRef<int64_t> part, ArrayRef<int64_t> whole) {
  int64_t dim = -1;
  for (auto [index, extents] : llvm::enumerate(llvm::zip_equal(part, whole))) {
    if (std::get<0>(extents) == std::get<1>(extents))
      continue;
    if (dim >= 0)
      return -1;
    dim = index;
  }
  return dim;
}

static std::optional<Part> partOf(Value value) {
  if (auto pad = value.getDefiningOp<tensor::PadOp>()) {
    Value constant = pad.getConstantPaddingValue();
    auto zero =
        constant ? constant.getDefiningOp<arith::ConstantOp>() : nullptr;
    auto number = zero ? dyn_cast<FloatAttr>(zero.getValue()) : FloatAttr();
    if (!number || !number.getValue().isZero())
      return std::nullopt;
    int64_t dim = cutDim(shapeOf(pad.getSource()), shapeOf(value));
    if (dim < 0)
      return std::nullopt;
    return Part{pad.getSource(), dim, pad.getStaticLow()[dim]};
  }
  auto insert = value.getDefiningOp<tensor::InsertSliceOp>();
  if (!insert || !isZero(insert.getDest()) || !insert.hasUnitStride() ||
      insert.getSourceType().getRank() != insert.getDestType().getRank())
    return std::nullopt;
  int64_t dim = cutDim(shapeOf(insert.getSource()), shapeOf(value));
  if (dim < 0)
    return std::nullopt;
  return Part{insert.getSource(), dim, insert.getStaticOffset(dim)};
}

/// Leaves of the tree of sums that ends in `value`; fails at a leaf that is no
/// part.
static bool collectParts(Value value, SmallVectorImpl<Part> &parts) {
  if (std::optional<Part> part = partOf(value)) {
    parts.push_back(*part);
    return true;
  }
  auto sum = value.getDefiningOp<linalg::GenericOp>();
  return sum && isPlainSum(sum) && collectParts(sum.getInputs()[0], parts) &&
         collectParts(sum.getInputs()[1], parts);
}

/// A sum of parts that tile one dimension is their concatenation.
static bool concatParts(linalg::GenericOp sum) {
  SmallVector<Part> parts;
  if (!collectParts(sum.getResult(0), parts))
    return false;
  llvm::sort(parts,
             [](const Part &a, const Part &b) { return a.offset < b.offset; });
  int64_t dim = parts[0].dim, end = 0;
  SmallVector<Value> values;
  for (const Part &part : parts) {
    if (part.dim != dim || part.offset != end)
      return false;
    end = part.end();
    values.push_back(part.value);
  }
  if (end != shapeOf(sum.getResult(0))[dim])
    return false;
  OpBuilder builder(sum);
  Value concat = tensor::ConcatOp::create(
      builder, sum.getLoc(), sum.getResult(0).getType(), dim, values);
  sum.getResult(0).replaceAllUsesWith(concat);
  sum.erase();
  return true;
}

void schedule::mergeSums(func::FuncOp function) {
  SmallVector<linalg::GenericOp> generics(
      function.getBody().front().getOps<linalg::GenericOp>());
  // From the end, so that the root of a tree of parts is met before its leaves.
  SmallVector<linalg::GenericOp> sums;
  for (linalg::GenericOp op : llvm::reverse(generics))
    if (isPlainSum(op) && !concatParts(op))
      sums.push_back(op);
  for (linalg::GenericOp op : llvm::reverse(sums))
    if (!mergeProducts(op))
      startScatter(op);
}
