// The schedule stage: a tensor program becomes kernels and programs that launch
// them.
#ifndef OGEE_LIB_SCHEDULE_SCHEDULE_H
#define OGEE_LIB_SCHEDULE_SCHEDULE_H

#include "lib/Kernel/Kernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace ogee {

#define GEN_PASS_DECL
#include "lib/Schedule/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "lib/Schedule/Passes.h.inc"

/// From tensor program to kernels, the contract between the two checked at the
/// end.
void buildSchedulePipeline(mlir::OpPassManager &manager);

} // namespace ogee

#endif // OGEE_LIB_SCHEDULE_SCHEDULE_H
