// Parts of --ogee-prepare-step, in the order in which it runs them.
#ifndef OGEE_LIB_SCHEDULE_PREPARE_H
#define OGEE_LIB_SCHEDULE_PREPARE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace ogee::schedule {

/// What depends on constants alone becomes a constant, and a constant operand
/// of a generic moves into its body.
void foldConstants(mlir::func::FuncOp function);

/// Loops in the order of results or, for reductions, of the input; products in
/// their normal form; sums of products that are no matrix product become a
/// multiplication and a sum.
void normaliseLoops(mlir::func::FuncOp function);

/// Operands of products in f32 are rounded to `narrow`, their sums stay f32.
/// Products in normal form.
void roundOperands(mlir::func::FuncOp function, mlir::Type narrow);

/// Sums of products become one chain of segments, a sum with a scatter starts
/// the scatter, a sum of disjoint pads is one concat.
void mergeSums(mlir::func::FuncOp function);

} // namespace ogee::schedule

#endif // OGEE_LIB_SCHEDULE_PREPARE_H
