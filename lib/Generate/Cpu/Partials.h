// Partial reductions of one chunk, kept in the chunk's part of the workspaces:
// started with the neutral element, then combined with a vector of elements at
// a time. A sum over everything is carried through the loops as a vector and
// put down once.
#ifndef OGEE_LIB_GENERATE_CPU_PARTIALS_H
#define OGEE_LIB_GENERATE_CPU_PARTIALS_H

#include "lib/Generate/Cpu/Elements.h"
#include "lib/Generate/Cpu/Finish.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace ogee {

class ChunkPartials {
public:
  ChunkPartials(Frame &frame, Elements &elements);

  /// Emits the start: every element of the chunk's parts becomes neutral.
  void begin();
  /// What loops carry before the first element.
  llvm::SmallVector<mlir::Value> neutral();
  /// Emits the combination of the elements at `point` of the box, whose last
  /// coordinate is the lane's; lanes that `mask` turns off (null: none) count
  /// for nothing. Takes and gives what loops carry.
  llvm::SmallVector<mlir::Value> combine(llvm::ArrayRef<mlir::AffineExpr> point,
                                         mlir::Value mask,
                                         mlir::ValueRange carried);
  /// Emits the end: what loops carried joins the chunk's parts.
  void end(mlir::ValueRange carried);

private:
  struct Sum {
    mlir::linalg::GenericOp op;
    mlir::Value part; // pointer to the chunk's part
  };

  mlir::Value valueAt(Sum &sum, llvm::ArrayRef<mlir::AffineExpr> point,
                      mlir::Value mask);
  void combineInMemory(Sum &sum, llvm::ArrayRef<mlir::AffineExpr> point,
                       mlir::Value value, mlir::Value mask);

  Frame &frame;
  Elements &elements;
  llvm::SmallVector<Sum> sums;
};

/// The operation that combines two elements of a reduction (`addf`, `mulf`,
/// `maximumf`, `minimumf`, `addi`, `muli`, `maxsi`, `minsi`, `andi`, `ori`) and
/// its neutral element.
mlir::Operation *combinerOf(mlir::linalg::GenericOp reduction);
double neutralOf(mlir::Operation *combiner);
mlir::Value combineTwo(Frame &frame, mlir::Operation *combiner, mlir::Value lhs,
                       mlir::Value rhs);
/// All lanes of a vector combined into one scalar, over a fixed tree.
mlir::Value combineLanes(Frame &frame, mlir::Operation *combiner,
                         mlir::Value vector);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_PARTIALS_H
