#include "runtime/Profile.h"

#include "runtime/Error.h"
#include "runtime/Session.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace ogee::runtime {

void Profile::start(const OgeeEntry &of, const uint8_t *scratch,
                    int64_t scratchBytes, int64_t threadCount) {
  entry = &of;
  scratchBase = scratch;
  scratchStride = scratchBytes > 0 ? scratchBytes : 1;
  threads = threadCount;
  int64_t count = 0;
  times.reset(of.launch_count);
  for (int64_t i = 0; i < of.launch_count; ++i) {
    times[i].firstSpan = count;
    count += of.launches[i].chunks + 1;
  }
  spans.reset(count);
}

static double processorTime() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_nsec) * 1e-9;
}

static Span startNow() { return {now(), 0, processorTime(), 0}; }

void Profile::record(Span &span, const Span &start, const uint8_t *scratch) {
  span = {start.begin, now(), processorTime() - start.busy,
          static_cast<int32_t>((scratch - scratchBase) / scratchStride)};
}

void Profile::run(int64_t index, int64_t chunk, uint8_t *arena,
                  uint8_t *scratch) {
  const OgeeLaunch &launch = entry->launches[index];
  Span start = startNow();
  launch.run(arena, launch.offsets, chunk, scratch);
  record(spanOf(index, chunk), start, scratch);
}

void Profile::finish(int64_t index, uint8_t *arena, uint8_t *scratch) {
  const OgeeLaunch &launch = entry->launches[index];
  if (!launch.finish)
    return;
  Span start = startNow();
  launch.finish(arena, launch.offsets, launch.chunks, scratch);
  record(spanOf(index, launch.chunks), start, scratch);
}

void Profile::endStep(double duration) {
  if (++steps == 0)
    return;
  seconds += duration;
  for (int64_t i = 0; i < entry->launch_count; ++i)
    for (int64_t c = 0; c <= entry->launches[i].chunks; ++c)
      times[i].busy += spanOf(i, c).busy;
}

namespace {
/// All launches of one kernel in one step.
struct KernelTime {
  const char *name;
  double busy; // seconds, over all steps
  int64_t launches, chunks, flops, bytes;
};

int byTime(const void *a, const void *b) {
  double left = static_cast<const KernelTime *>(a)->busy;
  double right = static_cast<const KernelTime *>(b)->busy;
  return left < right ? 1 : left > right ? -1 : 0;
}
} // namespace

static KernelTime &kernelNamed(Array<KernelTime> &kernels, const char *name) {
  for (KernelTime &kernel : kernels)
    if (!strcmp(kernel.name, name))
      return kernel;
  kernels.push({name, 0, 0, 0, 0, 0});
  return kernels[kernels.size() - 1];
}

void Profile::print() const {
  if (steps <= 0)
    return note("profile: the first step does not count, and there was no "
                "second one\n");
  Array<KernelTime> kernels;
  double busy = 0;
  for (int64_t i = 0; i < entry->launch_count; ++i) {
    const OgeeLaunch &launch = entry->launches[i];
    KernelTime &kernel = kernelNamed(kernels, launch.name);
    kernel.busy += times[i].busy;
    kernel.launches += 1;
    kernel.chunks += launch.chunks;
    kernel.flops += launch.flops;
    kernel.bytes += launch.bytes;
    busy += times[i].busy;
  }
  qsort(kernels.begin(), kernels.size(), sizeof(KernelTime), byTime);
  // A thread's time in a step is split among kernels and waiting.
  double available = seconds * static_cast<double>(threads);
  auto count = static_cast<double>(steps);
  printf("%-16s %8s %7s %9s %7s %9s %8s\n", "kernel", "launches", "chunks",
         "ms", "share", "GFLOP/s", "GB/s");
  for (const KernelTime &kernel : kernels) {
    double each = kernel.busy / count; // seconds of one thread, in one step
    double wall = each / static_cast<double>(threads);
    printf("%-16s %8ld %7ld %9.3f %6.1f%% %9.1f %8.1f\n", kernel.name,
           kernel.launches, kernel.chunks, 1e3 * wall,
           100 * kernel.busy / available,
           static_cast<double>(kernel.flops) / wall * 1e-9,
           static_cast<double>(kernel.bytes) / wall * 1e-9);
  }
  printf("%-16s %8ld %7s %9.3f %6.1f%%\n", "waiting", 0L, "",
         1e3 * (available - busy) / static_cast<double>(threads) / count,
         100 * (available - busy) / available);
  printf("%-16s %8ld %7s %9.3f %6.1f%%\n", "step", entry->launch_count, "",
         1e3 * seconds / count, 100.0);
  fflush(stdout);
}

void Profile::writeTrace(const char *path) const {
  FILE *file = fopen(path, "w");
  if (!file)
    fail(Exit::Usage, "cannot write profile `%s`: %s", path, strerror(errno));
  double origin = spans.size() > 0 ? spans[0].begin : 0;
  for (const Span &span : spans)
    if (span.end > 0 && span.begin < origin)
      origin = span.begin;
  fprintf(file, "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [");
  const char *separator = "\n";
  for (int64_t i = 0; i < entry->launch_count; ++i) {
    const OgeeLaunch &launch = entry->launches[i];
    for (int64_t c = 0; c <= launch.chunks; ++c) {
      const Span &span = spans[times[i].firstSpan + c];
      if (span.end <= 0)
        continue; // a launch without a finish
      fprintf(file,
              "%s{\"name\": \"%s%s\", \"ph\": \"X\", \"pid\": 0, \"tid\": %d, "
              "\"ts\": %.3f, \"dur\": %.3f, \"args\": {\"launch\": %ld, "
              "\"chunk\": %ld}}",
              separator, launch.name, c == launch.chunks ? " finish" : "",
              span.thread, 1e6 * (span.begin - origin),
              1e6 * (span.end - span.begin), i, c);
      separator = ",\n";
    }
  }
  fprintf(file, "\n]}\n");
  if (fclose(file) != 0)
    fail(Exit::Usage, "cannot write profile `%s`: %s", path, strerror(errno));
}

} // namespace ogee::runtime
