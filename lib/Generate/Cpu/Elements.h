// Evaluates any tensor value of a kernel at a point, by need: the one place
// where prologues, epilogues, row chains and moves become code. A point is one
// affine expression a dimension over *variables*: variable 0 is the lane (0, 1,
// .. lanes-1), the others are SSA integers. As a symbolic form it survives
// reshapes: a slice of a collapse of an argument still becomes one contiguous
// load, because (x floordiv c) * c + x mod c folds back to x.
#ifndef OGEE_LIB_GENERATE_CPU_ELEMENTS_H
#define OGEE_LIB_GENERATE_CPU_ELEMENTS_H

#include "lib/Generate/Cpu/Frame.h"

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/AffineMap.h"

#include <map>

namespace ogee {

using Point = llvm::SmallVector<mlir::AffineExpr, 4>;

/// Element p of `value` is element map(p) of the kernel's result `result`:
/// results traced back through reshapes, tensor.insert_slice and concat to what
/// is computed.
struct Sink {
  mlir::Value value;
  unsigned result;
  mlir::AffineMap map;
};
llvm::SmallVector<Sink> sinksOf(kernel::FuncOp kernel);

/// The map from points of `source` to points of `consumer`, which reads it
/// through element-wise operations and views; null if it does not.
mlir::AffineMap consumerMap(mlir::Value source, mlir::Value consumer);

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
  /// Writes to the kernel's result at a point of the result.
  void store(unsigned result, llvm::ArrayRef<mlir::AffineExpr> point,
             mlir::Value value);
  /// Evaluates the sink's value at a point of that value and stores it.
  void store(const Sink &sink, llvm::ArrayRef<mlir::AffineExpr> point);

  /// The integer (or vector of integers) that an expression stands for.
  mlir::Value materialise(mlir::AffineExpr expression);
  /// A copy of a scalar operation over vectors if one of `operands` is one.
  mlir::Value cloneBody(mlir::Operation *op, mlir::ValueRange operands);
  /// Runs `block`'s operations on `arguments`; the terminator's operands.
  llvm::SmallVector<mlir::Value> cloneBlock(mlir::Block &block,
                                            mlir::ValueRange arguments);

  /// What is computed while a scope lives is forgotten when it ends: put one
  /// around the body of each emitted loop or branch.
  class Scope {
  public:
    explicit Scope(Elements &elements);
    ~Scope();

  private:
    Elements &elements;
    size_t mark;
    mlir::Value mask;
  };
};

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_ELEMENTS_H
