// Expressions. What is known while compiling is computed; what is not becomes
// a tree. Operators, calls and subscripts are in files of their own.
#include "lang/Check/Elaborator.h"
#include "llvm/Support/MathExtras.h"

using namespace ogee;
using namespace ogee::checking;
using ast::ExprKind;
using llvm::cast;

Value Elaborator::eval(const ast::Expr *expr, Scope &scope) {
  if (evalDepth > maxEvalDepth) {
    report(diag::TooManyCalls, expr->range, maxCalls);
    return Value::error();
  }
  ++evalDepth;
  Value value = !element && hasOpenDots(expr, scope)
                    ? implicitDefinition(expr, scope)
                    : evalKind(expr, scope);
  --evalDepth;
  return value;
}

Value Elaborator::evalKind(const ast::Expr *expr, Scope &scope) {
  switch (expr->kind) {
  case ExprKind::Int:
    return Value::ofInt(cast<ast::IntExpr>(expr)->value);
  case ExprKind::Float:
    return Value::ofFloat(cast<ast::FloatExpr>(expr)->value);
  case ExprKind::String:
    return Value::ofString(cast<ast::StringExpr>(expr)->value);
  case ExprKind::Bool:
    return Value::ofBool(cast<ast::BoolExpr>(expr)->value);
  case ExprKind::None:
    return Value::none();
  case ExprKind::Name:
    return lookup(cast<ast::NameExpr>(expr)->name, expr->range, scope);
  case ExprKind::Member:
    return evalMember(cast<ast::MemberExpr>(expr), scope);
  case ExprKind::Call:
    return evalCall(cast<ast::CallExpr>(expr), scope);
  case ExprKind::Subscript:
    return evalSubscript(cast<ast::SubscriptExpr>(expr), scope);
  case ExprKind::Unary:
    return evalUnary(cast<ast::UnaryExpr>(expr), scope);
  case ExprKind::Binary:
    return evalBinary(cast<ast::BinaryExpr>(expr), scope);
  case ExprKind::If:
    return evalIf(cast<ast::IfExpr>(expr), scope);
  case ExprKind::List:
    return evalList(cast<ast::ListExpr>(expr), scope);
  case ExprKind::Comprehension:
    return evalComprehension(cast<ast::ComprehensionExpr>(expr), scope);
  case ExprKind::Tuple:
    return evalTuple(cast<ast::TupleExpr>(expr), scope);
  case ExprKind::Lambda:
    return Value::ofFunction(
        make<FunctionValue>(StringRef("fn"), cast<ast::LambdaExpr>(expr)->fn,
                            &scope, nullptr, true));
  case ExprKind::Range:
    return evalRange(cast<ast::RangeExpr>(expr), scope);
  case ExprKind::Binder:
  case ExprKind::Ellipsis:
  case ExprKind::Slice:
    report(diag::WrongPlace, expr->range,
           ("`" + expr->range.text() + "`").str());
    return Value::error();
  }
  llvm_unreachable("covered switch");
}

Value Context::makeList(ArrayRef<Value> elements, ArrayRef<StringRef> names,
                        ValueKind kind) {
  return Value::ofList(make<ListValue>(copy(elements), copy(names)), kind);
}

Value Elaborator::evalIf(const ast::IfExpr *expr, Scope &scope) {
  Value cond = eval(expr->cond, scope);
  if (cond.isError())
    return cond;
  if (cond.is(ValueKind::Bool)) {
    if (cond.integer)
      return evalBlock(*expr->then, scope);
    return expr->otherwise ? evalBlock(*expr->otherwise, scope) : Value::none();
  }
  bool isUniform = cond.is(ValueKind::Scalar) && cond.scalar->isUniform;
  if (element || (isUniform && expr->otherwise))
    return evalElementIf(expr, cond, scope);
  if (isRunTime(cond))
    report(diag::NotCompileTime, expr->cond->range, describe(cond));
  else
    report(diag::WrongType, expr->cond->range, describe(cond), "a condition");
  return Value::error();
}

/// The type in which two branches meet; nullopt where there is none.
std::optional<Element> TensorMaker::commonElement(Scalar *lhs, Scalar *rhs) {
  bool isLiteral = lhs->isLiteral || rhs->isLiteral;
  bool isFloat = model::isFloat(lhs->element);
  if (lhs->element == rhs->element && !(isFloat && isLiteral))
    return lhs->element;
  return commonFloat(lhs, rhs);
}

Value Elaborator::evalElementIf(const ast::IfExpr *expr, Value condition,
                                Scope &scope) {
  Scalar *cond = asScalar(condition, expr->cond->range);
  if (!cond)
    return Value::error();
  if (cond->element != Element::Bool) {
    report(diag::WrongType, expr->cond->range, describe(condition),
           "a condition");
    return Value::error();
  }
  if (!expr->otherwise) {
    auto diagnostic =
        report(diag::WrongType, expr->cond->range, describe(condition),
               "a value known while compiling");
    note(diagnostic, diag::Hint, expr->range,
         "of an element an `if` needs both branches: `if c { a } else { b }`");
    return Value::error();
  }
  auto branch = [&](const ast::Block &block, Scalar *guard) -> Scalar * {
    if (element)
      element->guards.push_back(guard);
    Value value = evalBlock(block, scope);
    if (element)
      element->guards.pop_back();
    return asScalar(value, block.range);
  };
  Scalar *negated =
      makeOp(model::ScalarOp::Not, Element::Bool, cond, expr->cond->range);
  Scalar *then = branch(*expr->then, cond);
  Scalar *otherwise = branch(*expr->otherwise, negated);
  if (!then || !otherwise)
    return Value::error();
  auto common = commonElement(then, otherwise);
  if (!common) {
    reportOperands("if", Value::ofScalar(then), Value::ofScalar(otherwise),
                   expr->range);
    return Value::error();
  }
  bool isUniform = cond->isUniform && then->isUniform && otherwise->isUniform;
  auto fit = [&](Scalar *scalar, Element to) {
    return isUniform ? coerce(scalar, to) : fitElement(scalar, to);
  };
  auto *result =
      make<model::IfScalar>(model::IfScalar{{*common, expr->range},
                                            fit(cond, Element::Bool),
                                            fit(then, *common),
                                            fit(otherwise, *common)});
  result->isUniform = isUniform;
  return Value::ofScalar(result);
}

Value Elaborator::evalMember(const ast::MemberExpr *expr, Scope &scope) {
  Value base = eval(expr->base, scope);
  StringRef name = expr->name.name;
  SmallVector<StringRef> known;
  if (base.isError())
    return base;
  if (base.is(ValueKind::Instance) && base.instance->scope) {
    auto &names = base.instance->scope->names;
    if (auto *it = names.find(name); it != names.end()) {
      if (!name.starts_with("_"))
        return it->second.value;
      report(diag::PrivateMember, expr->name.range, name,
             base.instance->arch->decl->name.name);
      return Value::error();
    }
    for (auto &entry : names)
      known.push_back(entry.first);
  }
  if (base.is(ValueKind::Tuple) || base.is(ValueKind::List)) {
    for (auto [field, value] : llvm::zip(base.list->names, base.list->elements))
      if (field == name)
        return value;
    known.append(base.list->names.begin(), base.list->names.end());
  }
  bool isTensor = base.is(ValueKind::Tensor) || base.is(ValueKind::Variable);
  if (isTensor && name == "shape") {
    SmallVector<Value> extents;
    for (int64_t extent : asTensor(base, expr->range)->type.shape)
      extents.push_back(Value::ofInt(extent));
    return makeList(extents, {}, ValueKind::List);
  }
  auto diagnostic = report(diag::UnknownMember, expr->name.range,
                           expr->base->range.text(), name);
  suggest(diagnostic, name, expr->name.range, known, Foreign::Member);
  return Value::error();
}

Value Elaborator::evalList(const ast::ListExpr *expr, Scope &scope) {
  SmallVector<Value> elements;
  for (const ast::Expr *item : expr->elements)
    elements.push_back(eval(item, scope));
  return makeList(elements, {}, ValueKind::List);
}

Value Elaborator::evalComprehension(const ast::ComprehensionExpr *expr,
                                    Scope &scope) {
  Value domain = eval(expr->domain, scope);
  auto values = asSequence(domain, expr->domain->range);
  if (!values)
    return Value::error();
  SmallVector<Value> elements;
  for (Value value : *values) {
    Scope *inner = newScope(&scope);
    if (!bindNames(expr->names, value, expr->domain->range, *inner))
      return Value::error();
    elements.push_back(eval(expr->element, *inner));
    if (elements.back().isError())
      return Value::error();
  }
  return makeList(elements, {}, ValueKind::List);
}

Value Elaborator::evalTuple(const ast::TupleExpr *expr, Scope &scope) {
  SmallVector<Value> elements;
  SmallVector<StringRef> names;
  for (const ast::Arg &arg : expr->elements) {
    elements.push_back(eval(arg.value, scope));
    names.push_back(arg.name.name);
  }
  return makeList(elements, names, ValueKind::Tuple);
}

Value Elaborator::evalRange(const ast::RangeExpr *expr, Scope &scope) {
  auto lower = evalInt(expr->lower, scope);
  auto upper = evalInt(expr->upper, scope);
  std::optional<int64_t> step = 1;
  if (expr->step)
    step = evalInt(expr->step, scope);
  if (!lower || !upper || !step)
    return Value::error();
  if (*step <= 0) {
    report(diag::NotPositive, expr->step->range, *step);
    return Value::error();
  }
  int64_t size;
  if (llvm::SubOverflow(*upper, *lower, size) ||
      llvm::AddOverflow(size, *step, size)) {
    report(diag::Overflow, expr->range);
    return Value::error();
  }
  return Value::ofRange(make<RangeValue>(*lower, *upper, *step));
}

std::optional<int64_t> Elaborator::evalInt(const ast::Expr *expr,
                                           Scope &scope) {
  return asInt(eval(expr, scope), expr->range);
}

std::optional<int64_t> Elaborator::asInt(Value value, Range range) {
  if (value.is(ValueKind::Int))
    return value.integer;
  if (!value.isError())
    report(diag::WrongType, range, describe(value),
           "an integer known while compiling");
  return std::nullopt;
}

std::optional<double> Elaborator::asNumber(Value value, Range range) {
  if (value.isNumber())
    return value.asDouble();
  if (!value.isError())
    report(diag::WrongType, range, describe(value),
           "a number known while compiling");
  return std::nullopt;
}

std::optional<SmallVector<Value>> Elaborator::asSequence(Value value,
                                                         Range range) {
  if (value.is(ValueKind::List) || value.is(ValueKind::Tuple))
    return SmallVector<Value>(value.list->elements);
  if (value.is(ValueKind::Range)) {
    SmallVector<Value> values;
    const RangeValue &over = *value.range;
    if (over.size() > maxRounds) {
      report(diag::TooManyRounds, range, over.size(), maxRounds);
      return std::nullopt;
    }
    for (int64_t round = 0; round < over.size(); ++round)
      values.push_back(Value::ofInt(over.lower + round * over.step));
    return values;
  }
  if (!value.isError())
    report(diag::WrongType, range, describe(value), "a list or a range");
  return std::nullopt;
}

bool Elaborator::bindNames(ArrayRef<ast::Ident> names, Value value, Range range,
                           Scope &scope, NameKind kind) {
  for (ast::Ident name : names)
    if (!declareName(name, scope))
      return false;
  if (names.size() == 1) {
    scope.set(names[0].name, value, names[0].range, kind);
    return true;
  }
  if (value.isError()) {
    for (ast::Ident name : names)
      scope.set(name.name, value, name.range, kind);
    return false;
  }
  auto values = asSequence(value, range);
  if (!values)
    return false;
  if (values->size() != names.size()) {
    report(diag::TupleLength, range, names.size(), values->size());
    return false;
  }
  for (auto [name, part] : llvm::zip(names, *values))
    scope.set(name.name, part, name.range, kind);
  return true;
}
