// A stage's passes are the same in the driver and in ogee-opt: both ask here.
#include "lib/Compile/Compile.h"

#include "lib/Differentiate/Differentiate.h"
#include "lib/Flatten/Flatten.h"
#include "lib/Generate/Cpu/Generate.h"
#include "lib/Plan/Plan.h"
#include "lib/Schedule/Schedule.h"

#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;
using namespace ogee;

void ogee::buildStagePipeline(OpPassManager &manager, Stage stage,
                              const CompileOptions &options) {
  switch (stage) {
  case Stage::Flatten:
    return buildFlattenPipeline(manager);
  case Stage::Differentiate: {
    BuildStepOptions step;
    step.withGradients = options.withGradients;
    return buildDifferentiatePipeline(manager, step);
  }
  case Stage::Schedule:
    return buildSchedulePipeline(manager);
  case Stage::Plan: {
    SizeKernelsOptions size;
    size.target = options.target;
    manager.addPass(createSizeKernels(size));
    return buildPlanPipeline(manager);
  }
  case Stage::Parse:
  case Stage::Check:
  case Stage::Import:
  case Stage::Generate:
  case Stage::Link:
    return; // no passes on the module
  }
}

LogicalResult ogee::runStages(ModuleOp module, Stage last,
                              const CompileOptions &options) {
  MLIRContext *context = module.getContext();
  PassManager manager(context);
  manager.enableVerifier(options.verify);
  if (!options.irDirectory.empty()) {
    context->disableMultithreading();
    manager.enableIRPrintingToFileTree(
        [](Pass *, Operation *) { return false; },
        [](Pass *, Operation *) { return true; },
        /*printModuleScope=*/true, /*printAfterOnlyOnChange=*/false,
        /*printAfterOnlyOnFailure=*/false, options.irDirectory);
  }
  if (options.timing)
    manager.enableTiming();
  for (const StageInfo &info : allStages())
    if (info.stage <= last)
      buildStagePipeline(manager, info.stage, options);
  LogicalResult result = manager.run(module);
  if (!options.irDirectory.empty())
    context->enableMultithreading();
  return result;
}

namespace {
/// The part of CompileOptions that passes read.
struct StageOptions : PassPipelineOptions<StageOptions> {
  Option<std::string> target{*this, "target",
                             llvm::cl::desc("a name of --target"),
                             llvm::cl::init(CompileOptions().target)};
  Option<bool> withGradients{
      *this, "with-gradients",
      llvm::cl::desc("every parameter's gradient is a result too"),
      llvm::cl::init(false)};
};
} // namespace

void ogee::registerStagePipelines() {
  for (const StageInfo &info : allStages()) {
    if (info.stage < Stage::Flatten || info.stage > Stage::Plan)
      continue; // no passes on the module
    PassPipelineRegistration<StageOptions>(
        ("ogee-" + info.name).str(),
        (info.input + " to " + info.output + ": " + info.what).str(),
        [stage = info.stage](OpPassManager &manager,
                             const StageOptions &chosen) {
          CompileOptions options;
          options.target = chosen.target;
          options.withGradients = chosen.withGradients;
          buildStagePipeline(manager, stage, options);
        });
  }
}
