#include "lib/Generate/Cpu/Emit.h"
#include "lib/Generate/Cpu/Generate.h"
#include "lib/Generate/Cpu/Object.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

namespace ogee {
#define GEN_PASS_DEF_GENERATEKERNELS
#include "lib/Generate/Cpu/Passes.h.inc"
} // namespace ogee

using namespace mlir;
using namespace ogee;

namespace {

struct GenerateKernels
    : public ogee::impl::GenerateKernelsBase<GenerateKernels> {
  using GenerateKernelsBase::GenerateKernelsBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    GenerateKernelsBase::getDependentDialects(registry);
    registerLowering(registry);
  }

  void runOnOperation() override {
    std::optional<Target> cpu = findTarget(target);
    if (!cpu) {
      getOperation().emitError() << "no target `" << target << "`";
      return signalPassFailure();
    }
    // Programs launch kernels, which are gone at the end.
    for (auto program :
         llvm::make_early_inc_range(getOperation().getOps<kernel::ProgramOp>()))
      program.erase();
    auto kernels = llvm::to_vector(getOperation().getOps<kernel::FuncOp>());
    for (kernel::FuncOp kernel : kernels)
      if (failed(replace(kernel, *cpu)))
        return signalPassFailure();
  }

private:
  LogicalResult replace(kernel::FuncOp kernel, const Target &cpu);
  LogicalResult compile(ModuleOp module, StringRef name, const Target &cpu);
};

} // namespace

LogicalResult GenerateKernels::replace(kernel::FuncOp kernel,
                                       const Target &cpu) {
  if (!kernel.getList() && failed(setSizes(kernel, cpu)))
    return failure();
  FailureOr<OwningOpRef<ModuleOp>> module = emitKernel(kernel, cpu);
  if (failed(module))
    return failure();
  OpPassManager lower(ModuleOp::getOperationName());
  buildLowerPipeline(lower, cpu);
  getOperation().push_back(module->release());
  auto emitted = cast<ModuleOp>(getOperation().getBody()->back());
  if (failed(runPipeline(lower, emitted)) ||
      failed(compile(emitted, kernel.getSymName(), cpu)))
    return failure();
  kernel.erase();
  return success();
}

LogicalResult GenerateKernels::compile(ModuleOp module, StringRef name,
                                       const Target &cpu) {
  if (objects.empty())
    return success();
  std::unique_ptr<llvm::MemoryBuffer> object = compileModule(module, cpu);
  if (!object)
    return failure();
  SmallString<128> path(objects);
  llvm::sys::path::append(path, name + ".o");
  std::error_code error;
  llvm::raw_fd_ostream file(path, error);
  if (error)
    return module.emitError() << "cannot write " << path;
  file << object->getBuffer();
  return success();
}
