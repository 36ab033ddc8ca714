// Partial reductions of one chunk, kept in the chunk's part of the workspaces:
// started with the neutral element, then combined with a vector of elements at
// a time. For kernels whose time is in what they read, not in these sums; a hot
// loop carries its sums in registers instead.
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
  /// Emits the combination of the elements at `point` of the box, whose last
  /// coordinate is the lane's; lanes that `mask` turns off (null: none) count
  /// for nothing.
  void combine(llvm::ArrayRef<mlir::AffineExpr> point, mlir::Value mask);

private:
  struct Sum {
    mlir::linalg::GenericOp op;
    mlir::Value part; // pointer to the chunk's part
  };

  void combine(const Sum &sum, llvm::ArrayRef<mlir::AffineExpr> point,
               mlir::Value mask);

  Frame &frame;
  Elements &elements;
  llvm::SmallVector<Sum> sums;
};

/// The operation that combines two elements of a reduction (`addf`, `mulf`,
/// `maximumf`, `minimumf`) and its neutral element.
mlir::Operation *combinerOf(mlir::linalg::GenericOp reduction);
double neutralOf(mlir::Operation *combiner);
mlir::Value combineTwo(Frame &frame, mlir::Operation *combiner,
                       mlir::Value lhs, mlir::Value rhs);
/// All lanes of a vector combined into one scalar, over a fixed tree.
mlir::Value combineLanes(Frame &frame, mlir::Operation *combiner,
                         mlir::Value vector);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_PARTIALS_H
