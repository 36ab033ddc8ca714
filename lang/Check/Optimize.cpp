// An optimizer's instance for each parameter, and the tree of instances as
// Import sees it, with the states that functions keep in it.
#include "lang/Check/Elaborator.h"
#include <set>

using namespace ogee;
using namespace ogee::checking;
using llvm::dyn_cast;

/// `none` in place of an optimizer: the parameter is not trained.
void Elaborator::optimize(Value optimizer, Range range,
                          std::vector<model::Optimize> &into) {
  bool isGood = true;
  auto one = [&](model::Variable &variable, const std::string &path) {
    if (!isGood || !variable.isParam || variable.isFrozen)
      return;
    Value made = call(
        optimizer, Argument{{}, parameterRecord(variable, path), range}, range);
    isGood = optimizeWith(made, variable, path, range, /*objective=*/0, into);
  };
  forEachVariable(*root, "", one);
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
  if (!rule.is(ValueKind::Instance) || !rule.instance->call)
    return refuse(describe(rule));
  if (rule.instance->isNamed)
    return refuse(describe(rule) + " that has its place already");
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

/// A parameter of several objectives or phases may have an optimizer in each.
bool Elaborator::optimizeWith(Value made, model::Variable &variable,
                              const std::string &path, Range range,
                              int64_t objective,
                              std::vector<model::Optimize> &into) {
  if (made.isError())
    return false;
  if (made.is(ValueKind::None))
    return true;
  std::string name = path;
  auto isTaken = [&](const Instance *other) { return other->name == name; };
  for (unsigned count = 1; llvm::any_of(optimizerRoot.children, isTaken);
       ++count)
    name = path + "@" + std::to_string(count);
  FuncEntry *entry = makeRule(made, variable, name, range, optimizerRoot);
  if (!entry)
    return false;
  trained[&variable] = path;
  into.push_back({path, entry->func, "optimizer." + name,
                  rateFunction(*made.instance), range, objective,
                  /*isOfPhase=*/isWithin(range)});
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
  if (auto *it = instance.scope->names.find("rate");
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

static bool isOfCall(const model::Op *op) {
  if (auto *get = dyn_cast<model::Get>(op))
    return get->path.starts_with("@");
  auto *set = dyn_cast<model::Set>(op);
  return set && set->path.starts_with("@");
}

bool Elaborator::holdsStates(const model::Func *function) {
  auto [known, isNew] = stateful.try_emplace(function, false);
  if (!isNew)
    return known->second;
  bool holds = llvm::any_of(function->body, [&](const model::Op *op) {
    auto *call = dyn_cast<model::Call>(op);
    return call ? holdsStates(call->callee) : isOfCall(op);
  });
  return stateful[function] = holds;
}

/// The states of each call, in the order in which Flatten inlines them: the
/// n-th call of a function on an instance has the n-th states of its name
/// there, in whatever entry point.
void Elaborator::placeStates(const model::Func *function,
                             const std::string &path,
                             llvm::StringMap<unsigned> &calls) {
  if (!holdsStates(function))
    return;
  if (llvm::any_of(function->body, isOfCall)) {
    unsigned number = calls[path + "|" + function->component]++;
    model::Instance *instance = placed.lookup(path);
    for (auto &variable : functionStates[function]) {
      model::Variable copy = *variable;
      if (number > 0)
        copy.name += "@" + std::to_string(number);
      bool isKnown = !instance || llvm::any_of(instance->variables,
                                               [&](model::Variable &other) {
                                                 return other.name == copy.name;
                                               });
      if (!isKnown)
        instance->variables.push_back(std::move(copy));
    }
  }
  for (const model::Op *op : function->body)
    if (auto *call = dyn_cast<model::Call>(op))
      placeStates(call->callee, resolve(path, call->path), calls);
}

/// Follows the calls of a function on the instance at `path`: which parameters
/// it reads.
void Elaborator::walkCalls(const model::Func *function,
                           const std::string &path) {
  if (!walked.insert({function, path}).second)
    return;
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
  llvm::StringMap<unsigned> calls;
  std::set<std::string> rules;
  auto place = [&](const model::Train &train) {
    for (const model::Func *entry :
         {train.step, train.evaluate, train.sample}) {
      if (!entry)
        continue;
      walkCalls(entry, "");
      llvm::StringMap<unsigned> ofEntry;
      placeStates(entry, "", ofEntry);
    }
    for (const model::Optimize &optimize : train.optimizers) {
      if (!rules.insert(optimize.instance).second)
        continue;
      walkCalls(optimize.callee, optimize.instance);
      placeStates(optimize.callee, optimize.instance, calls);
    }
  };
  place(model.train);
  for (const model::Train &phase : model.phases)
    place(phase);
  for (const model::Average &average : model.train.averages) {
    walkCalls(average.callee, average.instance);
    placeStates(average.callee, average.instance, calls);
  }
  if (!inTest)
    warnUnused(model.root, "");
}

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
