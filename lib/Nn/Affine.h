// Affine expressions over boxes: linear forms and bounds.
#ifndef OGEE_LIB_NN_AFFINE_H
#define OGEE_LIB_NN_AFFINE_H

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <optional>

namespace ogee {

/// The least and the greatest value of an expression.
struct Interval {
  int64_t low, high;
};

/// A coefficient a dimension, then the constant; none where `expr` divides.
std::optional<llvm::SmallVector<int64_t>> linearForm(mlir::AffineExpr expr,
                                                     unsigned dimensions);

/// Bounds of `expr` where dimension d goes from 0 to extents[d] - 1; exact for
/// linear forms. None where it multiplies or divides by what is no constant.
std::optional<Interval> boundsOf(mlir::AffineExpr expr,
                                 llvm::ArrayRef<int64_t> extents);

/// `expr` as operations on `index`; `dimension` gives the value of each.
/// Remainders are not negative.
mlir::Value emitAffine(mlir::OpBuilder &builder, mlir::Location loc,
                       mlir::AffineExpr expr,
                       llvm::function_ref<mlir::Value(unsigned)> dimension);

} // namespace ogee

#endif // OGEE_LIB_NN_AFFINE_H
