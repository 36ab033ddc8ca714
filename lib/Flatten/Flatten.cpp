// The pipeline reads as the stage's description; passes are in their own files.
#include "lib/Flatten/Flatten.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace ogee;

void ogee::buildFlattenPipeline(OpPassManager &manager) {
  manager.addPass(createInlineCalls());
  manager.addPass(createLowerDefines());
  manager.addPass(createFoldCopies());
  manager.addPass(createCSEPass());
  manager.addPass(createRaiseMoments());
  manager.addPass(createRaiseAttention());
  manager.addPass(createDecomposeSoftmax());
  manager.addPass(createFoldCopies());
  manager.addPass(createCSEPass());
  manager.addPass(createSinkConstants());
  manager.addPass(createVerifyTensorProgram());
}

void ogee::registerFlattenPipeline() {
  registerFlattenPasses();
  PassPipelineRegistration<>("ogee-flatten-pipeline",
                             "from the arch dialect to the tensor program",
                             buildFlattenPipeline);
}
