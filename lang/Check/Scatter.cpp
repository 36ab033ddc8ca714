// `y[place[n], d where c] = e`: a write where an expression says. The places
// become a tensor of integers over the indices of the left side, one number for
// all dimensions that are not whole, -1 where `where` skips.
#include "lang/Check/Elaborator.h"

using namespace ogee;
using namespace ogee::checking;
using ast::ExprKind;
using llvm::cast;
using llvm::dyn_cast;
using model::ScalarOp;

/// Names without a meaning, in the order in which they appear.
void Elaborator::newNames(const ast::Expr *expr, Scope &scope,
                          SmallVector<const ast::Expr *> &found) {
  if (auto *name = dyn_cast<ast::NameExpr>(expr)) {
    bool isNew = !isDeclared(scope, name->name) &&
                 llvm::none_of(found, [&](const ast::Expr *other) {
                   return other->range.text() == name->name;
                 });
    Binding *binding = find(scope, name->name);
    if (isNew && !binding)
      found.push_back(expr);
    return;
  }
  if (expr->kind == ExprKind::Binder) {
    found.push_back(expr);
    return;
  }
  auto all = [&](ArrayRef<ast::Expr *> parts) {
    for (const ast::Expr *part : parts)
      newNames(part, scope, found);
  };
  if (auto *binary = dyn_cast<ast::BinaryExpr>(expr))
    return all({binary->lhs, binary->rhs});
  if (auto *unary = dyn_cast<ast::UnaryExpr>(expr))
    return all(unary->operand);
  if (auto *subscript = dyn_cast<ast::SubscriptExpr>(expr)) {
    newNames(subscript->base, scope, found);
    return all(subscript->bracket->items);
  }
  if (auto *tuple = dyn_cast<ast::TupleExpr>(expr))
    for (const ast::Arg &arg : tuple->elements)
      newNames(arg.value, scope, found);
}

static bool mentions(const Scalar *scalar, const model::Index *index) {
  if (auto *node = dyn_cast<model::IndexScalar>(scalar))
    return node->index == index;
  bool found = false;
  model::forEachOperand(*scalar, [&](const Scalar *operand) {
    found |= mentions(operand, index);
  });
  return found;
}

/// The subscripts of the left side, `..` as the indices that it stands for.
bool Elaborator::writtenPlace(const ast::SubscriptExpr *target,
                              ArrayRef<int64_t> shape, Scope &scope,
                              ElementFrame &frame, Write &write) {
  SmallVector<const ast::Expr *> names;
  for (const ast::Expr *item : target->bracket->items)
    newNames(item, scope, names);
  for (const ast::Expr *name : names)
    if (!introduce(name, scope, frame, write.loops, /*fromZero=*/false))
      return false;
  Subscripts subscripts;
  size_t fixed = target->bracket->items.size() - frame.dotsOpen;
  if (shape.size() < fixed || (!frame.dotsOpen && shape.size() != fixed)) {
    report(diag::SubscriptCount, target->bracket->range, fixed,
           describe(shape));
    return false;
  }
  for (const ast::Expr *item : target->bracket->items) {
    size_t at = subscripts.values.size();
    if (item->kind == ExprKind::Ellipsis) {
      if (!dotSubscripts(item, shape.slice(at, shape.size() - fixed), scope,
                         subscripts))
        return false;
      continue;
    }
    auto *binder = dyn_cast<ast::BinderExpr>(item);
    subscripts.values.push_back(
        binder ? lookup(binder->name.name, binder->name.range, scope)
               : subscriptValue(item, shape[at], scope));
    subscripts.ranges.push_back(item->range);
  }
  for (auto [value, range] : llvm::zip(subscripts.values, subscripts.ranges)) {
    Scalar *scalar = asScalar(value, range);
    if (!scalar)
      return false;
    if (scalar->element != Element::Int) {
      report(diag::WrongType, range, describe(value), "an integer");
      return false;
    }
    write.place.push_back(scalar);
    write.ranges.push_back(range);
  }
  if (frame.dots)
    write.loops.append(frame.dots->begin(), frame.dots->end());
  return true;
}

/// How many of the last dimensions are written whole: at an index of their own
/// that says nothing about the rest of the place or the condition.
static size_t wholeDimensions(const Write &write, ArrayRef<int64_t> shape) {
  size_t count = 0;
  for (size_t at = shape.size(); at-- > 0; ++count) {
    auto *bare = dyn_cast<model::IndexScalar>(write.place[at]);
    if (!bare || bare->index->extent != shape[at] ||
        (write.where && mentions(write.where, bare->index)))
      return count;
    for (size_t other = 0; other < at; ++other)
      if (mentions(write.place[other], bare->index))
        return count;
  }
  // A place without a choice: the first dimension stands for it.
  return shape.empty() ? 0 : std::min(count, shape.size() - 1);
}

/// The number of the place among those of the dimensions that are not whole.
Scalar *Elaborator::placeNumber(const Write &write, ArrayRef<int64_t> shape,
                                Range range) {
  Scalar *number = nullptr;
  for (auto [at, extent] : llvm::enumerate(shape)) {
    Scalar *digit = write.place[at];
    if (!number) {
      number = digit;
      continue;
    }
    number = makeOp(ScalarOp::Mul, Element::Int,
                    {number, makeInt(extent, range)}, range);
    number = makeOp(ScalarOp::Add, Element::Int, {number, digit}, range);
  }
  if (write.where)
    number = make<model::IfScalar>(model::IfScalar{
        {Element::Int, range}, write.where, number, makeInt(-1, range)});
  return number;
}

/// The operation, when all ranges are known.
Value Elaborator::emitScatter(const ast::AssignStmt *stmt, model::Tensor *old,
                              const Write &write) {
  Range range = stmt->range;
  ArrayRef<int64_t> shape = old->type.shape;
  size_t leading = shape.size() - wholeDimensions(write, shape);
  SmallVector<model::Index *> loops, all;
  SmallVector<int64_t> extents;
  for (OpenIndex *index : write.loops) {
    bool isWhole = llvm::any_of(
        ArrayRef(write.place).drop_front(leading), [&](const Scalar *place) {
          return cast<model::IndexScalar>(place)->index == index;
        });
    if (isWhole)
      continue;
    loops.push_back(index);
    extents.push_back(index->extent);
  }
  all = loops;
  for (const Scalar *place : ArrayRef(write.place).drop_front(leading))
    all.push_back(cast<model::IndexScalar>(place)->index);
  model::Tensor *places =
      define(makeType(Element::Int, extents), loops,
             placeNumber(write, shape.take_front(leading), range), range);
  extents.append(shape.begin() + leading, shape.end());
  Scalar *value = write.value;
  if (write.where)
    value = make<model::IfScalar>(model::IfScalar{
        {value->element, range},
        write.where,
        value,
        fitElement(makeConst(value->element, 0, 0, range), value->element)});
  model::Tensor *values =
      define(makeType(value->element, extents), all, value, range);
  model::Tensor *result = newTensor(old->type, range);
  func->func->body.push_back(make<model::Scatter>(model::Scatter{
      {range}, old, places, values, stmt->op == ast::AssignOp::Add, result}));
  return Value::ofTensor(nodeValue(result));
}

Value Elaborator::scatterElements(const ast::AssignStmt *stmt,
                                  const TensorValue *oldValue, Scope &scope) {
  auto *target = cast<ast::SubscriptExpr>(stmt->target);
  model::Tensor *old = materialise(oldValue, stmt->range);
  ElementFrame frame;
  for (const ast::Expr *item : target->bracket->items)
    frame.dotsOpen |= item->kind == ExprKind::Ellipsis;
  Scope *inner = newScope(&scope);
  Write write;
  element = &frame;
  bool isError = !writtenPlace(target, old->type.shape, *inner, frame, write);
  if (!isError)
    write.where = evalCondition(target->bracket->where, *inner, isError);
  if (!isError) {
    if (write.where)
      frame.guards.push_back(write.where);
    auto *site = make<model::ReadScalar>(
        model::ReadScalar{{old->type.element, target->range},
                          old,
                          copy(ArrayRef<Scalar *>(write.place)),
                          nullptr});
    frame.reads.push_back({site, frame.guards, true, write.ranges});
    Value value = convert(eval(stmt->value, *inner), old->type.element,
                          stmt->value->range);
    write.value = asScalar(value, stmt->value->range);
    isError = !write.value;
  }
  element = nullptr;
  if (isError || !solveRanges(frame, frame.indices))
    return Value::error();
  proveReads(frame);
  write.value = fitElement(write.value, old->type.element);
  return emitScatter(stmt, old, write);
}
