#include "lib/Schedule/Schedule.h"

using namespace ogee;

void ogee::buildSchedulePipeline(mlir::OpPassManager &manager) {
  manager.addPass(createPrepareStep());
  manager.addPass(createCutGraph());
  manager.addPass(createGroupKernels());
  manager.addPass(createDedupeKernels());
  manager.addPass(createJoinLaunches());
  manager.addPass(createVerifyKernels());
}
