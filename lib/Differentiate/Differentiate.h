// Differentiate: from forward and update to one training step.
#ifndef OGEE_LIB_DIFFERENTIATE_DIFFERENTIATE_H
#define OGEE_LIB_DIFFERENTIATE_DIFFERENTIATE_H

#include "lib/Nn/Nn.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace ogee {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "lib/Differentiate/Passes.h.inc"

/// From the tensor program of flatten to the one with `@step`, verified.
void buildDifferentiatePipeline(mlir::OpPassManager &manager,
                                const BuildStepOptions &options);

} // namespace ogee

#endif // OGEE_LIB_DIFFERENTIATE_DIFFERENTIATE_H
