// The finish region is small: it runs on one thread after the last chunk, so it
// is written for clarity. Reductions in it are put into scratch once, all else
// is evaluated where it is stored.
#include "lib/Generate/Cpu/Finish.h"

#include "lib/Generate/Cpu/Elements.h"
#include "lib/Generate/Cpu/Partials.h"

using namespace mlir;
using namespace ogee;

int64_t ogee::partStride(RankedTensorType result) {
  return result.getNumElements();
}

int64_t ogee::partBytes(Operation *partial, int64_t parts) {
  auto type = cast<RankedTensorType>(partial->getResult(0).getType());
  return parts * partStride(type) * storageBytes(type.getElementType());
}

SmallVector<int64_t> ogee::chunkWorkspaces(kernel::FuncOp kernel,
                                           int64_t chunks) {
  return llvm::map_to_vector(partialsOf(kernel), [&](Operation *partial) {
    return partBytes(partial, chunks);
  });
}

SmallVector<Operation *> ogee::partialsOf(kernel::FuncOp kernel) {
  SmallVector<Operation *> partials;
  for (Operation &op : kernel.getBody().front())
    if (op.hasAttr(kernel::kPartialAttr))
      partials.push_back(&op);
  return partials;
}

static bool isFinishedIn(Value value, DenseMap<Value, bool> &known) {
  auto found = known.find(value);
  if (found != known.end())
    return found->second;
  Operation *op = value.getDefiningOp();
  bool finished = op && (op->hasAttr(kernel::kPartialAttr) ||
                         llvm::any_of(op->getOperands(), [&](Value operand) {
                           return isFinishedIn(operand, known);
                         }));
  known[value] = finished;
  return finished;
}

bool ogee::isFinished(Value value) {
  DenseMap<Value, bool> known;
  return isFinishedIn(value, known);
}

/// Complete reductions of the finish region, in order.
static SmallVector<linalg::GenericOp>
finishedReductions(kernel::FuncOp kernel) {
  SmallVector<linalg::GenericOp> reductions;
  DenseMap<Value, bool> known;
  for (auto op : kernel.getBody().front().getOps<linalg::GenericOp>())
    if (op.getNumReductionLoops() != 0 && !op->hasAttr(kernel::kPartialAttr) &&
        isFinishedIn(op.getResult(0), known))
      reductions.push_back(op);
  return reductions;
}

int64_t ogee::finishScratch(kernel::FuncOp kernel) {
  int64_t bytes = 0;
  for (linalg::GenericOp op : finishedReductions(kernel))
    bytes += partBytes(op, 1);
  return bytes;
}

namespace {

class FinishEmitter {
public:
  FinishEmitter(Frame &frame) : frame(frame), elements(frame, lanesOf(frame)) {}

  void combineParts(const Partial &partial);
  void computeReductions();
  void storeResults();
  void storeTogether(ArrayRef<Sink> sinks);
  bool failed() const { return elements.failed(); }

private:
  static int64_t lanesOf(Frame &frame);
  void forElements(Value tensor, function_ref<void(const Point &)> body);
  void overDimension(ArrayRef<int64_t> shape, Point &point,
                     function_ref<void(const Point &)> body);

  Frame &frame;
  Elements elements;
};

} // namespace

int64_t FinishEmitter::lanesOf(Frame &frame) {
  Operation *first = partialsOf(frame.kernel()).front();
  return frame.target().lanes(
      getElementTypeOrSelf(first->getResult(0).getType()));
}

void FinishEmitter::overDimension(ArrayRef<int64_t> shape, Point &point,
                                  function_ref<void(const Point &)> body) {
  unsigned dimension = point.size();
  if (dimension == shape.size())
    return body(point);
  bool last = dimension + 1 == shape.size();
  int64_t extent = shape[dimension], step = last ? elements.lanes() : 1;
  frame.loop(0, extent, step, [&](Value index) {
    Elements::Scope scope(elements);
    AffineExpr coordinate = elements.variable(index, step);
    if (last) {
      coordinate = coordinate + elements.lane();
      if (extent % step != 0)
        elements.setMask(frame.laneMask(
            frame.sub(frame.constant(extent), index), elements.lanes()));
    }
    point.push_back(coordinate);
    overDimension(shape, point, body);
    point.pop_back();
  });
}

void FinishEmitter::forElements(Value tensor,
                                function_ref<void(const Point &)> body) {
  Point point;
  overDimension(cast<RankedTensorType>(tensor.getType()).getShape(), point,
                body);
}

/// Adds parts 1, 2, .. to part 0, element by element.
void FinishEmitter::combineParts(const Partial &partial) {
  auto op = cast<linalg::GenericOp>(partial.op);
  Value tensor = op.getResult(0);
  auto type = cast<RankedTensorType>(tensor.getType());
  Value base = frame.workspace(partial.workspace);
  Operation *combiner = combinerOf(op);
  forElements(tensor, [&](const Point &point) {
    elements.place(tensor, base);
    Value start = elements.fetch(tensor, point);
    auto body = [&](Value part, ValueRange carried) -> SmallVector<Value> {
      Value at = frame.mul(part, partStride(type));
      elements.place(tensor, frame.at(base, type.getElementType(), at));
      return {combineTwo(frame, combiner, carried.front(),
                         elements.fetch(tensor, point))};
    };
    Value total = frame
                      .loop(frame.constant(1), frame.constant(partial.parts), 1,
                            ValueRange{start}, body)
                      .front();
    elements.place(tensor, base);
    elements.write(tensor, point, total);
  });
}

void FinishEmitter::computeReductions() {
  int64_t used = 0;
  for (linalg::GenericOp op : finishedReductions(frame.kernel())) {
    Value tensor = op.getResult(0);
    Value target = frame.bytes(frame.scratch(), used);
    used += partBytes(op, 1);
    forElements(tensor, [&](const Point &point) {
      Value value = elements.read(tensor, point);
      elements.place(tensor, target);
      elements.write(tensor, point, value);
      elements.displace(tensor);
    });
    elements.place(tensor, target);
  }
}

/// Results of one shape share a loop and are stored together.
void FinishEmitter::storeResults() {
  SmallVector<Sink> finished;
  for (const Sink &sink : sinksOf(frame.kernel()))
    if (isFinished(sink.value))
      finished.push_back(sink);
  for (ArrayRef<Sink> sinks : byShape(finished))
    storeTogether(sinks);
}

void FinishEmitter::storeTogether(ArrayRef<Sink> sinks) {
  Elements::Scope scope(elements);
  Value first = sinks.front().value;
  size_t rank = cast<RankedTensorType>(first.getType()).getRank();
  for (const Sink &sink : sinks)
    if (rank != 0)
      elements.hoist(sink.value, Point(rank, elements.lane()));
  forElements(first, [&](const Point &point) { elements.store(sinks, point); });
}

LogicalResult ogee::emitFinish(ModuleOp module, kernel::FuncOp kernel,
                               const Target &target,
                               ArrayRef<Partial> partials) {
  if (partialsOf(kernel).size() != partials.size())
    return kernel.emitOpError() << "has a partial of another box";
  if (partials.empty())
    return success();
  Frame frame(module, (kernel.getSymName() + "_finish").str(), kernel, target);
  FinishEmitter emitter(frame);
  for (const Partial &partial : partials)
    emitter.combineParts(partial);
  emitter.computeReductions();
  emitter.storeResults();
  return failure(emitter.failed());
}

LogicalResult ogee::emitFinish(ModuleOp module, kernel::FuncOp kernel,
                               const Target &target, int64_t chunks) {
  SmallVector<Partial> partials;
  for (auto [index, op] : llvm::enumerate(partialsOf(kernel)))
    partials.push_back({op, unsigned(index), chunks});
  return emitFinish(module, kernel, target, partials);
}
