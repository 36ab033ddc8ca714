// A row kernel walks its rows once and writes an element after everything that
// the element depends on, and the elements of all results at a place together.
// So an argument may be overwritten by a result where each of its readers
// either computes an element of a result at the same place, or feeds a
// reduction of the row on which the result depends. Other families keep partial
// sums in their results or read rows of other chunks, and never share.
#include "lib/Plan/Reuse.h"
#include "lib/Nn/Nn.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace ogee;

static llvm::SetVector<Operation *> backwardSlice(Value value) {
  llvm::SetVector<Operation *> slice;
  SmallVector<Value> pending{value};
  while (!pending.empty()) {
    Operation *op = pending.pop_back_val().getDefiningOp();
    if (op && slice.insert(op))
      llvm::append_range(pending, op->getOperands());
  }
  return slice;
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

/// `user` is the yield, of a value that is written together with the result.
static bool isWrittenWith(Operation *user, Operation *op, Value result) {
  return user->hasTrait<OpTrait::IsTerminator>() &&
         isShapedLike(op->getResult(0), result);
}

/// A partial sum of elements of the result's box: the pass that stores an
/// element adds it to the sum before that.
static bool addsBeforeStore(Operation *user, Value summed, Value result) {
  auto generic = dyn_cast<linalg::GenericOp>(user);
  return generic && generic->hasAttr(kernel::kPartialAttr) &&
         generic.getIndexingMapsArray().front().isIdentity() &&
         isShapedLike(summed, result);
}

/// A reduction of a row on which the result depends: it is done before the
/// row's first element is stored. Views and gathers are not: they read other
/// rows.
static bool reducesBefore(Operation *user,
                          const llvm::SetVector<Operation *> &slice) {
  auto generic = dyn_cast<linalg::GenericOp>(user);
  bool reduces = generic
                     ? generic.getNumReductionLoops() > 0
                     : isa<nn::MomentsOp, nn::LogSumExpOp, nn::ArgMaxOp>(user);
  return reduces && slice.contains(user);
}

/// Every element-wise step from `op` to the result, or to one that is written
/// with it, keeps the place.
static bool keepsPlace(Operation *op, Value result,
                       const llvm::SetVector<Operation *> &slice) {
  if (op == result.getDefiningOp())
    return true;
  for (Operation *user : op->getUsers()) {
    if (isWrittenWith(user, op, result) ||
        addsBeforeStore(user, op->getResult(0), result))
      continue;
    if (reducesBefore(user, slice))
      continue;
    auto generic = dyn_cast<linalg::GenericOp>(user);
    if (!generic || !readsInPlace(generic, op->getResult(0), result) ||
        !keepsPlace(user, result, slice))
      return false;
  }
  return true;
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
  llvm::SetVector<Operation *> slice = backwardSlice(written);
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    if (addsBeforeStore(user, value, written) || reducesBefore(user, slice))
      return true;
    auto generic = dyn_cast<linalg::GenericOp>(user);
    return generic && readsInPlace(generic, value, written) &&
           keepsPlace(user, written, slice);
  });
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

/// The finish region makes it, when all chunks have read what they need.
static bool isFinished(Value written) {
  return llvm::any_of(backwardSlice(written), [](Operation *op) {
    return op->hasAttr(kernel::kPartialAttr);
  });
}

bool plan::mayUpdate(kernel::FuncOp function, unsigned argument,
                     unsigned result) {
  Operation *yield = function.getBody().front().getTerminator();
  if (function.getList() || isFinished(yield->getOperand(result)) ||
      mayOverwrite(function, argument, result))
    return true;
  if (function.getFamily() == kernel::Family::Row)
    return false;
  return isReadInPlace(function.getArgument(argument),
                       yield->getOperand(result));
}
