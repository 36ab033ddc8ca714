// Threads enter once a walk and go through its tasks together. No barrier
// counts threads: what opens the next group of tasks is that the chunks of this
// one are done, so a thread that sleeps or is late costs nothing but its share.
// A late thread is harmless because every claim carries the number of the walk,
// and because what it may still read, the added work, never changes.
#ifndef OGEE_RUNTIME_POOL_H
#define OGEE_RUNTIME_POOL_H

#include <atomic>
#include <cstdint>

namespace ogee::runtime {

/// One unit of a walk: chunks 0 .. chunks - 1, in any order, by any thread.
struct Task {
  int64_t chunks;
  bool joins; // may run together with the task before it
  bool small; // not worth a second thread
};

/// What a walk runs; `tasks` stay as they are until the pool stops. `context`
/// is the caller's; `scratch` is the calling thread's, OGEE_ALIGNMENT aligned.
/// `finish` runs once per task, by the thread that ended its last chunk, before
/// any later group opens. A task that joins its predecessor is in the same
/// group.
struct Work {
  const Task *tasks;
  int64_t count;
  void *context;
  void (*run)(void *context, int64_t task, int64_t chunk, uint8_t *scratch);
  void (*finish)(void *context, int64_t task, uint8_t *scratch); // or null
};

struct PoolOptions {
  int threads = 1;
  int64_t scratchBytes = 0; // per thread
  uint8_t *scratch = nullptr;
  uint64_t shuffle = 0;  // not 0: the key of a random order of chunks
  bool splitAll = false; // ignore `small`
};

/// Processors this process may run on.
int availableProcessors();

class Pool {
public:
  /// Starts threads - 1 threads, which live until the process ends or `stop`.
  void start(const PoolOptions &given);
  /// Ends the threads, waits for them and gives the pool's memory back.
  void stop();
  /// Makes work known; it can be walked any number of times.
  int add(const Work &work);
  /// Runs all tasks of work number `index`; returns when its last one is
  /// finished.
  void walk(int index);

private:
  static constexpr int kMostWorks = 256;
  // Epoch (32 bits), work (8) and index (24) in one word, so that a claim made
  // for an old walk fails.
  using Stamp = uint64_t;
  struct alignas(64) Counter {
    std::atomic<Stamp> next; // epoch, and the next ordinal to claim
    std::atomic<int64_t> done;
  };
  struct Plan {
    Work work;
    Counter *counters;
    void *memory; // that the counters are in
  };
  struct Member;

  static void *enter(void *argument);
  void live(int thread);
  Stamp waitFor(Stamp seen);
  void participate(Stamp seen, uint8_t *scratch);
  bool runChunks(Stamp seen, int64_t task, uint8_t *scratch);
  bool runAlone(Stamp group, int64_t end, uint8_t *scratch);
  void open(Stamp group, uint8_t *scratch);
  int64_t shuffled(Stamp seen, int64_t task, int64_t ordinal) const;

  PoolOptions options;
  int64_t spinCycles = 0;
  Plan plans[kMostWorks] = {};
  int planned = 0;
  Member *members = nullptr; // one a thread

  alignas(64) std::atomic<Stamp> position = 0; // epoch and open group
  alignas(64) std::atomic<int64_t> groupDone = 0;
  alignas(64) std::atomic<uint32_t> ticket = 0; // futex word: changes
  std::atomic<int32_t> sleepers = 0;            // at each opening
  std::atomic<bool> stopping = false;
};

} // namespace ogee::runtime

#endif // OGEE_RUNTIME_POOL_H
