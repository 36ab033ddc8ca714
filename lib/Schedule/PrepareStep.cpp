// Before values are counted they must be spelled one way: whatever is equal,
// constant or a sum that its producers can do is gone when the cut is made.
#include "lib/Schedule/Ops.h"
#include "lib/Schedule/Prepare.h"
#include "lib/Schedule/Schedule.h"

#include "mlir/IR/Dominance.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/CSE.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace ogee;

namespace ogee {
#define GEN_PASS_DEF_PREPARESTEP
#include "lib/Schedule/Passes.h.inc"
} // namespace ogee

/// A result that the forward part makes: the loss, metrics, next states.
static bool isForwardResult(func::FuncOp function, unsigned index,
                            const llvm::StringSet<> &states) {
  if (auto path = function.getResultAttrOfType<StringAttr>(index, "nn.updates"))
    return states.contains(path.getValue());
  auto name = function.getResultAttrOfType<StringAttr>(index, "nn.name");
  return !name || (name.getValue() != "norm" && name.getValue() != "rate" &&
                   !name.getValue().starts_with("gradient:"));
}

/// The backward part is what no result of the forward part needs.
static void markBackward(func::FuncOp function) {
  llvm::StringSet<> states;
  for (unsigned index = 0; index < function.getNumArguments(); ++index) {
    auto kind = function.getArgAttrOfType<StringAttr>(index, "nn.class");
    auto path = function.getArgAttrOfType<StringAttr>(index, "nn.path");
    if (kind && path && kind.getValue() == "state")
      states.insert(path.getValue());
  }
  llvm::DenseSet<Operation *> forward;
  SmallVector<Value> pending;
  Block &body = function.getBody().front();
  for (OpOperand &result : body.getTerminator()->getOpOperands())
    if (isForwardResult(function, result.getOperandNumber(), states))
      pending.push_back(result.get());
  while (!pending.empty()) {
    Operation *op = pending.pop_back_val().getDefiningOp();
    if (op && forward.insert(op).second)
      llvm::append_range(pending, op->getOperands());
  }
  UnitAttr marked = UnitAttr::get(function.getContext());
  for (Operation &op : body.without_terminator())
    if (!forward.contains(&op))
      op.setAttr(kernel::kBackwardAttr, marked);
}

static void eraseDead(func::FuncOp function) {
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

/// A slice is a view that only kernels read: one that is returned is copied.
static void copyReturnedSlices(func::FuncOp function) {
  Operation *end = function.getBody().front().getTerminator();
  OpBuilder builder(end);
  for (OpOperand &result : end->getOpOperands()) {
    Operation *source = result.get().getDefiningOp();
    while (
        isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(source))
      source = source->getOperand(0).getDefiningOp();
    if (!isa_and_nonnull<tensor::ExtractSliceOp>(source))
      continue;
    auto type = cast<RankedTensorType>(result.get().getType());
    Location loc = source->getLoc();
    Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                          type.getElementType());
    SmallVector<AffineMap> maps(2,
                                builder.getMultiDimIdentityMap(type.getRank()));
    SmallVector<utils::IteratorType> kinds(type.getRank(),
                                           utils::IteratorType::parallel);
    auto copy = linalg::GenericOp::create(
        builder, loc, TypeRange{type}, result.get(), empty, maps, kinds,
        [](OpBuilder &inner, Location at, ValueRange elements) {
          linalg::YieldOp::create(inner, at, elements[0]);
        });
    result.set(copy.getResult(0));
  }
}

namespace {
struct PrepareStep : ogee::impl::PrepareStepBase<PrepareStep> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      DominanceInfo dominance(function);
      IRRewriter rewriter(&getContext());
      schedule::foldConstants(function);
      schedule::normaliseLoops(function);
      eraseDead(function);
      eliminateCommonSubExpressions(rewriter, dominance, function);
      schedule::mergeSums(function);
      eraseDead(function);
      copyReturnedSlices(function);
      markBackward(function);
    }
  }
};
} // namespace
