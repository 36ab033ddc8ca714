// --profile: when and on which thread each chunk of a training step ran. All
// memory is taken before the first step; a chunk costs four readings of clocks.
// Kernels are charged with the processor's time, so that what other processes
// take of a core counts as waiting.
#ifndef OGEE_RUNTIME_PROFILE_H
#define OGEE_RUNTIME_PROFILE_H

#include "runtime/Abi.h"
#include "runtime/Memory.h"

namespace ogee::runtime {

/// One chunk, or the finish of a launch, of the last step.
struct Span {
  double begin = 0, end = 0; // seconds of the monotonic clock
  double busy = 0;           // seconds of the processor
  int32_t thread = 0;
};

/// What one launch took, over all steps since the first.
struct LaunchTime {
  double busy = 0; // seconds, summed over threads
  int64_t firstSpan = 0;
};

class Profile {
public:
  /// `threadCount` threads, whose scratches lie `scratchBytes` apart from
  /// `scratch` on, will run the launches of `of`.
  void start(const OgeeEntry &of, const uint8_t *scratch, int64_t scratchBytes,
             int64_t threadCount);
  bool isOn() const { return entry != nullptr; }

  /// Runs a chunk of launch number `index` of the entry, or its finish.
  void run(int64_t index, int64_t chunk, uint8_t *arena, uint8_t *scratch);
  void finish(int64_t index, uint8_t *arena, uint8_t *scratch);
  /// After each step. The first one, which wakes threads and caches, does not
  /// count.
  void endStep(double duration);

  /// A table by kernel: time, share, and the rates of its predicted work.
  void print() const;
  /// The last step in the format of Perfetto and chrome://tracing (JSON).
  void writeTrace(const char *path) const;

private:
  Span &spanOf(int64_t launch, int64_t chunk) {
    return spans[times[launch].firstSpan + chunk];
  }
  void record(Span &span, const Span &start, const uint8_t *scratch);

  const OgeeEntry *entry = nullptr;
  const uint8_t *scratchBase = nullptr;
  int64_t scratchStride = 1, threads = 1;
  Array<LaunchTime> times; // one a launch
  Array<Span> spans;       // chunks of a launch, then its finish
  int64_t steps = -1;      // that count
  double seconds = 0;      // of these
};

} // namespace ogee::runtime

#endif // OGEE_RUNTIME_PROFILE_H
