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
  }
};

} // namespace

LogicalResult ogee::setSizes(kernel::FuncOp kernel, const Target &target) {
  FailureOr<KernelSizes> sizes = sizeKernel(kernel, target);
  if (failed(sizes))
    return failure();
  kernel.setChunks(sizes->chunks);
  kernel.setWorkspaces(sizes->workspaces);
  kernel.setScratch(sizes->scratch);
  return success();
}
