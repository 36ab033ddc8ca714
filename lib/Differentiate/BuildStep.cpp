// Reverse mode stands before any fusion, so that what is saved and what runs
// together is decided over the whole step.
#include "lib/Differentiate/Differentiate.h"
#include "lib/Differentiate/Step.h"
#include "lib/Nn/Program.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringExtras.h"

namespace ogee {
#define GEN_PASS_DEF_BUILDSTEP
#include "lib/Differentiate/Passes.h.inc"
} // namespace ogee

using namespace mlir;
using namespace ogee;

/// `@update`, or `@update.OBJECTIVE.ROUND`, of any phase.
static bool isUpdate(func::FuncOp function) {
  StringRef name = function.getName();
  if (name.starts_with("phase"))
    name = name.split('.').second;
  return name == "update" || name.starts_with("update.");
}

/// Of a phase, or of all.
static FloatAttr clipOf(ModuleOp module, int phase) {
  auto train = module->getAttrOfType<DictionaryAttr>("nn.train");
  auto phases = train ? train.getAs<ArrayAttr>("phases") : ArrayAttr();
  if (phases)
    train = cast<DictionaryAttr>(phases[phase]);
  return train ? train.getAs<FloatAttr>("clip") : FloatAttr();
}

namespace {
struct BuildStep : ogee::impl::BuildStepBase<BuildStep> {
  using BuildStepBase::BuildStepBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto mutation = parseMutation(mutateDerivative);
    if (failed(mutation)) {
      module.emitError() << "no mutant `" << mutateDerivative
                         << "` of the derivative table, but "
                         << llvm::join(derivativeMutants(), " ");
      return signalPassFailure();
    }
    if (!module.lookupSymbol<func::FuncOp>("forward")) {
      module.emitError("has no @forward");
      return signalPassFailure();
    }
    std::string phase;
    for (int number = 0; module.lookupSymbol(phase + "forward"); ++number) {
      if (failed(makeStep(phase, clipOf(module, number), *mutation)))
        return signalPassFailure();
      phase = "phase" + std::to_string(number + 1) + ".";
    }
    for (auto function :
         llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
      if (isUpdate(function))
        function.erase();
    module.walk([](nn::StopGradientOp op) {
      op.replaceAllUsesWith(op.getInput());
      op.erase();
    });
    eraseDead(module);
  }

  LogicalResult makeStep(const std::string &phase, FloatAttr clip,
                         const Mutation &mutation) {
    ModuleOp module = getOperation();
    auto forward = module.lookupSymbol<func::FuncOp>(phase + "forward");
    auto update = module.lookupSymbol<func::FuncOp>(phase + "update");
    auto train = module->getAttrOfType<DictionaryAttr>("nn.train");
    auto parts = train ? train.getAs<IntegerAttr>("accumulate") : IntegerAttr();
    auto make = [&](StringRef name) {
      return Step(phase + name.str(), forward, update, mutation);
    };
    bool hasObjectives = !forward.getOps<nn::MinimiseOp>().empty();
    bool isMade =
        hasObjectives
            ? succeeded(make("step").buildObjectives(clip, withGradients))
        : parts ? succeeded(make("accumulate").buildAccumulate()) &&
                      succeeded(make("step").buildUpdate(clip, withGradients,
                                                         parts.getInt()))
                : succeeded(make("step").build(clip, withGradients));
    forward.erase();
    return success(isMade);
  }
};
} // namespace
