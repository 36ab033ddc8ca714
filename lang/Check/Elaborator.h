//===- Elaborator.h - The interpreter that is Check ---------------------===//
//
// Evaluates the text. Methods lie in files by family:
//   Names         scopes, lookup, `use`     Evaluate      expressions
//   Statements    blocks, bindings, loops   Writes        y[..] = e
//   Elements      definitions, indices      Subscripts    x[..]
//   Operators     `+`, `and` and others
//   Lists         lists as values           Scatter       y[place[i]] = e
//   Draws         x ~ distribution          States        of functions
//   Reductions    f[i](e), built in         UserReductions  and of the user
//   Ranges        extents of indices        Bounds        reads lie inside
//   Functions     calls, reuse              Types         do arguments fit
//   Instances     archs, parameters         Builtins      built-in functions
//   Nets          copy, frozen, load        Describe      words and keys
//
//===----------------------------------------------------------------------===//
#ifndef OGEE_LANG_CHECK_ELABORATOR_H
#define OGEE_LANG_CHECK_ELABORATOR_H

#include "lang/Check/TensorMaker.h"

namespace ogee::checking {

class Elaborator : protected TensorMaker {
protected:
  using TensorMaker::TensorMaker;
  ~Elaborator() = default;

  //===-- What only a block knows ---------------------------------------===//
  virtual Value minimise(const ast::MinimiseStmt *stmt, Scope &scope) = 0;
  virtual bool requireInTest(const ast::RequireStmt *stmt, Scope &scope) = 0;
  virtual void adoptInTest(Value value, StringRef name) = 0;

  //===-- Names ---------------------------------------------------------===//
  void defineBuiltins();
  void loadLibrary();
  void declare(const ast::File &file, Scope &scope);
  void useFile(const ast::UseDecl &use, const ast::File &from, Scope &scope);
  Binding *find(Scope &scope, StringRef name);
  Value lookup(StringRef name, Range range, Scope &scope);
  void suggest(Report &diagnostic, StringRef name, Range range,
               ArrayRef<StringRef> candidates,
               std::optional<Foreign> kind = std::nullopt);
  bool isDeclared(Scope &scope, StringRef name);
  Scope *readFile(const std::string &path, const ast::UseDecl &use);
  bool declareName(ast::Ident name, Scope &scope);

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
  std::string stateName(StringRef name);

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

  //===-- Lists ---------------------------------------------------------===//
  Value listElement(const ast::SubscriptExpr *expr, Value base, Scope &scope);
  static bool canStack(ArrayRef<Value> parts);
  std::optional<Element> stackedElement(ArrayRef<const TensorValue *> parts,
                                        Range range);
  const TensorValue *stackList(ArrayRef<Value> elements, Range range);
  const TensorValue *tableOf(const TensorValue &stack);
  Value stackPart(const ast::SubscriptExpr *expr, const TensorValue &stack,
                  Scalar *at);
  void boundStack(Type &type, ArrayRef<const TensorValue *> parts, Range range);
  Scalar *chooseFrom(ArrayRef<const TensorValue *> parts, int64_t first,
                     ArrayRef<Scalar *> place, Element to, Range range);
  Value callChain(const ListValue &chain, ArrayRef<Argument> args, Range range);
  Value parametersOf(Value net, Range range);
  Value zipLists(ArrayRef<Argument> args, Range range);

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
  bool closesFor(Value function, const ast::SubscriptExpr *callee);
  Value callOnElements(Value function, MutableArrayRef<Argument> args,
                       ArrayRef<OpenIndex *> free, ArrayRef<OpenIndex *> closed,
                       Range range);
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
  bool matchShape(const ast::TypeExpr *type, const Type &actual,
                  const Value &value, Range range, Scope &scope,
                  StringRef name);
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

  //===-- Builtins ------------------------------------------------------===//
  Value callBuiltin(Builtin builtin, ArrayRef<Argument> args, Range range);
  Value callOther(Builtin builtin, ArrayRef<Argument> args, Range range);
  Value distribution(model::Distribution kind, Value a, Value b);
  Value toInt(Value value, Range range);
};

} // namespace ogee::checking

#endif // OGEE_LANG_CHECK_ELABORATOR_H
