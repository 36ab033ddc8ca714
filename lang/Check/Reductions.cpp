// `f[i, j where c](e)`: built-in functions become a node, a function of the
// user is applied to the tensor of the elements.
#include "lang/Check/Elaborator.h"
#include "llvm/ADT/SetVector.h"

using namespace ogee;
using namespace ogee::checking;
using ast::ExprKind;
using llvm::dyn_cast;
using model::ReduceKind;

Value Elaborator::evalReduction(const ast::CallExpr *call,
                                const ast::SubscriptExpr *callee,
                                Scope &scope) {
  Value function = eval(callee->base, scope);
  if (function.isError())
    return function;
  bool isList =
      !function.is(ValueKind::Builtin) && !function.is(ValueKind::Function);
  if (isList) {
    Value target = subscript(callee, function, scope);
    return target.isError() ? target : callWith(target, call, scope);
  }
  if (element)
    return reduceIn(function, call, callee, scope, *element);
  ElementFrame frame;
  element = &frame;
  Value value = reduceIn(function, call, callee, scope, frame);
  element = nullptr;
  if (value.isError() || !solveRanges(frame, frame.indices))
    return Value::error();
  proveReads(frame);
  return foldedNumber(value);
}

Value Elaborator::reduceIn(Value function, const ast::CallExpr *call,
                           const ast::SubscriptExpr *callee, Scope &scope,
                           ElementFrame &frame) {
  if (function.is(ValueKind::Function))
    return userReduction(function, call, callee, scope, frame);
  Builtin builtin = function.builtin;
  if (builtin == Builtin::Softmax)
    return softmaxBody(call, callee, scope, frame);
  // `max` and `min` are functions of two numbers without a bracket.
  if (builtin == Builtin::MathMax)
    builtin = Builtin::ReduceMax;
  if (builtin == Builtin::MathMin)
    builtin = Builtin::ReduceMin;
  if (builtin >= Builtin::ReduceSum && builtin <= Builtin::ReduceVariance)
    return reduceBody(builtin, call, callee, scope, frame);
  report(diag::NotCallable, callee->range,
         ("`" + callee->base->range.text() + "` with indices").str());
  return Value::error();
}

/// A condition as a bool element; null after an error. What is always true is
/// no condition: `isError` tells the two apart.
Scalar *Elaborator::evalCondition(const ast::Expr *expr, Scope &scope,
                                  bool &isError) {
  isError = false;
  if (!expr)
    return nullptr;
  ++element->conditions;
  Value value = eval(expr, scope);
  --element->conditions;
  if (value.is(ValueKind::Bool) && value.integer)
    return nullptr;
  Scalar *scalar = asScalar(value, expr->range);
  if (scalar && scalar->element == Element::Bool)
    return scalar;
  if (scalar)
    report(diag::WrongType, expr->range, describe(value), "a condition");
  isError = true;
  return nullptr;
}

static const ast::Expr *oneArgument(const ast::CallExpr *call) {
  return call->args.size() == 1 && !call->args[0].name ? call->args[0].value
                                                       : nullptr;
}

/// The body of what closes or keeps an index, under its condition.
Scalar *Elaborator::closedBody(const ast::CallExpr *call,
                               const ast::SubscriptExpr *callee, Scope &scope,
                               Scalar *&where) {
  const ast::Expr *body = oneArgument(call);
  if (!body) {
    report(diag::TooManyArguments, call->range, callee->base->range.text(), 1,
           call->args.size());
    return nullptr;
  }
  bool isError;
  where = evalCondition(callee->bracket->where, scope, isError);
  if (isError)
    return nullptr;
  if (where)
    element->guards.push_back(where);
  Value value = eval(body, scope);
  if (where)
    element->guards.pop_back();
  return asScalar(value, body->range);
}

/// What a reduction takes and gives. Null: that of its operand.
static std::optional<Element> operandOf(ReduceKind kind, Scalar *body,
                                        Element precision) {
  bool isBool = body->element == Element::Bool;
  switch (kind) {
  case ReduceKind::Any:
  case ReduceKind::All:
  case ReduceKind::Count:
    return isBool ? std::optional(Element::Bool) : std::nullopt;
  case ReduceKind::Mean:
  case ReduceKind::LogSumExp:
  case ReduceKind::Norm:
  case ReduceKind::Variance:
    if (isBool)
      return std::nullopt;
    return body->isUniform || body->element == Element::Int ? precision
                                                            : body->element;
  default:
    if (isBool)
      return std::nullopt;
    return body->isUniform && body->element != Element::Int ? precision
                                                            : body->element;
  }
}

Value Elaborator::reduceBody(Builtin builtin, const ast::CallExpr *call,
                             const ast::SubscriptExpr *callee, Scope &scope,
                             ElementFrame &frame) {
  Scope *inner = newScope(&scope);
  SmallVector<OpenIndex *> indices;
  bool closesDots = false;
  for (const ast::Expr *item : callee->bracket->items) {
    if (item->kind != ExprKind::Ellipsis) {
      if (!introduce(item, *inner, frame, indices, /*fromZero=*/false))
        return Value::error();
      continue;
    }
    if (frame.dotsOpen) {
      report(diag::NotNew, item->range, "..");
      return Value::error();
    }
    closesDots = frame.dotsOpen = true;
    frame.dots.reset();
  }
  Scalar *where;
  Scalar *body = closedBody(call, callee, *inner, where);
  if (closesDots) {
    frame.dotsOpen = false;
    if (!body || !fixDots(frame, scope, callee->bracket->range))
      return Value::error();
    indices.insert(indices.begin(), frame.dots->begin(), frame.dots->end());
  }
  if (!body)
    return Value::error();
  auto kind = ReduceKind(unsigned(builtin) - unsigned(Builtin::ReduceSum));
  auto operand = operandOf(kind, body, precision);
  if (!operand) {
    report(diag::WrongType, call->args[0].value->range,
           describe(Value::ofScalar(body)),
           body->element == Element::Bool ? "a number" : "a condition");
    return Value::error();
  }
  body = fitElement(body, *operand);
  bool isInt = kind == ReduceKind::Count || kind == ReduceKind::ArgMax;
  SmallVector<model::Index *> closed(indices.begin(), indices.end());
  return Value::ofScalar(make<model::ReduceScalar>(
      model::ReduceScalar{{isInt ? Element::Int : *operand, call->range},
                          kind,
                          copy(ArrayRef<model::Index *>(closed)),
                          where,
                          body}));
}

static OpenIndex *indexIn(Scalar *scalar) {
  if (auto *index = dyn_cast<model::IndexScalar>(scalar))
    return static_cast<OpenIndex *>(index->index);
  if (auto *op = dyn_cast<model::OpScalar>(scalar))
    for (Scalar *operand : op->operands)
      if (OpenIndex *index = indexIn(operand))
        return index;
  return nullptr;
}

/// The open index that a function keeps, with a fresh one for its body.
OpenIndex *Elaborator::keptIndex(const ast::SubscriptExpr *callee, Scope &scope,
                                 Scope &inner, ElementFrame &frame,
                                 Scalar *&at) {
  ArrayRef<ast::Expr *> items = callee->bracket->items;
  auto *name = items.size() == 1 ? dyn_cast<ast::NameExpr>(items[0]) : nullptr;
  Binding *binding = name ? find(scope, name->name) : nullptr;
  if (!binding || binding->kind != NameKind::Index) {
    report(diag::NotOpen, callee->bracket->range, callee->base->range.text(),
           items[0]->range.text());
    return nullptr;
  }
  OpenIndex *outer = indexIn(binding->value.scalar);
  OpenIndex *fresh = newIndex(name->name, name->range, frame);
  fresh->same = outer;
  Scalar *inside = indexScalar(fresh, name->range);
  llvm::DenseMap<const model::Index *, Scalar *> map;
  map[outer] = inside;
  inner.set(name->name, Value::ofScalar(substitute(binding->value.scalar, map)),
            name->range, NameKind::Index);
  at = indexScalar(outer, name->range);
  return fresh;
}

Value Elaborator::softmaxBody(const ast::CallExpr *call,
                              const ast::SubscriptExpr *callee, Scope &scope,
                              ElementFrame &frame) {
  Scope *inner = newScope(&scope);
  Scalar *at, *where;
  OpenIndex *index = keptIndex(callee, scope, *inner, frame, at);
  if (!index)
    return Value::error();
  Scalar *body = closedBody(call, callee, *inner, where);
  if (!body)
    return Value::error();
  auto operand = operandOf(ReduceKind::Norm, body, precision);
  if (!operand) {
    report(diag::WrongType, call->args[0].value->range,
           describe(Value::ofScalar(body)), "a number");
    return Value::error();
  }
  body = fitElement(body, *operand);
  return Value::ofScalar(make<model::SoftmaxScalar>(
      model::SoftmaxScalar{{*operand, call->range}, at, index, where, body}));
}
