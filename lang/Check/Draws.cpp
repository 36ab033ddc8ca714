// `let z ~ distribution` in a function. A draw from numbers is one operation;
// one whose numbers are known when it runs is the standard draw, moved and
// scaled, so that gradients reach the mean and the deviation.
#include "lang/Check/Elaborator.h"

using namespace ogee;
using namespace ogee::checking;
using model::Distribution;
using model::ScalarOp;

/// A draw under the binding's name. Where a path is drawn from again, Flatten
/// numbers it.
model::Tensor *Elaborator::emitDraw(const ast::BindingStmt *stmt, Type type,
                                    const model::Init &init) {
  if (init.kind == Distribution::TruncNormal)
    report(diag::Unsupported, stmt->value->range,
           "a draw from `trunc_normal` in a function");
  model::Tensor *result = newTensor(type, stmt->range);
  func->func->body.push_back(make<model::Draw>(model::Draw{
      {stmt->range}, stmt->names[0].name, init.kind, init.a, init.b, result}));
  return result;
}

/// The distribution that is moved and scaled.
static model::Init standard(Distribution kind) {
  bool isUniform =
      kind == Distribution::Uniform || kind == Distribution::Bernoulli;
  model::Init init;
  init.kind = kind == Distribution::Bernoulli ? Distribution::Uniform : kind;
  init.b = isUniform || kind == Distribution::Normal ||
                   kind == Distribution::TruncNormal
               ? 1
               : 0;
  return init;
}

/// What the distribution makes of a standard draw: both are elements, or both
/// tensors.
Value Elaborator::drawnFrom(const DistributionValue &from, Value drawn,
                            Range range) {
  if (from.kind == Distribution::Bernoulli)
    return binary(ScalarOp::Less, drawn, from.a, range);
  Value scale = from.kind == Distribution::Uniform
                    ? binary(ScalarOp::Sub, from.b, from.a, range)
                    : from.b;
  return binary(ScalarOp::Add, from.a,
                binary(ScalarOp::Mul, scale, drawn, range), range);
}

/// A bernoulli draw is a condition, every other one a float.
bool Elaborator::checkDrawn(const ast::BindingStmt *stmt, Value from,
                            std::optional<Element> element) {
  if (!from.is(ValueKind::Distribution)) {
    report(diag::WrongType, stmt->value->range, describe(from),
           "a distribution");
    return false;
  }
  bool isBool = from.distribution->kind == Distribution::Bernoulli;
  bool fits = !element ||
              (isBool ? *element == Element::Bool : model::isFloat(*element));
  if (!fits)
    report(diag::WrongType, stmt->type->range, describe(*element),
           isBool ? "`bool`" : "a float");
  return fits;
}

/// `let keep: bool[B, T] ~ bernoulli(p)`.
Value Elaborator::drawValue(const ast::BindingStmt *stmt, Scope &scope) {
  bool hasShape = stmt->type && stmt->type->hasShape;
  if (!func || element || hasShape == bool(stmt->indices) || stmt->isTuple) {
    report(diag::WrongPlace, stmt->range,
           "a draw without one shape or indices, or outside a function,");
    return Value::error();
  }
  std::optional<Type> type;
  if (stmt->type && !(type = evalType(stmt->type, scope)))
    return Value::error();
  if (stmt->indices)
    return drawByIndex(stmt, type, scope);
  Value from = eval(stmt->value, scope);
  if (from.isError() || !checkDrawn(stmt, from, type->element))
    return Value::error();
  const DistributionValue &given = *from.distribution;
  if (!isRunTime(given.a) && !isRunTime(given.b)) {
    model::Init init;
    if (!distributionInit(from, stmt->value->range, init))
      return Value::error();
    return Value::ofTensor(nodeValue(emitDraw(stmt, *type, init)));
  }
  Type base = makeType(
      type->element == Element::Bool ? precision : type->element, type->shape);
  Value drawn =
      Value::ofTensor(nodeValue(emitDraw(stmt, base, standard(given.kind))));
  Value value = drawnFrom(given, drawn, stmt->value->range);
  if (value.isError())
    return value;
  const TensorValue *tensor = asTensor(value, stmt->value->range);
  if (tensor->type.shape == type->shape)
    return convert(value, type->element, stmt->value->range);
  report(diag::WrongShape, stmt->value->range, stmt->value->range.text(),
         describe(tensor->type.shape), describe(type->shape));
  return Value::error();
}

/// `let keep[b, t in 0..n] ~ bernoulli(p[b])`: an element by its index.
Value Elaborator::drawByIndex(const ast::BindingStmt *stmt,
                              std::optional<Type> type, Scope &scope) {
  ElementFrame frame;
  Scope *inner = newScope(&scope);
  SmallVector<SmallVector<OpenIndex *>> dims;
  SmallVector<Scalar *> place;
  for (const ast::Expr *item : stmt->indices->items) {
    dims.emplace_back();
    if (!introduce(item, *inner, frame, dims.back(), /*fromZero=*/true))
      return Value::error();
    for (OpenIndex *index : dims.back())
      place.push_back(indexScalar(index, index->range));
  }
  Range range = stmt->value->range;
  element = &frame;
  Value from = eval(stmt->value, *inner);
  element = nullptr;
  std::optional<Element> wanted;
  if (type)
    wanted = type->element;
  if (from.isError() || !checkDrawn(stmt, from, wanted) ||
      !solveRanges(frame, frame.indices))
    return Value::error();
  SmallVector<int64_t> shape;
  for (const auto &dim : dims)
    for (OpenIndex *index : dim)
      shape.push_back(index->extent);
  const DistributionValue &given = *from.distribution;
  bool isBool = given.kind == Distribution::Bernoulli;
  model::Tensor *base =
      emitDraw(stmt, makeType(wanted && !isBool ? *wanted : precision, shape),
               standard(given.kind));
  element = &frame;
  Value value =
      drawnFrom(given, Value::ofScalar(read(base, place, range)), range);
  element = nullptr;
  return value.isError() ? value
                         : finishDefinition(dims, value, stmt->range, frame);
}

/// `param w[i, j in 0..n] ~ normal(0, 0.1)`: the ranges are the shape.
bool Elaborator::drawnInit(const ast::BindingStmt *stmt, Scope &scope,
                           model::Variable &variable) {
  ElementFrame frame;
  Scope *inner = newScope(&scope);
  SmallVector<OpenIndex *> indices;
  for (const ast::Expr *item : stmt->indices->items)
    if (!introduce(item, *inner, frame, indices, /*fromZero=*/true))
      return false;
  element = &frame;
  Value from = eval(stmt->value, *inner);
  element = nullptr;
  if (from.isError() || !solveRanges(frame, frame.indices))
    return false;
  SmallVector<int64_t> shape;
  for (OpenIndex *index : indices)
    shape.push_back(index->extent);
  variable.type.shape = copy(ArrayRef<int64_t>(shape));
  return distributionInit(from, stmt->value->range, variable.init);
}
