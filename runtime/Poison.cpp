#include "runtime/Poison.h"

#include <cstring>

namespace ogee::runtime {

// All ones is a NaN in f32, f64 and bf16, and an index far outside.
static constexpr int kPattern = 0xFF;

void poisonBefore(const OgeeProgram &program, uint8_t *arena) {
  memset(arena + program.persistent_bytes, kPattern,
         program.arena_bytes - program.persistent_bytes);
}

void poisonAfter(const OgeeLaunch &launch, uint8_t *arena) {
  for (int64_t i = 0; i < launch.dead_count; ++i)
    memset(arena + launch.dead[2 * i], kPattern, launch.dead[2 * i + 1]);
}

} // namespace ogee::runtime
