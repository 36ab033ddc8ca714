// The plan is checked against the program alone and not against the planner's
// own records: it is run with sets of bytes, each owned by the value last
// written.
#include "lib/Plan/Buffers.h"
#include "lib/Plan/Plan.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <map>

using namespace mlir;
using namespace ogee;
using namespace ogee::plan;

namespace ogee {
#define GEN_PASS_DEF_VERIFYPLAN
#include "lib/Plan/Passes.h.inc"
} // namespace ogee

namespace {
/// Which value's bytes lie where: disjoint ranges.
class Memory {
public:
  struct Owner {
    int64_t end;
    const void *value;
  };

  void write(int64_t begin, int64_t bytes, const void *value) {
    cut(begin);
    cut(begin + bytes);
    ranges.erase(ranges.lower_bound(begin), ranges.lower_bound(begin + bytes));
    if (bytes > 0)
      ranges[begin] = {begin + bytes, value};
  }

  bool holds(int64_t begin, int64_t bytes, const void *value) const {
    auto range = ranges.upper_bound(begin);
    int64_t cursor = begin;
    if (range != ranges.begin())
      --range;
    for (; range != ranges.end() && cursor < begin + bytes; ++range) {
      if (range->second.end <= cursor)
        continue;
      if (range->first > cursor || range->second.value != value)
        return false;
      cursor = range->second.end;
    }
    return cursor >= begin + bytes;
  }

private:
  void cut(int64_t at) {
    auto range = ranges.lower_bound(at);
    if (range == ranges.begin())
      return;
    --range;
    if (range->second.end <= at)
      return;
    Owner owner = range->second;
    range->second.end = at;
    ranges[at] = owner;
  }

  std::map<int64_t, Owner> ranges;
};

/// Runs a program's offsets on `Memory`.
class Checker {
public:
  Checker(ProgramBuffers &buffers, int64_t arenaBytes)
      : buffers(buffers), arenaBytes(arenaBytes) {}

  LogicalResult run() {
    for (BlockArgument argument : buffers.program.getArguments())
      if (failed(enter(argument)))
        return failure();
    for (LaunchBuffers &launch : buffers.launches)
      if (failed(runLaunch(launch)))
        return failure();
    return checkOutputs();
  }

private:
  /// Views share their source's identity: the value that owns the buffer.
  const void *ownerOf(Value value) {
    return buffers.bufferOf(value).origin.getAsOpaquePointer();
  }

  LogicalResult enter(BlockArgument argument) {
    auto offset = buffers.program.getArgAttrOfType<IntegerAttr>(
        argument.getArgNumber(), kernel::kOffsetAttr);
    if (!offset)
      return buffers.program.emitOpError()
             << "argument " << argument.getArgNumber() << " has no offset";
    return write(buffers.program, offset.getInt(), byteSize(argument.getType()),
                 ownerOf(argument));
  }

  LogicalResult write(Operation *op, int64_t offset, int64_t bytes,
                      const void *owner) {
    if (offset % kAlignment != 0)
      return op->emitOpError() << "has the unaligned offset " << offset;
    if (offset < 0 || offset + bytes > arenaBytes)
      return op->emitOpError() << "has an offset outside the arena: " << offset;
    memory.write(offset, bytes, owner);
    if (owner)
      places[owner] = offset;
    return success();
  }

  LogicalResult runLaunch(LaunchBuffers &launch) {
    std::optional<ArrayRef<int64_t>> offsets = launch.op.getOffsets();
    size_t count = launch.operands.size() + launch.results.size() +
                   launch.workspaces.size();
    if (!offsets || offsets->size() != count)
      return launch.op.emitOpError() << "needs " << count << " offsets";
    for (auto [value, offset] : llvm::zip(launch.op.getInputs(), *offsets))
      if (!memory.holds(offset, byteSize(value.getType()), ownerOf(value)))
        return launch.op.emitOpError()
               << "reads " << value << " after it was overwritten";
    size_t next = launch.operands.size();
    for (Value value : launch.op.getResults())
      if (failed(write(launch.op, (*offsets)[next++], byteSize(value.getType()),
                       ownerOf(value))))
        return failure();
    for (Place place : launch.workspaces)
      if (failed(write(launch.op, (*offsets)[next++],
                       buffers.buffers[place.buffer].bytes, nullptr)))
        return failure();
    // Results and workspaces of one launch are written at the same time.
    for (Value value : launch.op.getResults())
      if (!memory.holds(places[ownerOf(value)], byteSize(value.getType()),
                        ownerOf(value)))
        return launch.op.emitOpError() << "writes two results to one place";
    return success();
  }

  LogicalResult checkOutputs() {
    Operation *yield = buffers.program.getBody().front().getTerminator();
    for (Value value : yield->getOperands()) {
      const void *owner = ownerOf(value);
      if (!memory.holds(places[owner],
                        byteSize(buffers.bufferOf(value).origin.getType()),
                        owner))
        return yield->emitOpError()
               << "returns " << value << " after it was overwritten";
    }
    return success();
  }

  ProgramBuffers &buffers;
  int64_t arenaBytes;
  Memory memory;
  llvm::DenseMap<const void *, int64_t> places;
};

struct VerifyPlan : ogee::impl::VerifyPlanBase<VerifyPlan> {
  void runOnOperation() override {
    auto bytes = getOperation()->getAttrOfType<IntegerAttr>(kArenaBytesAttr);
    if (!bytes) {
      getOperation().emitOpError() << "has no arena";
      return signalPassFailure();
    }
    for (auto program : getOperation().getOps<kernel::ProgramOp>()) {
      auto buffers = collectBuffers(program);
      if (failed(buffers) || failed(Checker(*buffers, bytes.getInt()).run()))
        return signalPassFailure();
    }
    markAllAnalysesPreserved();
  }
};
} // namespace
