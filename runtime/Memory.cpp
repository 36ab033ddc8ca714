#include "runtime/Memory.h"

#include "runtime/Error.h"

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace ogee::runtime {

void *take(int64_t count, int64_t size) {
  void *memory = calloc(count, size);
  if (!memory)
    fail(Exit::OutOfMemory, "no memory for %ld elements of %ld bytes", count,
         size);
  return memory;
}

void *grow(void *old, int64_t count, int64_t size) {
  void *memory = reallocarray(old, count, size);
  if (!memory)
    fail(Exit::OutOfMemory, "no memory for %ld elements of %ld bytes", count,
         size);
  return memory;
}

void give(void *memory) { free(memory); }

uint8_t *mapPages(int64_t bytes) {
  constexpr int64_t kPage = 4096, kHuge = 2 << 20;
  int64_t length = (bytes + kPage - 1) / kPage * kPage;
  if (length == 0)
    length = kPage;
  void *mapped = mmap(nullptr, length + kHuge, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED)
    return nullptr;
  auto first = reinterpret_cast<uintptr_t>(mapped);
  uintptr_t aligned = (first + kHuge - 1) / kHuge * kHuge;
  if (aligned > first)
    munmap(mapped, aligned - first);
  uintptr_t tail = first + kHuge - aligned;
  if (tail > 0)
    munmap(reinterpret_cast<void *>(aligned + length), tail);
  madvise(reinterpret_cast<void *>(aligned), length, MADV_HUGEPAGE);
  return reinterpret_cast<uint8_t *>(aligned);
}

/// Reads a file of /proc as text; empty where there is none.
static void readText(const char *path, char *text, unsigned long room) {
  text[0] = 0;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return;
  ssize_t size = read(file, text, room - 1);
  text[size > 0 ? size : 0] = 0;
  close(file);
}

/// The value, in bytes, of a line of /proc/self/status that counts kB.
static int64_t statusBytes(const char *key) {
  char text[4096];
  readText("/proc/self/status", text, sizeof text);
  const char *line = strstr(text, key);
  return line ? strtoll(line + strlen(key), nullptr, 10) * 1024 : 0;
}

int64_t residentBytes() { return statusBytes("VmRSS:"); }
int64_t residentPeakBytes() { return statusBytes("VmHWM:"); }

} // namespace ogee::runtime
