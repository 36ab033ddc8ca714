// Calls. A function of tensors is elaborated once for each signature and then
// shared, so that the blocks of a deep model are one function. What is known
// while compiling, elements and closures are taken in place.
#include "lang/Check/Elaborator.h"
#include "llvm/ADT/ScopeExit.h"

using namespace ogee;
using namespace ogee::checking;
using llvm::dyn_cast;

Value Elaborator::evalCall(const ast::CallExpr *expr, Scope &scope) {
  if (auto *callee = dyn_cast<ast::SubscriptExpr>(expr->callee))
    return evalReduction(expr, callee, scope);
  return callWith(eval(expr->callee, scope), expr, scope);
}

Value Elaborator::callWith(Value callee, const ast::CallExpr *expr,
                           Scope &scope) {
  SmallVector<Argument> args;
  bool isError = callee.isError();
  for (const ast::Arg &arg : expr->args) {
    Value value = eval(arg.value, scope);
    bool isClosed = !element && value.is(ValueKind::Scalar);
    args.push_back({arg.name,
                    isClosed && !callee.is(ValueKind::Builtin)
                        ? settle(value, arg.value->range)
                        : value,
                    arg.value->range});
    isError |= value.isError();
  }
  return isError ? Value::error() : call(callee, args, expr->range);
}

Value Elaborator::call(Value callee, ArrayRef<Argument> args, Range range) {
  switch (callee.kind) {
  case ValueKind::Error:
    return callee;
  case ValueKind::Builtin:
    return callBuiltin(callee.builtin, args, range);
  case ValueKind::Function:
    return callFunction(callee.function, args, range);
  case ValueKind::Arch:
    return instantiate(callee.arch, args, range);
  case ValueKind::Instance:
    if (callee.instance->call)
      return callFunction(callee.instance->call, args, range);
    break;
  case ValueKind::List:
    return callChain(*callee.list, args, range);
  default:
    break;
  }
  auto diagnostic = report(diag::NotCallable, range, describe(callee));
  if (callee.is(ValueKind::Instance))
    note(diagnostic, diag::Hint, range,
         "the function that a call means has no name: `fn (x: [..]) { .. }`");
  return Value::error();
}

/// Which argument each parameter gets, by position and then by name; null:
/// none.
bool Elaborator::assignArguments(
    StringRef name, ArrayRef<ast::Parameter> params, ArrayRef<Argument> args,
    llvm::SmallVectorImpl<const Argument *> &given) {
  given.assign(params.size(), nullptr);
  size_t position = 0;
  for (const Argument &arg : args) {
    size_t at = position;
    if (arg.name) {
      at = llvm::find_if(params,
                         [&](const ast::Parameter &param) {
                           return param.name.name == arg.name.name;
                         }) -
           params.begin();
    } else {
      ++position;
    }
    if (at >= params.size() && arg.name) {
      auto diagnostic =
          report(diag::UnknownArgument, arg.name.range, name, arg.name.name);
      SmallVector<StringRef> known;
      for (const ast::Parameter &param : params)
        known.push_back(param.name.name);
      suggest(diagnostic, arg.name.name, arg.name.range, known, Foreign::Given);
      return false;
    }
    if (at >= params.size()) {
      report(diag::TooManyArguments, arg.range, name, params.size(),
             args.size());
      return false;
    }
    if (given[at]) {
      report(diag::ArgumentTwice, arg.range, params[at].name.name);
      return false;
    }
    given[at] = &arg;
  }
  return true;
}

/// Gives every parameter its value in `scope`, where later types see it.
bool Elaborator::bindArguments(StringRef name, ArrayRef<ast::Parameter> params,
                               ArrayRef<Argument> args, Range range,
                               Scope &scope) {
  SmallVector<const Argument *> given;
  if (!assignArguments(name, params, args, given))
    return false;
  for (auto [param, arg] : llvm::zip(params, given)) {
    if (!arg && !param.value) {
      auto diagnostic =
          report(diag::MissingArgument, range, name, param.name.name);
      note(diagnostic, diag::DefinedHere, param.name.range, param.name.name);
      return false;
    }
    Value value = arg ? arg->value : eval(param.value, scope);
    Range at = arg ? arg->range : param.name.range;
    bool isDefaultNone = !arg && value.is(ValueKind::None);
    if (value.isError() ||
        (!isDefaultNone &&
         !matchType(param.type, value, at, scope, param.name.name)))
      return false;
    scope.set(param.name.name, value, param.name.range);
  }
  return true;
}

/// The calls that led into another file, innermost first.
void Context::noteCalls(Report &message) {
  unsigned shown = 0;
  for (auto &[name, range] : llvm::reverse(calls)) {
    if (shown++ == 3)
      return;
    if (range)
      note(message, diag::CalledHere, range, name);
  }
}

static bool holdsRunTime(Value value) {
  switch (value.kind) {
  case ValueKind::Tensor:
  case ValueKind::Variable:
  case ValueKind::Instance:
    return true;
  case ValueKind::Scalar:
    return !value.scalar->isUniform;
  case ValueKind::List:
  case ValueKind::Tuple:
    return llvm::any_of(value.list->elements, holdsRunTime);
  case ValueKind::Function:
    return value.function->self || value.function->isLambda;
  default:
    return false;
  }
}

/// What cannot be, or need not be, a function of its own.
bool Elaborator::isInline(const FunctionValue *function, Scope &frame) {
  if (!func || function->isLambda)
    return true;
  bool hasTensor = false;
  for (auto &entry : frame.names) {
    Value value = entry.second.value;
    bool isTensor =
        value.is(ValueKind::Tensor) || value.is(ValueKind::Variable);
    hasTensor |= isTensor;
    if (!isTensor && holdsRunTime(value) &&
        !(function->self && value.is(ValueKind::Instance)))
      return true;
  }
  return !hasTensor && !function->self;
}

Value Elaborator::callFunction(const FunctionValue *function,
                               ArrayRef<Argument> args, Range range) {
  StringRef name = function->name;
  if (name.empty())
    name = function->self && function->self->arch
               ? function->self->arch->decl->name.name
               : "fn";
  if (calls.size() >= maxCalls) {
    report(diag::TooManyCalls, range, maxCalls);
    return Value::error();
  }
  calls.push_back({name, range});
  llvm::scope_exit leave([&] { calls.pop_back(); });
  Scope *frame = newScope(function->scope, ScopeKind::Frame);
  const Instance *outer = std::exchange(callee, function->self);
  bool fits = bindArguments(name, function->fn->params, args, range, *frame);
  callee = outer;
  if (!fits)
    return Value::error();
  if (!isInline(function, *frame))
    return callShared(function, *frame, range);
  Value value = evalBlock(*function->fn->body, *frame);
  if (value.isError() || !checkResult(function, value, *frame))
    return Value::error();
  return value;
}

bool Elaborator::checkResult(const FunctionValue *function, Value &value,
                             Scope &scope) {
  const ast::TypeExpr *type = function->fn->result;
  if (!type)
    return true;
  ArrayRef<ast::Stmt *> stmts = function->fn->body->stmts;
  Range range = stmts.empty() ? function->fn->range : stmts.back()->range;
  return matchType(type, value, range, scope, "the result");
}

Value Elaborator::mapTensors(
    Value value, llvm::function_ref<Value(const TensorValue *)> map) {
  if (value.is(ValueKind::Tensor))
    return map(value.tensor);
  if (!value.is(ValueKind::List) && !value.is(ValueKind::Tuple))
    return value;
  SmallVector<Value> parts;
  for (Value part : value.list->elements)
    parts.push_back(mapTensors(part, map));
  return makeList(parts, value.list->names, value.kind);
}

Value Elaborator::callShared(const FunctionValue *function, Scope &frame,
                             Range range) {
  ElementFrame *outer = std::exchange(element, nullptr);
  llvm::scope_exit restore([&] { element = outer; });
  if (inTest && function->self)
    adoptInTest(Value::ofInstance(function->self), "instance");
  SmallVector<model::Tensor *> args;
  for (auto &entry : frame.names) {
    Value &value = entry.second.value;
    bool isTensor =
        value.is(ValueKind::Tensor) || value.is(ValueKind::Variable);
    if (!isTensor)
      continue;
    args.push_back(materialise(asTensor(value, range), range));
    value = Value::ofTensor(nodeValue(args.back()));
  }
  FuncEntry *entry = elaborate(function, frame, function->self);
  if (entry->result.isError())
    return Value::error();
  std::string path = function->self ? relativePath(function->self) : "";
  func->readsTraining |= entry->readsTraining;
  Value result = emitCall(*entry, path, args, range);
  mapTensors(result, [&](const TensorValue *tensor) {
    if (function->self && function->self->arch)
      madeBy[tensor->node] = function->self;
    return Value::ofTensor(tensor);
  });
  return result;
}

Value Elaborator::emitCall(const FuncEntry &entry, const std::string &path,
                           ArrayRef<model::Tensor *> args, Range range) {
  if (entry.func->results.empty() && !entry.hasEffects)
    return entry.result;
  SmallVector<model::Tensor *> results;
  for (model::Tensor *inner : entry.func->results)
    results.push_back(newTensor(inner->type, range));
  func->func->body.push_back(
      make<model::Call>(model::Call{{range},
                                    entry.func,
                                    save(path),
                                    copy(args),
                                    copy(ArrayRef<model::Tensor *>(results))}));
  func->hasEffects |= entry.hasEffects;
  size_t next = 0;
  return mapTensors(entry.result, [&](const TensorValue *) {
    return Value::ofTensor(nodeValue(results[next++]));
  });
}

/// What tells this function, for these values of its parameters, from others.
std::string Elaborator::functionKey(const FunctionValue *function,
                                    const Scope &frame, const Instance *self) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << function->fn << '|' << (self ? self->key : "") << '|';
  // What a lambda sees is its scope, as that of `waves(0.5)` and `waves(2)`.
  if (function->isLambda)
    os << function->scope << '|';
  for (auto &entry : frame.names) {
    os << entry.first << '=';
    writeKey(os, entry.second.value);
  }
  return key;
}

std::unique_ptr<model::Func>
Elaborator::newFunction(const FunctionValue *function, const Instance *self) {
  auto made = std::make_unique<model::Func>();
  std::string component = function->name.str();
  if (self && self->arch) {
    std::string arch = self->arch->decl->name.name.str();
    component = component.empty() ? arch : arch + "." + component;
  }
  unsigned count = funcNames[component]++;
  made->component = component;
  made->name = count ? component + "." + std::to_string(count) : component;
  made->range = function->fn->range;
  return made;
}

/// The function for these values of its parameters; elaborated where it is new.
/// `training` is part of what tells functions apart only where it is read.
FuncEntry *Elaborator::elaborate(const FunctionValue *function, Scope &frame,
                                 Instance *self) {
  std::string key = functionKey(function, frame, self);
  std::string modeKey = key + (training ? "T" : "E");
  for (const std::string &known : {key, modeKey})
    if (auto it = entries.find(known); it != entries.end())
      return &it->second;

  auto made = newFunction(function, self);
  FuncFrame inner(made.get(), self);
  FuncFrame *outer = std::exchange(func, &inner);
  Scope *scope = newScope(frame.parent, ScopeKind::Frame);
  scope->dots = frame.dots;
  for (auto &[name, binding] : frame.names) {
    Value value = binding.value;
    if (value.is(ValueKind::Tensor)) {
      model::Tensor *arg = newTensor(value.tensor->type, binding.range);
      made->args.push_back(arg);
      value = Value::ofTensor(nodeValue(arg));
    }
    scope->set(name, value, binding.range, binding.kind);
  }
  FuncEntry entry;
  unsigned errors = sink.errorCount();
  Range range = function->fn->body->range;
  Value value = settle(evalBlock(*function->fn->body, *scope), range);
  if (!value.isError() && checkResult(function, value, *scope))
    entry.result = settle(value, range);
  if (sink.errorCount() != errors)
    entry.result = Value::error();
  mapTensors(entry.result, [&](const TensorValue *tensor) {
    made->results.push_back(tensor->node);
    return Value::ofTensor(tensor);
  });
  finishStates(inner);
  func = outer;
  entry.func = made.get();
  entry.hasEffects = inner.hasEffects;
  entry.readsTraining = inner.readsTraining;
  model.funcs.push_back(std::move(made));
  return &(entries[inner.readsTraining ? modeKey : key] = entry);
}

/// The last value assigned to a state is the one it keeps.
void Elaborator::finishStates(FuncFrame &frame) {
  for (auto &[variable, value] : frame.assigned) {
    std::string path = variablePath(value);
    model::Tensor *last = frame.current[variable];
    frame.func->body.push_back(
        make<model::Set>(model::Set{{last->range}, save(path), last}));
    frame.hasEffects = true;
  }
}

std::string TensorMaker::absolutePath(const Instance *instance) {
  if (!instance->parent)
    return instance->name;
  std::string outer = absolutePath(instance->parent);
  return outer.empty() ? instance->name : outer + "." + instance->name;
}

std::string TensorMaker::variablePath(const VariableValue *variable) {
  if (variable->variable->isOfCall)
    return "@" + variable->variable->name;
  std::string path = relativePath(variable->owner);
  if (!path.empty() && path != "/")
    path += ".";
  return path + variable->variable->name;
}

std::string TensorMaker::relativePath(Instance *to) {
  std::string path;
  for (Instance *at = to; at; at = at->parent) {
    if (at == func->self)
      return path;
    path = path.empty() ? at->name : (llvm::Twine(at->name) + "." + path).str();
  }
  return "/" + absolutePath(to);
}
