//===- Model.h - The typed model: what Check hands to Import --------------===//
//
// Everything is decided here: sizes, paths, types, which instance a name means.
// A function is a list of operations on tensors in the order of the text; an
// index expression is a tree of scalars below one Define. Nodes lie in the
// model's arena, are trivially destructible, and are told apart llvm-style.
//
//===----------------------------------------------------------------------===//
#ifndef OGEE_LANG_CHECK_MODEL_H
#define OGEE_LANG_CHECK_MODEL_H

#include "lang/Range.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/Casting.h"
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

using llvm::ArrayRef;
using llvm::StringRef;

/// Int is i32 in a tensor and `index` in an element expression.
enum class Element : uint8_t { Bool, Int, F32, F64 };

inline bool isFloat(Element element) { return element >= Element::F32; }

/// Element and extents of a tensor; [] is a scalar.
struct Type {
  Element element = Element::F32;
  ArrayRef<int64_t> shape;
  /// Bounds of an Int, half open; used to prove subscripts.
  int64_t low = INT32_MIN, high = int64_t(INT32_MAX) + 1;
};

struct Func;
struct Define;

/// A value of a function: the result of an Op or an argument.
struct Tensor {
  Type type;
  Range range; ///< Where it is made.
  Func *owner;
  unsigned id; ///< Dense from 0 in its function.
};

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

/// An index of a definition or of a reduction: runs from 0 to `extent`. What
/// the text calls by its name may be `low + step * index`.
struct Index {
  StringRef name;
  Range range;
  int64_t extent = -1; ///< Known when Check is done.
  Range extentRange;   ///< Where the extent came from.
};

enum class ScalarKind {
  Const,
  Index,
  RunTime,
  Read,
  Op,
  Tuple,
  If,
  Reduce,
  Softmax
};

enum class ScalarOp {
#define OGEE_SCALAR_OP(name, spelling, operands) name,
#include "lang/Check/Ops.def"
};

/// As the language and its messages write it.
StringRef spelling(ScalarOp op);

inline bool isComparison(ScalarOp op) {
  return op >= ScalarOp::Equal && op <= ScalarOp::GreaterEqual;
}

inline bool isLogical(ScalarOp op) {
  return op >= ScalarOp::And && op <= ScalarOp::Not;
}

struct Scalar {
  ScalarKind kind;
  Element element;
  Range range;
  /// No read and no index below: one value for a whole step (or for good).
  bool isUniform = false;
  /// A number from literals: takes the float type that it meets.
  bool isLiteral = false;
};

template <ScalarKind K> struct ScalarOf : Scalar {
  ScalarOf(Element element, Range range) : Scalar{K, element, range} {}
  static bool classof(const Scalar *scalar) { return scalar->kind == K; }
};

/// A constant; `integer` holds Bool and Int, `number` the floats.
struct ConstScalar : ScalarOf<ScalarKind::Const> {
  int64_t integer = 0;
  double number = 0;
};

struct IndexScalar : ScalarOf<ScalarKind::Index> {
  Index *index;
};

/// `step`, `steps` or `seed`, as F64.
struct RunTimeScalar : ScalarOf<ScalarKind::RunTime> {
  StringRef name;
};

/// An element of a tensor; `otherwise` (null if absent) is its value outside.
struct ReadScalar : ScalarOf<ScalarKind::Read> {
  Tensor *tensor;
  ArrayRef<Scalar *> subscripts;
  Scalar *otherwise;
};

struct OpScalar : ScalarOf<ScalarKind::Op> {
  ScalarOp op;
  ArrayRef<Scalar *> operands;
};

/// `(i, j)`: i * |j| + j. Every part runs from 0 to its index's extent.
struct TupleScalar : ScalarOf<ScalarKind::Tuple> {
  ArrayRef<Scalar *> parts;
  ArrayRef<Index *> indices; ///< Of the parts.
};

struct IfScalar : ScalarOf<ScalarKind::If> {
  Scalar *cond, *then, *otherwise;
};

enum class ReduceKind {
#define OGEE_REDUCE(name, spelling) name,
#include "lang/Check/Reductions.def"
};

/// `sum[i, j where c](e)`; `where` is null if absent.
struct ReduceScalar : ScalarOf<ScalarKind::Reduce> {
  ReduceKind reduce;
  ArrayRef<Index *> indices;
  Scalar *where;
  Scalar *body;
};

/// `softmax[k where c](e)` read at `at`; `index` is a fresh one in the body.
struct SoftmaxScalar : ScalarOf<ScalarKind::Softmax> {
  Scalar *at;
  Index *index;
  Scalar *where;
  Scalar *body;
};

/// Replaces every operand by what `map` makes of it; an absent one stays so.
void mapOperands(Scalar &scalar, llvm::function_ref<Scalar *(Scalar *)> map,
                 llvm::BumpPtrAllocator &arena);

/// Calls `visit` for every operand that is there.
void forEachOperand(const Scalar &scalar,
                    llvm::function_ref<void(const Scalar *)> visit);

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
