// Flatten: from the `arch` dialect to the tensor program
// (docs/architecture.md).
#ifndef OGEE_LIB_FLATTEN_FLATTEN_H
#define OGEE_LIB_FLATTEN_FLATTEN_H

#include "lib/Nn/Nn.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace ogee {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "lib/Flatten/Passes.h.inc"

/// From the importer's module to the tensor program, verified.
void buildFlattenPipeline(mlir::OpPassManager &manager);

} // namespace ogee

#endif // OGEE_LIB_FLATTEN_FLATTEN_H
