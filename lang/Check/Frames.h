//===- Frames.h - What is being elaborated --------------------------------===//
//
// The records that methods of Elaborator hand each other, and the limits of an
// elaboration.
//
//===----------------------------------------------------------------------===//
#ifndef OGEE_LANG_CHECK_FRAMES_H
#define OGEE_LANG_CHECK_FRAMES_H

#include "lang/Check/Value.h"
#include "lang/Diagnostics.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"
#include <deque>

namespace ogee::checking {

enum class Builtin : unsigned {
#define OGEE_BUILTIN(name, spelling) name,
#include "lang/Check/Builtins.def"
#define OGEE_SCALAR_OP(name, spelling, operands)
#define OGEE_MATH_OP(name, spelling, operands) Math##name,
#include "lang/Check/Ops.def"
#define OGEE_REDUCE(name, spelling) Reduce##name,
#include "lang/Check/Reductions.def"
  Training,
  Step,
  Steps,
  Seed,
};

/// More calls inside each other are taken for a recursion.
constexpr unsigned maxCalls = 100;
/// Expressions inside each other, over all calls: what the stack can bear.
constexpr unsigned maxEvalDepth = 2000;
/// A loop is taken once for each value, so that a longer one is a mistake.
constexpr int64_t maxRounds = 1 << 16;
/// Elements of a tensor, and of a table that is computed while compiling.
constexpr int64_t maxElements = int64_t(1) << 40;
constexpr int64_t maxTable = int64_t(1) << 24;

/// An index while its range is not known yet.
struct OpenIndex : model::Index {
  bool isWritten = false;
  OpenIndex *same = nullptr; ///< Runs over the range of this one.
};

/// A read to prove: the conditions that reach it, and if its subscripts may
/// tell ranges.
struct ReadSite {
  model::ReadScalar *read;
  SmallVector<Scalar *> guards;
  bool informs;
  SmallVector<Range> items; ///< One a subscript.
};

/// The element definition being elaborated.
struct ElementFrame {
  std::deque<ReadSite> reads;
  SmallVector<Scalar *> guards;
  SmallVector<OpenIndex *> indices; ///< All that were introduced.
  /// What `..` stands for while it is open; empty optional: not known yet.
  bool dotsOpen = false;
  std::optional<SmallVector<OpenIndex *>> dots;
  /// In a condition: reads do not inform ranges.
  unsigned conditions = 0;
};

/// The function being elaborated.
struct FuncFrame {
  FuncFrame(model::Func *func, Instance *self) : func(func), self(self) {}
  model::Func *func;
  Instance *self;
  bool readsTraining = false;
  bool hasEffects = false; ///< Sets a state or records a value.
  llvm::DenseMap<const model::Variable *, model::Tensor *> current;
  llvm::MapVector<const model::Variable *, const VariableValue *> assigned;
  llvm::DenseMap<std::pair<const void *, unsigned>, model::Tensor *> hoisted;
};

/// The objectives of `fn step`. A statement that is taken several times is one
/// objective, so that its optimizers keep their state.
struct StepFrame {
  struct Objective {
    int64_t number;
    std::string name;                      ///< Under which its loss is logged.
    SmallVector<model::Minimise *> rounds; ///< Of this stretch.
    std::vector<model::Optimize> optimizers;
  };
  const FunctionValue *function = nullptr; ///< Null: the block has `fn loss`.
  FuncFrame *frame = nullptr;              ///< While it is elaborated.
  bool isMinimised = false;                ///< Has met an objective.
  llvm::MapVector<const ast::MinimiseStmt *, Objective> known;
};

/// An elaborated function, and the value that a call has: its tensors are the
/// results of `func`.
struct FuncEntry {
  model::Func *func = nullptr;
  Value result;
  bool hasEffects = false;
  bool readsTraining = false;
};

/// Where a name of another library may stand: Foreign.def.
enum class Foreign { Name, Member, Given };

struct Argument {
  ast::Ident name;
  Value value;
  Range range;
};

/// A message under way: when it ends, it says through which calls of other
/// files the place was reached.
class Report {
public:
  Report(mlir::InFlightDiagnostic &&diagnostic,
         std::function<void(Report &)> end)
      : diagnostic(std::move(diagnostic)), end(std::move(end)) {}
  Report(Report &&) = default;
  ~Report() {
    if (end)
      end(*this);
  }
  mlir::InFlightDiagnostic diagnostic;

private:
  std::function<void(Report &)> end;
};

/// One value a dimension, and where each is written.
struct Subscripts {
  SmallVector<Value> values;
  SmallVector<Range> ranges;
};

/// `y[place.. where c] = value`, over the loops of the left side.
struct Write {
  SmallVector<OpenIndex *> loops;
  SmallVector<Scalar *> place;
  SmallVector<Range> ranges;
  Scalar *where = nullptr;
  Scalar *value = nullptr;
};

/// What a slice takes of a dimension; a number drops it.
struct SliceDim {
  RangeValue range;
  bool keeps;
};

/// The values of indices while a tree of constants is computed.
using FoldPlace = llvm::DenseMap<const model::Index *, int64_t>;

/// A setting of the train block, and where it is written.
struct Setting {
  Value value;
  Range range;
  /// The text, to be evaluated again where a value is made for each parameter.
  const ast::Expr *expr = nullptr;
  Scope *scope = nullptr;
  bool isOfPhase = false; ///< Said by the phase under way, not by the block.
};

} // namespace ogee::checking

#endif // OGEE_LANG_CHECK_FRAMES_H
