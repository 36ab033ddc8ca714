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

/// What the constants marked as seeds of reverse mode lead to.
static void markBackward(func::FuncOp function) {
  Builder builder(function.getContext());
  for (Operation &op : function.getBody().front().without_terminator())
    if (op.hasAttr(schedule::kSeedAttr) ||
        llvm::any_of(op.getOperands(), [](Value operand) {
          Operation *made = operand.getDefiningOp();
          return made && made->hasAttr(kernel::kBackwardAttr);
        }))
      op.setAttr(kernel::kBackwardAttr, builder.getUnitAttr());
}

static void eraseDead(func::FuncOp function) {
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

namespace {
struct PrepareStep : ogee::impl::PrepareStepBase<PrepareStep> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      DominanceInfo dominance(function);
      IRRewriter rewriter(&getContext());
      auto simplify = [&] {
        eraseDead(function);
        eliminateCommonSubExpressions(rewriter, dominance, function);
      };
      simplify();
      markBackward(function);
      schedule::foldConstants(function);
      simplify();
      schedule::normaliseLoops(function);
      simplify();
      schedule::mergeSums(function);
      simplify();
      markBackward(function);
    }
  }
};
} // namespace
