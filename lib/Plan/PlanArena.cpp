// One arena for all programs: what persists comes first and is the same for
// each; temporaries of different programs never live together and share what
// follows.
#include "lib/Plan/Assign.h"
#include "lib/Plan/Buffers.h"
#include "lib/Plan/Plan.h"
#include "lib/Plan/Reuse.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::plan;

namespace ogee {
#define GEN_PASS_DEF_PLANARENA
#include "lib/Plan/Passes.h.inc"
} // namespace ogee

static bool isPersistent(kernel::ProgramOp program, unsigned argument) {
  auto kind = program.getArgAttrOfType<StringAttr>(argument, "nn.class");
  return kind && (kind == "param" || kind == "state" || kind == "moment" ||
                  kind == "average" || kind == "accumulator");
}

namespace {
/// Offsets of what persists, by path.
class PersistentPart {
public:
  LogicalResult addArguments(ProgramBuffers &buffers) {
    for (BlockArgument argument : buffers.program.getArguments()) {
      unsigned index = argument.getArgNumber();
      if (!isPersistent(buffers.program, index))
        continue;
      auto path =
          buffers.program.getArgAttrOfType<StringAttr>(index, "nn.path");
      if (!path)
        return buffers.program.emitOpError()
               << "argument " << index << " persists but has no nn.path";
      Buffer &buffer = buffers.bufferOf(argument);
      buffer.persistent = true;
      buffer.offset = offsetOf(path.getValue(), buffer.bytes);
    }
    return success();
  }

  std::optional<int64_t> lookup(StringRef path) const {
    auto found = offsets.find(path);
    if (found == offsets.end())
      return std::nullopt;
    return found->second;
  }

  int64_t bytes() const { return end; }

private:
  int64_t offsetOf(StringRef path, int64_t bytes) {
    auto [entry, isNew] = offsets.try_emplace(path, end);
    if (isNew)
      end += aligned(bytes);
    return entry->second;
  }

  llvm::StringMap<int64_t> offsets;
  int64_t end = 0;
};

/// Lets results take the place of operands: next values of what persists must,
/// others may.
class InPlace {
public:
  explicit InPlace(ProgramBuffers &buffers) : buffers(buffers) {}

  LogicalResult tieUpdates(const PersistentPart &persistent) {
    Operation *yield = buffers.program.getBody().front().getTerminator();
    for (OpOperand &operand : yield->getOpOperands()) {
      auto path = buffers.program.getResultAttrOfType<StringAttr>(
          operand.getOperandNumber(), "nn.updates");
      if (path && failed(tieUpdate(operand.get(), path.getValue(), persistent)))
        return failure();
    }
    return success();
  }

  void shareDyingOperands() {
    for (LaunchBuffers &launch : buffers.launches)
      for (unsigned result = 0; result < launch.results.size(); ++result)
        shareDyingOperand(launch, result);
  }

private:
  LogicalResult tieUpdate(Value value, StringRef path,
                          const PersistentPart &persistent) {
    std::optional<int64_t> offset = persistent.lookup(path);
    if (!offset)
      return buffers.program.emitOpError()
             << "updates `" << path << "`, which is no argument";
    if (isa<BlockArgument>(value))
      return success();
    Buffer &buffer = buffers.bufferOf(value);
    Buffer *argument = llvm::find_if(buffers.buffers, [&](Buffer &other) {
      return other.persistent && other.offset == offset &&
             isa_and_nonnull<BlockArgument>(other.origin);
    });
    if (argument->end > buffer.begin ||
        (argument->end == buffer.begin && !updatesInPlace(value, *argument)))
      return value.getDefiningOp()->emitOpError()
             << "gives `" << path
             << "` its next value while its old one is still needed";
    buffer.offset = offset;
    buffer.persistent = true;
    return success();
  }

  /// The launch that makes `value` is the only one of its phase that reads the
  /// old value, and may write over it.
  bool updatesInPlace(Value value, const Buffer &argument) {
    bool fits = true;
    for (LaunchBuffers &launch : buffers.launches)
      for (auto [index, place] : llvm::enumerate(launch.operands)) {
        if (&buffers.buffers[place.buffer] != &argument ||
            launch.phase != argument.end)
          continue;
        auto result = dyn_cast<OpResult>(value);
        fits &= result && result.getOwner() == launch.op &&
                mayUpdate(launch.callee, index, result.getResultNumber());
      }
    return fits;
  }

  void shareDyingOperand(LaunchBuffers &launch, unsigned result) {
    Buffer &made = buffers.buffers[launch.results[result].buffer];
    if (made.offset || launch.callee.getList())
      return;
    for (auto [index, place] : llvm::enumerate(launch.operands)) {
      Buffer &dying = buffers.buffers[place.buffer];
      if (dying.persistent || place.distance != 0 ||
          dying.bytes != made.bytes || dying.end != launch.phase ||
          !mayOverwrite(launch.callee, index, result) ||
          !isOnlyReader(launch, place.buffer))
        continue;
      dying.end = made.end;
      rename(launch.results[result].buffer, place.buffer);
      return;
    }
  }

  bool isOnlyReader(const LaunchBuffers &launch, int64_t buffer) {
    int64_t readers = 0;
    for (const LaunchBuffers &other : buffers.launches)
      if (other.phase == launch.phase)
        for (Place place : other.operands)
          readers += place.buffer == buffer;
    return readers == 1;
  }

  /// All that lived in `from` lives in `to`; `from` takes no room any more.
  void rename(int64_t from, int64_t to) {
    for (auto &entry : buffers.places)
      if (entry.second.buffer == from)
        entry.second.buffer = to;
    for (LaunchBuffers &launch : buffers.launches) {
      for (Place &place : launch.operands)
        if (place.buffer == from)
          place.buffer = to;
      for (Place &place : launch.results)
        if (place.buffer == from)
          place.buffer = to;
    }
    buffers.buffers[from].bytes = 0;
    buffers.buffers[from].offset = 0;
    buffers.buffers[from].persistent = true;
  }

  ProgramBuffers &buffers;
};

struct PlanArena : ogee::impl::PlanArenaBase<PlanArena> {
  void runOnOperation() override {
    if (failed(plan()))
      signalPassFailure();
  }

private:
  LogicalResult plan() {
    SmallVector<ProgramBuffers, 0> programs;
    for (auto program : getOperation().getOps<kernel::ProgramOp>()) {
      auto buffers = collectBuffers(program);
      if (failed(buffers))
        return failure();
      programs.push_back(std::move(*buffers));
    }
    PersistentPart persistent;
    for (ProgramBuffers &buffers : programs)
      if (failed(persistent.addArguments(buffers)))
        return failure();
    int64_t end = persistent.bytes(), live = end;
    for (ProgramBuffers &buffers : programs) {
      InPlace inPlace(buffers);
      if (failed(inPlace.tieUpdates(persistent)))
        return failure();
      inPlace.shareDyingOperands();
      int64_t last = assignOffsets(buffers.buffers, persistent.bytes());
      end = std::max(end, last);
      live =
          std::max(live, persistent.bytes() + largestLiveSum(buffers.buffers));
      annotate(buffers, last);
    }
    Builder builder(&getContext());
    auto module = getOperation();
    module->setAttr(kArenaBytesAttr, builder.getI64IntegerAttr(end));
    module->setAttr(kPersistentBytesAttr,
                    builder.getI64IntegerAttr(persistent.bytes()));
    module->setAttr(kLiveBytesAttr, builder.getI64IntegerAttr(live));
    return success();
  }

  void annotate(ProgramBuffers &buffers, int64_t end) {
    Builder builder(&getContext());
    kernel::ProgramOp program = buffers.program;
    program.setArenaBytes(end);
    for (BlockArgument argument : program.getArguments())
      program.setArgAttr(
          argument.getArgNumber(), kernel::kOffsetAttr,
          builder.getI64IntegerAttr(*buffers.bufferOf(argument).offset));
    for (LaunchBuffers &launch : buffers.launches) {
      SmallVector<int64_t> offsets;
      for (auto *places :
           {&launch.operands, &launch.results, &launch.workspaces})
        for (Place place : *places)
          offsets.push_back(*buffers.buffers[place.buffer].offset +
                            place.distance);
      launch.op.setOffsets(offsets);
    }
  }
};
} // namespace

void ogee::buildPlanPipeline(OpPassManager &manager) {
  manager.addPass(createPlanArena());
  manager.addPass(createVerifyPlan());
}
