// A copy by linear subscripts, seen from its gradient.
#ifndef OGEE_LIB_DIFFERENTIATE_SHIFTED_H
#define OGEE_LIB_DIFFERENTIATE_SHIFTED_H

#include "lib/Nn/Nn.h"

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"

#include <optional>

namespace ogee {

/// Dimension k of x is read at `forms[k]`: a coefficient a loop, then a
/// constant. Dimension k of the gradient is loop `loops[k]`.
struct Shift {
  mlir::SmallVector<mlir::SmallVector<int64_t>> forms;
  mlir::SmallVector<int64_t> extents; ///< Of the loops.
  mlir::Value gradient;
  mlir::SmallVector<unsigned> loops;
  /// What the gather makes, a dimension for each form: x, or a window of it
  /// that begins at `starts`, with the dimensions of `split` (of x, sorted) as
  /// quotient and phase.
  mlir::SmallVector<int64_t> shape, starts, split;
};

/// Nothing where a subscript is not linear.
std::optional<Shift> shiftOf(mlir::ArrayRef<mlir::AffineMap> maps,
                             mlir::ArrayRef<int64_t> extents,
                             mlir::Value gradient);

/// Gives each subscript a loop of stride 1 where it has none, by zeros between
/// the elements of the gradient, and splits h * s + i with i = s * k + r into
/// the quotient h + k and the phase r.
void splitPhases(mlir::OpBuilder &builder, mlir::Location loc, Shift &shift);

} // namespace ogee

#endif // OGEE_LIB_DIFFERENTIATE_SHIFTED_H
