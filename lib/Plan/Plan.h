// The plan stage: every buffer of every program gets its place in one arena.
#ifndef OGEE_LIB_PLAN_PLAN_H
#define OGEE_LIB_PLAN_PLAN_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace ogee {

#define GEN_PASS_DECL
#include "lib/Plan/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "lib/Plan/Passes.h.inc"

/// Plan the arena, then check the plan.
void buildPlanPipeline(mlir::OpPassManager &manager);

/// Module attributes that the plan leaves, in bytes.
inline constexpr llvm::StringLiteral kArenaBytesAttr = "kernel.arena_bytes";
inline constexpr llvm::StringLiteral kPersistentBytesAttr =
    "kernel.persistent_bytes";
/// Bytes below which no plan can go: persistent buffers and the largest sum of
/// live ones.
inline constexpr llvm::StringLiteral kLiveBytesAttr = "kernel.live_bytes";

} // namespace ogee

#endif // OGEE_LIB_PLAN_PLAN_H
