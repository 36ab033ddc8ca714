// The pool promises: each chunk runs once, `finish` once and after all chunks,
// a group after the one before it, for any number of threads and order of
// chunks.
#include "runtime/Pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

using namespace ogee::runtime;

namespace {

constexpr int64_t kChunks[] = {13, 1, 4, 64, 1, 2, 200, 3};
constexpr bool kJoins[] = {false, false, false, true, false, true, false, true};
constexpr int kTasks = 8;

/// Counts what a walk does and checks the order as it goes.
struct Recorder {
  std::vector<std::atomic<int>> runs, finished;
  std::atomic<int> ordinal = 0, errors = 0;
  std::atomic<uint64_t> mixed = 0; // commutative digest of all results
  int64_t first[kTasks];
  Task tasks[kTasks];

  Recorder() : runs(1000), finished(kTasks) {
    int64_t place = 0;
    for (int i = 0; i < kTasks; ++i) {
      first[i] = place;
      place += kChunks[i];
      tasks[i] = {kChunks[i], kJoins[i], false};
    }
  }

  /// The first task of the group that `task` is in.
  static int64_t groupOf(int64_t task) {
    while (kJoins[task])
      --task;
    return task;
  }

  static void run(void *context, int64_t task, int64_t chunk,
                  uint8_t *scratch) {
    auto &self = *static_cast<Recorder *>(context);
    for (int64_t before = 0; before < groupOf(task); ++before)
      self.errors += self.finished[before] == 0;
    self.errors += self.finished[task] != 0;
    self.errors += ++self.runs[self.first[task] + chunk] != 1;
    // A scratch that two threads shared would be a race.
    scratch[0] = static_cast<uint8_t>(chunk);
    self.errors += scratch[0] != static_cast<uint8_t>(chunk);
    self.mixed += (task * 1000003 + chunk) * 0x9E3779B97F4A7C15;
  }

  static void finish(void *context, int64_t task, uint8_t *) {
    auto &self = *static_cast<Recorder *>(context);
    for (int64_t chunk = 0; chunk < kChunks[task]; ++chunk)
      self.errors += self.runs[self.first[task] + chunk] != 1;
    self.errors += ++self.finished[task] != 1;
  }

  void clear() {
    for (auto &run : runs)
      run = 0;
    for (auto &each : finished)
      each = 0;
  }
};

struct Case {
  int threads;
  uint64_t shuffle;
  bool split;

  friend void PrintTo(const Case &test, std::ostream *out) {
    *out << test.threads << (test.shuffle ? "shuffled" : "")
         << (test.split ? "split" : "");
  }
};

class PoolCases : public testing::TestWithParam<Case> {};

} // namespace

TEST_P(PoolCases, EveryChunkAndFinishOnce) {
  Case test = GetParam();
  Pool pool;
  std::vector<uint8_t> scratch(test.threads * 64);
  pool.start({test.threads, 64, scratch.data(), test.shuffle, test.split});
  Recorder recorder;
  int work = pool.add(
      {recorder.tasks, kTasks, &recorder, Recorder::run, Recorder::finish});
  uint64_t expected = 0;
  for (int walk = 0; walk < 200; ++walk) {
    recorder.clear();
    recorder.mixed = 0;
    pool.walk(work);
    EXPECT_EQ(recorder.errors, 0);
    for (int task = 0; task < kTasks; ++task)
      EXPECT_EQ(recorder.finished[task], 1);
    expected = walk == 0 ? recorder.mixed.load() : expected;
    EXPECT_EQ(recorder.mixed, expected);
  }
  pool.stop();
}

INSTANTIATE_TEST_SUITE_P(Threads, PoolCases,
                         testing::Values(Case{1, 0, false}, Case{2, 0, false},
                                         Case{3, 0, true}, Case{7, 0, false},
                                         Case{2, 9, true}, Case{7, 5, true}),
                         testing::PrintToStringParamName());

/// Several works, walked alternately: a thread that is late for one must not
/// touch another.
TEST(Pool, WorksAlternate) {
  Pool pool;
  std::vector<uint8_t> scratch(4 * 64);
  pool.start({4, 64, scratch.data(), 0, false});
  Recorder recorders[3];
  int works[3];
  for (int i = 0; i < 3; ++i)
    works[i] = pool.add({recorders[i].tasks, kTasks - i, &recorders[i],
                         Recorder::run, Recorder::finish});
  for (int walk = 0; walk < 300; ++walk) {
    recorders[walk % 3].clear();
    pool.walk(works[walk % 3]);
    EXPECT_EQ(recorders[walk % 3].errors, 0);
  }
  pool.stop();
}

TEST(Pool, EmptyWork) {
  Pool pool;
  pool.start({2, 0, nullptr, 0, false});
  int work = pool.add({nullptr, 0, nullptr, nullptr, nullptr});
  pool.walk(work);
  pool.walk(work);
  pool.stop();
}

TEST(Pool, SmallTasksStayOnOneThread) {
  struct Seen {
    std::atomic<uint8_t *> scratch = nullptr;
    std::atomic<int> others = 0;
  } seen;
  Task tasks[] = {{50, false, true}};
  Pool pool;
  std::vector<uint8_t> scratch(3 * 64);
  pool.start({3, 64, scratch.data(), 0, false});
  int work = pool.add({tasks, 1, &seen,
                       [](void *context, int64_t, int64_t, uint8_t *mine) {
                         auto &seen = *static_cast<Seen *>(context);
                         uint8_t *first = nullptr;
                         if (!seen.scratch.compare_exchange_strong(first, mine))
                           seen.others += first != mine;
                       },
                       nullptr});
  pool.walk(work);
  EXPECT_EQ(seen.others, 0);
  pool.stop();
}
