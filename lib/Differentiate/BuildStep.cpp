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

/// `@update`, or `@update.OBJECTIVE.ROUND`.
static bool isUpdate(func::FuncOp function) {
  return function.getName() == "update" ||
         function.getName().starts_with("update.");
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
    auto forward = module.lookupSymbol<func::FuncOp>("forward");
    auto update = module.lookupSymbol<func::FuncOp>("update");
    if (!forward) {
      module.emitError("has no @forward");
      return signalPassFailure();
    }
    auto train = module->getAttrOfType<DictionaryAttr>("nn.train");
    auto clip = train ? train.getAs<FloatAttr>("clip") : FloatAttr();
    auto parts = train ? train.getAs<IntegerAttr>("accumulate") : IntegerAttr();
    auto make = [&](StringRef name) {
      return Step(name, forward, update, *mutation);
    };
    bool hasObjectives = !forward.getOps<nn::MinimiseOp>().empty();
    bool isMade =
        hasObjectives
            ? succeeded(make("step").buildObjectives(clip, withGradients))
        : parts ? succeeded(make("accumulate").buildAccumulate()) &&
                      succeeded(make("step").buildUpdate(clip, withGradients,
                                                         parts.getInt()))
                : succeeded(make("step").build(clip, withGradients));
    if (!isMade)
      return signalPassFailure();
    forward.erase();
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
};
} // namespace
