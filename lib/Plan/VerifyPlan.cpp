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

/// Runs a program's offsets on `Memory`, phase by phase: launches that join
/// each other run at the same time, in no order.
class Checker {
public:
  Checker(ProgramBuffers &buffers, int64_t arenaBytes)
      : buffers(buffers), arenaBytes(arenaBytes) {}

  LogicalResult run() {
    for (BlockArgument argument : buffers.program.getArguments())
      if (failed(enter(argument)))
        return failure();
    ArrayRef<LaunchBuffers> rest(buffers.launches);
    while (!rest.empty()) {
      int64_t phase = rest.front().phase;
      ArrayRef<LaunchBuffers> together = rest.take_while(
          [&](const LaunchBuffers &launch) { return launch.phase == phase; });
      if (failed(runPhase(together)))
        return failure();
      rest = rest.drop_front(together.size());
    }
    return checkOutputs();
  }

private:
  /// A range that a launch of the phase writes; by its beginning.
  struct Written {
    int64_t end;
    kernel::LaunchOp launch;
  };
  using Writes = std::map<int64_t, Written>;

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
    places[owner] = offset;
    return success();
  }

  LogicalResult runPhase(ArrayRef<LaunchBuffers> together);
  LogicalResult checkReads(const LaunchBuffers &launch);
  LogicalResult addWrites(const LaunchBuffers &launch, Writes &writes);
  LogicalResult checkBeside(const LaunchBuffers &launch, const Writes &writes);
  LogicalResult checkOutputs();

  ProgramBuffers &buffers;
  int64_t arenaBytes;
  Memory memory;
  llvm::DenseMap<const void *, int64_t> places;
};
} // namespace

/// What a phase reads is there when it begins, no two of its launches write one
/// place, and none writes what another one reads. A launch may write over what
/// it alone reads: planning asks its kernel.
LogicalResult Checker::runPhase(ArrayRef<LaunchBuffers> together) {
  Writes writes;
  for (const LaunchBuffers &launch : together)
    if (failed(checkReads(launch)))
      return failure();
  for (const LaunchBuffers &launch : together)
    if (failed(addWrites(launch, writes)))
      return failure();
  for (const LaunchBuffers &launch : together)
    if (failed(checkBeside(launch, writes)))
      return failure();
  return success();
}

LogicalResult Checker::checkReads(const LaunchBuffers &launch) {
  kernel::LaunchOp op = launch.op;
  std::optional<ArrayRef<int64_t>> offsets = op.getOffsets();
  size_t count =
      launch.operands.size() + launch.results.size() + launch.workspaces.size();
  if (!offsets || offsets->size() != count)
    return op.emitOpError() << "needs " << count << " offsets";
  for (auto [value, offset] : llvm::zip(op.getInputs(), *offsets)) {
    const void *owner = ownerOf(value);
    if (!places.contains(owner))
      return op.emitOpError()
             << "reads " << value << ", which a launch that it joins makes";
    if (!memory.holds(offset, byteSize(value.getType()), owner))
      return op.emitOpError()
             << "reads " << value << " after it was overwritten";
  }
  return success();
}

/// A workspace is owned by its buffer: no value has it.
LogicalResult Checker::addWrites(const LaunchBuffers &launch, Writes &writes) {
  kernel::LaunchOp op = launch.op;
  auto add = [&](int64_t offset, int64_t bytes, const void *owner) {
    auto after = writes.lower_bound(offset);
    bool overlaps = after != writes.end() && after->first < offset + bytes;
    overlaps |=
        after != writes.begin() && std::prev(after)->second.end > offset;
    if (overlaps)
      return LogicalResult(op.emitOpError()
                           << "writes where its phase writes something else");
    if (bytes > 0)
      writes[offset] = {offset + bytes, op};
    return write(op, offset, bytes, owner);
  };
  ArrayRef<int64_t> offsets =
      op.getOffsets()->drop_front(launch.operands.size());
  for (Value value : op.getResults()) {
    if (failed(add(offsets.front(), byteSize(value.getType()), ownerOf(value))))
      return failure();
    offsets = offsets.drop_front();
  }
  for (auto [place, offset] : llvm::zip_equal(launch.workspaces, offsets)) {
    const Buffer &buffer = buffers.buffers[place.buffer];
    if (failed(add(offset, buffer.bytes, &buffer)))
      return failure();
  }
  return success();
}

LogicalResult Checker::checkBeside(const LaunchBuffers &launch,
                                   const Writes &writes) {
  kernel::LaunchOp op = launch.op;
  for (auto [value, offset] : llvm::zip(op.getInputs(), *op.getOffsets())) {
    int64_t end = offset + byteSize(value.getType());
    auto range = writes.upper_bound(offset);
    if (range != writes.begin())
      --range;
    for (; range != writes.end() && range->first < end; ++range)
      if (range->second.end > offset && range->second.launch != op)
        return op.emitOpError() << "reads " << value
                                << " while a launch of its phase writes there";
  }
  return success();
}

LogicalResult Checker::checkOutputs() {
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

namespace {
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
