// Random words to uniform and normal draws: the formulas of runtime/Math.h and
// runtime/Random.h operation by operation, so that compiled code and runtime
// draw the same bits.
#ifndef OGEE_LIB_GENERATE_CPU_RANDOM_H
#define OGEE_LIB_GENERATE_CPU_RANDOM_H

#include "lib/Generate/Cpu/Frame.h"

namespace ogee {

/// Uniform in [0, 1), f32 with 24 bits, from i32 words (scalar or vector).
mlir::Value unitOf(Frame &frame, mlir::Value word);
/// Standard normal, f32, by Box and Muller (1958).
mlir::Value normalOf(Frame &frame, mlir::Value first, mlir::Value second);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_RANDOM_H
