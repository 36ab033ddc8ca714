//===- Model.h - The typed model: what Check hands to Import --------------===//
//
// Everything is decided here: sizes, paths, types, which instance a name means.
// A function is a list of operations on tensors in the order of the text; an
// index expression is a tree of scalars (Scalars.h) below one Define. Nodes lie
// in the model's arena, are trivially destructible, and are told apart
// llvm-style.
//
//===----------------------------------------------------------------------===//
#ifndef OGEE_LANG_CHECK_MODEL_H
#define OGEE_LANG_CHECK_MODEL_H

#include "lang/Check/Scalars.h"
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ogee {
class DiagnosticSink;
} // namespace ogee
namespace ogee::ast {
struct File;
} // namespace ogee::ast

namespace ogee::model {

//===----------------------------------------------------------------------===//
// Operations of a function
//===----------------------------------------------------------------------===//

enum class OpKind {
  Get,
  Set,
  Call,
  Define,
  Table,
  Scatter,
  Draw,
  StopGradient,
  Record,
  Minimise
};

struct Op {
  OpKind kind;
  Range range;
};

template <OpKind K> struct OpOf : Op {
  OpOf(Range range) : Op{K, range} {}
  static bool classof(const Op *op) { return op->kind == K; }
};

/// Reads a parameter or state. Paths are relative to the function's instance; a
/// leading `/` starts at the root, a leading `@` is a state of the call.
struct Get : OpOf<OpKind::Get> {
  StringRef path;
  Tensor *result;
};

struct Set : OpOf<OpKind::Set> {
  StringRef path;
  Tensor *value;
};

struct Call : OpOf<OpKind::Call> {
  Func *callee;
  StringRef path; ///< Of the instance it is called on; empty: the same.
  ArrayRef<Tensor *> args;
  ArrayRef<Tensor *> results;
};

/// A dimension of the result is one index, or several as its digits: `(h, d)`
/// is h * |d| + d.
struct Define : OpOf<OpKind::Define> {
  ArrayRef<Index *> indices;
  ArrayRef<unsigned> groups; ///< Indices of each dimension.
  Scalar *body;
  Tensor *result;
};

/// Numbers that are known while compiling, in C order.
struct Table : OpOf<OpKind::Table> {
  ArrayRef<double> values;
  Tensor *result;
};

/// Writes or adds `values`, whose last dimensions are those of `init`, at the
/// numbers `places` of the dimensions before these; a negative one is none.
struct Scatter : OpOf<OpKind::Scatter> {
  Tensor *init, *places, *values;
  bool adds;
  Tensor *result;
};

enum class Distribution {
  Constant,
  Normal,
  Uniform,
  TruncNormal,
  Table,
  Bernoulli
};

/// As the language writes it.
StringRef spelling(Distribution distribution);

struct Draw : OpOf<OpKind::Draw> {
  StringRef path;
  Distribution distribution;
  double a, b;
  Tensor *result;
};

struct StopGradient : OpOf<OpKind::StopGradient> {
  Tensor *input;
  Tensor *result;
};

struct Record : OpOf<OpKind::Record> {
  StringRef name;
  StringRef what; ///< `loss` or `metric`.
  Tensor *value;
};

/// From here on the parameters of the objective have their next values. An
/// objective that is taken several times in a step updates in rounds.
struct Minimise : OpOf<OpKind::Minimise> {
  Tensor *loss;
  int64_t objective; ///< -1: of an evaluation, which updates nothing.
  int64_t round, rounds;
};

/// One fn of an arch or of the library, for one set of hyper-parameters, shapes
/// and types. `name` is unique in the model, `component` what a study calls it.
struct Func {
  std::string name;
  std::string component;
  Range range;
  std::vector<std::string> fields; ///< Of an entry: what its arguments are.
  llvm::SmallVector<Tensor *> args;
  std::vector<Op *> body;
  llvm::SmallVector<Tensor *> results;
  unsigned tensorCount = 0;
};

//===----------------------------------------------------------------------===//
// Instances
//===----------------------------------------------------------------------===//

/// constant: a; normal: mean a, deviation b; uniform: from a up to b;
/// trunc_normal: normal cut at two deviations; table: `table`, in C order.
struct Init {
  Distribution kind = Distribution::Constant;
  double a = 0, b = 0;
  ArrayRef<double> table;
};

struct Variable {
  bool isParam;          ///< Else a state.
  bool isFrozen = false; ///< A parameter that is not trained.
  /// Of a function: each call has its own, numbered where it is not the first.
  bool isOfCall = false;
  std::string name;
  Type type;
  Init init;
  std::string role;
  Range range;
  /// Where the first value comes from instead of `init`, if not empty: the path
  /// of another variable, or a file and the tensor's name there.
  std::string copied;
  /// The phase at whose start it takes the value of `copied`.
  int64_t copiedIn = 0;
  std::string file, nameInFile;
};

/// For readers: the value as the language writes it, or in words in <>.
struct HyperParameter {
  std::string name;
  std::string value;
};

/// The path of what it holds is the names from the root joined by dots.
struct Instance {
  std::string name;
  std::string of;
  Range range;
  std::vector<HyperParameter> parameters;
  std::vector<Variable> variables;
  std::vector<std::unique_ptr<Instance>> children;
};

//===----------------------------------------------------------------------===//
// Training
//===----------------------------------------------------------------------===//

struct Optimize {
  std::string parameter; ///< Path.
  Func *callee;          ///< (w, g) -> w
  std::string instance;  ///< Path from the root, below `optimizer`.
  Func *rate;            ///< () -> F64 scalar; null where there is none.
  Range range;
  int64_t objective = 0; ///< Whose gradient g is.
  /// Of one phase: counts steps from its start.
  bool isOfPhase = false;
};

/// Keeps an average of a parameter, at the path of the instance.
struct Average {
  std::string parameter; ///< Path.
  Func *callee;          ///< (average, w) -> average
  std::string instance;  ///< Path from the root, below `average`.
  Range range;
};

/// A value of the data set's record, as it goes to the runtime.
struct Setting {
  std::string name;
  std::variant<int64_t, double, bool, std::string, std::vector<Setting>> value;
};

struct Train {
  std::string model;
  Func *step = nullptr;     ///< Fields of the batch to the loss.
  Func *evaluate = nullptr; ///< The same with `training` false.
  Func *sample = nullptr;   ///< tokens [1, T] to logits; null if there is none.
  std::vector<Setting> data;
  Element precision = Element::F32; ///< Of `float`.
  bool roundsProducts = false;      ///< Their operands, to bf16.
  int64_t first = 0;                ///< The step before which it starts.
  int64_t batch = 0, steps = 0, evaluateEvery = 0, seed = 0;
  int64_t accumulate = 1;   ///< Parts of a batch, one after the other.
  int64_t evaluateMost = 0; ///< Examples of an evaluation; 0: all.
  std::optional<double> clip;
  std::vector<Optimize> optimizers;
  std::vector<Average> averages;
  Range range;
};

} // namespace ogee::model

namespace ogee {

/// Owns the nodes and the syntax trees of the library that they point into. The
/// sink and the user's ast::File must outlive it.
struct CheckedModel {
  explicit CheckedModel(DiagnosticSink &sink);
  CheckedModel(const CheckedModel &) = delete;
  ~CheckedModel();

  DiagnosticSink *sink; ///< Turns ranges into locations.
  llvm::BumpPtrAllocator arena;
  std::vector<std::unique_ptr<ast::File>> files;
  model::Instance root;
  /// Root of the optimizers' instances, each named by its parameter's path.
  model::Instance optimizer;
  /// Of the averages, likewise.
  model::Instance average;
  std::vector<std::unique_ptr<model::Func>> funcs; ///< Callees first.
  model::Train train;
  std::vector<model::Train> phases; ///< Those after the first one, in order.
};

} // namespace ogee

#endif // OGEE_LANG_CHECK_MODEL_H
