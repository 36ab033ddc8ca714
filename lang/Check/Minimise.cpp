// The objectives of a step, in the order of the text: each has networks of its
// own and an optimizer for each of their parameters, and what is read after it
// is what it updated. What no objective trains is frozen.
#include "lang/Check/Trainer.h"

using namespace ogee;
using namespace ogee::checking;

/// A scalar as a tensor; null after an error.
model::Tensor *Trainer::asLoss(Value value, Range range) {
  const TensorValue *tensor =
      value.isError() ? nullptr : asTensor(value, range);
  if (!tensor)
    return nullptr;
  if (tensor->type.shape.empty() && model::isFloat(tensor->type.element))
    return materialise(tensor, range);
  report(diag::LossNotScalar, range, describe(tensor->type.shape));
  return nullptr;
}

/// The text of the networks where this is a name, `critic.loss`; one that was
/// taken gets a number.
std::string Trainer::objectiveName(const ast::MinimiseStmt *stmt) {
  StringRef text = stmt->over->range.text();
  bool isName = llvm::all_of(text, [](char letter) {
    return llvm::isAlnum(letter) || letter == '_' || letter == '.';
  });
  std::string name = isName ? text.str() : "objective";
  std::string unique = name;
  auto isTaken = [&](auto &other) { return other.second.name == unique; };
  for (unsigned count = 1; llvm::any_of(objectives.known, isTaken); ++count)
    unique = name + "@" + std::to_string(count);
  return unique;
}

Value Trainer::minimise(const ast::MinimiseStmt *stmt, Scope &scope) {
  if (!func || func != objectives.frame || element) {
    report(diag::NotInStep, stmt->range);
    return Value::error();
  }
  Range range = stmt->value->range;
  model::Tensor *loss = asLoss(settle(eval(stmt->value, scope), range), range);
  if (!loss)
    return Value::error();
  auto *made = make<model::Minimise>(
      model::Minimise{{stmt->range}, loss, /*objective=*/-1, 0, 1});
  func->func->body.push_back(made);
  func->hasEffects = true;
  objectives.isMinimised = true;
  if (!training)
    return Value::none();

  Value nets = eval(stmt->over, scope);
  if (nets.isError())
    return Value::error();
  std::string name = objectiveName(stmt);
  auto [entry, isNew] = objectives.known.try_emplace(
      stmt,
      StepFrame::Objective{int64_t(objectives.known.size()), name, {}, {}});
  StepFrame::Objective &objective = entry->second;
  made->objective = objective.number;
  made->round = objective.rounds.size();
  objective.rounds.push_back(made);
  if (isNew && !makeObjective(stmt, nets, objective, scope))
    return Value::error();
  if (made->round == 0)
    llvm::append_range(model.train.optimizers, objective.optimizers);
  func->func->body.push_back(make<model::Record>(model::Record{
      {stmt->range}, save(objective.name + ".loss"), "metric", loss}));
  SmallVector<const model::Variable *> read;
  for (auto &known : func->current)
    if (known.first->isParam)
      read.push_back(known.first);
  for (const model::Variable *variable : read)
    func->current.erase(variable);
  return Value::none();
}

/// An optimizer for each parameter of the networks: what stands after `with` is
/// evaluated once for each, and called with it where it is a function.
bool Trainer::makeObjective(const ast::MinimiseStmt *stmt, Value nets,
                            StepFrame::Objective &objective, Scope &scope) {
  FuncFrame *outer = std::exchange(func, nullptr);
  bool isGood = true;
  Range range = stmt->with->range;
  auto optimize = [&](model::Variable &variable, const std::string &path) {
    if (!isGood || !variable.isParam || variable.isFrozen)
      return;
    Value made = eval(stmt->with, scope);
    if (made.is(ValueKind::Function))
      made = call(made, Argument{{}, parameterRecord(variable, path), range},
                  range);
    isGood = optimizeWith(made, variable, path, range, isWithin(range),
                          objective.number, objective.optimizers);
  };
  bool isNet =
      forEachInstance(nets, stmt->over->range, [&](Instance &instance) {
        std::string path = absolutePath(&instance);
        forEachVariable(instance, path.empty() ? path : path + ".", optimize);
      });
  func = outer;
  if (isNet && isGood && objective.optimizers.empty()) {
    report(diag::NoParameter, stmt->over->range, stmt->over->range.text());
    return false;
  }
  return isNet && isGood;
}

void Trainer::finishObjectives(const ast::SectionDecl &train) {
  for (auto &[stmt, objective] : objectives.known)
    for (model::Minimise *round : objective.rounds)
      round->rounds = objective.rounds.size();
  if (model.train.accumulate > 1)
    report(diag::SettingValue, settings["accumulate"].range, "accumulate",
           std::to_string(model.train.accumulate), "1 beside `fn step`");
  Setting *optimizer = optionalSetting(train, "optimizer");
  if (optimizer && (!phase || optimizer->isOfPhase))
    report(diag::WrongPlace, optimizer->range,
           "an `optimizer` beside `fn step`");
}
