// From the emitters' mix of dialects to the LLVM dialect. Common subexpressions
// go before the conversion: afterwards addresses and masks are many operations
// each.
#include "lib/Generate/Cpu/Generate.h"

#include "mlir/Conversion/ConvertToLLVM/ToLLVMPass.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void ogee::buildLowerPipeline(OpPassManager &manager) {
  manager.addPass(createExpandMath());
  manager.addPass(createCSEPass());
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createConvertVectorToLLVMPass());
  manager.addPass(createConvertToLLVMPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
  manager.addPass(LLVM::createDIScopeForLLVMFuncOpPass());
}
