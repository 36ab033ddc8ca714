// The train block: settings and the functions of a step. No layer, optimizer or
// data set has a name here: what they are is what the library's functions
// return.
#include "lang/Check/Trainer.h"

using namespace ogee;
using namespace ogee::checking;
using llvm::dyn_cast;

static constexpr StringRef names[] = {
    "data",  "optimizer", "average", "batch",     "accumulate",
    "steps", "evaluate",  "clip",    "precision", "seed"};

ArrayRef<StringRef> Trainer::settingNames() { return names; }

/// Those that a phase may set.
static constexpr StringRef phaseNames[] = {"data", "optimizer", "steps",
                                           "evaluate", "clip"};

ArrayRef<StringRef> Trainer::phaseSettings() { return phaseNames; }

void Trainer::runTrain(const ast::SectionDecl &train, Scope &file) {
  model.train.precision = precision;
  model.train.roundsProducts = roundsProducts;
  model.train.model = train.name ? train.name.name.str() : "train";
  model.train.range = train.word.range;
  Scope *outer = newScope(&file, ScopeKind::Outer);
  if (!makeRoot(train, file, *outer))
    return;
  Scope *scope = newScope(outer, ScopeKind::Outer);
  for (const ast::Stmt *stmt : train.body->stmts)
    executeSetting(stmt, train, *scope);
  checkOverrides(train, *outer, *scope);
  if (sink.hasErrors())
    return;
  if (phases.empty())
    runStretch(train, *scope);
  else
    runPhases(train, *scope);
  if (sink.hasErrors())
    return;
  if (Setting *average = optionalSetting(train, "average"))
    averageAll(*average);
  for (model::Train &later : model.phases)
    later.averages = model.train.averages;
  if (!sink.hasErrors() && trained.empty())
    report(diag::NoParameter, train.name ? train.name.range : train.word.range,
           model.train.model);
  freezeUntrained();
  refuseReserved();
  if (!sink.hasErrors())
    finishTree();
}

/// Names that the paths of moments, averages and accumulators begin with.
void Trainer::refuseReserved() {
  static constexpr std::pair<StringRef, StringRef> reserved[] = {
      {"optimizer", "optimizer's states"},
      {"average", "averages"},
      {"accumulated", "accumulated gradients"}};
  auto refuse = [&](StringRef name, Range range) {
    for (auto [word, what] : reserved)
      if (name.split('.').first == word)
        report(diag::ReservedName, range, word, what);
  };
  for (auto &variable : root->variables)
    refuse(variable->name, variable->range);
  for (const Instance *child : root->children)
    refuse(child->name, child->range);
}

/// One stretch of training, with the settings as they are now.
void Trainer::runStretch(const ast::SectionDecl &train, Scope &scope) {
  readNumbers(train);
  if (Setting *data = setting(train, "data"))
    chooseData(*data, train);
  if (sink.hasErrors())
    return;
  const FunctionValue *objective = objectiveFunction(train, scope);
  if (!objective)
    return;
  model.train.step = lossFunction(objective, /*isTraining=*/true);
  if (!sink.hasErrors() && objectives.function)
    finishObjectives(train);
  if (sink.hasErrors())
    return;
  model.train.evaluate = lossFunction(objective, /*isTraining=*/false);
  if (model.phases.empty() && !model.train.sample)
    sampleFunction();
  training = true;
  Setting *optimizer =
      objectives.function ? nullptr : setting(train, "optimizer");
  if (!optimizer)
    return;
  if (optimizer->isOfPhase)
    return optimize(*optimizer, model.train.optimizers);
  if (!wholeRun)
    optimize(*optimizer, wholeRun.emplace());
  model.train.optimizers = *wholeRun;
}

/// What nothing trains is kept as it is.
void Trainer::freezeUntrained() {
  forEachVariable(
      *root, "", [&](model::Variable &variable, const std::string &) {
        variable.isFrozen |= variable.isParam && !trained.contains(&variable);
      });
}

/// `fn step`, else `fn loss`; null after an error.
const FunctionValue *Trainer::objectiveFunction(const ast::SectionDecl &train,
                                                Scope &scope) {
  if (objectives.function)
    return objectives.function;
  Binding *loss = find(scope, "loss");
  if (loss && loss->value.is(ValueKind::Function))
    return loss->value.function;
  report(diag::MissingSetting, train.word.range, "fn loss(..)");
  return nullptr;
}

void Trainer::executeSetting(const ast::Stmt *stmt,
                             const ast::SectionDecl &train, Scope &scope) {
  if (auto *fn = dyn_cast<ast::FnDecl>(stmt)) {
    // Not a name: schedules read the number of the step by it.
    if (fn->name.name == "step") {
      objectives.function =
          make<FunctionValue>(fn->name.name, fn->fn, &scope, root, false);
      return;
    }
    if (phase && fn->name.name == "loss")
      objectives.function = nullptr;
    scope.set(fn->name.name,
              Value::ofFunction(make<FunctionValue>(fn->name.name, fn->fn,
                                                    &scope, root, false)),
              fn->name.range);
    return;
  }
  if (auto *require = dyn_cast<ast::RequireStmt>(stmt))
    return executeRequire(require, scope);
  auto *section = dyn_cast<ast::SectionDecl>(stmt);
  if (section && section->word.name == "phase" && !phase) {
    phases.push_back(section);
    return;
  }
  auto *binding = dyn_cast<ast::BindingStmt>(stmt);
  if (binding && binding->binding == ast::BindingKind::Let) {
    executeBinding(binding, scope);
    for (ast::Ident name : binding->names) {
      Value &value = scope.names[name.name].value;
      Range range = name.range;
      if (const Override *given = findOverrideHere(train, name.name))
        value = overrideValue(*given, value, scope, range);
      adopt(value, root, phase ? freeName(name.name) : name.name.str());
    }
    return;
  }
  auto *assign = dyn_cast<ast::AssignStmt>(stmt);
  auto *target = assign ? dyn_cast<ast::NameExpr>(assign->target) : nullptr;
  if (!target) {
    report(diag::WrongPlace, stmt->range, "this statement");
    return;
  }
  if (phase && llvm::is_contained(settingNames(), target->name) &&
      !llvm::is_contained(phaseNames, target->name)) {
    report(diag::WrongPlace, target->range,
           ("`" + target->name + "`, which holds for all phases,").str());
    return;
  }
  if (!llvm::is_contained(settingNames(), target->name)) {
    auto diagnostic = report(diag::UnknownSetting, target->range, target->name);
    suggest(diagnostic, target->name, target->range, settingNames(),
            Foreign::Given);
    return;
  }
  Setting set{eval(assign->value, scope), assign->value->range, assign->value,
              &scope};
  if (const Override *given = findOverrideHere(train, target->name))
    overrideSetting(*given, scope, set);
  set.isOfPhase = phase;
  settings[target->name] = set;
}

/// A setting that must be there, or null after an error.
Setting *Trainer::setting(const ast::SectionDecl &train, StringRef name) {
  if (Setting *found = optionalSetting(train, name))
    return found;
  report(diag::MissingSetting, train.word.range, name);
  return nullptr;
}

/// Also one that is given on the command line alone.
Setting *Trainer::optionalSetting(const ast::SectionDecl &train,
                                  StringRef name) {
  if (auto *it = settings.find(name); it != settings.end())
    return it->second.value.isError() ? nullptr : &it->second;
  const Override *given = findOverride(train, name);
  if (!given)
    return nullptr;
  Setting set{Value::none(), train.word.range};
  overrideSetting(*given, library, set);
  settings[name] = set;
  return set.value.isError() ? nullptr : &settings[name];
}

void Trainer::readNumbers(const ast::SectionDecl &train) {
  auto count = [&](StringRef name, int64_t &into, int64_t least) {
    Setting *found = optionalSetting(train, name);
    if (!found)
      return;
    if (found->value.is(ValueKind::Int) && found->value.integer >= least)
      into = found->value.integer;
    else
      report(diag::SettingValue, found->range, name, describe(found->value),
             least ? "a positive integer" : "an integer from 0");
  };
  model.train.clip.reset();
  model.train.evaluateEvery = model.train.evaluateMost = 0;
  setting(train, "batch");
  setting(train, "steps");
  count("batch", model.train.batch, 1);
  count("steps", model.train.steps, 0);
  count("accumulate", model.train.accumulate, 1);
  count("seed", model.train.seed, 0);
  if (model.train.batch % model.train.accumulate != 0)
    report(diag::SettingValue, settings["accumulate"].range, "accumulate",
           std::to_string(model.train.accumulate),
           ("a divisor of the batch, " + llvm::Twine(model.train.batch)).str());
  readEvaluate(train);
  Setting *clip = optionalSetting(train, "clip");
  if (!clip || clip->value.is(ValueKind::None))
    return;
  if (clip->value.isNumber() && clip->value.asDouble() > 0)
    model.train.clip = clip->value.asDouble();
  else
    report(diag::SettingValue, clip->range, "clip", describe(clip->value),
           "a positive number");
}

/// A number of steps, or a record of these and of how much is evaluated.
void Trainer::readEvaluate(const ast::SectionDecl &train) {
  Setting *found = optionalSetting(train, "evaluate");
  if (!found)
    return;
  auto natural = [&](Value value, int64_t &into) {
    bool fits = value.is(ValueKind::Int) && value.integer >= 0;
    into = fits ? value.integer : into;
    return fits;
  };
  Value value = found->value;
  bool fits = natural(value, model.train.evaluateEvery);
  if (value.is(ValueKind::Tuple)) {
    const ListValue &record = *value.list;
    fits = record.names.size() == 2 && record.names[0] == "every" &&
           record.names[1] == "windows" &&
           natural(record.elements[0], model.train.evaluateEvery) &&
           natural(record.elements[1], model.train.evaluateMost);
  }
  if (!fits)
    report(diag::SettingValue, found->range, "evaluate", describe(value),
           "an integer from 0 or `every(steps, windows = count)`");
}
