// `x[..]`: an element of a tensor, a slice of it, or an element of a list.
#include "lang/Check/Elaborator.h"

using namespace ogee;
using namespace ogee::checking;
using ast::ExprKind;
using llvm::dyn_cast;

Value Elaborator::evalSubscript(const ast::SubscriptExpr *expr, Scope &scope) {
  return subscript(expr, eval(expr->base, scope), scope);
}

Value Elaborator::subscript(const ast::SubscriptExpr *expr, Value base,
                            Scope &scope) {
  if (base.isError())
    return base;
  if (base.is(ValueKind::List) || base.is(ValueKind::Tuple))
    return listElement(expr, base, scope);
  bool isElement = base.is(ValueKind::Scalar) || base.isNumber();
  if (isElement && expr->bracket->items.size() == 1 &&
      expr->bracket->items[0]->kind == ExprKind::Ellipsis)
    return base;
  if (base.is(ValueKind::Tensor) || base.is(ValueKind::Variable))
    return tensorElement(expr, base, scope);
  report(diag::NotATensor, expr->base->range, describe(base));
  return Value::error();
}

/// `(h, d)` in a subscript: each part an index, from 0.
Scalar *Elaborator::tupleSubscript(const ast::TupleExpr *tuple, Scope &scope) {
  SmallVector<Scalar *> parts;
  SmallVector<model::Index *> indices;
  for (const ast::Arg &arg : tuple->elements) {
    Scalar *part = asScalar(eval(arg.value, scope), arg.value->range);
    if (!part)
      return nullptr;
    auto *index = dyn_cast<model::IndexScalar>(part);
    if (!index) {
      report(diag::NotAnIndex, arg.value->range, arg.value->range.text());
      return nullptr;
    }
    parts.push_back(part);
    indices.push_back(index->index);
  }
  return make<model::TupleScalar>(
      model::TupleScalar{{Element::Int, tuple->range},
                         copy(ArrayRef<Scalar *>(parts)),
                         copy(ArrayRef<model::Index *>(indices))});
}

/// `..` in a read: the indices that it stands for.
bool Elaborator::dotSubscripts(const ast::Expr *item, ArrayRef<int64_t> extents,
                               Scope &scope, Subscripts &subscripts) {
  if (!element || !element->dotsOpen) {
    report(diag::DotsNotOpen, item->range);
    return false;
  }
  auto dots = openDots(*element, scope, extents, item->range);
  SmallVector<int64_t> known;
  for (OpenIndex *index : dots)
    known.push_back(index->extent);
  if (ArrayRef<int64_t>(known) != extents) {
    report(diag::DotsDisagree, item->range, describe(extents), describe(known));
    return false;
  }
  for (OpenIndex *index : dots) {
    subscripts.values.push_back(
        Value::ofScalar(indexScalar(index, item->range)));
    subscripts.ranges.push_back(item->range);
  }
  return true;
}

Value Elaborator::subscriptValue(const ast::Expr *item, int64_t extent,
                                 Scope &scope) {
  if (item->kind == ExprKind::Slice)
    return Value::ofRange(make<RangeValue>(0, extent, 1));
  auto *tuple = dyn_cast<ast::TupleExpr>(item);
  if (!tuple)
    return eval(item, scope);
  Scalar *scalar = tupleSubscript(tuple, scope);
  return scalar ? Value::ofScalar(scalar) : Value::error();
}

bool Elaborator::evalSubscripts(const ast::Bracket &bracket,
                                ArrayRef<int64_t> shape, Scope &scope,
                                Subscripts &subscripts) {
  SmallVector<Value> &values = subscripts.values;
  size_t others = bracket.items.size() - 1;
  for (const ast::Expr *item : bracket.items) {
    if (item->kind == ExprKind::Ellipsis) {
      if (shape.size() < others) {
        report(diag::SubscriptCount, bracket.range, others, describe(shape));
        return false;
      }
      ArrayRef<int64_t> extents =
          shape.slice(values.size(), shape.size() - others);
      if (!dotSubscripts(item, extents, scope, subscripts))
        return false;
      continue;
    }
    int64_t extent = values.size() < shape.size() ? shape[values.size()] : 0;
    values.push_back(subscriptValue(item, extent, scope));
    subscripts.ranges.push_back(item->range);
    if (values.back().isError())
      return false;
  }
  return true;
}

/// An element where an index or data stand in the bracket, else a slice.
Value Elaborator::tensorElement(const ast::SubscriptExpr *expr, Value base,
                                Scope &scope) {
  const ast::Bracket &bracket = *expr->bracket;
  const TensorValue *tensor = asTensor(base, expr->base->range);
  ArrayRef<int64_t> shape = tensor->type.shape;
  if (bracket.where) {
    report(diag::WrongPlace, bracket.where->range, "`where` in a read");
    return Value::error();
  }
  Subscripts subscripts;
  if (!evalSubscripts(bracket, shape, scope, subscripts))
    return Value::error();
  ArrayRef<Value> values = subscripts.values;
  bool hasRange = llvm::any_of(
      values, [](Value value) { return value.is(ValueKind::Range); });
  bool isKnown = llvm::all_of(values, [](Value value) {
    return value.is(ValueKind::Range) || value.is(ValueKind::Int);
  });
  if (hasRange && !isKnown) {
    report(diag::SliceInElement, bracket.range);
    return Value::error();
  }
  if (values.size() > shape.size() ||
      (!isKnown && values.size() != shape.size())) {
    report(diag::SubscriptCount, bracket.range, values.size(), describe(shape));
    return Value::error();
  }
  bool isWhole = values.size() == shape.size() && !hasRange;
  if (isKnown && !(isWhole && bracket.otherwise))
    return slice(tensor, values, expr);
  return readElement(expr, tensor, subscripts, scope);
}

Value Elaborator::readElement(const ast::SubscriptExpr *expr,
                              const TensorValue *tensor,
                              const Subscripts &subscripts, Scope &scope) {
  const ast::Bracket &bracket = *expr->bracket;
  SmallVector<Scalar *> place;
  for (auto [value, range] : llvm::zip(subscripts.values, subscripts.ranges)) {
    Scalar *subscript = asScalar(value, range);
    if (!subscript)
      return Value::error();
    if (subscript->element != Element::Int) {
      report(diag::WrongType, range, describe(value), "an integer");
      return Value::error();
    }
    place.push_back(subscript);
  }
  if (element && tensor->isNested) {
    if (bracket.otherwise) {
      report(diag::Unsupported, expr->range,
             "`else` in a tensor that depends on an index");
      return Value::error();
    }
    // No operation makes it; the site proves that the place lies inside.
    auto *made = make<model::Tensor>(
        model::Tensor{tensor->type, tensor->range, nullptr, 0});
    auto *site = make<model::ReadScalar>(
        model::ReadScalar{{tensor->type.element, expr->range},
                          made,
                          copy(ArrayRef<Scalar *>(place)),
                          nullptr});
    element->reads.push_back(
        {site, element->guards, element->conditions == 0, subscripts.ranges});
    return Value::ofScalar(elementAt(tensor, place, expr->range));
  }
  if (!element || !func) {
    bool isConstant = element && tensor->constant && !bracket.otherwise;
    if (!isConstant) {
      report(diag::NotCompileTime, expr->range,
             describe(Value::ofTensor(tensor)));
      return Value::error();
    }
    return Value::ofScalar(elementAt(tensor, place, expr->range));
  }
  model::Tensor *made = materialise(tensor, expr->base->range);
  auto *node = make<model::ReadScalar>(
      model::ReadScalar{{made->type.element, expr->range},
                        made,
                        copy(ArrayRef<Scalar *>(place)),
                        nullptr});
  if (bracket.otherwise) {
    Value outside = convert(eval(bracket.otherwise, scope), made->type.element,
                            bracket.otherwise->range);
    Scalar *scalar = asScalar(outside, bracket.otherwise->range);
    if (!scalar)
      return Value::error();
    node->otherwise = coerce(scalar, made->type.element);
  }
  element->reads.push_back(
      {node, element->guards, element->conditions == 0, subscripts.ranges});
  return Value::ofScalar(node);
}

/// Dimensions that are not written are whole.
SmallVector<SliceDim> Elaborator::sliceDims(const TensorValue *base,
                                            ArrayRef<Value> items) {
  SmallVector<SliceDim> dims;
  for (auto [dim, extent] : llvm::enumerate(base->type.shape)) {
    if (dim >= items.size()) {
      dims.push_back({{0, extent, 1}, true});
      continue;
    }
    Value item = items[dim];
    bool isRange = item.is(ValueKind::Range);
    dims.push_back(
        {isRange ? *item.range : RangeValue{item.integer, item.integer + 1, 1},
         isRange});
  }
  return dims;
}

/// `x[a..b, :, 1]`: a view, made when it is used.
Value Elaborator::slice(const TensorValue *base, ArrayRef<Value> items,
                        const ast::SubscriptExpr *expr) {
  SmallVector<SliceDim> dims = sliceDims(base, items);
  SmallVector<int64_t> shape;
  for (auto [at, dim] : llvm::enumerate(dims)) {
    const RangeValue &range = dim.range;
    int64_t last = range.lower + (range.size() - 1) * range.step;
    if (range.size() == 0) {
      report(diag::EmptyRange, expr->bracket->range, range.lower, range.upper);
      return Value::error();
    }
    if (range.lower < 0 || last >= base->type.shape[at]) {
      int64_t place = range.lower < 0 ? range.lower : last;
      auto diagnostic =
          report(diag::OutOfBounds, expr->bracket->range, at + 1,
                 describe(base->type.shape), std::to_string(place), "");
      if (place < 0)
        note(diagnostic, diag::Hint, expr->bracket->range,
             "places count from the front; the last one is " +
                 std::to_string(base->type.shape[at] - 1));
      return Value::error();
    }
    if (dim.keeps)
      shape.push_back(range.size());
  }
  Range where = expr->range;
  Type type = base->type;
  type.shape = copy(ArrayRef<int64_t>(shape));
  auto elementOf = [=, this](ArrayRef<Scalar *> place) {
    SmallVector<Scalar *> from;
    for (const SliceDim &dim : dims) {
      if (!dim.keeps) {
        from.push_back(makeInt(dim.range.lower, where));
        continue;
      }
      Scalar *at = place.front();
      place = place.drop_front();
      if (dim.range.step != 1)
        at = makeOp(model::ScalarOp::Mul, Element::Int,
                    {at, makeInt(dim.range.step, where)}, where);
      if (dim.range.lower != 0)
        at = makeOp(model::ScalarOp::Add, Element::Int,
                    {at, makeInt(dim.range.lower, where)}, where);
      from.push_back(at);
    }
    return elementAt(base, from, where);
  };
  return Value::ofTensor(makeLazy(type, where, elementOf));
}
