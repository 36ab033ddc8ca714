// Before values are counted they must be spelled one way: whatever is equal,
// constant or a sum that its producers can do is gone when the cut is made.
#include "lib/Schedule/Ops.h"
#include "lib/Schedule/Prepare.h"
#include "lib/Schedule/Schedule.h"

#include "mlir/IR/Dominance.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/CSE.h"

using namespace mlir;
using namespace ogee;

namespace ogee {
#define GEN_PASS_DEF_PREPARESTEP
#include "lib/Schedule/Passes.h.inc"
} // namespace ogee

namespace {
struct PrepareStep : ogee::impl::PrepareStepBase<PrepareStep> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      IRRewriter rewriter(&getContext());
      DominanceInfo dominance(function);
      schedule::foldConstants(function);
      eliminateCommonSubExpressions(rewriter, dominance, function);
      schedule::normaliseLoops(function);
      eliminateCommonSubExpressions(rewriter, dominance, function);
      schedule::mergeSums(function);
      eliminateCommonSubExpressions(rewriter, dominance, function);
    }
  }
};
} // namespace
