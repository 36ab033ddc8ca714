// The kernel dialect in C++.
#ifndef OGEE_LIB_KERNEL_KERNEL_H
#define OGEE_LIB_KERNEL_KERNEL_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "lib/Kernel/KernelDialect.h.inc"
#include "lib/Kernel/KernelEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "lib/Kernel/KernelAttrs.h.inc"
#define GET_OP_CLASSES
#include "lib/Kernel/KernelOps.h.inc"

namespace ogee::kernel {
/// Marks a reduction over the chunks of a kernel (see kernel.func).
inline constexpr llvm::StringLiteral kPartialAttr = "kernel.partial";
/// Marks what is never stored but cloned into each kernel that reads it.
inline constexpr llvm::StringLiteral kRecomputeAttr = "kernel.recompute";
/// Marks the backward part of a step: what loss, metrics and next states do not
/// need.
inline constexpr llvm::StringLiteral kBackwardAttr = "kernel.backward";
/// Arena offset in bytes of a program's argument, after plan.
inline constexpr llvm::StringLiteral kOffsetAttr = "kernel.offset";
} // namespace ogee::kernel

#endif // OGEE_LIB_KERNEL_KERNEL_H
