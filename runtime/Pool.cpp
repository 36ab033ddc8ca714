#include "runtime/Pool.h"

#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/Random.h"

#include <cstring>
#include <immintrin.h>
#include <linux/futex.h>
#include <numeric>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ogee::runtime {

// About what it costs to sleep and be woken; longer waits sleep.
static constexpr int64_t kSpinCycles = 120'000;
// The kernels keep their tiles in registers and their panels in scratch.
static constexpr size_t kStackBytes = 256 << 10;

static constexpr int64_t kMostTasks = (1 << 24) - 1;

static uint64_t stampOf(uint32_t epoch, int work, int64_t index) {
  return uint64_t(epoch) << 32 | uint64_t(work) << 24 | uint64_t(index);
}
static uint32_t epochOf(uint64_t stamp) { return stamp >> 32; }
static int workOf(uint64_t stamp) { return stamp >> 24 & 0xFF; }
static int64_t groupOf(uint64_t stamp) { return stamp & kMostTasks; }
// A counter needs no work number, so its ordinal has 32 bits.
static int64_t ordinalOf(uint64_t stamp) { return stamp & 0xFFFFFFFF; }

static void sleepOn(std::atomic<uint32_t> &word, uint32_t seen) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
}

static void wakeAll(std::atomic<uint32_t> &word) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr, 0);
}

/// Denormals are flushed in every thread alike, or bits would depend on who ran
/// a chunk.
static void flushDenormals() { _mm_setcsr(_mm_getcsr() | 0x8040); }

int availableProcessors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0)
    return 1;
  int count = CPU_COUNT(&set);
  return count > 0 ? count : 1;
}

struct Pool::Member {
  Pool *pool;
  int thread;
  pthread_t handle;
};

void Pool::start(const PoolOptions &given) {
  options = given;
  // A spinning thread takes the processor from the one it waits for.
  spinCycles = options.threads <= availableProcessors() ? kSpinCycles : 0;
  flushDenormals();
  members = static_cast<Member *>(take(options.threads, sizeof(Member)));
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  for (int thread = 1; thread < options.threads; ++thread) {
    Member &member = members[thread];
    member.pool = this;
    member.thread = thread;
    int error = pthread_create(&member.handle, &attributes, enter, &member);
    if (error)
      fail(Exit::OutOfMemory, "cannot start thread %d of %d: %s", thread + 1,
           options.threads, strerror(error));
  }
  pthread_attr_destroy(&attributes);
}

void Pool::stop() {
  stopping.store(true);
  ticket.fetch_add(1);
  wakeAll(ticket);
  for (int thread = 1; thread < options.threads; ++thread)
    pthread_join(members[thread].handle, nullptr);
  give(members);
  for (int plan = 0; plan < planned; ++plan)
    give(plans[plan].memory);
}

void *Pool::enter(void *argument) {
  auto *member = static_cast<Member *>(argument);
  flushDenormals();
  member->pool->live(member->thread);
  return nullptr;
}

void Pool::live(int thread) {
  uint8_t *scratch = options.scratch + thread * options.scratchBytes;
  Stamp seen = 0;
  while (true) {
    seen = waitFor(seen);
    if (stopping.load())
      return;
    participate(seen, scratch);
  }
}

/// Waits until the position differs from `seen` and returns it.
Pool::Stamp Pool::waitFor(Stamp seen) {
  uint64_t start = spinCycles ? __rdtsc() : 0;
  while (spinCycles) {
    Stamp now = position.load(std::memory_order_acquire);
    if (now != seen || stopping.load(std::memory_order_relaxed))
      return now;
    if (static_cast<int64_t>(__rdtsc() - start) > spinCycles)
      break;
    _mm_pause();
  }
  while (true) {
    // Announced before the last look, so that an opener sees either the sleeper
    // or is seen by it.
    sleepers.fetch_add(1);
    uint32_t observed = ticket.load();
    Stamp now = position.load();
    if (now == seen && !stopping.load())
      sleepOn(ticket, observed);
    sleepers.fetch_sub(1);
    now = position.load();
    if (now != seen || stopping.load())
      return now;
  }
}

int Pool::add(const Work &work) {
  if (planned == kMostWorks || work.count > kMostTasks)
    fail(Exit::Internal, "the pool has no room for %ld tasks", work.count);
  void *memory = take(work.count + 1, sizeof(Counter));
  uintptr_t first = (reinterpret_cast<uintptr_t>(memory) + 63) / 64 * 64;
  plans[planned] = {work, reinterpret_cast<Counter *>(first), memory};
  return planned++;
}

void Pool::walk(int index) {
  const Plan &plan = plans[index];
  uint32_t epoch = epochOf(position.load(std::memory_order_relaxed)) + 1;
  for (int64_t task = 0; task < plan.work.count; ++task) {
    plan.counters[task].done.store(0, std::memory_order_relaxed);
    plan.counters[task].next.store(stampOf(epoch, 0, 0),
                                   std::memory_order_relaxed);
  }
  open(stampOf(epoch, index, 0), options.scratch);
  Stamp seen = position.load(std::memory_order_acquire);
  while (groupOf(seen) != plan.work.count) {
    participate(seen, options.scratch);
    seen = waitFor(seen);
  }
}

/// End of the tasks that may run together with `group`.
static int64_t groupEnd(const Work &work, int64_t group) {
  int64_t end = group + 1;
  while (end < work.count && work.tasks[end].joins)
    ++end;
  return end;
}

/// A group that is not worth sharing is run by the thread that opens it,
/// without a word to the others.
bool Pool::runAlone(Stamp group, int64_t end, uint8_t *scratch) {
  const Work &work = plans[workOf(group)].work;
  bool share = false;
  for (int64_t task = groupOf(group); task < end; ++task)
    share |= (work.tasks[task].chunks > 1 || end - groupOf(group) > 1) &&
             (options.splitAll || !work.tasks[task].small);
  if (share && options.threads > 1)
    return false;
  for (int64_t task = groupOf(group); task < end; ++task) {
    for (int64_t chunk = 0; chunk < work.tasks[task].chunks; ++chunk)
      work.run(work.context, task, shuffled(group, task, chunk), scratch);
    if (work.finish)
      work.finish(work.context, task, scratch);
  }
  return true;
}

/// Makes `group` the open one; runs it and its successors here while they are
/// not worth sharing.
void Pool::open(Stamp group, uint8_t *scratch) {
  const Work &work = plans[workOf(group)].work;
  while (groupOf(group) < work.count) {
    int64_t end = groupEnd(work, groupOf(group));
    if (!runAlone(group, end, scratch))
      break;
    group = stampOf(epochOf(group), workOf(group), end);
  }
  groupDone.store(0, std::memory_order_relaxed);
  position.store(group);
  ticket.fetch_add(1);
  if (sleepers.load() > 0)
    wakeAll(ticket);
}

/// Works on the open group until nothing of it is left to claim.
void Pool::participate(Stamp seen, uint8_t *scratch) {
  const Work &work = plans[workOf(seen)].work;
  int64_t group = groupOf(seen);
  if (group == work.count)
    return;
  int64_t end = groupEnd(work, group);
  for (int64_t task = group; task < end; ++task) {
    if (runChunks(seen, task, scratch) &&
        groupDone.fetch_add(1) + 1 == end - group)
      open(stampOf(epochOf(seen), workOf(seen), end), scratch);
  }
}

/// True for the thread that ended the task's last chunk.
bool Pool::runChunks(Stamp seen, int64_t task, uint8_t *scratch) {
  const Plan &plan = plans[workOf(seen)];
  Counter &counter = plan.counters[task];
  int64_t chunks = plan.work.tasks[task].chunks, mine = 0;
  Stamp now = counter.next.load();
  while (epochOf(now) == epochOf(seen) && ordinalOf(now) < chunks) {
    if (!counter.next.compare_exchange_weak(now, now + 1))
      continue;
    int64_t chunk = shuffled(seen, task, ordinalOf(now));
    plan.work.run(plan.work.context, task, chunk, scratch);
    ++mine;
    now = counter.next.load();
  }
  if (mine == 0 || counter.done.fetch_add(mine) + mine != chunks)
    return false;
  if (plan.work.finish)
    plan.work.finish(plan.work.context, task, scratch);
  return true;
}

/// A bijection of the task's chunks: c -> a c + b, a coprime to their number.
int64_t Pool::shuffled(Stamp seen, int64_t task, int64_t ordinal) const {
  int64_t chunks = plans[workOf(seen)].work.tasks[task].chunks;
  if (options.shuffle == 0 || chunks < 2)
    return ordinal;
  Words words = philox(options.shuffle, task, epochOf(seen));
  int64_t factor = words.word[0] % chunks;
  while (std::gcd(factor, chunks) != 1)
    ++factor;
  return (factor * ordinal + words.word[1] % chunks) % chunks;
}

} // namespace ogee::runtime
