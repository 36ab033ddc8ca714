// The pipeline reads as the stage's description; passes are in their own files.
#include "lib/Flatten/Flatten.h"

#include "mlir/Pass/PassManager.h"
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
