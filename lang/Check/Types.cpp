// Types of parameters: does the value fit, and which extents do the capital
// names and `..` of the signature stand for.
#include "lang/Check/Elaborator.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace ogee;
using namespace ogee::checking;
using llvm::dyn_cast;

std::optional<Element> Elaborator::elementOf(StringRef word) {
  if (word.empty() || word == "float")
    return precision;
  if (word == "int")
    return Element::Int;
  if (word == "bool")
    return Element::Bool;
  if (word == "f32")
    return Element::F32;
  if (word == "f64")
    return Element::F64;
  return std::nullopt;
}

/// `int(n)` holds 0 to n - 1, `int(a..b)` a to b - 1.
bool Elaborator::evalBounds(const ast::TypeExpr *type, Scope &scope,
                            Type &result) {
  if (!type->bound)
    return true;
  Value bound = eval(type->bound, scope);
  if (bound.is(ValueKind::Range)) {
    result.low = bound.range->lower;
    result.high = bound.range->upper;
    return true;
  }
  auto high = asInt(bound, type->bound->range);
  if (!high)
    return false;
  result.low = 0;
  result.high = *high;
  return true;
}

std::optional<Type> Elaborator::evalType(const ast::TypeExpr *type,
                                         Scope &scope) {
  auto element = elementOf(type->element.name);
  if (!element || !type->fields.empty()) {
    report(diag::WrongType, type->range, type->range.text(),
           "the type of a tensor");
    return std::nullopt;
  }
  SmallVector<int64_t> shape;
  for (const ast::Expr *item : type->shape) {
    if (item->kind == ast::ExprKind::Ellipsis) {
      const Scope *at = &scope;
      while (at && !at->dots)
        at = at->parent;
      if (!at) {
        report(diag::DotsNotOpen, item->range);
        return std::nullopt;
      }
      shape.append(at->dots->begin(), at->dots->end());
      continue;
    }
    auto extent = evalInt(item, scope);
    if (!extent)
      return std::nullopt;
    if (*extent <= 0) {
      report(diag::NotPositive, item->range, *extent);
      return std::nullopt;
    }
    shape.push_back(*extent);
  }
  int64_t count = 1;
  for (int64_t extent : shape)
    if (llvm::MulOverflow(count, extent, count) || count > maxElements) {
      report(diag::TooManyElements, type->range, describe(shape));
      return std::nullopt;
    }
  Type result = makeType(*element, shape);
  if (!evalBounds(type, scope, result))
    return std::nullopt;
  return result;
}

/// Types without a shape: of hyper-parameters, and scalars.
bool Elaborator::matchKind(const ast::TypeExpr *type, Value &value,
                           Range range) {
  StringRef word = type->element.name;
  struct Row {
    llvm::StringLiteral word;
    ValueKind kind;
    llvm::StringLiteral wanted;
  };
  static constexpr Row rows[] = {
      {"string", ValueKind::String, "a string"},
      {"arch", ValueKind::Arch, "an arch"},
      {"fn", ValueKind::Function, "a function"},
  };
  for (const Row &row : rows) {
    if (row.word != word)
      continue;
    bool fits = value.is(row.kind) ||
                (word == "fn" && value.is(ValueKind::Builtin)) ||
                (word == "fn" && value.is(ValueKind::Instance));
    if (fits)
      return true;
    auto diagnostic =
        report(diag::WrongType, range, describe(value), row.wanted);
    if (word == "arch" && value.is(ValueKind::Instance))
      note(diagnostic, diag::Hint, type->range,
           "a parameter that takes an instance has no type");
    return false;
  }
  auto element = elementOf(word);
  if (!element) {
    auto diagnostic = report(diag::UnknownName, type->element.range, word);
    suggest(diagnostic, word, type->element.range,
            {"int", "float", "bool", "string", "arch", "fn", "f32", "f64"});
    return false;
  }
  value = convert(value, *element, range);
  return !value.isError();
}

bool Elaborator::matchType(const ast::TypeExpr *type, Value &value, Range range,
                           Scope &scope, StringRef name) {
  if (!type)
    return true;
  if (!type->fields.empty()) {
    auto parts = asSequence(value, range);
    if (!parts)
      return false;
    if (parts->size() != type->fields.size()) {
      report(diag::TupleLength, range, type->fields.size(), parts->size());
      return false;
    }
    for (auto [field, part] : llvm::zip(type->fields, *parts))
      if (!matchType(field.type, part, range, scope, name))
        return false;
    SmallVector<StringRef> names(
        value.is(ValueKind::Range) ? ArrayRef<StringRef>() : value.list->names);
    value = makeList(*parts, names, ValueKind::Tuple);
    return true;
  }
  if (!type->hasShape)
    return matchKind(type, value, range);
  bool isList = value.is(ValueKind::List) && !type->element;
  if (isList)
    return true;
  std::optional<Type> actual;
  if (value.is(ValueKind::Tensor))
    actual = value.tensor->type;
  else if (value.is(ValueKind::Variable))
    actual = value.variable->variable->type;
  else if (value.is(ValueKind::Scalar))
    actual = makeType(value.scalar->element, {});
  else if (value.isNumber() || value.is(ValueKind::Bool))
    actual = makeType(value.is(ValueKind::Int)     ? Element::Int
                      : value.is(ValueKind::Float) ? precision
                                                   : Element::Bool,
                      {});
  if (!actual) {
    report(diag::WrongType, range, describe(value),
           ("a tensor `" + type->range.text() + "`").str());
    return false;
  }
  return matchShape(type, *actual, value, range, scope, name) &&
         matchElement(type, *actual, value, range, scope);
}

bool Elaborator::matchElement(const ast::TypeExpr *type, const Type &actual,
                              Value &value, Range range, Scope &scope) {
  auto wanted = elementOf(type->element.name);
  if (!wanted) {
    report(diag::UnknownName, type->element.range, type->element.name);
    return false;
  }
  bool isNumber = value.isNumber();
  bool isFloat = model::isFloat(*wanted);
  // A float without a name of its own is any float.
  bool fits = actual.element == *wanted || (isFloat && isNumber) ||
              (!type->element && model::isFloat(actual.element));
  if (!fits) {
    report(diag::WrongType, range, describe(value),
           ("`" + type->range.text() + "`").str());
    return false;
  }
  if (!type->bound || *wanted != Element::Int)
    return true;
  Type bounds;
  if (!evalBounds(type, scope, bounds))
    return false;
  if (actual.low >= bounds.low && actual.high <= bounds.high)
    return true;
  report(diag::BoundsTooWide, range, range.text(), actual.low, actual.high - 1,
         bounds.low, bounds.high - 1);
  return false;
}

/// A capital name that is not in scope is bound to its extent.
bool Elaborator::matchShape(const ast::TypeExpr *type, const Type &actual,
                            const Value &value, Range range, Scope &scope,
                            StringRef name) {
  ArrayRef<ast::Expr *> items = type->shape;
  auto isDots = [](const ast::Expr *item) {
    return item->kind == ast::ExprKind::Ellipsis;
  };
  size_t dots = llvm::find_if(items, isDots) - items.begin();
  bool hasDots = dots != items.size();
  size_t fixed = items.size() - hasDots;
  ArrayRef<int64_t> shape = actual.shape;
  bool fits = hasDots ? shape.size() >= fixed : shape.size() == fixed;
  std::string wanted;
  size_t at = 0;
  for (const ast::Expr *item : items) {
    wanted += wanted.empty() ? "" : ", ";
    if (isDots(item)) {
      wanted += "..";
      if (!fits)
        continue;
      ArrayRef<int64_t> extents = shape.slice(at, shape.size() - fixed);
      if (!scope.dots)
        scope.dots.emplace(extents);
      if (ArrayRef<int64_t>(*scope.dots) != extents)
        fits = false;
      at += extents.size();
      continue;
    }
    auto *bare = dyn_cast<ast::NameExpr>(item);
    bool binds =
        bare && llvm::isUpper(bare->name.front()) && !find(scope, bare->name);
    if (binds) {
      wanted += bare->name;
      if (fits)
        scope.set(bare->name, Value::ofInt(shape[at]), bare->range);
      ++at;
      continue;
    }
    if (bare && bare->name.size() == 1 && !find(scope, bare->name)) {
      std::string capital = bare->name.upper();
      auto diagnostic = report(diag::UnknownName, item->range, bare->name);
      note(diagnostic, diag::Hint, item->range,
           ("a size that the caller chooses begins with a capital: `" +
            capital + "`"));
      return false;
    }
    auto extent = evalInt(item, scope);
    if (!extent)
      return false;
    wanted += std::to_string(*extent);
    fits = fits && shape[at] == *extent;
    ++at;
  }
  if (fits)
    return true;
  if (hasDots && scope.dots)
    wanted += " with `..` = " + describe(*scope.dots);
  auto diagnostic = report(diag::WrongShape, range, name, describe(shape),
                           "[" + wanted + "]");
  note(diagnostic, diag::DefinedHere, type->range, name);
  if (callee && callee->arch && callee->range)
    note(diagnostic, diag::MadeHere, callee->range,
         callee->arch->decl->name.name);
  if (value.is(ValueKind::Tensor))
    noteOrigin(diagnostic, *value.tensor, range);
  return false;
}

/// Where the shape of a tensor that does not fit comes from, if that is
/// elsewhere: the instance whose call made it, or the text that did.
void Context::noteOrigin(Report &diagnostic, const TensorValue &tensor,
                         Range at) {
  const Instance *maker = madeBy.lookup(tensor.node);
  Range range = maker ? maker->range : tensor.range;
  bool isThere = at.begin <= range.begin && range.end <= at.end;
  if (!range || isThere)
    return;
  if (maker)
    note(diagnostic, diag::MadeHere, range, maker->arch->decl->name.name);
  else
    note(diagnostic, diag::ShapeHere, range, describe(tensor.type.shape));
}
