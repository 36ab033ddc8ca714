// Groups become kernels and launches.
#ifndef OGEE_LIB_SCHEDULE_OUTLINE_H
#define OGEE_LIB_SCHEDULE_OUTLINE_H

#include "lib/Schedule/Groups.h"

#include "mlir/IR/SymbolTable.h"

namespace ogee::schedule {

/// A kernel and what its launch reads and makes, values of the tensor program.
struct Outlined {
  kernel::FuncOp kernel;
  llvm::SmallVector<mlir::Value> inputs, outputs;
};

Outlined outlineGroup(const Groups &groups, unsigned group,
                      mlir::OpBuilder &builder);
/// The same for a group of tuples: its kernel has dynamic one-dimensional
/// tensors, its launch the values of all tuples, one after the other.
Outlined outlineList(const Groups &groups, unsigned group,
                     mlir::OpBuilder &builder);

/// What `members` of `group` read from outside, in the order in which they do,
/// and which of their results are stored.
void collectOperands(const Groups &groups, unsigned group,
                     llvm::ArrayRef<unsigned> members, Outlined &outlined);

/// Replaces the groups' function by a kernel.program of the same name and one
/// kernel.func a group, in front of it.
void outline(Groups &groups, mlir::SymbolTable &symbols);

} // namespace ogee::schedule

#endif // OGEE_LIB_SCHEDULE_OUTLINE_H
