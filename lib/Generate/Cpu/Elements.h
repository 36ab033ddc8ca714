// Evaluates any tensor value of a kernel at a point, by need: the one place
// where prologues, epilogues, row chains and moves become code. A point is one
// affine expression a dimension over *variables*: variable 0 is the lane (0, 1,
// .. lanes-1), the others are SSA integers. As a symbolic form it survives
// reshapes: a slice of a collapse of an argument still becomes one contiguous
// load, because (x floordiv c) * c + x mod c folds back to x.
#ifndef OGEE_LIB_GENERATE_CPU_ELEMENTS_H
#define OGEE_LIB_GENERATE_CPU_ELEMENTS_H

#include "lib/Generate/Cpu/Frame.h"
#include "lib/Generate/Cpu/Views.h"
#include "lib/Nn/Nn.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/AffineMap.h"

#include <map>
#include <optional>
#include <vector>

namespace ogee {

class Elements {
public:
  Elements(Frame &frame, int64_t lanes);

  mlir::AffineExpr lane() const;
  /// A new variable for an i64, known to be a multiple of `multipleOf`. A
  /// vector of i64 makes a coordinate that differs freely between lanes.
  mlir::AffineExpr variable(mlir::Value value, int64_t multipleOf = 1);
  mlir::AffineExpr constant(int64_t value) const;
  int64_t lanes() const { return laneCount; }

  /// Lanes off in `mask` (vector<lanes x i1>) are neither loaded nor stored;
  /// null: all on. Applies to what depends on the lane.
  void setMask(mlir::Value mask) { this->mask = mask; }

  /// Element `point` of `tensor`: a scalar if it is the same in all lanes, else
  /// a vector. Computed once a scope.
  mlir::Value read(mlir::Value tensor, llvm::ArrayRef<mlir::AffineExpr> point);
  /// The same, always as a vector.
  mlir::Value readVector(mlir::Value tensor,
                         llvm::ArrayRef<mlir::AffineExpr> point);
  /// From here `read` gives `value` at this point of `tensor` (an accumulator,
  /// the sum of a row).
  void bind(mlir::Value tensor, llvm::ArrayRef<mlir::AffineExpr> point,
            mlir::Value value);
  /// `tensor` lies in memory at `pointer`, in C order unless strides (in
  /// elements) are given. Arguments are placed from the start.
  void place(mlir::Value tensor, mlir::Value pointer,
             llvm::ArrayRef<int64_t> strides = {});
  void displace(mlir::Value tensor) { memories.erase(tensor); }
  /// Writes to the kernel's result at a point of the result.
  void store(unsigned result, llvm::ArrayRef<mlir::AffineExpr> point,
             mlir::Value value);
  /// Writes to and reads from a tensor that `place` gave memory; nothing is
  /// remembered.
  void write(mlir::Value tensor, llvm::ArrayRef<mlir::AffineExpr> point,
             mlir::Value value);
  mlir::Value fetch(mlir::Value tensor, llvm::ArrayRef<mlir::AffineExpr> point);
  /// Evaluates the sink's value at a point of that value and stores it.
  void store(const Sink &sink, llvm::ArrayRef<mlir::AffineExpr> point);
  /// The same for several at one point. All are evaluated before one is stored:
  /// a result may lie where an operand of another one lies.
  void store(llvm::ArrayRef<Sink> sinks,
             llvm::ArrayRef<mlir::AffineExpr> point);
  /// The same for a point that may lie outside of the value: then nothing.
  void storeInside(const Sink &sink, llvm::ArrayRef<mlir::AffineExpr> point);
  /// A reduction's body at a point of its loops, joined with `accumulator`;
  /// lanes that are off keep theirs.
  mlir::Value accumulate(mlir::linalg::GenericOp op,
                         llvm::ArrayRef<mlir::AffineExpr> loops,
                         mlir::Value accumulator);
  /// Asks memory for what `store` of these sinks will read and write.
  void prefetch(llvm::ArrayRef<Sink> sinks,
                llvm::ArrayRef<mlir::AffineExpr> point);
  /// Computes now what `tensor` at `point` needs and does not vary by lane, so
  /// that a loop over lanes finds it done.
  void hoist(mlir::Value tensor, llvm::ArrayRef<mlir::AffineExpr> point);

  /// The integer (or vector of integers) that an expression stands for.
  mlir::Value materialise(mlir::AffineExpr expression);
  /// The same after simplifying.
  mlir::Value offset(mlir::AffineExpr expression) {
    return materialise(simplify(expression));
  }
  /// An i64, or a vector of them, as index.
  mlir::Value asIndex(mlir::Value i64);
  /// A copy of a scalar operation over vectors if one of `operands` is one.
  mlir::Value cloneBody(mlir::Operation *op, mlir::ValueRange operands);
  /// Runs `block`'s operations on `arguments`; the terminator's operands.
  llvm::SmallVector<mlir::Value> cloneBlock(mlir::Block &block,
                                            mlir::ValueRange arguments);

  /// Whether something could not be evaluated; a diagnostic has been emitted.
  bool failed() const { return hasFailed; }

  /// What is computed while a scope lives is forgotten when it ends: put one
  /// around the body of each emitted loop or branch.
  class Scope {
  public:
    explicit Scope(Elements &elements);
    ~Scope();
    Scope(const Scope &) = delete;
    Scope &operator=(const Scope &) = delete;

  private:
    Elements &elements;
    size_t mark;
    mlir::Value mask;
  };

private:
  using Seen = llvm::DenseSet<mlir::Value>;
  void hoist(mlir::Value tensor, llvm::ArrayRef<mlir::AffineExpr> point,
             Seen &seen);
  void prefetch(mlir::Value tensor, llvm::ArrayRef<mlir::AffineExpr> point,
                Seen &seen);

  struct Variable {
    mlir::Value value; // i64 or a vector of i64; null for the lane
    int64_t multipleOf;
  };
  struct Memory {
    mlir::Value pointer;
    llvm::SmallVector<int64_t> strides;
  };
  /// expression = start + stride * lane
  struct LaneForm {
    mlir::AffineExpr start;
    int64_t stride;
  };
  /// Tensor, mask (null for what holds under any mask), coordinates.
  using Key = std::vector<const void *>;

  mlir::AffineExpr simplify(mlir::AffineExpr expression) const;
  std::optional<LaneForm> laneForm(mlir::AffineExpr expression) const;
  int64_t divisor(mlir::AffineExpr expression) const;
  bool variesByLane(mlir::AffineExpr expression) const;

  Key keyOf(mlir::Value tensor, llvm::ArrayRef<mlir::AffineExpr> point,
            mlir::Value mask) const;
  void remember(const Key &key, mlir::Value value);
  mlir::Value fail(mlir::Operation *op, mlir::Type type, llvm::StringRef why);

  mlir::AffineExpr offsetIn(const Memory &memory,
                            llvm::ArrayRef<mlir::AffineExpr> point) const;
  mlir::Value pointers(mlir::Value base, mlir::Type type,
                       mlir::AffineExpr offset);
  void storeTo(const Memory &memory, mlir::Type type,
               llvm::ArrayRef<mlir::AffineExpr> point, mlir::Value value);
  mlir::Value load(const Memory &memory, mlir::Type type,
                   llvm::ArrayRef<mlir::AffineExpr> point);
  mlir::Value gatherLanes(mlir::Value base, mlir::Type type,
                          mlir::AffineExpr offset);
  mlir::Value maskOrAll() const;

  using Coordinates = llvm::ArrayRef<mlir::AffineExpr>;
  void prefetchAt(const Memory &memory, mlir::Type type, Coordinates point,
                  int32_t use);
  mlir::Value compute(mlir::OpResult tensor, Coordinates point);
  Point loopsAt(mlir::linalg::GenericOp op, unsigned result,
                Coordinates point) const;
  mlir::Value computeGeneric(mlir::linalg::GenericOp op, unsigned result,
                             Coordinates point);
  mlir::Value reduce(mlir::linalg::GenericOp op, unsigned result,
                     Coordinates point);
  mlir::Value reduceOver(mlir::linalg::GenericOp op, unsigned result,
                         llvm::SmallVectorImpl<mlir::AffineExpr> &loops,
                         llvm::ArrayRef<unsigned> dimensions,
                         mlir::Value initial);
  mlir::Value bodyAt(mlir::linalg::GenericOp op, unsigned result,
                     Coordinates loops, mlir::Value accumulator);
  mlir::Value constantAt(mlir::arith::ConstantOp op, Coordinates point);
  llvm::SmallVector<mlir::Value>
  runBody(mlir::Block &block, mlir::ValueRange arguments, Coordinates loops);
  mlir::Value padAt(mlir::tensor::PadOp op, Coordinates point);
  mlir::Value concatAt(mlir::tensor::ConcatOp op, Coordinates point);
  mlir::Value insertAt(mlir::tensor::InsertSliceOp op, Coordinates point);
  mlir::Value gatherAt(nn::GatherOp op, Coordinates point);
  mlir::Value randomAt(nn::RandomOp op, Coordinates point);
  /// `source` at a point that may lie outside of it, else `other`.
  mlir::Value readWithin(mlir::Value source, Coordinates point,
                         mlir::Value other);
  mlir::Value within(llvm::SmallVectorImpl<mlir::AffineExpr> &point,
                     llvm::ArrayRef<int64_t> shape);
  mlir::Value scalarOutside(mlir::Value scalar);
  mlir::Value select(mlir::Value condition, mlir::Value inside,
                     mlir::Value outside);

  Frame &frame;
  mlir::MLIRContext *context;
  int64_t laneCount;
  mlir::Value mask;
  std::vector<Variable> variables;
  llvm::DenseMap<mlir::Value, Memory> memories;
  std::map<Key, mlir::Value> known;
  std::vector<std::pair<Key, mlir::Value>> history; // what `known` held before
  bool hasFailed = false;
};

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_ELEMENTS_H
