// Runs any pass of Ogee alone on a file of MLIR; one line a dialect or a stage.
#include "lib/Arch/Arch.h"
#include "lib/Generate/Cpu/Generate.h"
#include "lib/Differentiate/Differentiate.h"
#include "lib/Flatten/Flatten.h"
#include "lib/Kernel/Kernel.h"
#include "lib/Nn/Nn.h"
#include "lib/Plan/Plan.h"
#include "lib/Schedule/Schedule.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  ogee::registerOgeeGenerateCpuPasses();
  ogee::registerOgeePlanPasses();
  ogee::registerDifferentiatePipeline();
  ogee::registerFlattenPipeline();
  ogee::registerOgeeSchedulePasses();
  mlir::PassPipelineRegistration<>("ogee-schedule", "the schedule stage",
                                   ogee::buildSchedulePipeline);
  registry.insert<ogee::arch::ArchDialect, ogee::nn::NnDialect,
                  ogee::kernel::KernelDialect>();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "Ogee's passes on MLIR text\n", registry));
}
