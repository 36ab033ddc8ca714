// The products of a contraction kernel, read off its generics. Loops are
// grouped into four linear indices, batch, row, column and k, so that the
// engine sees one matrix product whatever the number of dimensions; how an
// index falls apart into coordinates is an affine expression, and folds away
// where it can.
#ifndef OGEE_LIB_GENERATE_CPU_PRODUCTS_H
#define OGEE_LIB_GENERATE_CPU_PRODUCTS_H

#include "lib/Generate/Cpu/Views.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>
#include <vector>

namespace ogee {

/// How an operand reaches the register tile.
enum class Supply {
  InPlace, // A: row-major argument; B: the same, for few rows; not copied
  Rows,    // A: rows copied, k contiguous; B: k contiguous, transposed
  Columns, // A: k-th rows of a block of columns; B: copied
};

struct Factor {
  mlir::Value tensor;
  mlir::AffineMap map; // from the generic's loops
  Supply supply;
  int64_t operations; // of its prologue, an element
};

/// What the products of a kernel run in.
enum class Unit {
  Vectors, // multiply-adds of the result's type
  Pairs,   // of two neighbouring k in bf16 each
  Tiles,   // of 16 x 32 by 32 x 16 in bf16
};

struct Segment {
  mlir::linalg::GenericOp op;
  Factor a, b;
  int64_t depth; // the extent of k
  llvm::SmallVector<int64_t> depthShape;
};

/// out[batch, row, column] = sum over segments, k of A[batch, row, k] B[batch,
/// k, column].
struct Product {
  llvm::SmallVector<Segment> segments;
  mlir::Value result;
  mlir::Type type; // of an element
  llvm::SmallVector<int64_t> batchShape, rowShape, columnShape;
  int64_t batches, rows, columns;

  /// Loops of a segment for the four linear indices.
  Point loops(const Segment &segment, mlir::AffineExpr batch,
              mlir::AffineExpr row, mlir::AffineExpr column,
              mlir::AffineExpr k) const;
  /// The point of the result.
  Point point(mlir::AffineExpr batch, mlir::AffineExpr row,
              mlir::AffineExpr column) const;
};

/// A value of bf16 in a wider type: its product may run in bf16.
bool isWidened(mlir::Value tensor);

/// The products of the kernel in order; fails with a diagnostic.
mlir::FailureOr<std::vector<Product>> productsOf(kernel::FuncOp kernel);

/// Where element `point` of a chain of views on an argument lies: offset in
/// elements from that argument; none if it is computed.
struct Placed {
  mlir::BlockArgument argument;
  mlir::AffineExpr offset;
};
std::optional<Placed> placeOf(mlir::Value tensor,
                              llvm::ArrayRef<mlir::AffineExpr> point);
/// expression(variable + 1) - expression(variable), if that is a constant.
std::optional<int64_t> strideOf(mlir::AffineExpr expression, unsigned variable);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_PRODUCTS_H
