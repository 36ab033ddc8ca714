// What the processor gives at best in the very rounds of a benchmark: rate of
// independent fused multiply-adds, and bandwidth of reading and of copying.
//
// Speaks the protocol of a benchmark binary: prints `ready {}`, then for each
// line on standard input one JSON object. Every figure is work of all threads
// over the time from the first start to the last end.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <pthread.h>
#include <sched.h>
#include <string>
#include <thread>
#include <vector>

namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif
typedef float Vector __attribute__((vector_size(kLanes * sizeof(float))));

// Two FMA units with a latency of four cycles need eight chains; a few more
// hide the loop's own instructions.
constexpr int kChains = 12;
constexpr long kFmaLoops = 1L << 22;
// Far beyond a share of any last-level cache; in floats, for each thread.
constexpr size_t kFloats = size_t(64) << 20;

using Clock = std::chrono::steady_clock;

struct Span {
  Clock::time_point begin, end;
};

Vector splat(float value) {
  Vector vector;
  for (int lane = 0; lane < kLanes; ++lane)
    vector[lane] = value;
  return vector;
}

/// Keeps the compiler from dropping or folding what made `value`.
void keep(Vector &value) { asm volatile("" : "+v"(value)); }

void multiplyAdd() {
  Vector chain[kChains], factor = splat(0.999f), term = splat(0.001f);
  for (Vector &one : chain)
    one = splat(1.0f);
  keep(factor);
  keep(term);
  for (long loop = 0; loop < kFmaLoops; ++loop) {
#pragma clang loop unroll(full)
    for (int i = 0; i < kChains; ++i)
      chain[i] = __builtin_elementwise_fma(chain[i], factor, term);
#pragma clang loop unroll(full)
    for (int i = 0; i < kChains; ++i)
      keep(chain[i]);
  }
}

void readAll(const float *data) {
  constexpr int kStreams = 8;
  Vector sum[kStreams] = {};
  const auto *vectors = reinterpret_cast<const Vector *>(data);
  for (size_t i = 0; i < kFloats / kLanes; i += kStreams)
    for (int stream = 0; stream < kStreams; ++stream)
      sum[stream] += vectors[i + stream];
  for (Vector &one : sum)
    keep(one);
}

/// One thread's buffers, first touched by the thread itself.
struct Buffers {
  float *from, *to;
};

Buffers makeBuffers() {
  Buffers buffers;
  for (float **one : {&buffers.from, &buffers.to}) {
    *one = static_cast<float *>(
        std::aligned_alloc(1 << 21, kFloats * sizeof(float)));
    if (!*one) {
      std::perror("peak: memory");
      std::exit(4);
    }
    std::fill_n(*one, kFloats, 1.0f);
  }
  return buffers;
}

/// Waits until all threads are here, without sleeping.
class Barrier {
public:
  explicit Barrier(int threads) : threads(threads) {}
  void wait() {
    int mine = round.load();
    if (arrived.fetch_add(1) + 1 == threads) {
      arrived.store(0);
      round.fetch_add(1);
      return;
    }
    while (round.load() == mine)
      __builtin_ia32_pause();
  }

private:
  const int threads;
  std::atomic<int> arrived{0}, round{0};
};

void pin(int thread) {
  cpu_set_t allowed, one;
  CPU_ZERO(&one);
  sched_getaffinity(0, sizeof allowed, &allowed);
  int seen = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &allowed) && seen++ == thread)
      CPU_SET(cpu, &one);
  if (CPU_COUNT(&one))
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
}

enum Test { kFma, kRead, kCopy, kTests };

struct Rates {
  double value[kTests];
};

void runOne(Test test, const Buffers &buffers) {
  if (test == kFma)
    multiplyAdd();
  else if (test == kRead)
    readAll(buffers.from);
  else
    std::memcpy(buffers.to, buffers.from, kFloats * sizeof(float));
}

double seconds(const std::vector<Span> &spans) {
  Clock::time_point begin = spans[0].begin, end = spans[0].end;
  for (const Span &span : spans) {
    begin = std::min(begin, span.begin);
    end = std::max(end, span.end);
  }
  return std::chrono::duration<double>(end - begin).count();
}

/// Billions of floating-point operations or of bytes, of one thread.
double work(Test test) {
  if (test == kFma)
    return 2e-9 * kFmaLoops * kChains * kLanes;
  return 1e-9 * kFloats * sizeof(float) * (test == kCopy ? 2 : 1);
}

/// All threads together; the best of three, for the peak is a limit.
Rates measure(std::vector<Buffers> &buffers) {
  const int threads = buffers.size();
  Rates rates = {};
  std::vector<Span> spans(threads);
  Barrier barrier(threads);
  std::vector<std::thread> pool;
  for (int thread = 0; thread < threads; ++thread)
    pool.emplace_back([&, thread] {
      pin(thread);
      if (!buffers[thread].from)
        buffers[thread] = makeBuffers();
      for (int test = 0; test < kTests; ++test)
        for (int repeat = 0; repeat < 3; ++repeat) {
          barrier.wait();
          spans[thread].begin = Clock::now();
          runOne(Test(test), buffers[thread]);
          spans[thread].end = Clock::now();
          barrier.wait();
          if (thread == 0)
            rates.value[test] = std::max(
                rates.value[test], work(Test(test)) * threads / seconds(spans));
          barrier.wait();
        }
    });
  for (std::thread &one : pool)
    one.join();
  return rates;
}

} // namespace

int main(int argc, char **argv) {
  int threads = argc > 1 ? std::atoi(argv[1]) : 0;
  if (threads < 1 || threads > 1024) {
    std::fprintf(stderr, "usage: peak THREADS\n");
    return 2;
  }
  std::vector<Buffers> buffers(threads, Buffers{nullptr, nullptr});
  measure(buffers);
  std::printf("ready {}\n");
  std::fflush(stdout);
  for (char line[64]; std::fgets(line, sizeof line, stdin);) {
    Rates rates = measure(buffers);
    std::printf("{\"gflops\": %.1f, \"read_gbs\": %.2f, \"copy_gbs\": %.2f}\n",
                rates.value[kFma], rates.value[kRead], rates.value[kCopy]);
    std::fflush(stdout);
  }
}
