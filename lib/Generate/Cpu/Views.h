// Index maps of tensor views and of element-wise operations, in both
// directions: how reads and writes pass through them without moving data.
#ifndef OGEE_LIB_GENERATE_CPU_VIEWS_H
#define OGEE_LIB_GENERATE_CPU_VIEWS_H

#include "lib/Kernel/Kernel.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AffineMap.h"

namespace ogee {

/// A coordinate a dimension, as an expression over the caller's variables.
using Point = llvm::SmallVector<mlir::AffineExpr, 4>;

/// Coordinates of `map` at a point.
Point mapped(mlir::AffineMap map, llvm::ArrayRef<mlir::AffineExpr> point);

/// Appends the coordinates of position `linear` in a box of `extents`, C order.
/// The first one is not reduced: `linear` lies in the box.
void appendDigits(Point &point, mlir::AffineExpr linear,
                  llvm::ArrayRef<int64_t> extents);

/// Strides in elements of a tensor in C order.
llvm::SmallVector<int64_t> rowMajor(llvm::ArrayRef<int64_t> shape);

/// For extract_slice, expand_shape, collapse_shape and cast: from points of the
/// result to points of the source. Null for other operations.
mlir::AffineMap sourceMap(mlir::Operation *view);
/// The inverse: from points of the source to points of the result (which may
/// lie outside of it if the view is a slice).
mlir::AffineMap resultMap(mlir::Operation *view);
/// Element p of the inserted tensor is element map(p) of the result.
mlir::AffineMap insertionMap(mlir::tensor::InsertSliceOp op);
/// Element p of part `part` is element map(p) of the result.
mlir::AffineMap partMap(mlir::tensor::ConcatOp op, unsigned part);

/// Element p of `value` is element map(p) of the kernel's result `result`:
/// results traced back through reshapes, insertions into an empty tensor and
/// concat to what is computed.
struct Sink {
  mlir::Value value;
  unsigned result;
  mlir::AffineMap map;
};
llvm::SmallVector<Sink> sinksOf(kernel::FuncOp kernel);
/// The sinks whose values have one shape, for each shape.
llvm::SmallVector<llvm::SmallVector<Sink>> byShape(llvm::ArrayRef<Sink> sinks);
/// The same for one value instead of the kernel's results.
llvm::SmallVector<Sink> sinksOf(mlir::Value value);

/// A tensor and where an operation reads it.
struct ReadAt {
  mlir::Value tensor;
  Point point;
};
/// What a view or an element-wise linalg.generic reads for `point` of its
/// result. Empty for other values, and where the result's map is no
/// permutation.
llvm::SmallVector<ReadAt> readsOf(mlir::Value result,
                                  llvm::ArrayRef<mlir::AffineExpr> point);

/// The map from points of `source` to points of `consumer`, which reads it
/// through element-wise operations and views; null if it does not.
mlir::AffineMap consumerMap(mlir::Value source, mlir::Value consumer);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_VIEWS_H
