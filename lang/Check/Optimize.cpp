// An optimizer's instance for each parameter, and an average's.
#include "lang/Check/Trainer.h"

using namespace ogee;
using namespace ogee::checking;

/// What a setting makes for one parameter: the setting is a function of it, or
/// an instance, whose text is evaluated again for each parameter but the first.
Value Trainer::ruleFor(const Setting &rule, bool isFirst,
                       const model::Variable &variable, StringRef path) {
  if (rule.value.is(ValueKind::Instance))
    return isFirst || !rule.expr ? rule.value : eval(rule.expr, *rule.scope);
  if (rule.value.is(ValueKind::None))
    return rule.value;
  return call(rule.value,
              Argument{{}, parameterRecord(variable, path), rule.range},
              rule.range);
}

/// `none` in place of an optimizer: the parameter is not trained.
void Trainer::optimize(const Setting &optimizer,
                       std::vector<model::Optimize> &into) {
  bool isGood = true, isFirst = true;
  auto one = [&](model::Variable &variable, const std::string &path) {
    if (!isGood || !variable.isParam || variable.isFrozen)
      return;
    isGood = optimizeWith(ruleFor(optimizer, isFirst, variable, path), variable,
                          path, optimizer.range, optimizer.isOfPhase,
                          /*objective=*/0, into);
    isFirst = false;
  };
  forEachVariable(*root, "", one);
}

/// What `fn (p)` may ask of a parameter.
Value Trainer::parameterRecord(const model::Variable &variable,
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
FuncEntry *Trainer::makeRule(Value rule, const model::Variable &variable,
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
bool Trainer::optimizeWith(Value made, model::Variable &variable,
                           const std::string &path, Range range, bool isOfPhase,
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
                  rateFunction(*made.instance), range, objective, isOfPhase});
  return true;
}

/// What is trained may have an average, by which it is evaluated; `none`: not.
void Trainer::averageAll(const Setting &average) {
  bool isFirst = true;
  for (auto &[variable, path] : trained) {
    Value made = ruleFor(average, isFirst, *variable, path);
    isFirst = false;
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
model::Func *Trainer::rateFunction(Instance &instance) {
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
