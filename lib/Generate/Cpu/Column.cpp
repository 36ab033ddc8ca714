// Reductions over leading dimensions: `out[t, d] = sum_b x[b, t, d]`. The
// result's last dimension lies in the lanes, so each step of the reduction
// reads whole vectors; a chunk is a range of such vectors of the result, and
// the order of the additions is that of the leading dimensions, whoever runs
// the chunk.
#include "lib/Generate/Cpu/Families.h"
#include "lib/Generate/Cpu/Partials.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace ogee;

/// Elements read by a chunk of a large kernel: a tenth of a millisecond.
static constexpr int64_t kChunkElements = 1 << 15;
static constexpr int64_t kMostChunks = 48;

static SmallVector<linalg::GenericOp> columnsOf(kernel::FuncOp kernel) {
  SmallVector<linalg::GenericOp> columns;
  for (auto op : kernel.getBody().front().getOps<linalg::GenericOp>())
    if (op.getNumReductionLoops() > 0 && !op->hasAttr(kernel::kPartialAttr) &&
        !isFinished(op.getResult(0)))
      columns.push_back(op);
  return columns;
}

namespace {
/// The result's box cut into vectors along its last dimension.
struct ColumnBox {
  SmallVector<int64_t> shape; // at least one dimension
  bool isScalar = false;      // the result has rank 0
  int64_t lanes = 1, blocks = 1, vectors = 1, chunks = 1, chunkVectors = 1;
  SmallVector<int64_t> leading; // extents of the reduced dimensions
};
} // namespace

static ColumnBox boxOf(kernel::FuncOp kernel, const Target &target) {
  linalg::GenericOp column = columnsOf(kernel).front();
  auto type = cast<RankedTensorType>(column.getResult(0).getType());
  ColumnBox box;
  box.shape.assign(type.getShape().begin(), type.getShape().end());
  box.isScalar = box.shape.empty();
  if (box.isScalar)
    box.shape.push_back(1);
  box.lanes = target.lanes(type.getElementType());
  box.blocks = llvm::divideCeil(box.shape.back(), box.lanes);
  box.vectors = box.blocks;
  for (int64_t extent : ArrayRef(box.shape).drop_back())
    box.vectors *= extent;
  int64_t read = type.getNumElements();
  for (auto [extent, kind] : llvm::zip_equal(column.getStaticLoopRanges(),
                                             column.getIteratorTypesArray()))
    if (kind == utils::IteratorType::reduction) {
      box.leading.push_back(extent);
      read *= extent;
    }
  int64_t wanted = std::clamp<int64_t>(read / kChunkElements, 1, kMostChunks);
  box.chunkVectors =
      llvm::divideCeil(box.vectors, std::min(wanted, box.vectors));
  box.chunks = llvm::divideCeil(box.vectors, box.chunkVectors);
  return box;
}

FailureOr<KernelSizes> ogee::sizeColumn(kernel::FuncOp kernel,
                                        const Target &target) {
  if (columnsOf(kernel).empty())
    return kernel.emitOpError() << "has no reduction over leading dimensions";
  KernelSizes sizes;
  sizes.chunks = boxOf(kernel, target).chunks;
  for (Operation *partial : partialsOf(kernel)) {
    auto type = cast<RankedTensorType>(partial->getResult(0).getType());
    sizes.workspaces.push_back(sizes.chunks * type.getNumElements() *
                               storageBytes(type.getElementType()));
  }
  return sizes;
}

namespace {
class ColumnEmitter {
public:
  ColumnEmitter(Frame &frame, const ColumnBox &box)
      : frame(frame), box(box), elements(frame, box.lanes),
        partials(frame, elements), columns(columnsOf(frame.kernel())) {
    for (const Sink &sink : sinksOf(frame.kernel()))
      if (!isFinished(sink.value))
        sinks.push_back(sink);
  }

  LogicalResult emit() {
    partials.begin();
    Value first = frame.mul(frame.chunk(), box.chunkVectors);
    Value last = frame.min(frame.add(first, box.chunkVectors),
                           frame.constant(box.vectors));
    partials.end(frame.loop(first, last, 1, partials.neutral(),
                            [&](Value vector, ValueRange carried) {
                              return emitVector(vector, carried);
                            }));
    return failure(elements.failed());
  }

private:
  /// The point of vector number `vector`: its leading coordinates by division,
  /// the last one with the lane.
  Point pointOf(AffineExpr vector) {
    Point point(box.shape.size());
    AffineExpr row = vector.floorDiv(box.blocks);
    point.back() = vector % box.blocks * box.lanes + elements.lane();
    for (int64_t dim = int64_t(box.shape.size()) - 2; dim >= 0; --dim) {
      point[dim] = dim == 0 ? row : row % box.shape[dim];
      row = row.floorDiv(box.shape[dim]);
    }
    return point;
  }

  /// The part of a point that an operation on the box has: none for a scalar.
  ArrayRef<AffineExpr> inBox(const Point &point) const {
    return box.isScalar ? ArrayRef<AffineExpr>() : ArrayRef(point);
  }

  SmallVector<Value> emitVector(Value vector, ValueRange carried) {
    Elements::Scope scope(elements);
    AffineExpr index = elements.variable(vector);
    Point point = pointOf(index);
    Value mask;
    if (box.shape.back() % box.lanes != 0) {
      Value start = elements.materialise(index % box.blocks * -box.lanes +
                                         box.shape.back());
      mask = frame.laneMask(start, box.lanes);
      elements.setMask(mask);
    }
    SmallVector<Value> sums = reduce(point);
    for (auto [column, sum] : llvm::zip_equal(columns, sums))
      elements.bind(column.getResult(0), inBox(point), sum);
    SmallVector<Value> next = partials.combine(inBox(point), mask, carried);
    elements.store(sinks, inBox(point));
    return next;
  }

  /// The columns' sums at a point: loops over the leading dimensions in order.
  SmallVector<Value> reduce(const Point &point) {
    SmallVector<Value> sums;
    for (linalg::GenericOp column : columns) {
      Type element = getElementTypeOrSelf(column.getResult(0).getType());
      sums.push_back(frame.constant(VectorType::get({box.lanes}, element),
                                    neutralOf(combinerOf(column))));
    }
    SmallVector<AffineExpr> leading;
    return reduceFrom(leading, point, sums);
  }

  SmallVector<Value> reduceFrom(SmallVector<AffineExpr> &leading,
                                const Point &point, ValueRange sums) {
    if (leading.size() == box.leading.size())
      return accumulate(leading, point, sums);
    return frame.loop(frame.constant(0),
                      frame.constant(box.leading[leading.size()]), 1, sums,
                      [&](Value index, ValueRange carried) {
                        Elements::Scope scope(elements);
                        leading.push_back(elements.variable(index));
                        auto result = reduceFrom(leading, point, carried);
                        leading.pop_back();
                        return result;
                      });
  }

  SmallVector<Value> accumulate(ArrayRef<AffineExpr> leading,
                                const Point &point, ValueRange sums) {
    SmallVector<Value> next;
    for (auto [column, sum] : llvm::zip_equal(columns, sums)) {
      Value value = elements.readVector(column.getDpsInputs()[0],
                                        inputPoint(column, leading, point));
      next.push_back(
          elements.cloneBody(combinerOf(column), ValueRange{value, sum}));
    }
    return next;
  }

  /// Where a column's input is read: loop dimensions are the reduced ones in
  /// order and the result's ones in order, however they are mixed.
  Point inputPoint(linalg::GenericOp column, ArrayRef<AffineExpr> leading,
                   const Point &point) {
    SmallVector<AffineExpr> loops(column.getNumLoops());
    AffineMap output =
        column.getMatchingIndexingMap(column.getDpsInitOperand(0));
    for (auto [position, result] : llvm::enumerate(output.getResults()))
      loops[cast<AffineDimExpr>(result).getPosition()] = point[position];
    unsigned next = 0;
    for (auto [loop, kind] : llvm::enumerate(column.getIteratorTypesArray()))
      if (kind == utils::IteratorType::reduction)
        loops[loop] = leading[next++];
    Point result;
    for (AffineExpr expression :
         column.getMatchingIndexingMap(column.getDpsInputOperand(0))
             .getResults())
      result.push_back(expression.replaceDims(loops));
    return result;
  }

  Frame &frame;
  const ColumnBox &box;
  Elements elements;
  ChunkPartials partials;
  SmallVector<linalg::GenericOp> columns;
  SmallVector<Sink> sinks; // of what every chunk stores
};
} // namespace

LogicalResult ogee::emitColumn(ModuleOp module, kernel::FuncOp kernel,
                               const Target &target) {
  ColumnBox box = boxOf(kernel, target);
  Frame frame(module, kernel.getName(), kernel, target);
  if (failed(ColumnEmitter(frame, box).emit()))
    return failure();
  SmallVector<Partial> partials;
  for (auto [index, op] : llvm::enumerate(partialsOf(kernel)))
    partials.push_back({op, unsigned(index), box.chunks});
  if (partials.empty())
    return success();
  return emitFinish(module, kernel, target, partials);
}
