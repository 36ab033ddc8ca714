#include "lib/Plan/Buffers.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::plan;

int64_t plan::byteSize(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  int64_t bits = tensor.getElementTypeBitWidth();
  return tensor.getNumElements() * ((bits + 7) / 8);
}

namespace {
class Collector {
public:
  explicit Collector(kernel::ProgramOp program) { result.program = program; }

  FailureOr<ProgramBuffers> run() {
    for (BlockArgument argument : result.program.getArguments())
      add(argument, /*begin=*/-1);
    for (Operation &op : result.program.getBody().front())
      if (failed(visit(&op)))
        return failure();
    result.phases = phase + 1;
    finishOutputs();
    return std::move(result);
  }

private:
  Place add(Value value, int64_t begin) {
    Buffer buffer;
    buffer.bytes = byteSize(value.getType());
    buffer.begin = buffer.end = begin;
    buffer.origin = value;
    result.buffers.push_back(buffer);
    Place place{int64_t(result.buffers.size()) - 1, 0};
    result.places[value] = place;
    return place;
  }

  LogicalResult visit(Operation *op) {
    if (auto launch = dyn_cast<kernel::LaunchOp>(op))
      return visitLaunch(launch);
    if (isa<kernel::YieldOp>(op))
      return success();
    if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp>(
            op)) {
      result.places[op->getResult(0)] = result.places.lookup(op->getOperand(0));
      return success();
    }
    if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
      return visitSlice(slice);
    return op->emitOpError() << "is neither a launch nor a view";
  }

  LogicalResult visitLaunch(kernel::LaunchOp launch) {
    if (!launch.getJoins())
      ++phase;
    LaunchBuffers entry;
    entry.op = launch;
    entry.phase = phase;
    entry.callee = SymbolTable::lookupNearestSymbolFrom<kernel::FuncOp>(
        launch, launch.getCalleeAttr());
    for (Value input : launch.getInputs()) {
      Place place = result.places.lookup(input);
      Buffer &buffer = result.buffers[place.buffer];
      buffer.end = std::max(buffer.end, phase);
      entry.operands.push_back(place);
    }
    for (Value value : launch.getResults())
      entry.results.push_back(add(value, phase));
    for (int64_t bytes :
         entry.callee.getWorkspaces().value_or(ArrayRef<int64_t>{})) {
      Buffer buffer;
      buffer.bytes = bytes;
      buffer.begin = buffer.end = phase;
      result.buffers.push_back(buffer);
      entry.workspaces.push_back({int64_t(result.buffers.size()) - 1, 0});
    }
    result.launches.push_back(std::move(entry));
    return success();
  }

  /// A slice is a view where it is one piece of memory: all dimensions after
  /// the first one that is cut are whole, all before it have extent 1.
  LogicalResult visitSlice(tensor::ExtractSliceOp slice) {
    auto source = slice.getSourceType();
    int64_t elements = 1, distance = 0;
    bool cut = false;
    for (int64_t dim = source.getRank() - 1; dim >= 0; --dim) {
      int64_t size = slice.getStaticSize(dim);
      int64_t offset = slice.getStaticOffset(dim);
      if (slice.getStaticStride(dim) != 1 || (cut && size != 1))
        return slice.emitOpError() << "is no contiguous view";
      distance += offset * elements;
      cut |= size != source.getDimSize(dim);
      elements *= source.getDimSize(dim);
    }
    Place place = result.places.lookup(slice.getSource());
    place.distance += distance * ((source.getElementTypeBitWidth() + 7) / 8);
    result.places[slice.getResult()] = place;
    return success();
  }

  void finishOutputs() {
    for (Value value :
         result.program.getBody().front().getTerminator()->getOperands())
      result.bufferOf(value).end = result.phases;
  }

  ProgramBuffers result;
  int64_t phase = -1;
};
} // namespace

FailureOr<ProgramBuffers> plan::collectBuffers(kernel::ProgramOp program) {
  return Collector(program).run();
}
