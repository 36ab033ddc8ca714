// The train block: settings, the functions of a step, and an optimizer's
// instance for each parameter. No layer, optimizer or data set has a name here:
// what they are is what the library's functions return.
#include "lang/Check/Elaborator.h"
#include "lang/Parse/Parse.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace ogee;
using namespace ogee::checking;
using llvm::dyn_cast;

static constexpr llvm::StringLiteral settingNames[] = {
    "data",  "optimizer", "average", "batch",     "accumulate",
    "steps", "evaluate",  "clip",    "precision", "seed"};

/// Those that a phase may set.
static constexpr llvm::StringLiteral phaseNames[] = {"optimizer", "steps",
                                                     "evaluate", "clip"};

/// What begins a section of a file.
static constexpr llvm::StringLiteral sectionWords[] = {"train", "test", "study",
                                                       "target", "phase"};

void Elaborator::run(const ast::File &file) {
  fileName = file.name;
  llvm::SmallString<128> path(fileName);
  llvm::sys::path::remove_dots(path, /*remove_dot_dot=*/true);
  usedFiles[path.str().str()] = nullptr;
  defineBuiltins();
  loadLibrary();
  Scope *scope = newScope(&library, ScopeKind::Outer);
  const ast::SectionDecl *train = chooseTrain(file);
  bool hasTests = false;
  if (const ast::SectionDecl *test = chooseTest(file, hasTests)) {
    if (train)
      choosePrecision(*train, *scope);
    declare(file, *scope);
    if (!sink.hasErrors())
      runTest(*test, *scope);
    return;
  }
  if (!train) {
    declare(file, *scope);
    if (!sink.hasErrors() && !(hasTests && options.testsAlone))
      report(diag::NoTrain, {file.range.begin, file.range.begin});
    return;
  }
  choosePrecision(*train, *scope);
  declare(file, *scope);
  if (!sink.hasErrors())
    runTrain(*train, *scope);
}

static StringRef nameOf(const ast::SectionDecl &train) {
  return train.name ? train.name.name : train.word.name;
}

std::vector<std::string> ogee::trainNames(const ast::File &file) {
  std::vector<std::string> names;
  for (const ast::Stmt *stmt : file.stmts)
    if (auto *section = dyn_cast<ast::SectionDecl>(stmt);
        section && section->word.name == "train")
      names.push_back(nameOf(*section).str());
  return names;
}

/// The `train` block of the name that is asked for, or the first one.
const ast::SectionDecl *Elaborator::chooseTrain(const ast::File &file) {
  llvm::MapVector<StringRef, const ast::SectionDecl *> blocks;
  for (const ast::Stmt *stmt : file.stmts) {
    auto *section = dyn_cast<ast::SectionDecl>(stmt);
    if (!section)
      continue;
    StringRef name = nameOf(*section);
    if (!llvm::is_contained(sectionWords, section->word.name)) {
      auto diagnostic =
          report(diag::UnknownName, section->word.range, section->word.name);
      suggest(diagnostic, section->word.name, section->word.range,
              SmallVector<StringRef>(std::begin(sectionWords),
                                     std::end(sectionWords)));
    } else if (section->word.name == "test") {
      continue;
    } else if (section->word.name == "phase") {
      report(diag::WrongPlace, section->word.range,
             "a `phase` outside of a `train` block");
    } else if (section->word.name != "train") {
      report(diag::Unsupported, section->word.range,
             ("`" + section->word.name + "`").str());
    } else if (auto *known = blocks.find(name); known != blocks.end()) {
      Range range = section->name ? section->name.range : section->word.range;
      auto diagnostic = report(diag::DefinedTwice, range, name);
      note(diagnostic, diag::DefinedHere, known->second->word.range, name);
    } else {
      blocks[name] = section;
    }
  }
  if (blocks.empty() || options.train.empty())
    return blocks.empty() ? nullptr : blocks.front().second;
  if (auto *chosen = blocks.find(options.train); chosen != blocks.end())
    return chosen->second;
  StringRef text = sink.addFile("--train " + options.train, "command line");
  Range range{text.begin(), text.end()};
  SmallVector<StringRef> names;
  for (auto &entry : blocks)
    names.push_back(entry.first);
  auto diagnostic =
      report(diag::UnknownTrain, range, options.train, llvm::join(names, ", "));
  suggest(diagnostic, options.train, range, names);
  return nullptr;
}

/// The test that is asked for by its title, if any.
const ast::SectionDecl *Elaborator::chooseTest(const ast::File &file,
                                               bool &hasTests) {
  const ast::SectionDecl *chosen = nullptr;
  for (const ast::Stmt *stmt : file.stmts) {
    auto *section = dyn_cast<ast::SectionDecl>(stmt);
    if (!section || section->word.name != "test")
      continue;
    hasTests = true;
    if (section->title && section->title->value == options.test)
      chosen = section;
  }
  return chosen;
}

/// The element type of `float`, which all else needs.
void Elaborator::choosePrecision(const ast::SectionDecl &train, Scope &scope) {
  Value value = Value::none();
  Range range = train.word.range;
  for (const ast::Stmt *stmt : train.body->stmts) {
    auto *assign = dyn_cast<ast::AssignStmt>(stmt);
    if (!assign || assign->target->range.text() != "precision")
      continue;
    value = eval(assign->value, scope);
    range = assign->value->range;
  }
  if (const Override *given = findOverride(train, "precision"))
    value = overrideValue(*given, value, scope, range);
  bool isWord = value.is(ValueKind::Builtin);
  roundsProducts = isWord && value.builtin == Builtin::BF16;
  if (isWord && value.builtin == Builtin::F64)
    precision = Element::F64;
  else if (!value.isError() && !value.is(ValueKind::None) &&
           !(isWord && value.builtin == Builtin::F32) && !roundsProducts)
    report(diag::SettingValue, range, "precision", describe(value),
           "`f32`, `bf16` or `f64`");
}

const Override *Elaborator::findOverride(const ast::SectionDecl &train,
                                         StringRef name) {
  for (auto [at, given] : llvm::enumerate(options.overrides)) {
    StringRef path = given.path;
    if (!path.consume_front("train."))
      continue;
    if (train.name && path.starts_with((train.name.name + ".").str()))
      path = path.drop_front(train.name.name.size() + 1);
    if (path != name)
      continue;
    usedOverrides.insert(at);
    return &given;
  }
  return nullptr;
}

/// Where a string stood, the text as it is; else an expression.
Value Elaborator::overrideValue(const Override &given, Value old, Scope &scope,
                                Range &range) {
  StringRef text = given.value;
  if (old.is(ValueKind::String) && !text.starts_with("\""))
    return Value::ofString(save(text));
  auto file = parse(text, "command line: " + given.path, sink);
  range = file->range;
  auto *stmt = file->stmts.size() == 1 ? dyn_cast<ast::ExprStmt>(file->stmts[0])
                                       : nullptr;
  Value value = stmt ? eval(stmt->expr, scope) : Value::error();
  if (!stmt && !sink.hasErrors())
    report(diag::SettingValue, range, given.path, text, "one value");
  model.files.push_back(std::move(file));
  return value;
}

/// Instances of the trained arch, or of what the block's own `let`s make.
bool Elaborator::makeRoot(const ast::SectionDecl &train, Scope &file,
                          Scope &scope) {
  Binding *binding = train.name ? find(file, train.name.name) : nullptr;
  if (!binding || !binding->value.is(ValueKind::Arch)) {
    root = instances.emplace_back(std::make_unique<Instance>()).get();
    root->isNamed = true;
    root->range = train.word.range;
    root->scope = &scope;
    root->key = "train";
    return true;
  }
  const ArchValue *arch = binding->value.arch;
  SmallVector<Argument> args;
  for (auto [at, given] : llvm::enumerate(options.overrides)) {
    const ast::Parameter *param =
        llvm::find_if(arch->decl->params, [&](const ast::Parameter &param) {
          return param.name.name == given.path;
        });
    if (param == arch->decl->params.end())
      continue;
    usedOverrides.insert(at);
    Value old = param->value && llvm::isa<ast::StringExpr>(param->value)
                    ? Value::ofString("")
                    : Value::none();
    Range range = train.name.range;
    Value value = overrideValue(given, old, file, range);
    args.push_back({param->name, value, range});
    if (value.isError())
      return false;
  }
  Value value = instantiate(arch, args, train.name.range);
  if (value.isError())
    return false;
  root = value.instance;
  root->isNamed = true;
  for (const ast::Parameter &param : arch->decl->params)
    scope.set(param.name.name, root->scope->names[param.name.name].value,
              param.name.range);
  scope.set("model", value, train.name.range);
  return true;
}

void Elaborator::runTrain(const ast::SectionDecl &train, Scope &file) {
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
  if (!sink.hasErrors())
    finishTree();
}

/// One stretch of training, with the settings as they are now.
void Elaborator::runStretch(const ast::SectionDecl &train, Scope &scope) {
  readNumbers(train);
  Setting *data = setting(train, "data");
  if (data && model.train.data.empty())
    dataRecord(*data, train);
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
  if (phase && isWithin(optimizer->range))
    return optimize(optimizer->value, optimizer->range, model.train.optimizers);
  if (!wholeRun)
    optimize(optimizer->value, optimizer->range, wholeRun.emplace());
  model.train.optimizers = *wholeRun;
}

/// What nothing trains is kept as it is.
void Elaborator::freezeUntrained() {
  forEachVariable(
      *root, "", [&](model::Variable &variable, const std::string &) {
        variable.isFrozen |= variable.isParam && !trained.contains(&variable);
      });
}

/// `fn step`, else `fn loss`; null after an error.
const FunctionValue *
Elaborator::objectiveFunction(const ast::SectionDecl &train, Scope &scope) {
  if (objectives.function)
    return objectives.function;
  Binding *loss = find(scope, "loss");
  if (loss && loss->value.is(ValueKind::Function))
    return loss->value.function;
  report(diag::MissingSetting, train.word.range, "fn loss(..)");
  return nullptr;
}

void Elaborator::executeSetting(const ast::Stmt *stmt,
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
      const Override *given = phase ? nullptr : findOverride(train, name.name);
      if (given)
        value = overrideValue(*given, value, scope, range);
      adopt(value, root, name.name);
    }
    return;
  }
  auto *assign = dyn_cast<ast::AssignStmt>(stmt);
  auto *target = assign ? dyn_cast<ast::NameExpr>(assign->target) : nullptr;
  if (!target) {
    report(diag::WrongPlace, stmt->range, "this statement");
    return;
  }
  if (phase && llvm::is_contained(settingNames, target->name) &&
      !llvm::is_contained(phaseNames, target->name)) {
    report(diag::WrongPlace, target->range,
           ("`" + target->name + "`, which holds for all phases,").str());
    return;
  }
  if (!llvm::is_contained(settingNames, target->name)) {
    auto diagnostic = report(diag::UnknownSetting, target->range, target->name);
    suggest(diagnostic, target->name, target->range,
            SmallVector<StringRef>(std::begin(settingNames),
                                   std::end(settingNames)));
    return;
  }
  Setting set{eval(assign->value, scope), assign->value->range};
  const Override *given = phase ? nullptr : findOverride(train, target->name);
  if (given)
    set.value = overrideValue(*given, set.value, scope, set.range);
  settings[target->name] = set;
}

/// A setting that must be there, or null after an error.
Setting *Elaborator::setting(const ast::SectionDecl &train, StringRef name) {
  if (Setting *found = optionalSetting(train, name))
    return found;
  report(diag::MissingSetting, train.word.range, name);
  return nullptr;
}

/// Also one that is given on the command line alone.
Setting *Elaborator::optionalSetting(const ast::SectionDecl &train,
                                     StringRef name) {
  if (auto *it = settings.find(name); it != settings.end())
    return it->second.value.isError() ? nullptr : &it->second;
  const Override *given = findOverride(train, name);
  if (!given)
    return nullptr;
  Setting set{Value::none(), train.word.range};
  set.value = overrideValue(*given, set.value, library, set.range);
  settings[name] = set;
  return set.value.isError() ? nullptr : &settings[name];
}

void Elaborator::readNumbers(const ast::SectionDecl &train) {
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
void Elaborator::readEvaluate(const ast::SectionDecl &train) {
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

void Elaborator::checkOverrides(const ast::SectionDecl &train, Scope &outer,
                                Scope &scope) {
  SmallVector<std::string> known;
  for (auto &entry : outer.names)
    if (entry.first != "model")
      known.push_back(entry.first.str());
  for (StringRef name : settingNames)
    known.push_back(("train." + name).str());
  for (auto &entry : scope.names)
    known.push_back(("train." + entry.first).str());
  auto *data = settings.find("data");
  if (data != settings.end() && data->second.value.is(ValueKind::Tuple))
    for (StringRef field : data->second.value.list->names)
      known.push_back(("train.data." + field).str());
  SmallVector<StringRef> candidates(known.begin(), known.end());
  for (auto [at, given] : llvm::enumerate(options.overrides)) {
    std::string path = given.path;
    std::string prefix = "train." + model.train.model + ".";
    if (StringRef(path).starts_with(prefix))
      path = "train." + path.substr(prefix.size());
    if (usedOverrides.contains(at) || llvm::is_contained(known, path))
      continue;
    StringRef text =
        sink.addFile(given.path + "=" + given.value, "command line");
    Range range{text.begin(), text.begin() + given.path.size()};
    auto diagnostic = report(diag::UnknownOverride, range, given.path);
    suggest(diagnostic, path, range, candidates);
  }
}
