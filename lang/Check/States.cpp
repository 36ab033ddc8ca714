// `state` in a function: one for each of its calls.
#include "lang/Check/Elaborator.h"

using namespace ogee;
using namespace ogee::checking;

/// A state has the name of its function before its own, where that has one.
std::string Elaborator::stateName(StringRef name) {
  StringRef function = func->func->component;
  if (func->self && func->self->arch &&
      function.consume_front(func->self->arch->decl->name.name))
    function.consume_front(".");
  std::string full =
      function.empty() ? name.str() : (function + "." + name).str();
  std::string unique = full;
  auto &known = functionStates[func->func];
  for (unsigned number = 1;
       llvm::any_of(known, [&](auto &other) { return other->name == unique; });
       ++number)
    unique = full + "'" + std::to_string(number);
  return unique;
}

/// `state` in a function: one for each of its calls.
void Elaborator::functionState(const ast::BindingStmt *stmt, Scope &scope) {
  bool isPlain = stmt->names.size() == 1 && !stmt->indices && stmt->type &&
                 stmt->type->hasShape && stmt->init == ast::InitKind::Value;
  if (!func || element || !isPlain) {
    report(diag::Unsupported, stmt->range, "this `state`");
    return;
  }
  auto variable = std::make_unique<model::Variable>();
  variable->isParam = false;
  variable->isOfCall = true;
  variable->name = stateName(stmt->names[0].name);
  variable->range = stmt->range;
  auto type = evalType(stmt->type, scope);
  if (!type)
    return;
  variable->type = *type;
  if (!initialValue(stmt, scope, *variable))
    return;
  auto *value = make<VariableValue>(func->self, variable.get());
  scope.set(stmt->names[0].name, Value::ofVariable(value), stmt->names[0].range,
            NameKind::State);
  functionStates[func->func].push_back(std::move(variable));
}
