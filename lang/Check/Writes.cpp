// `y[..] = e` on a `var` or a `state`. All reads come before all writes, so the
// write is a definition of the next value: the element where it is written, the
// old one elsewhere.
#include "lang/Check/Elaborator.h"

using namespace ogee;
using namespace ogee::checking;
using ast::ExprKind;
using llvm::dyn_cast;
using model::ScalarOp;

void Elaborator::writeElements(const ast::AssignStmt *stmt, Scope &scope) {
  auto *target = llvm::cast<ast::SubscriptExpr>(stmt->target);
  auto *name = dyn_cast<ast::NameExpr>(target->base);
  if (!name || element || target->bracket->otherwise) {
    report(diag::Unsupported, stmt->target->range, "this assignment");
    return;
  }
  Value old = settle(lookup(name->name, name->range, scope), name->range);
  if (old.isError())
    return;
  if (!old.is(ValueKind::Tensor) && !old.is(ValueKind::Variable)) {
    report(diag::NotATensor, name->range, describe(old));
    return;
  }
  const TensorValue *tensor = asTensor(old, name->range);
  SmallVector<const ast::Expr *> names;
  bool isSlice = llvm::all_of(target->bracket->items, [&](ast::Expr *item) {
    newNames(item, scope, names);
    bool isNew =
        item->kind == ExprKind::Name && !isDeclared(scope, item->range.text());
    return item->kind != ExprKind::Ellipsis && !isNew && names.empty();
  });
  bool isBare = llvm::all_of(target->bracket->items, [&](ast::Expr *item) {
    return item->kind == ExprKind::Ellipsis ||
           (item->kind == ExprKind::Name &&
            !isDeclared(scope, item->range.text()));
  });
  Value next = isSlice  ? writeSlice(stmt, tensor, scope)
               : isBare ? writeIndices(stmt, tensor, scope)
                        : scatterElements(stmt, tensor, scope);
  if (!next.isError())
    assignName(name->name, settle(next, stmt->range), name->range, scope);
}

/// `y[b, t where c] = e` with bare indices, which take y's extents.
Value Elaborator::writeIndices(const ast::AssignStmt *stmt,
                               const TensorValue *old, Scope &scope) {
  const ast::Bracket &bracket =
      *llvm::cast<ast::SubscriptExpr>(stmt->target)->bracket;
  ArrayRef<int64_t> shape = old->type.shape;
  bool hasDots = llvm::any_of(bracket.items, [](const ast::Expr *item) {
    return item->kind == ExprKind::Ellipsis;
  });
  size_t fixed = bracket.items.size() - hasDots;
  if (shape.size() < fixed || (!hasDots && shape.size() != fixed)) {
    report(diag::SubscriptCount, bracket.range, fixed, describe(shape));
    return Value::error();
  }
  ElementFrame frame;
  Scope *inner = newScope(&scope);
  SmallVector<SmallVector<OpenIndex *>> dims;
  for (const ast::Expr *item : bracket.items) {
    if (item->kind == ExprKind::Ellipsis) {
      frame.dotsOpen = true;
      for (OpenIndex *index : openDots(
               frame, scope, shape.slice(dims.size(), shape.size() - fixed),
               item->range))
        dims.push_back({index});
      continue;
    }
    dims.emplace_back();
    if (!introduce(item, *inner, frame, dims.back(), /*fromZero=*/true))
      return Value::error();
    dims.back()[0]->extent = shape[dims.size() - 1];
    dims.back()[0]->extentRange = item->range;
  }
  SmallVector<Scalar *> place;
  for (const auto &dim : dims)
    place.push_back(indexScalar(dim[0], dim[0]->range));
  element = &frame;
  Value value = writtenElement(stmt, elementAt(old, place, stmt->range),
                               bracket.where, *inner);
  element = nullptr;
  return value.isError() ? value
                         : finishDefinition(dims, value, stmt->range, frame);
}

Value Elaborator::writtenElement(const ast::AssignStmt *stmt, Scalar *old,
                                 const ast::Expr *condition, Scope &scope) {
  bool isError;
  Scalar *where = evalCondition(condition, scope, isError);
  if (isError)
    return Value::error();
  if (where)
    element->guards.push_back(where);
  Value value = eval(stmt->value, scope);
  if (stmt->op == ast::AssignOp::Add)
    value = binary(ScalarOp::Add, Value::ofScalar(old), value, stmt->range);
  if (where)
    element->guards.pop_back();
  value = convert(value, old->element, stmt->value->range);
  Scalar *written = asScalar(value, stmt->value->range);
  if (!written)
    return Value::error();
  written = fitElement(written, old->element);
  if (!where)
    return Value::ofScalar(written);
  return Value::ofScalar(make<model::IfScalar>(
      model::IfScalar{{old->element, stmt->range}, where, written, old}));
}

/// The subscripts of a slice, all known while compiling.
std::optional<SmallVector<Value>>
Elaborator::sliceItems(const ast::Bracket &bracket, ArrayRef<int64_t> shape,
                       Scope &scope) {
  if (bracket.where) {
    report(diag::WrongPlace, bracket.where->range, "`where` without indices");
    return std::nullopt;
  }
  if (bracket.items.size() > shape.size()) {
    report(diag::SubscriptCount, bracket.range, bracket.items.size(),
           describe(shape));
    return std::nullopt;
  }
  SmallVector<Value> items;
  for (const ast::Expr *item : bracket.items) {
    Value value = subscriptValue(item, shape[items.size()], scope);
    items.push_back(value);
    if (value.is(ValueKind::Int) || value.is(ValueKind::Range))
      continue;
    if (!value.isError())
      report(diag::NotCompileTime, item->range, describe(value));
    return std::nullopt;
  }
  return items;
}

/// `y[:, t] = h` and `y[a..b] = h`: all subscripts known while compiling.
Value Elaborator::writeSlice(const ast::AssignStmt *stmt,
                             const TensorValue *old, Scope &scope) {
  auto *target = llvm::cast<ast::SubscriptExpr>(stmt->target);
  auto items = sliceItems(*target->bracket, old->type.shape, scope);
  if (!items)
    return Value::error();
  Value part = slice(old, *items, target);
  Value value = eval(stmt->value, scope);
  if (part.isError() || value.isError())
    return Value::error();
  if (stmt->op == ast::AssignOp::Add)
    value = binary(ScalarOp::Add, part, value, stmt->range);
  value = convert(settle(value, stmt->range), old->type.element,
                  stmt->value->range);
  if (value.isError())
    return value;
  const TensorValue *written = asTensor(value, stmt->value->range);
  ArrayRef<int64_t> wanted = part.tensor->type.shape;
  if (!written->type.shape.empty() && written->type.shape != wanted) {
    report(diag::WrongShape, stmt->value->range, stmt->value->range.text(),
           describe(written->type.shape), describe(wanted));
    return Value::error();
  }
  SmallVector<SliceDim> dims = sliceDims(old, *items);
  Range range = stmt->range;
  return Value::ofTensor(
      makeLazy(old->type, range, [=, this](ArrayRef<Scalar *> place) {
        return slicedElement(dims, old, written, place, range);
      }));
}

/// Inside the slice the element written, outside the old one.
Scalar *Elaborator::slicedElement(ArrayRef<SliceDim> dims,
                                  const TensorValue *old,
                                  const TensorValue *written,
                                  ArrayRef<Scalar *> place, Range range) {
  Scalar *inside = nullptr;
  SmallVector<Scalar *> from;
  auto require = [&](ScalarOp op, Scalar *at, int64_t bound) {
    Scalar *cond =
        makeOp(op, Element::Bool, {at, makeInt(bound, range)}, range);
    inside = inside
                 ? makeOp(ScalarOp::And, Element::Bool, {inside, cond}, range)
                 : cond;
  };
  for (auto [dim, at, extent] : llvm::zip(dims, place, old->type.shape)) {
    if (dim.range.lower > 0)
      require(ScalarOp::GreaterEqual, at, dim.range.lower);
    if (dim.range.upper < extent)
      require(ScalarOp::Less, at, dim.range.upper);
    if (dim.keeps)
      from.push_back(dim.range.lower == 0
                         ? at
                         : makeOp(ScalarOp::Sub, Element::Int,
                                  {at, makeInt(dim.range.lower, range)},
                                  range));
  }
  Scalar *next = fitElement(
      elementAt(written, ArrayRef(from).take_back(written->type.shape.size()),
                range),
      old->type.element);
  if (!inside)
    return next;
  return make<model::IfScalar>(model::IfScalar{
      {old->type.element, range}, inside, next, elementAt(old, place, range)});
}
