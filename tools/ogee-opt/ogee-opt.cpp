// Runs any pass or any stage of Ogee on a file of MLIR.
#include "lib/Arch/Arch.h"
#include "lib/Compile/Compile.h"
#include "lib/Differentiate/Differentiate.h"
#include "lib/Flatten/Flatten.h"
#include "lib/Generate/Cpu/Generate.h"
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
  ogee::registerFlattenPasses();
  ogee::registerDifferentiatePasses();
  ogee::registerOgeeSchedulePasses();
  ogee::registerOgeePlanPasses();
  ogee::registerOgeeGenerateCpuPasses();
  ogee::registerStagePipelines();
  registry.insert<ogee::arch::ArchDialect, ogee::nn::NnDialect,
                  ogee::kernel::KernelDialect>();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "Ogee's passes and stages on MLIR text\n", registry));
}
