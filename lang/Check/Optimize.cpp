// An optimizer's instance for each parameter, and the tree of instances as
// Import sees it, with the states that functions keep in it.
#include "lang/Check/Elaborator.h"
#include <set>

using namespace ogee;
using namespace ogee::checking;
using llvm::dyn_cast;

/// `none` in place of an optimizer freezes the parameter.
void Elaborator::optimize(Value optimizer, Range range, Instance &instance,
                          const std::string &path) {
  auto join = [&](const std::string &name) {
    return path.empty() ? name : path + "." + name;
  };
  for (auto &variable : instance.variables)
    if (variable->isParam && !variable->isFrozen &&
        !optimizeOne(optimizer, *variable, join(variable->name), range))
      return;
  for (Instance *child : instance.children)
    optimize(optimizer, range, *child, join(child->name));
}

/// What `fn (p)` may ask of a parameter.
Value Elaborator::parameterRecord(const model::Variable &variable,
                                  StringRef path) {
  SmallVector<Value> shape;
  int64_t fanIn = 1;
  for (int64_t extent : variable.type.shape)
    shape.push_back(Value::ofInt(extent));
  for (int64_t extent : variable.type.shape.drop_front(
           std::min<size_t>(1, variable.type.shape.size())))
    fanIn *= extent;
  Value fields[] = {Value::ofString(save(path)), Value::ofString(variable.role),
                    makeList(shape, {}, ValueKind::List), Value::ofInt(fanIn)};
  StringRef names[] = {"path", "role", "shape", "fan_in"};
  return makeList(fields, names, ValueKind::Tuple);
}

/// The function of what a rule, an optimizer or an average, makes of a
/// parameter and a second tensor of its shape; its instance goes below `rules`.
/// Null after an error.
FuncEntry *Elaborator::makeRule(Value rule, const model::Variable &variable,
                                const std::string &path, Range range,
                                Instance &rules) {
  bool isAverage = &rules == &averageRoot;
  auto refuse = [&](const std::string &what) {
    if (isAverage)
      report(diag::NoAverage, range, path, what);
    else
      report(diag::NoOptimizer, range, path, what);
    return nullptr;
  };
  if (!rule.is(ValueKind::Instance) || !rule.instance->call ||
      rule.instance->isNamed)
    return refuse(describe(rule));
  Instance *instance = rule.instance;
  instance->name = path;
  instance->isNamed = true;
  instance->parent = &rules;
  rules.children.push_back(instance);

  model::Func holder;
  FuncFrame frame(&holder, instance);
  func = &frame;
  Value first =
      Value::ofTensor(nodeValue(newTensor(variable.type, variable.range)));
  Value second =
      Value::ofTensor(nodeValue(newTensor(variable.type, variable.range)));
  const FunctionValue *function = instance->call;
  Scope *scope = newScope(function->scope, ScopeKind::Frame);
  Argument args[] = {{{}, first, range}, {{}, second, range}};
  bool fits = bindArguments(instance->arch->decl->name.name,
                            function->fn->params, args, range, *scope);
  FuncEntry *entry = fits ? elaborate(function, *scope, instance) : nullptr;
  func = nullptr;
  if (!entry || entry->result.isError())
    return nullptr;
  ArrayRef<model::Tensor *> results = entry->func->results;
  if (results.size() != 1 || results[0]->type.shape != variable.type.shape ||
      results[0]->type.element != variable.type.element)
    return refuse("a function of another result");
  return entry;
}

bool Elaborator::optimizeOne(Value optimizer, model::Variable &variable,
                             const std::string &path, Range range) {
  Value made = call(
      optimizer, Argument{{}, parameterRecord(variable, path), range}, range);
  if (made.isError())
    return false;
  variable.isFrozen = made.is(ValueKind::None);
  if (variable.isFrozen)
    return true;
  FuncEntry *entry = makeRule(made, variable, path, range, optimizerRoot);
  if (!entry)
    return false;
  trained[&variable] = path;
  model.train.optimizers.push_back({path, entry->func, "optimizer." + path,
                                    rateFunction(*made.instance), range});
  return true;
}

/// What is trained may have an average, by which it is evaluated; `none`: not.
void Elaborator::averageAll(const Setting &average) {
  for (auto &[variable, path] : trained) {
    Value made =
        call(average.value,
             Argument{{}, parameterRecord(*variable, path), average.range},
             average.range);
    if (made.isError())
      return;
    if (made.is(ValueKind::None))
      continue;
    FuncEntry *entry =
        makeRule(made, *variable, path, average.range, averageRoot);
    if (!entry)
      return;
    model.train.averages.push_back(
        {path, entry->func, "average." + path, average.range});
  }
}

/// The hyper-parameter `rate`, as a function that gives what is logged.
model::Func *Elaborator::rateFunction(Instance &instance) {
  Binding *binding = nullptr;
  if (auto it = instance.scope->names.find("rate");
      it != instance.scope->names.end())
    binding = &it->second;
  bool isNumber = binding && (binding->value.isNumber() ||
                              (binding->value.is(ValueKind::Scalar) &&
                               binding->value.scalar->isUniform));
  if (!isNumber)
    return nullptr;
  std::string key = "rate|";
  llvm::raw_string_ostream os(key);
  writeKey(os, binding->value);
  FuncEntry &entry = entries[key];
  if (entry.func)
    return entry.func;
  auto made = std::make_unique<model::Func>();
  made->component = "rate";
  unsigned count = funcNames["rate"]++;
  made->name = count ? "rate." + std::to_string(count) : "rate";
  made->range = binding->range;
  FuncFrame frame(made.get(), nullptr);
  func = &frame;
  Scalar *scalar =
      coerce(asScalar(binding->value, binding->range), Element::F64);
  made->results.push_back(
      define(makeType(Element::F64, {}), {}, scalar, binding->range));
  func = nullptr;
  entry.func = made.get();
  model.funcs.push_back(std::move(made));
  return entry.func;
}

//===----------------------------------------------------------------------===//
// The tree
//===----------------------------------------------------------------------===//

static std::string resolve(StringRef prefix, StringRef path) {
  if (path.consume_front("/"))
    return path.str();
  if (prefix.empty() || path.empty())
    return (prefix + path).str();
  return (prefix + "." + path).str();
}

void Elaborator::buildTree(const Instance &from, model::Instance &to,
                           const std::string &path) {
  to.name = from.name;
  to.of = from.arch ? from.arch->decl->name.name.str() : model.train.model;
  to.range = from.range;
  placed[path] = &to;
  if (from.arch)
    for (const ast::Parameter &param : from.arch->decl->params)
      to.parameters.push_back(
          {param.name.name.str(),
           written(from.scope->names[param.name.name].value)});
  for (auto &variable : from.variables) {
    to.variables.push_back(*variable);
    to.variables.back().copied = copiedPath(variable.get());
  }
  for (const Instance *child : from.children) {
    to.children.push_back(std::make_unique<model::Instance>());
    buildTree(*child, *to.children.back(), resolve(path, child->name));
  }
}

/// Follows the calls of a function on the instance at `path`: which parameters
/// it reads, and which states its functions keep there.
void Elaborator::walkCalls(const model::Func *function,
                           const std::string &path) {
  if (!walked.insert({function, path}).second)
    return;
  if (auto it = functionStates.find(function); it != functionStates.end())
    if (model::Instance *instance = placed.lookup(path))
      for (auto &variable : it->second)
        instance->variables.push_back(*variable);
  for (const model::Op *op : function->body) {
    if (auto *get = dyn_cast<model::Get>(op))
      usedPaths.insert(resolve(path, get->path));
    if (auto *call = dyn_cast<model::Call>(op))
      walkCalls(call->callee, resolve(path, call->path));
  }
}

void Elaborator::warnUnused(const model::Instance &instance,
                            const std::string &path) {
  for (const model::Variable &variable : instance.variables) {
    std::string full = resolve(path, variable.name);
    if (variable.isParam && !variable.isFrozen && !usedPaths.contains(full))
      report(diag::UnusedParameter, variable.range, full);
  }
  for (auto &child : instance.children)
    warnUnused(*child, resolve(path, child->name));
}

void Elaborator::finishTree() {
  buildTree(*root, model.root, "");
  optimizerRoot.name = "optimizer";
  buildTree(optimizerRoot, model.optimizer, "optimizer");
  model.optimizer.of = "optimizer";
  averageRoot.name = "average";
  buildTree(averageRoot, model.average, "average");
  model.average.of = "average";
  walkCalls(model.train.step, "");
  walkCalls(model.train.evaluate, "");
  if (model.train.sample)
    walkCalls(model.train.sample, "");
  for (const model::Optimize &optimize : model.train.optimizers)
    walkCalls(optimize.callee, optimize.instance);
  for (const model::Average &average : model.train.averages)
    walkCalls(average.callee, average.instance);
  warnUnused(model.root, "");
}

/// `state` in a function: one for each instance on which it is called.
void Elaborator::functionState(const ast::BindingStmt *stmt, Scope &scope) {
  bool isPlain = stmt->names.size() == 1 && !stmt->indices && stmt->type &&
                 stmt->type->hasShape && stmt->init == ast::InitKind::Value;
  if (!func || !func->self || element || !isPlain) {
    report(diag::Unsupported, stmt->range, "this `state`");
    return;
  }
  auto variable = std::make_unique<model::Variable>();
  variable->isParam = false;
  variable->name = stmt->names[0].name.str();
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
