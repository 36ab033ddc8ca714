// A box cut into vectors along its last dimension, which chunks share out.
#ifndef OGEE_LIB_GENERATE_CPU_BOXVECTORS_H
#define OGEE_LIB_GENERATE_CPU_BOXVECTORS_H

#include "lib/Generate/Cpu/Elements.h"

namespace ogee {

struct BoxVectors {
  llvm::SmallVector<int64_t> shape;
  int64_t lanes = 1;
  int64_t rowVectors = 1, count = 1; // of a row, and of the box
  int64_t perChunk = 1, chunks = 1;

  /// As many chunks as wanted, or fewer: one has at least one vector.
  BoxVectors(llvm::ArrayRef<int64_t> shape, int64_t lanes,
             int64_t wantedChunks);

  /// Gets the point of a vector, with the lane in the last coordinate (none in
  /// a box of rank 0), the mask of the lanes that are in the box (null: all;
  /// the evaluator's as well), and what the loop carries.
  using Body = llvm::function_ref<llvm::SmallVector<mlir::Value>(
      llvm::ArrayRef<mlir::AffineExpr> point, mlir::Value mask,
      mlir::ValueRange carried)>;
  /// Emits the loop over the chunk's vectors.
  llvm::SmallVector<mlir::Value> forEach(Frame &frame, Elements &elements,
                                         mlir::ValueRange initial,
                                         Body body) const;

private:
  int64_t rowElements() const { return shape.empty() ? 1 : shape.back(); }
  Point pointOf(mlir::AffineExpr vector, mlir::AffineExpr lane) const;
};

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_BOXVECTORS_H
