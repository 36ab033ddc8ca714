// The finish region of a kernel, shared by all families: combines the parts of
// the partials over a fixed tree, then computes and stores what follows.
#ifndef OGEE_LIB_GENERATE_CPU_FINISH_H
#define OGEE_LIB_GENERATE_CPU_FINISH_H

#include "lib/Generate/Cpu/Frame.h"

namespace ogee {

/// A `kernel.partial` reduction: `parts` arrays of the result's shape, in C
/// order, one every `partStride` elements of workspace `workspace`.
struct Partial {
  mlir::Operation *op;
  unsigned workspace;
  int64_t parts;
};

/// Elements from one part to the next.
int64_t partStride(mlir::RankedTensorType result);

/// Bytes of the workspace for `parts` parts of a partial.
int64_t partBytes(mlir::Operation *partial, int64_t parts);
/// The workspaces of all partials, in bytes, with one part a chunk.
llvm::SmallVector<int64_t> chunkWorkspaces(kernel::FuncOp kernel,
                                           int64_t chunks);
/// Bytes of scratch that the finish region needs.
int64_t finishScratch(kernel::FuncOp kernel);

/// The kernel's partial reductions in order; workspace i is the i-th's.
llvm::SmallVector<mlir::Operation *> partialsOf(kernel::FuncOp kernel);
/// Whether `value` depends on a partial, so that the finish region makes it.
bool isFinished(mlir::Value value);
/// Emits NAME_finish, which stores each result that depends on a partial;
/// nothing where the kernel has no partials. `partials` are all of them.
mlir::LogicalResult emitFinish(mlir::ModuleOp module, kernel::FuncOp kernel,
                               const Target &target,
                               llvm::ArrayRef<Partial> partials);
/// The same with one part of each partial a chunk.
mlir::LogicalResult emitFinish(mlir::ModuleOp module, kernel::FuncOp kernel,
                               const Target &target, int64_t chunks);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_FINISH_H
