// Buffers of a program and when they live.
//
// Time is counted in phases: launches without a barrier between them share one.
// Inputs live from phase -1, outputs until one past the last phase.
#ifndef OGEE_LIB_PLAN_BUFFERS_H
#define OGEE_LIB_PLAN_BUFFERS_H

#include "lib/Kernel/Kernel.h"

#include <optional>

namespace ogee::plan {

inline constexpr int64_t kAlignment = 64; // bytes, as in runtime/Abi.h

/// Bytes that a tensor of static shape takes, C order, i1 as a byte.
int64_t byteSize(mlir::Type type);
inline int64_t aligned(int64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

struct Buffer {
  int64_t bytes = 0;
  int64_t begin = 0, end = 0;    // phases, both included
  std::optional<int64_t> offset; // in the arena
  bool persistent = false;       // parameter, state or moment
  mlir::Value origin;            // null for a workspace
};

/// Where a tensor value lives: a buffer and a distance in bytes from its start.
struct Place {
  int64_t buffer = -1;
  int64_t distance = 0;
};

struct LaunchBuffers {
  kernel::LaunchOp op;
  kernel::FuncOp callee;
  int64_t phase = 0;
  llvm::SmallVector<Place> operands, results, workspaces;
};

struct ProgramBuffers {
  kernel::ProgramOp program;
  llvm::SmallVector<Buffer> buffers;
  llvm::SmallVector<LaunchBuffers> launches;
  llvm::DenseMap<mlir::Value, Place> places;
  int64_t phases = 0;

  Buffer &bufferOf(mlir::Value value) {
    return buffers[places.lookup(value).buffer];
  }
};

/// Buffers of `program`, each value with one of its own except for views, whose
/// place is their source's. Emits an error at an operation that is neither a
/// launch nor a view.
llvm::FailureOr<ProgramBuffers> collectBuffers(kernel::ProgramOp program);

} // namespace ogee::plan

#endif // OGEE_LIB_PLAN_BUFFERS_H
