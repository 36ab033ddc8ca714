// The tree of instances as Import sees it, with the states that functions keep
// in it.
#include "lang/Check/Trainer.h"
#include <set>

using namespace ogee;
using namespace ogee::checking;
using llvm::dyn_cast;

static std::string resolve(StringRef prefix, StringRef path) {
  if (path.consume_front("/"))
    return path.str();
  if (prefix.empty() || path.empty())
    return (prefix + path).str();
  return (prefix + "." + path).str();
}

void Trainer::buildTree(const Instance &from, model::Instance &to,
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

bool Trainer::holdsStates(const model::Func *function) {
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
void Trainer::placeStates(const model::Func *function, const std::string &path,
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
void Trainer::walkCalls(const model::Func *function, const std::string &path) {
  if (!walked.insert({function, path}).second)
    return;
  for (const model::Op *op : function->body) {
    if (auto *get = dyn_cast<model::Get>(op))
      usedPaths.insert(resolve(path, get->path));
    if (auto *call = dyn_cast<model::Call>(op))
      walkCalls(call->callee, resolve(path, call->path));
  }
}

void Trainer::warnUnused(const model::Instance &instance,
                         const std::string &path) {
  for (const model::Variable &variable : instance.variables) {
    std::string full = resolve(path, variable.name);
    if (variable.isParam && !variable.isFrozen && !usedPaths.contains(full))
      report(diag::UnusedParameter, variable.range, full);
  }
  for (auto &child : instance.children)
    warnUnused(*child, resolve(path, child->name));
}

void Trainer::finishTree() {
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
