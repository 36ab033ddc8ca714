#ifndef OGEE_LIB_GENERATE_CPU_SCATTER_H
#define OGEE_LIB_GENERATE_CPU_SCATTER_H

#include "lib/Generate/Cpu/Emit.h"

namespace ogee {

/// Whether a `move` kernel is a scatter; otherwise it copies.
bool isScatter(kernel::FuncOp kernel);

KernelSizes sizeScatter(kernel::FuncOp kernel, const Target &target);
mlir::LogicalResult emitScatter(mlir::ModuleOp module, kernel::FuncOp kernel,
                                const Target &target);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_SCATTER_H
