//===- Elaborator.h - The interpreter that is Check -----------------------===//
//
// One class with its methods in files by family:
//   Names         scopes, lookup, `use`     Evaluate      expressions
//   Statements    blocks, bindings, loops   Writes        y[..] = e
//   Numbers       compile-time arithmetic   Arithmetic    of elements
//   WholeTensors  operators without index   Tensors       what makes a tensor
//   Elements      definitions, indices      Subscripts    x[..]
//   Tables        trees of constants        Scatter       y[place[i]] = e
//   Draws         x ~ distribution          Tests         test blocks
//   Reductions    f[i](e), built in         UserReductions  and of the user
//   Ranges        extents of indices        Bounds        reads lie inside
//   Functions     calls, reuse              Types         do arguments fit
//   Instances     archs, parameters         Builtins      built-in functions
//   Train         settings                  Data          fields, entries
//   Phases        stretches of training
//   Optimize      optimizers, the tree      Describe      words and keys
//   Nets          copy, frozen, load        Minimise      objectives of a step
//
// What is being elaborated is told by two frames: FuncFrame, the function whose
// operations are collected, and ElementFrame, the element definition in it.
//
//===----------------------------------------------------------------------===//
#ifndef OGEE_LANG_CHECK_ELABORATOR_H
#define OGEE_LANG_CHECK_ELABORATOR_H

#include "lang/Check/Check.h"
#include "lang/Check/Frames.h"
#include "llvm/ADT/DenseMap.h"
#include <deque>
#include <map>
#include <set>

namespace ogee::checking {

class Elaborator {
public:
  Elaborator(CheckedModel &model, const CheckOptions &options,
             DiagnosticSink &sink)
      : model(model), options(options), sink(sink), builtins(nullptr),
        library(&builtins) {}

  void run(const ast::File &file);

private:
  //===-- Names ---------------------------------------------------------===//
  void defineBuiltins();
  void loadLibrary();
  void declare(const ast::File &file, Scope &scope);
  void useFile(const ast::UseDecl &use, const ast::File &from, Scope &scope);
  Binding *find(Scope &scope, StringRef name);
  Value lookup(StringRef name, Range range, Scope &scope);
  void suggest(Report &diagnostic, StringRef name, Range range,
               ArrayRef<StringRef> candidates);
  bool isDeclared(Scope &scope, StringRef name);
  Scope *readFile(const std::string &path, const ast::UseDecl &use);

  //===-- Evaluate ------------------------------------------------------===//
  Value eval(const ast::Expr *expr, Scope &scope);
  Value evalKind(const ast::Expr *expr, Scope &scope);
  Value evalIf(const ast::IfExpr *expr, Scope &scope);
  Value evalElementIf(const ast::IfExpr *expr, Value cond, Scope &scope);
  Value evalMember(const ast::MemberExpr *expr, Scope &scope);
  Value evalList(const ast::ListExpr *expr, Scope &scope);
  Value evalComprehension(const ast::ComprehensionExpr *expr, Scope &scope);
  Value evalTuple(const ast::TupleExpr *expr, Scope &scope);
  Value evalRange(const ast::RangeExpr *expr, Scope &scope);
  Value evalBinary(const ast::BinaryExpr *expr, Scope &scope);
  Value evalUnary(const ast::UnaryExpr *expr, Scope &scope);
  Value makeList(ArrayRef<Value> elements, ArrayRef<StringRef> names,
                 ValueKind kind);
  std::optional<int64_t> evalInt(const ast::Expr *expr, Scope &scope);
  std::optional<int64_t> asInt(Value value, Range range);
  std::optional<double> asNumber(Value value, Range range);
  std::optional<SmallVector<Value>> asSequence(Value value, Range range);
  bool bindNames(ArrayRef<ast::Ident> names, Value value, Range range,
                 Scope &scope, NameKind kind = NameKind::Value);

  //===-- Statements ----------------------------------------------------===//
  Value evalBlock(const ast::Block &block, Scope &parent);
  Value evalStmts(const ast::Block &block, Scope &scope);
  Value execute(const ast::Stmt *stmt, Scope &scope);
  void executeBinding(const ast::BindingStmt *stmt, Scope &scope);
  void executeAssign(const ast::AssignStmt *stmt, Scope &scope);
  void assignName(StringRef name, Value value, Range range, Scope &scope);
  void assignVar(Binding &binding, StringRef name, Value value, Range range);
  Value executeFor(const ast::ForStmt *stmt, Scope &scope);
  void executeRequire(const ast::RequireStmt *stmt, Scope &scope);
  Value bindingValue(const ast::BindingStmt *stmt, Scope &scope);
  void recordValue(const ast::BindingStmt *stmt, Value value);
  void functionState(const ast::BindingStmt *stmt, Scope &scope);

  //===-- Draws ---------------------------------------------------------===//
  Value drawValue(const ast::BindingStmt *stmt, Scope &scope);
  Value drawByIndex(const ast::BindingStmt *stmt, std::optional<Type> type,
                    Scope &scope);
  model::Tensor *emitDraw(const ast::BindingStmt *stmt, Type type,
                          const model::Init &init);
  Value drawnFrom(const DistributionValue &from, Value drawn, Range range);
  bool checkDrawn(const ast::BindingStmt *stmt, Value from,
                  std::optional<Element> element);
  bool drawnInit(const ast::BindingStmt *stmt, Scope &scope,
                 model::Variable &variable);

  //===-- Writes --------------------------------------------------------===//
  void writeElements(const ast::AssignStmt *stmt, Scope &scope);
  Value writeIndices(const ast::AssignStmt *stmt, const TensorValue *old,
                     Scope &scope);
  Value writtenElement(const ast::AssignStmt *stmt, Scalar *old,
                       const ast::Expr *condition, Scope &scope);
  Value writeSlice(const ast::AssignStmt *stmt, const TensorValue *old,
                   Scope &scope);
  std::optional<SmallVector<Value>> sliceItems(const ast::Bracket &bracket,
                                               ArrayRef<int64_t> shape,
                                               Scope &scope);
  Scalar *slicedElement(ArrayRef<SliceDim> dims, const TensorValue *old,
                        const TensorValue *written, ArrayRef<Scalar *> place,
                        Range range);

  //===-- Scatter -------------------------------------------------------===//
  void newNames(const ast::Expr *expr, Scope &scope,
                SmallVector<const ast::Expr *> &found);
  bool writtenPlace(const ast::SubscriptExpr *target, ArrayRef<int64_t> shape,
                    Scope &scope, ElementFrame &frame, Write &write);
  Scalar *placeNumber(const Write &write, ArrayRef<int64_t> shape, Range range);
  Value emitScatter(const ast::AssignStmt *stmt, model::Tensor *old,
                    const Write &write);
  Value scatterElements(const ast::AssignStmt *stmt,
                        const TensorValue *oldValue, Scope &scope);

  //===-- Arithmetic ----------------------------------------------------===//
  Value binary(model::ScalarOp op, Value lhs, Value rhs, Range range);
  Value unary(model::ScalarOp op, Value operand, Range range);
  double computeNumber(model::ScalarOp op, double x);
  Value numbers(model::ScalarOp op, Value lhs, Value rhs, Range range);
  Value integers(model::ScalarOp op, int64_t lhs, int64_t rhs, Range range);
  Value scalars(model::ScalarOp op, Scalar *lhs, Scalar *rhs, Range range);
  Value tensors(model::ScalarOp op, Value lhs, Value rhs, Range range);
  Scalar *makeOp(model::ScalarOp op, Element element,
                 ArrayRef<Scalar *> operands, Range range);
  Scalar *makeInt(int64_t value, Range range);
  Scalar *makeConst(Element element, double number, int64_t integer,
                    Range range);
  std::optional<Element> commonFloat(Scalar *lhs, Scalar *rhs);
  std::optional<Element> commonElement(Scalar *lhs, Scalar *rhs);
  Scalar *coerce(Scalar *scalar, Element to);
  Value convert(Value value, Element to, Range range);
  Scalar *hoist(Scalar *scalar, Element to);
  Scalar *fitElement(Scalar *scalar, Element to);
  Scalar *asScalar(Value value, Range range);
  Value matmul(Value lhs, Value rhs, Range range);
  void reportOperands(StringRef op, Value lhs, Value rhs, Range range);

  //===-- Tensors -------------------------------------------------------===//
  const TensorValue *asTensor(Value value, Range range);
  const TensorValue *
  makeLazy(Type type, Range range,
           std::function<Scalar *(ArrayRef<Scalar *>)> element);
  const TensorValue *nodeValue(model::Tensor *tensor);
  Value settle(Value value, Range range);
  model::Tensor *materialise(const TensorValue *tensor, Range range);
  model::Tensor *define(Type type, ArrayRef<model::Index *> indices,
                        Scalar *body, Range range);
  model::Tensor *define(Type type, ArrayRef<model::Index *> indices,
                        ArrayRef<unsigned> groups, Scalar *body, Range range);
  Scalar *elementAt(const TensorValue *tensor, ArrayRef<Scalar *> place,
                    Range range);
  Scalar *read(model::Tensor *tensor, ArrayRef<Scalar *> place, Range range);
  void takeDigits(ArrayRef<model::Index *> digits, Scalar *place, Range range,
                  llvm::DenseMap<const model::Index *, Scalar *> &map);
  model::Tensor *getVariable(const VariableValue *variable, Range range);
  model::Tensor *newTensor(Type type, Range range);
  Scalar *substitute(Scalar *scalar,
                     const llvm::DenseMap<const model::Index *, Scalar *> &map);

  //===-- Elements ------------------------------------------------------===//
  bool hasOpenDots(const ast::Expr *expr, Scope &scope);
  bool isElementWise(const ast::Expr *callee, Scope &scope);
  Value implicitDefinition(const ast::Expr *expr, Scope &scope);
  Value elementDefinition(const ast::Bracket *bracket, const ast::Expr *value,
                          Scope &scope, Range range);
  Value nestedDefinition(const ast::Bracket *bracket, const ast::Expr *expr,
                         Scope &scope, Range range);
  Value finishDefinition(ArrayRef<SmallVector<OpenIndex *>> dims, Value value,
                         Range range, ElementFrame &frame);
  bool introduce(const ast::Expr *item, Scope &scope, ElementFrame &frame,
                 llvm::SmallVectorImpl<OpenIndex *> &indices, bool fromZero);
  std::optional<Value> writtenRange(OpenIndex *index,
                                    const ast::BinderExpr *binder, Scope &scope,
                                    bool fromZero);
  OpenIndex *newIndex(StringRef name, Range range, ElementFrame &frame);
  Scalar *indexScalar(OpenIndex *index, Range range);
  ArrayRef<OpenIndex *> openDots(ElementFrame &frame, Scope &scope,
                                 ArrayRef<int64_t> extents, Range range);
  bool fixDots(ElementFrame &frame, Scope &scope, Range range);

  //===-- Subscripts ----------------------------------------------------===//
  Value evalSubscript(const ast::SubscriptExpr *expr, Scope &scope);
  Value subscript(const ast::SubscriptExpr *expr, Value base, Scope &scope);
  Value listElement(const ast::SubscriptExpr *expr, Value base, Scope &scope);
  Value tensorElement(const ast::SubscriptExpr *expr, Value base, Scope &scope);
  bool dotSubscripts(const ast::Expr *item, ArrayRef<int64_t> extents,
                     Scope &scope, Subscripts &subscripts);
  Value subscriptValue(const ast::Expr *item, int64_t extent, Scope &scope);
  bool evalSubscripts(const ast::Bracket &bracket, ArrayRef<int64_t> shape,
                      Scope &scope, Subscripts &subscripts);
  Value readElement(const ast::SubscriptExpr *expr, const TensorValue *tensor,
                    const Subscripts &subscripts, Scope &scope);
  Value slice(const TensorValue *base, ArrayRef<Value> items,
              const ast::SubscriptExpr *expr);
  SmallVector<SliceDim> sliceDims(const TensorValue *base,
                                  ArrayRef<Value> items);
  Scalar *tupleSubscript(const ast::TupleExpr *tuple, Scope &scope);

  //===-- Reductions ----------------------------------------------------===//
  Value evalReduction(const ast::CallExpr *call,
                      const ast::SubscriptExpr *callee, Scope &scope);
  Value reduceIn(Value function, const ast::CallExpr *call,
                 const ast::SubscriptExpr *callee, Scope &scope,
                 ElementFrame &frame);
  Value reduceBody(Builtin builtin, const ast::CallExpr *call,
                   const ast::SubscriptExpr *callee, Scope &scope,
                   ElementFrame &frame);
  Value softmaxBody(const ast::CallExpr *call, const ast::SubscriptExpr *callee,
                    Scope &scope, ElementFrame &frame);
  Value userReduction(Value function, const ast::CallExpr *call,
                      const ast::SubscriptExpr *callee, Scope &scope,
                      ElementFrame &frame);
  Value callOnElements(Value function, Scalar *body,
                       ArrayRef<OpenIndex *> order, const ast::CallExpr *call,
                       ElementFrame &frame);
  OpenIndex *keptIndex(const ast::SubscriptExpr *callee, Scope &scope,
                       Scope &inner, ElementFrame &frame, Scalar *&at);
  Scalar *closedBody(const ast::CallExpr *call,
                     const ast::SubscriptExpr *callee, Scope &scope,
                     Scalar *&where);
  Scalar *evalCondition(const ast::Expr *expr, Scope &scope, bool &isError);

  //===-- Ranges and Bounds ---------------------------------------------===//
  bool solveRanges(ElementFrame &frame, ArrayRef<OpenIndex *> wanted);
  bool solveBare(ElementFrame &frame, bool withElse, bool &failed);
  bool solveTuples(ElementFrame &frame, bool &failed);
  bool solveAffine(ElementFrame &frame);
  void proveReads(ElementFrame &frame);
  void proveRead(const ReadSite &site);

  //===-- Functions -----------------------------------------------------===//
  Value evalCall(const ast::CallExpr *expr, Scope &scope);
  Value callWith(Value callee, const ast::CallExpr *expr, Scope &scope);
  Value call(Value callee, ArrayRef<Argument> args, Range range);
  Value callFunction(const FunctionValue *function, ArrayRef<Argument> args,
                     Range range);
  bool assignArguments(StringRef name, ArrayRef<ast::Parameter> params,
                       ArrayRef<Argument> args,
                       llvm::SmallVectorImpl<const Argument *> &given);
  std::string functionKey(const FunctionValue *function, const Scope &frame,
                          const Instance *self);
  std::unique_ptr<model::Func> newFunction(const FunctionValue *function,
                                           const Instance *self);
  bool bindArguments(StringRef name, ArrayRef<ast::Parameter> params,
                     ArrayRef<Argument> args, Range range, Scope &scope);
  bool matchType(const ast::TypeExpr *type, Value &value, Range range,
                 Scope &scope, StringRef name);
  bool matchShape(const ast::TypeExpr *type, const Type &actual, Range range,
                  Scope &scope, StringRef name);
  bool matchKind(const ast::TypeExpr *type, Value &value, Range range);
  bool matchElement(const ast::TypeExpr *type, const Type &actual, Value &value,
                    Range range, Scope &scope);
  bool evalBounds(const ast::TypeExpr *type, Scope &scope, Type &result);
  Value callShared(const FunctionValue *function, Scope &frame, Range range);
  FuncEntry *elaborate(const FunctionValue *function, Scope &frame,
                       Instance *self);
  void finishStates(FuncFrame &frame);
  bool checkResult(const FunctionValue *function, Value &value, Scope &scope);
  Value emitCall(const FuncEntry &entry, const std::string &path,
                 ArrayRef<model::Tensor *> args, Range range);
  Value mapTensors(Value value,
                   llvm::function_ref<Value(const TensorValue *)> map);
  bool isInline(const FunctionValue *function, Scope &frame);
  std::optional<Type> evalType(const ast::TypeExpr *type, Scope &scope);
  std::optional<Element> elementOf(StringRef word);
  std::string relativePath(Instance *to);
  std::string variablePath(const VariableValue *variable);
  static std::string absolutePath(const Instance *instance);
  void writeKey(llvm::raw_ostream &os, Value value);
  void writeKey(llvm::raw_ostream &os, const Scalar *scalar);

  //===-- Instances -----------------------------------------------------===//
  Value instantiate(const ArchValue *arch, ArrayRef<Argument> args,
                    Range range);
  void executeMembers(const ast::Block &block, Scope &scope,
                      Instance &instance);
  void executeMember(const ast::Stmt *stmt, Scope &scope, Instance &instance);
  void declareVariable(const ast::BindingStmt *stmt, Scope &scope,
                       Instance &instance);
  bool initialValue(const ast::BindingStmt *stmt, Scope &scope,
                    model::Variable &variable);
  bool distributionInit(Value value, Range range, model::Init &init);
  bool tableInit(const TensorValue *tensor, Range range,
                 model::Variable &variable);
  void adopt(Value value, Instance *parent, StringRef name);

  //===-- Minimise ------------------------------------------------------===//
  Value minimise(const ast::MinimiseStmt *stmt, Scope &scope);
  bool makeObjective(const ast::MinimiseStmt *stmt, Value nets,
                     StepFrame::Objective &objective, Scope &scope);
  std::string objectiveName(const ast::MinimiseStmt *stmt);
  model::Tensor *asLoss(Value value, Range range);
  void finishObjectives(const ast::SectionDecl &train);

  //===-- Nets ----------------------------------------------------------===//
  Value copyNet(Value net, Range range);
  Instance *copyInstance(Instance &from, Range range);
  Value copyArgument(Value value, const Instance &owner, Range range);
  void linkCopy(const Instance &from, const Instance &to);
  std::string copiedPath(const model::Variable *copy);
  Value frozenNet(Value net, Range range);
  Value loadNet(Value net, Value file, Range range);
  static void forEachVariable(
      Instance &instance, const std::string &prefix,
      llvm::function_ref<void(model::Variable &, const std::string &)> visit);
  bool forEachInstance(Value net, Range range,
                       llvm::function_ref<void(Instance &)> visit);
  Value matches(ArrayRef<Argument> args);
  std::string pathOfFile(StringRef path);

  //===-- Tables --------------------------------------------------------===//
  std::optional<double> fold(const Scalar *scalar, FoldPlace &place);
  std::optional<double> foldClosed(const Scalar *scalar, FoldPlace &place);
  bool foldKept(ArrayRef<model::Index *> indices, const Scalar *where,
                const Scalar *body, FoldPlace &place, SmallVector<double> &kept,
                SmallVector<int64_t> &places);
  model::Tensor *emitTable(const TensorValue &tensor);
  void boundIntegers(Type &type, ArrayRef<model::Index *> indices,
                     const Scalar *body);

  //===-- Builtins ------------------------------------------------------===//
  Value callBuiltin(Builtin builtin, ArrayRef<Argument> args, Range range);
  Value callMath(model::ScalarOp op, ArrayRef<Argument> args, Range range);
  Value callOther(Builtin builtin, ArrayRef<Argument> args, Range range);
  Value distribution(model::Distribution kind, Value a, Value b);
  Value toInt(Value value, Range range);
  double foldOp(model::ScalarOp op, ArrayRef<double> parts, bool isInt);
  static StringRef spelling(Builtin builtin);

  //===-- Train ---------------------------------------------------------===//
  const ast::SectionDecl *chooseTrain(const ast::File &file);
  const ast::SectionDecl *chooseTest(const ast::File &file, bool &hasTests);
  void choosePrecision(const ast::SectionDecl &train, Scope &scope);
  const Override *findOverride(const ast::SectionDecl &train, StringRef name);
  Value overrideValue(const Override &given, Value old, Scope &scope,
                      Range &range);
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
  void runStretch(const ast::SectionDecl &train, Scope &scope);
  void freezeUntrained();
  Setting *setting(const ast::SectionDecl &train, StringRef name);
  Setting *optionalSetting(const ast::SectionDecl &train, StringRef name);
  void readNumbers(const ast::SectionDecl &train);
  void readEvaluate(const ast::SectionDecl &train);
  void checkOverrides(const ast::SectionDecl &train, Scope &outer,
                      Scope &scope);

  //===-- Tests ---------------------------------------------------------===//
  void runTest(const ast::SectionDecl &test, Scope &file);
  bool requireInTest(const ast::RequireStmt *stmt, Scope &scope);
  void requireClose(const ast::CallExpr *call, Scope &scope, Range range);
  void emitRequirement(const TensorValue *cond, const TensorValue *a,
                       const TensorValue *b, Range range);
  std::string requirementName(Range range, ArrayRef<int64_t> shape);
  void recordMetric(const llvm::Twine &name, Scalar *value, Range range);
  void adoptInTest(Value value, StringRef name);

  //===-- Data ----------------------------------------------------------===//
  std::optional<model::Setting> toSetting(StringRef name, Value value,
                                          Range range);
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
  void optimize(Value optimizer, Range range,
                std::vector<model::Optimize> &into);
  bool optimizeWith(Value made, model::Variable &variable,
                    const std::string &path, Range range, int64_t objective,
                    std::vector<model::Optimize> &into);
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
  std::string stateName(StringRef name);
  void warnUnused(const model::Instance &instance, const std::string &path);
  void finishTree();

  //===-- Small things --------------------------------------------------===//
  template <class... Args>
  Report report(const DiagnosticKind<Args...> &kind, Range range,
                std::type_identity_t<Args>... args) {
    return {sink.report(kind, range, args...),
            [this](Report &message) { noteCalls(message); }};
  }
  template <class... Args>
  void note(Report &message, const DiagnosticKind<Args...> &kind, Range range,
            std::type_identity_t<Args>... args) {
    sink.note(message.diagnostic, kind, range, args...);
  }
  void noteCalls(Report &message);
  template <class T, class... Args> T *make(Args &&...args) {
    return new (model.arena) T{std::forward<Args>(args)...};
  }
  template <class T> ArrayRef<T> copy(ArrayRef<T> list) {
    return list.copy(model.arena);
  }
  StringRef save(const llvm::Twine &text) {
    return StringRef(text.str()).copy(model.arena);
  }
  Type makeType(Element element, ArrayRef<int64_t> shape) {
    Type type;
    type.element = element;
    type.shape = copy(shape);
    return type;
  }
  Scope *newScope(Scope *parent, ScopeKind kind = ScopeKind::Block) {
    return &scopes.emplace_back(parent, kind);
  }
  bool declareName(ast::Ident name, Scope &scope);
  static std::string describe(const Value &value);
  static std::string written(const Value &value);
  static std::string describe(const Type &type);
  static std::string describe(ArrayRef<int64_t> shape);
  static StringRef describe(Element element);

  CheckedModel &model;
  const CheckOptions &options;
  DiagnosticSink &sink;
  Scope builtins, library;
  std::deque<Scope> scopes;
  std::deque<TensorValue> tensorValues;
  std::deque<std::unique_ptr<Instance>> instances;
  std::map<std::string, FuncEntry> entries;
  llvm::StringMap<unsigned> funcNames;
  /// The names of each file that is used; null while it is being read.
  std::map<std::string, Scope *> usedFiles;
  FuncFrame *func = nullptr;
  ElementFrame *element = nullptr;
  bool training = true;
  bool inTest = false;
  unsigned requirements = 0; ///< Of the test, so far.
  Element precision = Element::F32;
  bool roundsProducts = false;
  /// The calls and instantiations around what is elaborated.
  SmallVector<std::pair<StringRef, Range>> calls;
  unsigned evalDepth = 0;
  Instance *root = nullptr;
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
  std::string fileName;
  std::map<std::string, size_t> instanceKeys;
  /// Of a copy's variable: whose first value it takes.
  std::map<const model::Variable *, VariableValue> copies;
  llvm::MapVector<StringRef, Setting> settings;
  std::set<size_t> usedOverrides;
  std::map<const model::Func *, std::vector<std::unique_ptr<model::Variable>>>
      functionStates;
  std::map<const model::Func *, bool> stateful; ///< Or what it calls.
  llvm::StringMap<model::Instance *> placed;    ///< By path.
  std::set<std::pair<const model::Func *, std::string>> walked;
  std::set<std::string> usedPaths;
};

} // namespace ogee::checking

#endif // OGEE_LANG_CHECK_ELABORATOR_H
