// `f[i](e)` for a function of the user: the elements become a tensor over the
// indices that e mentions and i, and f is called on that tensor.
#include "lang/Check/Elaborator.h"
#include "llvm/ADT/SetVector.h"

using namespace ogee;
using namespace ogee::checking;
using llvm::dyn_cast;

/// The indices that the tree mentions and does not close itself.
static void freeIndices(const Scalar *scalar,
                        llvm::SetVector<OpenIndex *> &found) {
  if (auto *index = dyn_cast<model::IndexScalar>(scalar))
    found.insert(static_cast<OpenIndex *>(index->index));
  model::forEachOperand(
      *scalar, [&](const Scalar *operand) { freeIndices(operand, found); });
  if (auto *reduce = dyn_cast<model::ReduceScalar>(scalar))
    for (model::Index *index : reduce->indices)
      found.remove(static_cast<OpenIndex *>(index));
  if (auto *softmax = dyn_cast<model::SoftmaxScalar>(scalar))
    found.remove(static_cast<OpenIndex *>(softmax->index));
}

/// Whether the bracket has what a function of the user can take.
bool Elaborator::closesFor(Value function, const ast::SubscriptExpr *callee) {
  const ast::Bracket &bracket = *callee->bracket;
  if (bracket.where) {
    auto diagnostic = report(diag::WrongPlace, bracket.where->range,
                             "`where` for " + describe(function) + " of yours");
    note(diagnostic, diag::Hint, bracket.where->range,
         "what is left out only the function can say: give it the condition as "
         "a further argument, for a parameter `keep: bool[.., N]`");
    return false;
  }
  for (const ast::Expr *item : bracket.items)
    if (item->kind == ast::ExprKind::Ellipsis) {
      report(diag::WrongPlace, item->range,
             "`..` in the bracket of a function of yours");
      return false;
    }
  if (func)
    return true;
  report(diag::NotCompileTime, callee->range, describe(function));
  return false;
}

/// The arguments that are elements become tensors over the indices that any of
/// them mentions; the result of `f` is read at those that stay, and at i where
/// it keeps i.
Value Elaborator::userReduction(Value function, const ast::CallExpr *call,
                                const ast::SubscriptExpr *callee, Scope &scope,
                                ElementFrame &frame) {
  ArrayRef<ast::Expr *> items = callee->bracket->items;
  if (!closesFor(function, callee))
    return Value::error();
  Scope *inner = newScope(&scope);
  auto *name = dyn_cast<ast::NameExpr>(items[0]);
  Binding *binding = name ? find(scope, name->name) : nullptr;
  bool keeps = items.size() == 1 && binding && binding->kind == NameKind::Index;
  SmallVector<OpenIndex *> closed;
  Scalar *at = nullptr;
  if (keeps)
    closed.push_back(keptIndex(callee, scope, *inner, frame, at));
  else
    for (const ast::Expr *item : items)
      if (!introduce(item, *inner, frame, closed, /*fromZero=*/true))
        return Value::error();
  SmallVector<Argument> args;
  llvm::SetVector<OpenIndex *> free;
  for (const ast::Arg &arg : call->args) {
    Value value = eval(arg.value, *inner);
    if (value.isError())
      return value;
    args.push_back({arg.name, value, arg.value->range});
    if (value.is(ValueKind::Scalar) && !value.scalar->isUniform)
      freeIndices(value.scalar, free);
  }
  for (OpenIndex *index : closed)
    free.remove(index);
  SmallVector<OpenIndex *> order(free.begin(), free.end());
  order.append(closed);
  if (!solveRanges(frame, order))
    return Value::error();
  Value result =
      callOnElements(function, args, free.getArrayRef(), closed, call->range);
  const TensorValue *tensor =
      result.isError() ? nullptr : asTensor(result, call->range);
  if (!tensor)
    return Value::error();
  SmallVector<Scalar *> place;
  SmallVector<int64_t> shape;
  for (OpenIndex *index : free) {
    place.push_back(indexScalar(index, call->range));
    shape.push_back(index->extent);
  }
  if (keeps) {
    place.push_back(at);
    shape.push_back(closed[0]->extent);
  }
  if (tensor->type.shape == ArrayRef<int64_t>(shape))
    return Value::ofScalar(elementAt(tensor, place, call->range));
  report(diag::WrongType, callee->range, describe(function),
         keeps ? "a function `[.., n] -> [.., n]`"
               : "a function `[.., n] -> [..]`");
  return Value::error();
}

/// Several closed indices are one dimension of the argument, as `(i, j)` is.
Value Elaborator::callOnElements(Value function, MutableArrayRef<Argument> args,
                                 ArrayRef<OpenIndex *> free,
                                 ArrayRef<OpenIndex *> closed, Range range) {
  SmallVector<model::Index *> indices(free.begin(), free.end());
  indices.append(closed.begin(), closed.end());
  SmallVector<unsigned> groups(free.size(), 1);
  groups.push_back(closed.size());
  SmallVector<int64_t> shape;
  for (OpenIndex *index : free)
    shape.push_back(index->extent);
  shape.push_back(1);
  for (OpenIndex *index : closed)
    shape.back() *= index->extent;
  for (Argument &arg : args) {
    if (!arg.value.is(ValueKind::Scalar) || arg.value.scalar->isUniform)
      continue;
    Scalar *body = arg.value.scalar;
    arg.value = Value::ofTensor(nodeValue(define(
        makeType(body->element, shape), indices, groups, body, arg.range)));
  }
  ElementFrame *outer = std::exchange(element, nullptr);
  Value result = settle(call(function, args, range), range);
  element = outer;
  return result;
}
