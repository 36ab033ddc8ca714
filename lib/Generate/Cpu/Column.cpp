// Reductions over leading dimensions: `out[t, d] = sum_b x[b, t, d]`. The
// result's last dimension lies in the lanes, so each step of the reduction
// reads whole vectors; a chunk is a range of such vectors of the result, and
// the order of the additions is that of the leading dimensions, whoever runs
// the chunk.
#include "lib/Generate/Cpu/BoxVectors.h"
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

/// Extents of the dimensions that a column reduces.
static SmallVector<int64_t> leadingOf(linalg::GenericOp column) {
  SmallVector<int64_t> leading;
  for (auto [extent, kind] : llvm::zip_equal(column.getStaticLoopRanges(),
                                             column.getIteratorTypesArray()))
    if (kind == utils::IteratorType::reduction)
      leading.push_back(extent);
  return leading;
}

static BoxVectors boxOf(kernel::FuncOp kernel, const Target &target) {
  linalg::GenericOp column = columnsOf(kernel).front();
  auto type = cast<RankedTensorType>(column.getResult(0).getType());
  int64_t read = type.getNumElements();
  for (int64_t extent : leadingOf(column))
    read *= extent;
  return BoxVectors(type.getShape(), target.lanes(type.getElementType()),
                    std::min(read / kChunkElements, kMostChunks));
}

FailureOr<KernelSizes> ogee::sizeColumn(kernel::FuncOp kernel,
                                        const Target &target) {
  if (columnsOf(kernel).empty())
    return kernel.emitOpError() << "has no reduction over leading dimensions";
  KernelSizes sizes;
  sizes.chunks = boxOf(kernel, target).chunks;
  sizes.workspaces = chunkWorkspaces(kernel, sizes.chunks);
  return sizes;
}

namespace {
class ColumnEmitter {
public:
  ColumnEmitter(Frame &frame, const BoxVectors &box)
      : frame(frame), box(box), elements(frame, box.lanes),
        partials(frame, elements), columns(columnsOf(frame.kernel())),
        reduced(leadingOf(columns.front())) {
    for (const Sink &sink : sinksOf(frame.kernel()))
      if (!isFinished(sink.value))
        sinks.push_back(sink);
  }

  LogicalResult emit() {
    auto body = [&](ArrayRef<AffineExpr> point, Value mask,
                    ValueRange carried) {
      SmallVector<Value> sums = reduce(point);
      for (auto [column, sum] : llvm::zip_equal(columns, sums))
        elements.bind(column.getResult(0), point, sum);
      SmallVector<Value> next = partials.combine(point, mask, carried);
      elements.store(sinks, point);
      return next;
    };
    partials.begin();
    partials.end(box.forEach(frame, elements, partials.neutral(), body));
    return failure(elements.failed());
  }

private:
  /// The columns' sums at a point: loops over the leading dimensions in order.
  SmallVector<Value> reduce(ArrayRef<AffineExpr> point) {
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
                                ArrayRef<AffineExpr> point, ValueRange sums) {
    if (leading.size() == reduced.size())
      return accumulate(leading, point, sums);
    return frame.loop(frame.constant(0),
                      frame.constant(reduced[leading.size()]), 1, sums,
                      [&](Value index, ValueRange carried) {
                        Elements::Scope scope(elements);
                        leading.push_back(elements.variable(index));
                        auto result = reduceFrom(leading, point, carried);
                        leading.pop_back();
                        return result;
                      });
  }

  SmallVector<Value> accumulate(ArrayRef<AffineExpr> leading,
                                ArrayRef<AffineExpr> point, ValueRange sums) {
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
                   ArrayRef<AffineExpr> point) {
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
  const BoxVectors &box;
  Elements elements;
  ChunkPartials partials;
  SmallVector<linalg::GenericOp> columns;
  SmallVector<int64_t> reduced; // extents, the same for all columns
  SmallVector<Sink> sinks;      // of what every chunk stores
};
} // namespace

LogicalResult ogee::emitColumn(ModuleOp module, kernel::FuncOp kernel,
                               const Target &target) {
  BoxVectors box = boxOf(kernel, target);
  Frame frame(module, kernel.getName(), kernel, target);
  if (failed(ColumnEmitter(frame, box).emit()))
    return failure();
  return emitFinish(module, kernel, target, box.chunks);
}
