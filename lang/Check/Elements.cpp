// Element definitions: what introduces an index, what `..` stands for, and how
// a definition becomes an operation. Ranges are found and reads are proved when
// the definition ends, when all that tells them is known.
#include "lang/Check/Elaborator.h"
#include "llvm/Support/MathExtras.h"

using namespace ogee;
using namespace ogee::checking;
using ast::ExprKind;
using llvm::dyn_cast;

static bool hasDots(const ast::Bracket &bracket) {
  return llvm::any_of(bracket.items, [](const ast::Expr *item) {
    return item->kind == ExprKind::Ellipsis;
  });
}

bool Elaborator::isElementWise(const ast::Expr *callee, Scope &scope) {
  auto *name = dyn_cast<ast::NameExpr>(callee);
  Binding *binding = name ? find(scope, name->name) : nullptr;
  if (!binding || !binding->value.is(ValueKind::Builtin))
    return false;
  Builtin builtin = binding->value.builtin;
  return builtin >= Builtin::MathExp && builtin <= Builtin::MathMin;
}

/// Whether `..` is open in the expression, so that it is an element definition
/// without a left side. Arguments of calls are expressions of their own.
bool Elaborator::hasOpenDots(const ast::Expr *expr, Scope &scope) {
  if (auto *binary = dyn_cast<ast::BinaryExpr>(expr))
    return hasOpenDots(binary->lhs, scope) || hasOpenDots(binary->rhs, scope);
  if (auto *unary = dyn_cast<ast::UnaryExpr>(expr))
    return hasOpenDots(unary->operand, scope);
  if (auto *subscript = dyn_cast<ast::SubscriptExpr>(expr))
    return hasDots(*subscript->bracket);
  auto *call = dyn_cast<ast::CallExpr>(expr);
  if (!call)
    return false;
  auto *closes = dyn_cast<ast::SubscriptExpr>(call->callee);
  if (closes ? hasDots(*closes->bracket) : !isElementWise(call->callee, scope))
    return false;
  return llvm::any_of(call->args, [&](const ast::Arg &arg) {
    return hasOpenDots(arg.value, scope);
  });
}

OpenIndex *Elaborator::newIndex(StringRef name, Range range,
                                ElementFrame &frame) {
  auto *index = make<OpenIndex>();
  index->name = name;
  index->range = range;
  frame.indices.push_back(index);
  return index;
}

Scalar *Elaborator::indexScalar(OpenIndex *index, Range range) {
  return make<model::IndexScalar>(
      model::IndexScalar{{Element::Int, range}, index});
}

/// The range of `i in a..b by s`; the value that the name stands for.
std::optional<Value> Elaborator::writtenRange(OpenIndex *index,
                                              const ast::BinderExpr *binder,
                                              Scope &scope, bool fromZero) {
  Range where = binder->domain->range;
  Value domain = eval(binder->domain, scope);
  if (domain.isError())
    return std::nullopt;
  if (!domain.is(ValueKind::Range)) {
    report(diag::WrongType, where, describe(domain), "a range `a..b`");
    return std::nullopt;
  }
  const RangeValue &range = *domain.range;
  if (fromZero && (range.lower != 0 || range.step != 1)) {
    report(diag::StartsAtZero, where, index->name);
    return std::nullopt;
  }
  if (range.size() == 0) {
    report(diag::EmptyRange, where, range.lower, range.upper);
    return std::nullopt;
  }
  index->extent = range.size();
  index->isWritten = true;
  index->extentRange = binder->range;
  Value value = Value::ofScalar(indexScalar(index, index->range));
  if (range.step != 1)
    value = binary(model::ScalarOp::Mul, Value::ofInt(range.step), value,
                   index->range);
  if (range.lower != 0)
    value = binary(model::ScalarOp::Add, Value::ofInt(range.lower), value,
                   index->range);
  return value;
}

/// A bare name, `i in a..b`, or a tuple of these: new indices, in order.
bool Elaborator::introduce(const ast::Expr *item, Scope &scope,
                           ElementFrame &frame,
                           llvm::SmallVectorImpl<OpenIndex *> &indices,
                           bool fromZero) {
  if (auto *tuple = dyn_cast<ast::TupleExpr>(item))
    return llvm::all_of(tuple->elements, [&](const ast::Arg &arg) {
      return introduce(arg.value, scope, frame, indices, /*fromZero=*/true);
    });
  auto *name = dyn_cast<ast::NameExpr>(item);
  auto *binder = dyn_cast<ast::BinderExpr>(item);
  if (!name && !binder) {
    report(diag::NotAnIndex, item->range, item->range.text());
    return false;
  }
  ast::Ident ident = name ? ast::Ident{name->name, name->range} : binder->name;
  if (isDeclared(scope, ident.name)) {
    auto diagnostic = report(diag::NotNew, ident.range, ident.name);
    if (Range range = find(scope, ident.name)->range)
      note(diagnostic, diag::DefinedHere, range, ident.name);
    return false;
  }
  OpenIndex *index = newIndex(ident.name, ident.range, frame);
  indices.push_back(index);
  std::optional<Value> value = Value::ofScalar(indexScalar(index, ident.range));
  if (binder)
    value = writtenRange(index, binder, scope, fromZero);
  if (value)
    scope.set(ident.name, *value, ident.range, NameKind::Index);
  return value.has_value();
}

/// The indices of `..`, which are made where its extents are first known: from
/// the signature, or from the first operand.
ArrayRef<OpenIndex *> Elaborator::openDots(ElementFrame &frame, Scope &scope,
                                           ArrayRef<int64_t> extents,
                                           Range range) {
  if (!frame.dots) {
    frame.dots.emplace();
    for (Scope *at = &scope; at; at = at->parent)
      if (at->dots) {
        extents = *at->dots;
        break;
      }
    for (int64_t extent : extents) {
      frame.dots->push_back(newIndex("..", range, frame));
      frame.dots->back()->extent = extent;
      frame.dots->back()->extentRange = range;
    }
  }
  return *frame.dots;
}

bool Elaborator::fixDots(ElementFrame &frame, Scope &scope, Range range) {
  for (Scope *at = &scope; at && !frame.dots; at = at->parent)
    if (at->dots)
      (void)openDots(frame, scope, {}, range);
  if (!frame.dots)
    report(diag::UnknownRange, range, "..");
  return frame.dots.has_value();
}

Value Elaborator::implicitDefinition(const ast::Expr *expr, Scope &scope) {
  ElementFrame frame;
  frame.dotsOpen = true;
  element = &frame;
  Scope *inner = newScope(&scope);
  Value body = evalKind(expr, *inner);
  element = nullptr;
  if (body.isError() || !fixDots(frame, scope, expr->range))
    return Value::error();
  SmallVector<SmallVector<OpenIndex *>> dims;
  for (OpenIndex *index : *frame.dots)
    dims.push_back({index});
  return finishDefinition(dims, body, expr->range, frame);
}

/// `let y[i, (j, k), ..] = value`. Inside an element expression, in a function
/// that is given elements, `..` stands for nothing and the result is an
/// element.
Value Elaborator::elementDefinition(const ast::Bracket *bracket,
                                    const ast::Expr *value, Scope &scope,
                                    Range range) {
  if (bracket->where || bracket->otherwise) {
    report(diag::WrongPlace, bracket->range,
           "`where` or `else` on the left of `let`");
    return Value::error();
  }
  if (element) {
    bool isElement = bracket->items.size() == 1 && hasDots(*bracket);
    if (isElement)
      return eval(value, scope);
    return nestedDefinition(bracket, value, scope, range);
  }
  ElementFrame frame;
  Scope *inner = newScope(&scope);
  SmallVector<SmallVector<OpenIndex *>> dims;
  std::optional<size_t> dotsAt;
  for (const ast::Expr *item : bracket->items) {
    if (item->kind == ExprKind::Ellipsis) {
      if (dotsAt) {
        report(diag::DotsTwice, item->range);
        return Value::error();
      }
      dotsAt = dims.size();
      frame.dotsOpen = true;
      continue;
    }
    dims.emplace_back();
    if (!introduce(item, *inner, frame, dims.back(), /*fromZero=*/true))
      return Value::error();
  }
  element = &frame;
  Value body = eval(value, *inner);
  element = nullptr;
  if (body.isError())
    return body;
  if (dotsAt) {
    if (!fixDots(frame, scope, bracket->range))
      return Value::error();
    for (auto [at, index] : llvm::enumerate(*frame.dots))
      dims.insert(dims.begin() + *dotsAt + at, SmallVector<OpenIndex *>{index});
  }
  return finishDefinition(dims, body, range, frame);
}

/// A tensor defined inside an element expression may depend on the indices
/// around it: its element is computed where it is read.
Value Elaborator::nestedDefinition(const ast::Bracket *bracket,
                                   const ast::Expr *expr, Scope &scope,
                                   Range range) {
  Scope *inner = newScope(&scope);
  SmallVector<SmallVector<OpenIndex *>> dims;
  SmallVector<OpenIndex *> all;
  for (const ast::Expr *item : bracket->items) {
    if (item->kind == ExprKind::Ellipsis) {
      report(diag::Unsupported, item->range,
             "`..` beside indices in an element expression");
      return Value::error();
    }
    dims.emplace_back();
    if (!introduce(item, *inner, *element, dims.back(), /*fromZero=*/true))
      return Value::error();
    llvm::append_range(all, dims.back());
  }
  Scalar *body = asScalar(eval(expr, *inner), range);
  if (!body || !solveRanges(*element, all))
    return Value::error();
  if (model::isFloat(body->element) && body->isUniform)
    body = fitElement(body, precision);
  SmallVector<int64_t> shape;
  for (const auto &dim : dims) {
    shape.push_back(1);
    for (OpenIndex *index : dim)
      shape.back() *= index->extent;
  }
  auto elementOf = [=, this](ArrayRef<Scalar *> place) {
    llvm::DenseMap<const model::Index *, Scalar *> map;
    for (auto [dim, at] : llvm::zip(dims, place)) {
      SmallVector<model::Index *> digits(dim.begin(), dim.end());
      takeDigits(digits, at, range, map);
    }
    return substitute(body, map);
  };
  auto *tensor = const_cast<TensorValue *>(
      makeLazy(makeType(body->element, shape), range, elementOf));
  tensor->isNested = true;
  return Value::ofTensor(tensor);
}

/// The same place of the same tensor: nothing needs to be made.
static model::Tensor *copied(Scalar *body, ArrayRef<model::Index *> indices) {
  auto *read = dyn_cast<model::ReadScalar>(body);
  if (!read || read->otherwise || read->subscripts.size() != indices.size())
    return nullptr;
  for (auto [dim, subscript, index] :
       llvm::zip(read->tensor->type.shape, read->subscripts, indices)) {
    auto *at = dyn_cast<model::IndexScalar>(subscript);
    if (!at || at->index != index || index->extent != dim)
      return nullptr;
  }
  return read->tensor;
}

Value Elaborator::finishDefinition(ArrayRef<SmallVector<OpenIndex *>> dims,
                                   Value value, Range range,
                                   ElementFrame &frame) {
  // What is not yet an element may still read: the frame is open for it.
  element = &frame;
  Scalar *body = asScalar(value, range);
  element = nullptr;
  if (!body || !solveRanges(frame, frame.indices))
    return Value::error();
  proveReads(frame);
  SmallVector<model::Index *> indices;
  SmallVector<unsigned> groups;
  SmallVector<int64_t> shape;
  for (const auto &dim : dims) {
    int64_t extent = 1;
    for (OpenIndex *index : dim) {
      indices.push_back(index);
      extent *= index->extent;
    }
    groups.push_back(dim.size());
    shape.push_back(extent);
  }
  int64_t count = 1;
  for (int64_t extent : shape)
    if (llvm::MulOverflow(count, extent, count) || count > maxElements) {
      report(diag::TooManyElements, range, describe(shape));
      return Value::error();
    }
  Element to = body->element;
  if (model::isFloat(to) && body->isUniform)
    body = fitElement(body, to = precision);
  if (func) {
    model::Tensor *same =
        groups.size() == indices.size() ? copied(body, indices) : nullptr;
    return Value::ofTensor(nodeValue(
        same ? same
             : define(makeType(to, shape), indices, groups, body, range)));
  }
  TensorValue &constant = tensorValues.emplace_back();
  constant.type = makeType(to, shape);
  if (to == Element::Int)
    boundIntegers(constant.type, indices, body);
  constant.range = range;
  constant.constant =
      make<model::Define>(model::Define{{range},
                                        copy(ArrayRef<model::Index *>(indices)),
                                        copy(ArrayRef<unsigned>(groups)),
                                        body,
                                        nullptr});
  return Value::ofTensor(&constant);
}
