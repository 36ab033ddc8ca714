// Archs become instances: members in the order of the text, parameters with
// shape, role and first value, names where they are bound.
#include "lang/Check/Elaborator.h"
#include "llvm/ADT/ScopeExit.h"

using namespace ogee;
using namespace ogee::checking;
using llvm::dyn_cast;

Value Elaborator::instantiate(const ArchValue *arch, ArrayRef<Argument> args,
                              Range range) {
  const ast::ArchDecl &decl = *arch->decl;
  if (func && !(inTest && func->self == root)) {
    auto diagnostic =
        report(diag::WrongPlace, range, "an instance made in a function");
    note(diagnostic, diag::Hint, range,
         ("make it a member of the arch, `let name = " + decl.name.name +
          "(..)`, and call it here")
             .str());
    return Value::error();
  }
  FuncFrame *outer = std::exchange(func, nullptr);
  llvm::scope_exit restore([&] { func = outer; });
  if (calls.size() >= maxCalls) {
    report(diag::TooManyCalls, range, maxCalls);
    return Value::error();
  }
  calls.push_back({decl.name.name, range});
  llvm::scope_exit leave([&] { calls.pop_back(); });
  auto &instance = *instances.emplace_back(std::make_unique<Instance>());
  instance.arch = arch;
  instance.range = range;
  instance.scope = newScope(arch->scope, ScopeKind::Outer);
  if (!bindArguments(decl.name.name, decl.params, args, range, *instance.scope))
    return Value::error();
  std::string key;
  llvm::raw_string_ostream os(key);
  os << &decl << '|';
  for (auto &entry : instance.scope->names)
    writeKey(os, entry.second.value);
  auto known = instanceKeys.try_emplace(key, instanceKeys.size()).first;
  instance.key = "#" + std::to_string(known->second);
  for (const ast::Parameter &param : decl.params)
    adopt(instance.scope->names[param.name.name].value, &instance,
          param.name.name);
  unsigned errors = sink.errorCount();
  executeMembers(*decl.body, *instance.scope, instance);
  return sink.errorCount() == errors ? Value::ofInstance(&instance)
                                     : Value::error();
}

/// An instance that has no name yet gets that of what it is bound to; in a list
/// with its position.
void Elaborator::adopt(Value value, Instance *parent, StringRef name) {
  if (value.is(ValueKind::Instance)) {
    Instance *instance = value.instance;
    if (instance->isNamed)
      return;
    instance->isNamed = true;
    instance->parent = parent;
    instance->name = name.str();
    parent->children.push_back(instance);
    return;
  }
  if (!value.is(ValueKind::List) && !value.is(ValueKind::Tuple))
    return;
  for (auto [at, part] : llvm::enumerate(value.list->elements)) {
    StringRef field =
        value.list->names.empty() ? StringRef() : value.list->names[at];
    adopt(part, parent,
          field.empty() ? (name + "." + llvm::Twine(at)).str()
                        : (name + "." + field).str());
  }
}

/// Functions first: members may name each other in any order.
void Elaborator::executeMembers(const ast::Block &block, Scope &scope,
                                Instance &instance) {
  for (const ast::Stmt *stmt : block.stmts) {
    auto *fn = dyn_cast<ast::FnDecl>(stmt);
    if (!fn)
      continue;
    auto *value =
        make<FunctionValue>(fn->name.name, fn->fn, &scope, &instance, false);
    if (fn->name)
      scope.set(fn->name.name, Value::ofFunction(value), fn->name.range);
    else if (instance.call)
      report(diag::DefinedTwice, fn->range, "fn");
    else
      instance.call = value;
  }
  for (const ast::Stmt *stmt : block.stmts)
    executeMember(stmt, scope, instance);
}

void Elaborator::executeMember(const ast::Stmt *stmt, Scope &scope,
                               Instance &instance) {
  if (llvm::isa<ast::FnDecl>(stmt))
    return;
  if (auto *require = dyn_cast<ast::RequireStmt>(stmt))
    return executeRequire(require, scope);
  if (auto *binding = dyn_cast<ast::BindingStmt>(stmt)) {
    if (binding->binding == ast::BindingKind::Param ||
        binding->binding == ast::BindingKind::State)
      return declareVariable(binding, scope, instance);
    executeBinding(binding, scope);
    for (ast::Ident name : binding->names)
      if (auto *it = scope.names.find(name.name); it != scope.names.end())
        adopt(it->second.value, &instance, name.name);
    return;
  }
  if (auto *loop = dyn_cast<ast::ForStmt>(stmt); loop && !loop->isScan) {
    auto values = asSequence(eval(loop->domain, scope), loop->domain->range);
    for (Value value : values.value_or(SmallVector<Value>())) {
      for (ast::Ident name : loop->names)
        scope.names.erase(name.name);
      if (!bindNames(loop->names, value, loop->domain->range, scope))
        return;
      executeMembers(*loop->body, scope, instance);
    }
    return;
  }
  auto *expr = dyn_cast<ast::ExprStmt>(stmt);
  auto *branch = expr ? dyn_cast<ast::IfExpr>(expr->expr) : nullptr;
  if (!branch) {
    report(diag::WrongPlace, stmt->range, "this statement");
    return;
  }
  Value cond = eval(branch->cond, scope);
  if (cond.isError())
    return;
  if (!cond.is(ValueKind::Bool)) {
    report(diag::NotCompileTime, branch->cond->range, describe(cond));
    return;
  }
  // Members of a branch are members of the arch.
  if (cond.integer)
    executeMembers(*branch->then, scope, instance);
  else if (branch->otherwise)
    executeMembers(*branch->otherwise, scope, instance);
}

void Elaborator::declareVariable(const ast::BindingStmt *stmt, Scope &scope,
                                 Instance &instance) {
  auto variable = std::make_unique<model::Variable>();
  ast::Ident name = stmt->names[0];
  bool isParam = stmt->binding == ast::BindingKind::Param;
  variable->isParam = isParam;
  variable->name = name.name.str();
  variable->role = stmt->role ? stmt->role.name.str() : "weight";
  variable->range = stmt->range;
  if (stmt->init == ast::InitKind::None) {
    report(diag::NoInitialValue, name.range, name.name);
    return;
  }
  bool hasShape = stmt->type && stmt->type->hasShape;
  if (hasShape == bool(stmt->indices) || stmt->isTuple) {
    auto diagnostic = report(diag::WrongPlace, stmt->range,
                             "`param` or `state` without one shape or indices");
    note(diagnostic, diag::Hint, stmt->range,
         "as in `param w: [n, m] ~ normal(0, 0.02)` or `state s: [n] = 0`");
    return;
  }
  variable->type.element = precision;
  if (hasShape) {
    auto type = evalType(stmt->type, scope);
    if (!type)
      return;
    variable->type = *type;
  }
  if (isParam && !model::isFloat(variable->type.element)) {
    report(diag::WrongType, stmt->type->range, stmt->type->range.text(),
           "a float");
    return;
  }
  if (!initialValue(stmt, scope, *variable))
    return;
  for (int64_t extent : variable->type.shape)
    if (extent <= 0)
      report(diag::NotPositive, stmt->range, extent);
  auto *value = make<VariableValue>(&instance, variable.get());
  scope.set(name.name, Value::ofVariable(value), name.range, NameKind::State);
  instance.variables.push_back(std::move(variable));
}

bool Elaborator::initialValue(const ast::BindingStmt *stmt, Scope &scope,
                              model::Variable &variable) {
  if (stmt->indices) {
    if (stmt->init == ast::InitKind::Draw)
      return drawnInit(stmt, scope, variable);
    Value value =
        elementDefinition(stmt->indices, stmt->value, scope, stmt->range);
    if (value.isError())
      return false;
    variable.type.shape = value.tensor->type.shape;
    return tableInit(value.tensor, stmt->range, variable);
  }
  Value value = eval(stmt->value, scope);
  if (value.isError())
    return false;
  if (stmt->init == ast::InitKind::Draw)
    return distributionInit(value, stmt->value->range, variable.init);
  if (!value.is(ValueKind::Tensor)) {
    auto number = value.is(ValueKind::Bool)
                      ? std::optional<double>(value.integer)
                      : asNumber(value, stmt->value->range);
    variable.init.a = number.value_or(0);
    return number.has_value();
  }
  if (value.tensor->type.shape == variable.type.shape)
    return tableInit(value.tensor, stmt->range, variable);
  report(diag::WrongShape, stmt->value->range, stmt->value->range.text(),
         describe(value.tensor->type.shape), describe(variable.type.shape));
  return false;
}

bool Elaborator::distributionInit(Value value, Range range, model::Init &init) {
  if (!value.is(ValueKind::Distribution)) {
    report(diag::WrongType, range, describe(value), "a distribution");
    return false;
  }
  auto a = asNumber(value.distribution->a, range);
  auto b = asNumber(value.distribution->b, range);
  if (!a || !b)
    return false;
  init.kind = value.distribution->kind;
  init.a = *a;
  init.b = *b;
  return true;
}

bool Elaborator::tableInit(const TensorValue *tensor, Range range,
                           model::Variable &variable) {
  SmallVector<double> table;
  ArrayRef<int64_t> shape = tensor->type.shape;
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  if (count > maxTable) {
    report(diag::TooManyElements, range, describe(shape));
    return false;
  }
  for (int64_t at = 0; at < count; ++at) {
    SmallVector<Scalar *> place(shape.size());
    int64_t rest = at;
    for (size_t dim = shape.size(); dim-- > 0; rest /= shape[dim])
      place[dim] = makeInt(rest % shape[dim], range);
    FoldPlace none;
    auto value = fold(elementAt(tensor, place, range), none);
    if (!value) {
      report(diag::NotCompileTime, range, range.text());
      return false;
    }
    table.push_back(*value);
  }
  variable.init.kind = model::Distribution::Table;
  variable.init.table = copy(ArrayRef<double>(table));
  return true;
}
