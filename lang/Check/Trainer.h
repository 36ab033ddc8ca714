//===- Trainer.h - The train block and the tests of a file --------------===//
//
// From the settings to the functions of a step. Methods lie in files by family:
//   Sections      which block is it         Overrides     the command line
//   Train         settings                  Data          fields, entries
//   Phases        stretches of training     Minimise      objectives of a step
//   Optimize      optimizers, averages      Tree          instances for Import
//   Tests         test blocks
//
//===----------------------------------------------------------------------===//
#ifndef OGEE_LANG_CHECK_TRAINER_H
#define OGEE_LANG_CHECK_TRAINER_H

#include "lang/Check/Elaborator.h"

namespace ogee::checking {

class Trainer final : Elaborator {
public:
  Trainer(CheckedModel &model, const CheckOptions &options,
          DiagnosticSink &sink)
      : Elaborator(model, options, sink) {}

  void run(const ast::File &file);

private:
  //===-- Train ---------------------------------------------------------===//
  const ast::SectionDecl *chooseTrain(const ast::File &file);
  const ast::SectionDecl *chooseTest(const ast::File &file, bool &hasTests);
  void choosePrecision(const ast::SectionDecl &train, Scope &scope);
  const Override *findOverride(const ast::SectionDecl &train, StringRef name);
  Value overrideValue(const Override &given, Value old, Scope &scope,
                      Range &range);
  void overrideSetting(const Override &given, Scope &scope, Setting &setting);
  bool makeRoot(const ast::SectionDecl &train, Scope &file, Scope &scope);
  void runTrain(const ast::SectionDecl &train, Scope &file);
  const FunctionValue *objectiveFunction(const ast::SectionDecl &train,
                                         Scope &scope);
  void executeSetting(const ast::Stmt *stmt, const ast::SectionDecl &train,
                      Scope &scope);
  bool isWithin(Range range) const {
    return phase && phase->range.begin <= range.begin &&
           range.end <= phase->range.end;
  }
  void runPhases(const ast::SectionDecl &train, Scope &scope);
  bool runPhase(const ast::SectionDecl &train, const ast::SectionDecl &each,
                Scope &outer);
  static ArrayRef<StringRef> settingNames();
  static ArrayRef<StringRef> phaseSettings();
  const Override *findOverrideHere(const ast::SectionDecl &train,
                                   StringRef name);
  void overridePhase(const ast::SectionDecl &train, Scope &scope);
  void addPhaseNames(SmallVectorImpl<std::string> &known);
  std::string freeName(StringRef name);
  void runStretch(const ast::SectionDecl &train, Scope &scope);
  void freezeUntrained();
  void refuseReserved();
  Setting *setting(const ast::SectionDecl &train, StringRef name);
  Setting *optionalSetting(const ast::SectionDecl &train, StringRef name);
  void readNumbers(const ast::SectionDecl &train);
  void readEvaluate(const ast::SectionDecl &train);
  void checkOverrides(const ast::SectionDecl &train, Scope &outer,
                      Scope &scope);

  //===-- Minimise ------------------------------------------------------===//
  bool makeObjective(const ast::MinimiseStmt *stmt, Value nets,
                     StepFrame::Objective &objective, Scope &scope);
  std::string objectiveName(const ast::MinimiseStmt *stmt);
  model::Tensor *asLoss(Value value, Range range);
  void finishObjectives(const ast::SectionDecl &train);
  Value minimise(const ast::MinimiseStmt *stmt, Scope &scope) override;

  //===-- Tests ---------------------------------------------------------===//
  void runTest(const ast::SectionDecl &test, Scope &file);
  void requireClose(const ast::CallExpr *call, Scope &scope, Range range);
  void emitRequirement(const TensorValue *cond, const TensorValue *a,
                       const TensorValue *b, Range range);
  std::string requirementName(Range range, ArrayRef<int64_t> shape);
  void recordMetric(const llvm::Twine &name, Scalar *value, Range range);
  bool requireInTest(const ast::RequireStmt *stmt, Scope &scope) override;
  void adoptInTest(Value value, StringRef name) override;

  //===-- Data ----------------------------------------------------------===//
  std::optional<model::Setting> toSetting(StringRef name, Value value,
                                          Range range);
  void chooseData(const Setting &data, const ast::SectionDecl &train);
  void dataRecord(const Setting &data, const ast::SectionDecl &train);
  std::optional<Type> fieldType(const ast::Parameter &param, Scope &scope);
  std::optional<Value> batchField(const ast::Parameter &param,
                                  model::Func &function, Scope &scope);
  Value makeExamples(Range range);
  std::optional<Value> exampleField(const ast::Parameter &param,
                                    const Value &made);
  void evalStep(const FunctionValue *step, FuncFrame &frame, Scope &scope);
  model::Func *lossFunction(const FunctionValue *loss, bool isTraining);
  void sampleFunction();

  //===-- Optimize ------------------------------------------------------===//
  Value ruleFor(const Setting &rule, bool isFirst,
                const model::Variable &variable, StringRef path);
  void optimize(const Setting &optimizer, std::vector<model::Optimize> &into);
  bool optimizeWith(Value made, model::Variable &variable,
                    const std::string &path, Range range, bool isOfPhase,
                    int64_t objective, std::vector<model::Optimize> &into);
  FuncEntry *makeRule(Value rule, const model::Variable &variable,
                      const std::string &path, Range range, Instance &rules);
  void averageAll(const Setting &average);
  Value parameterRecord(const model::Variable &variable, StringRef path);
  model::Func *rateFunction(Instance &instance);
  void buildTree(const Instance &from, model::Instance &to,
                 const std::string &path);
  void walkCalls(const model::Func *function, const std::string &path);
  bool holdsStates(const model::Func *function);
  void placeStates(const model::Func *function, const std::string &path,
                   llvm::StringMap<unsigned> &calls);
  void warnUnused(const model::Instance &instance, const std::string &path);
  void finishTree();

  unsigned requirements = 0; ///< Of the test, so far.
  Instance optimizerRoot, averageRoot;
  StepFrame objectives;
  SmallVector<const ast::SectionDecl *> phases;
  const ast::SectionDecl *phase = nullptr; ///< Under way.
  /// Those that the block's `optimizer` made; every phase without one of its
  /// own goes on with them.
  std::optional<std::vector<model::Optimize>> wholeRun;
  const FunctionValue *examples = nullptr; ///< A data set that is a function.
  /// The parameters that have an optimizer, and their paths.
  llvm::MapVector<const model::Variable *, std::string> trained;
  llvm::MapVector<StringRef, Setting> settings;
  std::set<size_t> usedOverrides;
  std::map<const model::Func *, bool> stateful; ///< Or what it calls.
  llvm::StringMap<model::Instance *> placed;    ///< By path.
  std::set<std::pair<const model::Func *, std::string>> walked;
  std::set<std::string> usedPaths;
};

} // namespace ogee::checking

#endif // OGEE_LANG_CHECK_TRAINER_H
