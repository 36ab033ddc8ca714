// The emitters, one pair of functions a family; Emit.cpp holds their table.
#ifndef OGEE_LIB_GENERATE_CPU_FAMILIES_H
#define OGEE_LIB_GENERATE_CPU_FAMILIES_H

#include "lib/Generate/Cpu/Emit.h"

namespace ogee {

mlir::FailureOr<KernelSizes> sizeContraction(kernel::FuncOp, const Target &);
mlir::LogicalResult emitContraction(mlir::ModuleOp, kernel::FuncOp,
                                    const Target &);
mlir::FailureOr<KernelSizes> sizeAttention(kernel::FuncOp, const Target &);
mlir::LogicalResult emitAttention(mlir::ModuleOp, kernel::FuncOp,
                                  const Target &);
mlir::FailureOr<KernelSizes> sizeRow(kernel::FuncOp, const Target &);
mlir::LogicalResult emitRow(mlir::ModuleOp, kernel::FuncOp, const Target &);
mlir::FailureOr<KernelSizes> sizeColumn(kernel::FuncOp, const Target &);
mlir::LogicalResult emitColumn(mlir::ModuleOp, kernel::FuncOp, const Target &);
mlir::FailureOr<KernelSizes> sizeMove(kernel::FuncOp, const Target &);
mlir::LogicalResult emitMove(mlir::ModuleOp, kernel::FuncOp, const Target &);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_FAMILIES_H
