// Entry of generate: a kernel.func becomes a module of its own in the LLVM
// dialect's neighbourhood (llvm, scf, arith, math, vector), which Lower turns
// into LLVM IR. Kernels are independent, so callers may run this in parallel.
#ifndef OGEE_LIB_GENERATE_CPU_EMIT_H
#define OGEE_LIB_GENERATE_CPU_EMIT_H

#include "lib/Generate/Cpu/Target.h"
#include "lib/Kernel/Kernel.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace ogee {

/// How a kernel runs, from shapes and target alone; what `kernel.func` carries
/// as `chunks`, `workspaces` and `scratch`.
struct KernelSizes {
  int64_t chunks = 1;
  llvm::SmallVector<int64_t> workspaces; // bytes each
  int64_t scratch = 0;                   // bytes a thread
};

/// Sizes of a kernel; fails with a diagnostic if no emitter takes it. A
/// contraction without a tile gets one.
mlir::FailureOr<KernelSizes> sizeKernel(kernel::FuncOp kernel,
                                        const Target &target);

/// The same, as attributes of the kernel.
mlir::LogicalResult setSizes(kernel::FuncOp kernel, const Target &target);

/// Module with the functions NAME and, with a finish region, NAME_finish.
/// The kernel's chunks, workspaces and scratch must be those of sizeKernel.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
emitKernel(kernel::FuncOp kernel, const Target &target);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_EMIT_H
