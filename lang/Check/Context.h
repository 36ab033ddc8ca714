//===- Context.h - What all of Check shares -----------------------------===//
//
// The model under way, messages, and where the elaboration stands, which two
// frames tell: FuncFrame, the function whose operations are collected, and
// ElementFrame, the element definition in it.
//
//===----------------------------------------------------------------------===//
#ifndef OGEE_LANG_CHECK_CONTEXT_H
#define OGEE_LANG_CHECK_CONTEXT_H

#include "lang/Check/Check.h"
#include "lang/Check/Frames.h"
#include "llvm/ADT/DenseMap.h"
#include <deque>
#include <map>
#include <set>

namespace ogee::checking {

class Context {
protected:
  Context(CheckedModel &model, const CheckOptions &options,
          DiagnosticSink &sink)
      : model(model), options(options), sink(sink), builtins(nullptr),
        library(&builtins) {}

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
  Value makeList(ArrayRef<Value> elements, ArrayRef<StringRef> names,
                 ValueKind kind);
  void writeKey(llvm::raw_ostream &os, Value value);
  void writeKey(llvm::raw_ostream &os, const Scalar *scalar);
  static std::string describe(const Value &value);
  static std::string written(const Value &value);
  static std::string describe(const Type &type);
  static std::string describe(ArrayRef<int64_t> shape);
  static StringRef describe(Element element) {
    return model::spelling(element);
  }
  void noteOrigin(Report &diagnostic, const TensorValue &tensor, Range at);
  static StringRef spelling(Builtin builtin);

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
  Element precision = Element::F32;
  bool roundsProducts = false;
  /// The calls and instantiations around what is elaborated.
  SmallVector<std::pair<StringRef, Range>> calls;
  unsigned evalDepth = 0;
  /// Whose function an argument is bound to; null for one of no instance.
  const Instance *callee = nullptr;
  /// The instance whose function made the tensor.
  llvm::DenseMap<const model::Tensor *, const Instance *> madeBy;
  Instance *root = nullptr;
  int64_t phaseNumber = 0;
  std::string fileName;
  std::map<std::string, size_t> instanceKeys;
  /// Of a copy's variable: whose first value it takes.
  std::map<const model::Variable *, VariableValue> copies;
  std::map<const model::Func *, std::vector<std::unique_ptr<model::Variable>>>
      functionStates;
};

} // namespace ogee::checking

#endif // OGEE_LANG_CHECK_CONTEXT_H
