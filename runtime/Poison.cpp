#include "runtime/Poison.h"

#include "runtime/Fill.h"

#include <cstring>

namespace ogee::runtime {

// All ones is a NaN in f32, f64 and bf16, and an index far outside.
static constexpr int kPattern = 0xFF;

static bool overlaps(const OgeeSlot &slot, int64_t begin, int64_t end) {
  return slot.offset < end &&
         slot.offset + slot.elements * bytesOf(slot.type) > begin;
}

static bool writes(const OgeeLaunch &launch, int64_t begin, int64_t end) {
  for (int64_t r = 0; r < launch.result_count; ++r)
    if (overlaps(launch.results[r], begin, end))
      return true;
  return false;
}

static bool touches(const OgeeLaunch &launch, int64_t begin, int64_t end) {
  for (int32_t i = 0; i < launch.offset_count; ++i)
    if (launch.offsets[i] >= begin && launch.offsets[i] < end)
      return true;
  return false;
}

/// Whether somebody reads the range when the entry has ended.
static bool isKept(const OgeeProgram &program, const OgeeEntry &entry,
                   int64_t begin, int64_t end) {
  if (begin < program.persistent_bytes)
    return true;
  for (int64_t i = 0; i < entry.output_count; ++i)
    if (overlaps(entry.outputs[i], begin, end))
      return true;
  for (int64_t i = 0; i < program.gradient_count; ++i) {
    const OgeeTensor &tensor = program.gradients[i];
    if (tensor.offset < end &&
        tensor.offset + tensor.elements * bytesOf(tensor.type) > begin)
      return true;
  }
  return false;
}

void Poison::prepare(const OgeeProgram &program, const OgeeEntry &entry) {
  persistent = program.persistent_bytes;
  total = program.arena_bytes;
  for (int64_t i = 0; i < entry.launch_count; ++i) {
    const OgeeLaunch &launch = entry.launches[i];
    for (int64_t r = 0; r < launch.result_count; ++r) {
      const OgeeSlot &result = launch.results[r];
      Range range = {result.offset,
                     result.offset + result.elements * bytesOf(result.type), i};
      bool known = launch.offset_count > 0 &&
                   !isKept(program, entry, range.begin, range.end);
      int64_t later = i + 1;
      for (; known && later < entry.launch_count &&
             !writes(entry.launches[later], range.begin, range.end);
           ++later) {
        known = entry.launches[later].offset_count > 0;
        if (touches(entry.launches[later], range.begin, range.end))
          range.after = later;
      }
      // Taken over in place: there is no moment at which it is dead.
      bool taken = later < entry.launch_count &&
                   touches(entry.launches[later], range.begin, range.end);
      if (known && !taken)
        ranges.push(range);
    }
  }
}

void Poison::beforeEntry(uint8_t *arena) const {
  memset(arena + persistent, kPattern, total - persistent);
}

void Poison::afterLaunch(uint8_t *arena, int64_t launch) const {
  for (const Range &range : ranges)
    if (range.after == launch)
      memset(arena + range.begin, kPattern, range.end - range.begin);
}

} // namespace ogee::runtime
