// Before values are counted they must be spelled one way: whatever is equal,
// constant or a sum that its producers can do is gone when the cut is made.
#include "lib/Nn/Program.h"
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

static llvm::StringSet<> statesOf(func::FuncOp function) {
  llvm::StringSet<> states;
  for (unsigned index = 0; index < function.getNumArguments(); ++index) {
    auto kind = function.getArgAttrOfType<StringAttr>(index, "nn.class");
    auto path = function.getArgAttrOfType<StringAttr>(index, "nn.path");
    if (kind && path && kind.getValue() == "state")
      states.insert(path.getValue());
  }
  return states;
}

/// What the loss, metrics and next states are made of.
static llvm::DenseSet<Operation *> forwardPart(func::FuncOp function) {
  llvm::StringSet<> states = statesOf(function);
  llvm::DenseSet<Operation *> forward;
  SmallVector<Value> pending;
  for (OpOperand &result :
       function.getBody().front().getTerminator()->getOpOperands())
    if (isForwardResult(function, result.getOperandNumber(), states))
      pending.push_back(result.get());
  while (!pending.empty()) {
    Operation *op = pending.pop_back_val().getDefiningOp();
    if (op && forward.insert(op).second)
      llvm::append_range(pending, op->getOperands());
  }
  return forward;
}

/// The backward part is what no result of the forward part needs.
static void markBackward(func::FuncOp function) {
  llvm::DenseSet<Operation *> forward = forwardPart(function);
  UnitAttr marked = UnitAttr::get(function.getContext());
  for (Operation &op : function.getBody().front().without_terminator())
    if (!forward.contains(&op))
      op.setAttr(kernel::kBackwardAttr, marked);
}

static Value copied(OpBuilder &builder, Location loc, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                        type.getElementType());
  SmallVector<AffineMap> maps(2,
                              builder.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> kinds(type.getRank(),
                                         utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, TypeRange{type}, value, empty, maps, kinds,
             [](OpBuilder &inner, Location at, ValueRange elements) {
               linalg::YieldOp::create(inner, at, elements[0]);
             })
      .getResult(0);
}

/// What a value is a reshape of.
static Value reshapedFrom(Value value) {
  while (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
      value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

/// An argument may have got its next value by the time that a result is read.
/// One that a step gives back as it came is its own next value.
static bool isReadArgument(func::FuncOp function, OpOperand &result) {
  auto argument = dyn_cast<BlockArgument>(reshapedFrom(result.get()));
  if (!argument)
    return false;
  auto path =
      function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "nn.path");
  return path && path != function.getResultAttrOfType<StringAttr>(
                             result.getOperandNumber(), "nn.updates");
}

/// A slice is a view that only kernels read, and a next value is stored after
/// the loss, which may read it, as that of a second objective reads what the
/// first one updated: what is returned is a copy.
static void copyReturned(func::FuncOp function) {
  llvm::StringSet<> states = statesOf(function);
  llvm::DenseSet<Operation *> forward = forwardPart(function);
  Operation *end = function.getBody().front().getTerminator();
  OpBuilder builder(end);
  for (OpOperand &result : end->getOpOperands()) {
    auto path = function.getResultAttrOfType<StringAttr>(
        result.getOperandNumber(), "nn.updates");
    bool isReadState = path && states.contains(path.getValue()) &&
                       result.get().getDefiningOp() &&
                       !result.get().hasOneUse();
    bool isReadUpdate = path && !states.contains(path.getValue()) &&
                        forward.contains(result.get().getDefiningOp());
    bool isSlice =
        reshapedFrom(result.get()).getDefiningOp<tensor::ExtractSliceOp>() !=
        nullptr;
    if (isReadState || isReadUpdate || isSlice ||
        isReadArgument(function, result))
      result.set(copied(builder, function.getLoc(), result.get()));
  }
}

namespace {
struct PrepareStep : ogee::impl::PrepareStepBase<PrepareStep> {
  void runOnOperation() override {
    Type narrow = productType(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      DominanceInfo dominance(function);
      IRRewriter rewriter(&getContext());
      Block &body = function.getBody().front();
      schedule::foldConstants(function);
      schedule::normaliseLoops(function);
      if (narrow)
        schedule::roundOperands(function, narrow);
      eraseDead(body);
      eliminateCommonSubExpressions(rewriter, dominance, function);
      sinkConstants(function);
      schedule::mergeSums(function);
      eraseDead(body);
      copyReturned(function);
      markBackward(function);
    }
  }
};
} // namespace
