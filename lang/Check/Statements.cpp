// Statements of functions. Loops and conditions run while compiling, so a `var`
// is a name whose value changes as the text is walked, and no phi is needed.
#include "lang/Check/Elaborator.h"

using namespace ogee;
using namespace ogee::checking;
using ast::StmtKind;
using llvm::cast;
using llvm::dyn_cast;

Value Elaborator::evalBlock(const ast::Block &block, Scope &parent) {
  return evalStmts(block, *newScope(&parent));
}

/// The value of a block is that of its last statement.
Value Elaborator::evalStmts(const ast::Block &block, Scope &scope) {
  Value last = Value::none();
  for (const ast::Stmt *stmt : block.stmts)
    last = execute(stmt, scope);
  return last;
}

Value Elaborator::execute(const ast::Stmt *stmt, Scope &scope) {
  switch (stmt->kind) {
  case StmtKind::Expr:
    return eval(cast<ast::ExprStmt>(stmt)->expr, scope);
  case StmtKind::Binding:
    executeBinding(cast<ast::BindingStmt>(stmt), scope);
    return Value::none();
  case StmtKind::Assign:
    executeAssign(cast<ast::AssignStmt>(stmt), scope);
    return Value::none();
  case StmtKind::For:
    return executeFor(cast<ast::ForStmt>(stmt), scope);
  case StmtKind::Require:
    executeRequire(cast<ast::RequireStmt>(stmt), scope);
    return Value::none();
  case StmtKind::Fn: {
    auto *decl = cast<ast::FnDecl>(stmt);
    Value value = Value::ofFunction(
        make<FunctionValue>(decl->name.name, decl->fn, &scope, nullptr, true));
    if (decl->name)
      scope.set(decl->name.name, value, decl->name.range);
    return value;
  }
  case StmtKind::Minimise:
    return minimise(cast<ast::MinimiseStmt>(stmt), scope);
  case StmtKind::Arch:
  case StmtKind::Use:
  case StmtKind::Section:
    report(diag::WrongPlace, stmt->range, "this declaration");
    return Value::error();
  }
  llvm_unreachable("covered switch");
}

Value Elaborator::executeFor(const ast::ForStmt *stmt, Scope &scope) {
  if (stmt->isScan) {
    report(diag::Unsupported, stmt->range, "`scan`");
    return Value::error();
  }
  auto values = asSequence(eval(stmt->domain, scope), stmt->domain->range);
  if (!values)
    return Value::error();
  for (Value value : *values) {
    Scope *inner = newScope(&scope);
    unsigned before = sink.errorCount();
    if (!bindNames(stmt->names, value, stmt->domain->range, *inner))
      return Value::error();
    evalStmts(*stmt->body, *inner);
    if (sink.errorCount() != before)
      return Value::error();
  }
  return Value::none();
}

void Elaborator::executeRequire(const ast::RequireStmt *stmt, Scope &scope) {
  if (inTest && requireInTest(stmt, scope))
    return;
  Value cond = eval(stmt->cond, scope);
  if (cond.isError())
    return;
  if (!cond.is(ValueKind::Bool)) {
    report(diag::WrongType, stmt->cond->range, describe(cond),
           "a condition known while compiling");
    return;
  }
  if (cond.integer)
    return;
  std::string text = (stmt->cond->range.text() + " does not hold").str();
  if (stmt->text) {
    Value given = eval(stmt->text, scope);
    if (given.is(ValueKind::String))
      text = given.string.str();
  }
  report(diag::RequireFailed, stmt->cond->range, text);
}

/// What a binding's name means: tensors are made here and now, so that a value
/// used twice is computed once.
Value TensorMaker::settle(Value value, Range range) {
  if (element)
    return value;
  if (value.is(ValueKind::Scalar)) {
    if (value.scalar->isUniform || !func)
      return value;
    return Value::ofTensor(nodeValue(
        define(makeType(value.scalar->element, {}), {}, value.scalar, range)));
  }
  if (value.is(ValueKind::Variable) && func)
    return Value::ofTensor(nodeValue(getVariable(value.variable, range)));
  if (value.is(ValueKind::Tensor)) {
    if (value.tensor->node || !func)
      return value;
    return Value::ofTensor(nodeValue(materialise(value.tensor, range)));
  }
  if (!value.is(ValueKind::Tuple) && !value.is(ValueKind::List))
    return value;
  SmallVector<Value> parts;
  for (Value part : value.list->elements)
    parts.push_back(settle(part, range));
  return makeList(parts, value.list->names, value.kind);
}

void Elaborator::executeBinding(const ast::BindingStmt *stmt, Scope &scope) {
  if (stmt->binding == ast::BindingKind::Param) {
    report(diag::WrongPlace, stmt->range, "`param`");
    return;
  }
  if (stmt->binding == ast::BindingKind::State) {
    functionState(stmt, scope);
    return;
  }
  bool isVar = stmt->binding == ast::BindingKind::Var;
  Value value = stmt->init == ast::InitKind::Draw ? drawValue(stmt, scope)
                                                  : bindingValue(stmt, scope);
  value = settle(value, stmt->range);
  if (stmt->role)
    recordValue(stmt, value);
  if (inTest && func && func->self == root)
    adoptInTest(value, stmt->names[0].name);
  bindNames(stmt->names, value, stmt->range, scope,
            isVar ? NameKind::Var : NameKind::Value);
}

Value Elaborator::bindingValue(const ast::BindingStmt *stmt, Scope &scope) {
  if (stmt->init == ast::InitKind::None) {
    report(diag::NoInitialValue, stmt->range, stmt->names[0].name);
    return Value::error();
  }
  if (stmt->indices && stmt->type && stmt->type->hasShape) {
    report(diag::WrongPlace, stmt->type->range, "a shape beside indices");
    return Value::error();
  }
  std::optional<Type> type;
  if (stmt->type) {
    type = evalType(stmt->type, scope);
    if (!type)
      return Value::error();
  }
  Value value = stmt->indices
                    ? elementDefinition(
                          stmt->indices, stmt->value, scope,
                          Range::join(stmt->names[0].range, stmt->value->range))
                    : eval(stmt->value, scope);
  if (!type || value.isError())
    return value;
  if (!stmt->type->hasShape)
    return convert(value, type->element, stmt->value->range);
  const TensorValue *tensor = asTensor(value, stmt->value->range);
  if (!tensor)
    return Value::error();
  if (tensor->type.shape.empty() && !type->shape.empty()) {
    Scalar *fill = asScalar(value, stmt->value->range);
    return convert(Value::ofTensor(makeLazy(
                       makeType(fill->element, type->shape), stmt->range,
                       [fill](ArrayRef<Scalar *>) { return fill; })),
                   type->element, stmt->value->range);
  }
  if (tensor->type.shape != type->shape) {
    report(diag::WrongShape, stmt->value->range, stmt->value->range.text(),
           describe(tensor->type.shape), describe(type->shape));
    return Value::error();
  }
  return convert(value, type->element, stmt->value->range);
}

void Elaborator::recordValue(const ast::BindingStmt *stmt, Value value) {
  StringRef what = stmt->role.name;
  if (!func || (what != "loss" && what != "metric")) {
    report(diag::WrongPlace, stmt->role.range, ("`as " + what + "`").str());
    return;
  }
  const TensorValue *tensor = asTensor(value, stmt->range);
  if (!tensor)
    return;
  if (!tensor->type.shape.empty()) {
    report(diag::LossNotScalar, stmt->value->range,
           describe(tensor->type.shape));
    return;
  }
  // A number meets the loss, which is a tensor (L4.4); f64 that was asked for
  // makes the loss one of f64.
  bool isWide =
      value.is(ValueKind::Tensor) && tensor->type.element == Element::F64;
  if (what == "loss" && !isWide) {
    value = convert(Value::ofTensor(tensor), precision, stmt->value->range);
    if (value.isError())
      return;
    tensor = value.tensor;
  }
  func->func->body.push_back(
      make<model::Record>(model::Record{{stmt->range},
                                        stmt->names[0].name,
                                        what,
                                        materialise(tensor, stmt->range)}));
  func->hasEffects = true;
}

void Elaborator::executeAssign(const ast::AssignStmt *stmt, Scope &scope) {
  auto *name = dyn_cast<ast::NameExpr>(stmt->target);
  auto *tuple = dyn_cast<ast::TupleExpr>(stmt->target);
  if (llvm::isa<ast::SubscriptExpr>(stmt->target))
    return writeElements(stmt, scope);
  if (!name && !tuple) {
    report(diag::Unsupported, stmt->target->range, "assignment to elements");
    return;
  }
  Value value = eval(stmt->value, scope);
  if (name && stmt->op == ast::AssignOp::Add)
    value = binary(model::ScalarOp::Add, lookup(name->name, name->range, scope),
                   value, stmt->range);
  value = settle(value, stmt->range);
  if (name) {
    assignName(name->name, value, name->range, scope);
    return;
  }
  auto values =
      value.isError() ? std::nullopt : asSequence(value, stmt->value->range);
  if (!values)
    return;
  if (values->size() != tuple->elements.size()) {
    report(diag::TupleLength, stmt->target->range, tuple->elements.size(),
           values->size());
    return;
  }
  for (auto [arg, part] : llvm::zip(tuple->elements, *values)) {
    if (auto *target = dyn_cast<ast::NameExpr>(arg.value))
      assignName(target->name, part, target->range, scope);
    else
      report(diag::Unsupported, arg.value->range, "assignment to elements");
  }
}

/// A `var` keeps its shape; its element type is that of its first value.
void Elaborator::assignVar(Binding &binding, StringRef name, Value value,
                           Range range) {
  if (binding.value.is(ValueKind::Tensor) && isRunTime(value)) {
    const Type &old = binding.value.tensor->type;
    const TensorValue *tensor = asTensor(value, range);
    if (tensor->type.shape != old.shape) {
      report(diag::WrongShape, range, name, describe(tensor->type.shape),
             describe(old.shape));
      return;
    }
    value = settle(convert(value, old.element, range), range);
  }
  if (!value.isError())
    binding.value = value;
}

void Elaborator::assignName(StringRef name, Value value, Range range,
                            Scope &scope) {
  Binding *binding = find(scope, name);
  if (!binding) {
    lookup(name, range, scope);
    return;
  }
  if (binding->kind == NameKind::Var) {
    assignVar(*binding, name, value, range);
    return;
  }
  const VariableValue *variable = binding->value.is(ValueKind::Variable)
                                      ? binding->value.variable
                                      : nullptr;
  if (!variable || variable->variable->isParam || !func) {
    auto diagnostic = report(diag::NotAssignable, range, name);
    if (binding->range)
      note(diagnostic, diag::DefinedHere, binding->range, name);
    return;
  }
  if (value.isError())
    return;
  const TensorValue *tensor = asTensor(value, range);
  const Type &type = variable->variable->type;
  if (!tensor)
    return;
  if (tensor->type.shape != type.shape) {
    report(diag::WrongShape, range, name, describe(tensor->type.shape),
           describe(type.shape));
    return;
  }
  Value fitted = convert(Value::ofTensor(tensor), type.element, range);
  if (fitted.isError())
    return;
  func->current[variable->variable] = materialise(fitted.tensor, range);
  func->assigned[variable->variable] = variable;
}
