// How a row kernel walks its box: points (what leading dimensions enumerate),
// and the elements of one point's row in vectors. A kernel without row
// dimensions has either its last dimension as row, or rows that are blocks of
// the flat box.
#ifndef OGEE_LIB_GENERATE_CPU_ROWSPACE_H
#define OGEE_LIB_GENERATE_CPU_ROWSPACE_H

#include "lib/Generate/Cpu/Elements.h"

namespace ogee {

struct RowSpace {
  llvm::SmallVector<int64_t> box;
  /// Trailing dimensions of `box` that a row runs through, if not blocked.
  unsigned rowDims = 0;
  /// Rows are ranges of `elements` elements of the flat box, the last one
  /// shorter.
  bool blocked = false;
  int64_t lanes = 1;
  int64_t points = 1, elements = 1; // rows, and elements of each
  int64_t total = 1;                // elements of the box
  int64_t chunkPoints = 1, chunks = 1;

  llvm::ArrayRef<int64_t> leading() const {
    return llvm::ArrayRef(box).drop_back(rowDims);
  }
  llvm::ArrayRef<int64_t> row() const {
    return llvm::ArrayRef(box).take_back(rowDims);
  }
  bool isScalar() const { return box.empty(); }
  /// Whether all rows have `elements` elements.
  bool isEven() const { return points * elements == total; }

  /// Coordinates of a row; empty if blocked.
  Point leadingPoint(mlir::AffineExpr point) const;
  /// Coordinates of element `element` of row `point`.
  Point elementPoint(mlir::AffineExpr point, mlir::AffineExpr element) const;
};

RowSpace rowSpaceOf(kernel::FuncOp kernel, const Target &target);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_ROWSPACE_H
