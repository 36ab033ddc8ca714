// The pipeline reads as the stage's description; the pass is in its own file.
#include "lib/Differentiate/Differentiate.h"
#include "lib/Flatten/Flatten.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace ogee;

void ogee::buildDifferentiatePipeline(OpPassManager &manager,
                                      const BuildStepOptions &options) {
  manager.addPass(createBuildStep(options));
  manager.addPass(createCSEPass());
  manager.addPass(createFoldCopies());
  manager.addPass(createCSEPass());
  manager.addPass(createSinkConstants());
  manager.addPass(createVerifyTensorProgram());
}
