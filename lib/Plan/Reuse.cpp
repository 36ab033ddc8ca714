// A row kernel walks its rows once, completes the reductions of a row before it
// stores the row's elements, and writes the elements of all results at a place
// together. So an argument may be overwritten by a result where each of its
// readers either computes an element of a result at the same place, or feeds a
// reduction of the row. The finish region evaluates again what its results are
// computed from, after all chunks and result by result, so that it must not
// need what was overwritten. Other families keep partial sums in their results
// or read rows of other chunks, and never share.
#include "lib/Plan/Reuse.h"
#include "lib/Nn/Nn.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace ogee;

/// What makes `value`; those that `stop` holds of, and what is behind them,
/// left out.
static llvm::SetVector<Operation *>
backwardSlice(Value value, llvm::function_ref<bool(Operation *)> stop) {
  llvm::SetVector<Operation *> slice;
  SmallVector<Value> pending{value};
  while (!pending.empty()) {
    Operation *op = pending.pop_back_val().getDefiningOp();
    if (op && !stop(op) && slice.insert(op))
      llvm::append_range(pending, op->getOperands());
  }
  return slice;
}

/// The finish region makes it, when all chunks have read what they need.
static bool isFinished(Value written) {
  auto slice = backwardSlice(written, [](Operation *) { return false; });
  return llvm::any_of(
      slice, [](Operation *op) { return op->hasAttr(kernel::kPartialAttr); });
}

static bool isReduction(Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  return generic ? generic.getNumReductionLoops() > 0
                 : isa<nn::MomentsOp, nn::LogSumExpOp, nn::ArgMaxOp>(op);
}

/// The argument, or a reshape of it, as an element-wise operand at its own
/// place.
static bool readsInPlace(linalg::GenericOp op, Value value, Value result) {
  if (op.getNumParallelLoops() != op.getNumLoops())
    return false;
  AffineMap output = op.getIndexingMapsArray().back();
  for (OpOperand *operand : op.getDpsInputOperands())
    if (operand->get() == value && op.getMatchingIndexingMap(operand) != output)
      return false;
  return cast<ShapedType>(op.getResult(0).getType()).getRank() ==
         cast<ShapedType>(result.getType()).getRank();
}

static bool isShapedLike(Value value, Value result) {
  return cast<ShapedType>(value.getType()).getShape() ==
         cast<ShapedType>(result.getType()).getShape();
}

/// A partial sum of elements of the result's box: the pass that stores an
/// element adds it to the sum before that.
static bool addsBeforeStore(Operation *user, Value summed, Value result) {
  auto generic = dyn_cast<linalg::GenericOp>(user);
  return generic && generic->hasAttr(kernel::kPartialAttr) &&
         generic.getIndexingMapsArray().front().isIdentity() &&
         isShapedLike(summed, result);
}

/// A reduction of a row, which is complete before the row's first element is
/// stored. Views and gathers are not: they read other rows.
static bool reducesBefore(Operation *user) {
  auto generic = dyn_cast<linalg::GenericOp>(user);
  return isReduction(user) && !isFinished(user->getResult(0)) &&
         (!generic || generic.getIndexingMapsArray().front().isIdentity());
}

/// Every element-wise step from `value` to `written`, to what is written with
/// it or computed from it keeps the place.
static bool keepsPlace(Value value, Value written, DenseSet<Value> &seen) {
  return !seen.insert(value).second ||
         llvm::all_of(value.getUsers(), [&](Operation *user) {
           if (user->hasTrait<OpTrait::IsTerminator>())
             return isShapedLike(value, written);
           if (addsBeforeStore(user, value, written) || reducesBefore(user))
             return true;
           auto generic = dyn_cast<linalg::GenericOp>(user);
           return generic && readsInPlace(generic, value, written) &&
                  keepsPlace(user->getResult(0), written, seen);
         });
}

/// Whether the finish region needs `value` to evaluate `result` for `written`,
/// at the same place or, with `elsewhere`, at others alone. What is `complete`
/// is not evaluated again.
static bool isEvaluatedFrom(Value value, Value result, Value written,
                            bool elsewhere,
                            llvm::function_ref<bool(Operation *)> complete) {
  llvm::SetVector<Operation *> slice = backwardSlice(result, complete);
  DenseSet<Value> reading{value};
  // Operands come before what reads them.
  for (Operation &op : *result.getParentBlock()) {
    auto reads = [&](Value operand) { return reading.contains(operand); };
    if (!slice.contains(&op) || llvm::none_of(op.getOperands(), reads))
      continue;
    auto generic = dyn_cast<linalg::GenericOp>(op);
    if (elsewhere &&
        (!generic || llvm::any_of(op.getOperands(), [&](Value operand) {
          return reads(operand) && !readsInPlace(generic, operand, written);
        })))
      return true;
    reading.insert_range(op.getResults());
  }
  return !elsewhere && reading.contains(result);
}

/// The finish region reads `value` after `written` was stored over it. Results
/// of one shape are stored together; its own reductions are complete before
/// them.
static bool isReadWhileFinishing(kernel::FuncOp function, Value value,
                                 Value written) {
  bool finished = isFinished(written);
  auto complete = [&](Operation *op) {
    return op->hasAttr(kernel::kPartialAttr) || (finished && isReduction(op));
  };
  Operation *yield = function.getBody().front().getTerminator();
  return llvm::any_of(yield->getOperands(), [&](Value other) {
    bool together = finished && isShapedLike(other, written);
    return other != value && isFinished(other) &&
           isEvaluatedFrom(value, other, written, together, complete);
  });
}

/// A scatter copies its first operand into its result, element by element.
static bool startsScatter(Value value, Value written) {
  Operation *scatter = written.getDefiningOp();
  return isa_and_present<nn::ScatterAddOp, nn::ScatterOp>(scatter) &&
         scatter->getOperand(0) == value && value.hasOneUse();
}

bool plan::mayOverwrite(kernel::FuncOp function, unsigned argument,
                        unsigned result) {
  Value value = function.getArgument(argument);
  Operation *yield = function.getBody().front().getTerminator();
  Value written = yield->getOperand(result);
  if (function.getFamily() == kernel::Family::Move)
    return startsScatter(value, written);
  if (function.getFamily() != kernel::Family::Row)
    return false;
  if (function.getList())
    return value.getType() == written.getType();
  if (!isShapedLike(value, written) || function.getArgumentTypes()[argument] !=
                                           function.getResultTypes()[result])
    return false;
  DenseSet<Value> seen;
  return !isReadWhileFinishing(function, value, written) &&
         (isFinished(written) || keepsPlace(value, written, seen));
}

/// Every reader of `value`, through reshapes, is element-wise at its own place.
static bool isReadInPlace(Value value, Value written) {
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(user))
      return isReadInPlace(user->getResult(0), user->getResult(0));
    auto generic = dyn_cast<linalg::GenericOp>(user);
    return generic && readsInPlace(generic, value, written);
  });
}

bool plan::mayUpdate(kernel::FuncOp function, unsigned argument,
                     unsigned result) {
  Value value = function.getArgument(argument);
  Value written =
      function.getBody().front().getTerminator()->getOperand(result);
  if (function.getList() || mayOverwrite(function, argument, result))
    return true;
  if (isReadWhileFinishing(function, value, written))
    return false;
  return isFinished(written) || (function.getFamily() != kernel::Family::Row &&
                                 isReadInPlace(value, written));
}
