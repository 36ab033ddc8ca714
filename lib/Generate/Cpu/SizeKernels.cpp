#include "lib/Generate/Cpu/Emit.h"
#include "lib/Generate/Cpu/Generate.h"
#include "lib/Generate/Cpu/Object.h"

namespace ogee {
#define GEN_PASS_DEF_SIZEKERNELS
#include "lib/Generate/Cpu/Passes.h.inc"
} // namespace ogee

using namespace mlir;
using namespace ogee;

namespace {

struct SizeKernels : public ogee::impl::SizeKernelsBase<SizeKernels> {
  using SizeKernelsBase::SizeKernelsBase;

  void runOnOperation() override {
    std::optional<Target> cpu = findTarget(target);
    if (!cpu) {
      getOperation().emitError() << "no target `" << target << "`";
      return signalPassFailure();
    }
    for (auto kernel : getOperation().getOps<kernel::FuncOp>())
      if (!kernel.getList() && failed(setSizes(kernel, *cpu)))
        return signalPassFailure();
    getOperation().walk([](kernel::LaunchOp launch) { cutTuples(launch); });
  }

private:
  static void cutTuples(kernel::LaunchOp launch);
};

} // namespace

/// Elements a chunk of a list launch: a tenth of a millisecond for an
/// optimizer.
static constexpr int64_t kListChunk = 1 << 15;

/// Gives a list launch its table: three integers a chunk, the tuple, the first
/// element and the count.
void SizeKernels::cutTuples(kernel::LaunchOp launch) {
  auto callee = SymbolTable::lookupNearestSymbolFrom<kernel::FuncOp>(
      launch, launch.getCalleeAttr());
  if (!callee.getList())
    return;
  int64_t arguments = callee.getNumArguments();
  SmallVector<int64_t> table;
  for (int64_t tuple = 0;
       tuple * arguments < int64_t(launch.getInputs().size()); ++tuple) {
    int64_t elements = 1;
    for (Value input : launch.getInputs().slice(tuple * arguments, arguments))
      elements = std::max(
          elements, cast<RankedTensorType>(input.getType()).getNumElements());
    for (int64_t first = 0; first < elements; first += kListChunk)
      table.append({tuple, first, std::min(kListChunk, elements - first)});
  }
  launch->setAttr("table", DenseI64ArrayAttr::get(launch.getContext(), table));
}

LogicalResult ogee::setSizes(kernel::FuncOp kernel, const Target &target) {
  FailureOr<KernelSizes> sizes = sizeKernel(kernel, target);
  if (failed(sizes))
    return failure();
  kernel.setChunks(sizes->chunks);
  kernel.setWorkspaces(sizes->workspaces);
  kernel.setScratch(sizes->scratch);
  return success();
}
