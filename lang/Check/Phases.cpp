// Phases: consecutive stretches of training. Each is elaborated as if it were
// the whole block, with its own settings, functions and names over those of the
// block; what is trained, kept and averaged is one for all.
#include "lang/Check/Trainer.h"

using namespace ogee;
using namespace ogee::checking;

void Trainer::runPhases(const ast::SectionDecl &train, Scope &scope) {
  std::vector<model::Train> done;
  for (const ast::SectionDecl *each : phases) {
    if (!runPhase(train, *each, scope))
      return;
    done.push_back(std::move(model.train));
    model::Train next;
    next.model = done.back().model;
    next.precision = done.back().precision;
    next.roundsProducts = done.back().roundsProducts;
    next.range = done.back().range;
    next.data = done.back().data;
    next.first = done.back().first + done.back().steps;
    model.train = std::move(next);
    model.phases.resize(done.size());
  }
  model.train = std::move(done.front());
  done.erase(done.begin());
  model.phases = std::move(done);
}

/// By its name where it has one, and by its number, from 0.
static SmallVector<std::string> namesOf(const ast::SectionDecl &phase,
                                        int64_t number) {
  SmallVector<std::string> names{"phase" + std::to_string(number)};
  if (phase.name)
    names.push_back(phase.name.name.str());
  return names;
}

/// `train.warm.steps=3`; a phase hears nothing of what is said to the block.
const Override *Trainer::findOverrideHere(const ast::SectionDecl &train,
                                          StringRef name) {
  if (!phase)
    return findOverride(train, name);
  for (const std::string &own : namesOf(*phase, phaseNumber))
    if (const Override *given = findOverride(train, own + "." + name.str()))
      return given;
  return nullptr;
}

/// What the command line alone sets in the phase.
void Trainer::overridePhase(const ast::SectionDecl &train, Scope &scope) {
  for (StringRef name : phaseSettings()) {
    const Override *given = findOverrideHere(train, name);
    if (!given || settings[name].isOfPhase)
      continue;
    Setting &set = settings[name];
    overrideSetting(*given, scope, set);
    set.isOfPhase = true;
  }
}

void Trainer::addPhaseNames(SmallVectorImpl<std::string> &known) {
  for (auto [number, each] : llvm::enumerate(phases)) {
    SmallVector<StringRef> own(phaseSettings());
    for (const ast::Stmt *stmt : each->body->stmts)
      if (auto *binding = llvm::dyn_cast<ast::BindingStmt>(stmt))
        for (ast::Ident name : binding->names)
          own.push_back(name.name);
    for (const std::string &prefix : namesOf(*each, number))
      for (StringRef name : own)
        known.push_back("train." + prefix + "." + name.str());
  }
}

/// The name of a phase's instance: another phase may have one of that name.
std::string Trainer::freeName(StringRef name) {
  std::string unique = name.str();
  auto isTaken = [&](const Instance *child) {
    return child->name == unique ||
           StringRef(child->name).starts_with(unique + ".");
  };
  for (unsigned count = 1; llvm::any_of(root->children, isTaken); ++count)
    unique = name.str() + "@" + std::to_string(count);
  return unique;
}

bool Trainer::runPhase(const ast::SectionDecl &train,
                       const ast::SectionDecl &each, Scope &outer) {
  auto settingsOfBlock = settings;
  const FunctionValue *stepOfBlock = objectives.function;
  for (auto &[stmt, objective] : objectives.known)
    objective.rounds.clear();
  phase = &each;
  phaseNumber = llvm::find(phases, phase) - phases.begin();
  for (auto &entry : settings)
    entry.second.isOfPhase = false;
  Scope *scope = newScope(&outer, ScopeKind::Outer);
  for (const ast::Stmt *stmt : each.body->stmts)
    executeSetting(stmt, train, *scope);
  overridePhase(train, *scope);
  if (!sink.hasErrors())
    runStretch(train, *scope);
  if (!sink.hasErrors() && model.train.optimizers.empty())
    report(diag::NoParameter, each.word.range, "phase");
  phase = nullptr;
  phaseNumber = 0;
  settings = std::move(settingsOfBlock);
  objectives.function = stepOfBlock;
  return !sink.hasErrors();
}
