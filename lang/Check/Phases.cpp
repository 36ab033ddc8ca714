// Phases: consecutive stretches of training. Each is elaborated as if it were
// the whole block, with its own settings, functions and names over those of the
// block; what is trained, kept and averaged is one for all.
#include "lang/Check/Elaborator.h"

using namespace ogee;
using namespace ogee::checking;

void Elaborator::runPhases(const ast::SectionDecl &train, Scope &scope) {
  std::vector<model::Train> done;
  for (const ast::SectionDecl *each : phases) {
    if (!runPhase(train, *each, scope))
      return;
    done.push_back(std::move(model.train));
    model::Train next;
    next.model = done.back().model;
    next.precision = done.back().precision;
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

bool Elaborator::runPhase(const ast::SectionDecl &train,
                          const ast::SectionDecl &each, Scope &outer) {
  auto settingsOfBlock = settings;
  const FunctionValue *stepOfBlock = objectives.function;
  for (auto &[stmt, objective] : objectives.known)
    objective.rounds.clear();
  phase = &each;
  Scope *scope = newScope(&outer, ScopeKind::Outer);
  for (const ast::Stmt *stmt : each.body->stmts)
    executeSetting(stmt, train, *scope);
  if (!sink.hasErrors())
    runStretch(train, *scope);
  if (!sink.hasErrors() && model.train.optimizers.empty())
    report(diag::NoParameter, each.word.range, "phase");
  phase = nullptr;
  settings = std::move(settingsOfBlock);
  objectives.function = stepOfBlock;
  return !sink.hasErrors();
}
