// The door of the generate stage for CPUs: passes, and kernels to objects.
#ifndef OGEE_LIB_GENERATE_CPU_GENERATE_H
#define OGEE_LIB_GENERATE_CPU_GENERATE_H

#include "lib/Generate/Cpu/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::arith {
class ArithDialect;
} // namespace mlir::arith
namespace mlir::math {
class MathDialect;
} // namespace mlir::math
namespace mlir::LLVM {
class LLVMDialect;
} // namespace mlir::LLVM
namespace mlir::scf {
class SCFDialect;
} // namespace mlir::scf
namespace mlir::vector {
class VectorDialect;
} // namespace mlir::vector

namespace ogee {

#define GEN_PASS_DECL
#include "lib/Generate/Cpu/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "lib/Generate/Cpu/Passes.h.inc"

/// Dialects, conversions and translations that buildLowerPipeline and
/// compileModule need: a tool adds them to its registry, or to a context by
/// appendDialectRegistry before it compiles in parallel.
void registerLowering(mlir::DialectRegistry &registry);

/// What emitKernel makes (llvm, scf, arith, math, vector) to the LLVM dialect,
/// with a debug scope for each function.
void buildLowerPipeline(mlir::OpPassManager &manager, const Target &target);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_GENERATE_H
