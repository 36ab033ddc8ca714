// The finish region of a kernel, shared by all families: combines the parts of
// the partials over a fixed tree, then computes and stores what follows.
#ifndef OGEE_LIB_GENERATE_CPU_FINISH_H
#define OGEE_LIB_GENERATE_CPU_FINISH_H

#include "lib/Generate/Cpu/Frame.h"

namespace ogee {

/// A `kernel.partial` reduction: `parts` arrays of the result's shape, in C
/// order, one after the other in workspace `workspace`.
struct Partial {
  mlir::Operation *op;
  unsigned workspace;
  int64_t parts;
};

/// The kernel's partial reductions in order; workspace i is the i-th's.
llvm::SmallVector<mlir::Operation *> partialsOf(kernel::FuncOp kernel);
/// Whether `value` depends on a partial, so that the finish region makes it.
bool isFinished(mlir::Value value);
/// Emits NAME_finish, which stores each result that depends on a partial.
mlir::LogicalResult emitFinish(mlir::ModuleOp module, kernel::FuncOp kernel,
                               const Target &target,
                               llvm::ArrayRef<Partial> partials);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_FINISH_H
