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

/// The result of `f` is read at the free indices, and at i where it keeps i.
Value Elaborator::userReduction(Value function, const ast::CallExpr *call,
                                const ast::SubscriptExpr *callee, Scope &scope,
                                ElementFrame &frame) {
  ArrayRef<ast::Expr *> items = callee->bracket->items;
  bool isPlain = call->args.size() == 1 && !call->args[0].name &&
                 items.size() == 1 && !callee->bracket->where && func;
  if (!isPlain) {
    report(diag::Unsupported, call->range,
           "this use of a function with indices");
    return Value::error();
  }
  Scope *inner = newScope(&scope);
  auto *name = dyn_cast<ast::NameExpr>(items[0]);
  Binding *binding = name ? find(scope, name->name) : nullptr;
  bool keeps = binding && binding->kind == NameKind::Index;
  SmallVector<OpenIndex *> closed;
  Scalar *at = nullptr;
  if (keeps)
    closed.push_back(keptIndex(callee, scope, *inner, frame, at));
  else if (!introduce(items[0], *inner, frame, closed, /*fromZero=*/true))
    return Value::error();
  const ast::Expr *expr = call->args[0].value;
  Scalar *body = asScalar(eval(expr, *inner), expr->range);
  if (!body)
    return Value::error();
  llvm::SetVector<OpenIndex *> free;
  freeIndices(body, free);
  free.remove(closed[0]);
  SmallVector<OpenIndex *> order(free.begin(), free.end());
  order.push_back(closed[0]);
  if (!solveRanges(frame, order))
    return Value::error();
  Value result = callOnElements(function, body, order, call, frame);
  if (result.isError())
    return result;
  const TensorValue *tensor = asTensor(result, call->range);
  SmallVector<Scalar *> place;
  SmallVector<int64_t> shape;
  for (OpenIndex *index : ArrayRef(order).drop_back()) {
    place.push_back(indexScalar(index, call->range));
    shape.push_back(index->extent);
  }
  if (keeps) {
    place.push_back(at);
    shape.push_back(closed[0]->extent);
  }
  if (tensor && tensor->type.shape == ArrayRef<int64_t>(shape))
    return Value::ofScalar(elementAt(tensor, place, call->range));
  report(diag::WrongType, callee->range, describe(function),
         keeps ? "a function `[.., n] -> [.., n]`"
               : "a function `[.., n] -> [..]`");
  return Value::error();
}

Value Elaborator::callOnElements(Value function, Scalar *body,
                                 ArrayRef<OpenIndex *> order,
                                 const ast::CallExpr *call,
                                 ElementFrame &frame) {
  SmallVector<model::Index *> indices(order.begin(), order.end());
  SmallVector<int64_t> shape;
  for (OpenIndex *index : order)
    shape.push_back(index->extent);
  Range range = call->args[0].value->range;
  model::Tensor *elements =
      define(makeType(body->element, shape), indices, body, range);
  element = nullptr;
  Value result = settle(
      this->call(function,
                 Argument{{}, Value::ofTensor(nodeValue(elements)), range},
                 call->range),
      call->range);
  element = &frame;
  return result;
}
