//===- Scalars.h - Types, tensors and element expressions -----------------===//
//
// The part of the typed model that says what an element is: a tree of scalars
// over the indices of one definition. Nodes lie in the model's arena, are
// trivially destructible, and are told apart llvm-style.
//
//===----------------------------------------------------------------------===//
#ifndef OGEE_LANG_CHECK_SCALARS_H
#define OGEE_LANG_CHECK_SCALARS_H

#include "lang/Range.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/Casting.h"

namespace ogee::model {

using llvm::ArrayRef;
using llvm::StringRef;

/// Int is i32 in a tensor and `index` in an element expression.
enum class Element : uint8_t { Bool, Int, F32, F64 };

/// As the language writes it.
StringRef spelling(Element element);

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

} // namespace ogee::model

#endif // OGEE_LANG_CHECK_SCALARS_H
