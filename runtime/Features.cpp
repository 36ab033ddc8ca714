// Asked of cpuid, not of /proc/cpuinfo: a training binary also runs where /proc
// is not mounted.
#include "runtime/Features.h"

#include "runtime/Error.h"

#include <cpuid.h>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <sys/syscall.h>
#include <unistd.h>

namespace ogee::runtime {

namespace {
enum Register { EAX, EBX, ECX, EDX };

// What the operating system must save for a feature: bits of XCR0.
enum Saved : uint32_t { None = 0, Ymm = 0x6, Zmm = 0xE6, Tile = 0x60000 };

struct Feature {
  const char *name; // lower case, letters and digits only
  uint32_t leaf, subleaf;
  Register source;
  int bit;
  Saved saved;
};
} // namespace

// Intel SDM volume 2A, CPUID; AMD APM volume 3, appendix E.
static constexpr Feature kFeatures[] = {
    {"sse", 1, 0, EDX, 25, None},
    {"sse2", 1, 0, EDX, 26, None},
    {"sse3", 1, 0, ECX, 0, None},
    {"pni", 1, 0, ECX, 0, None},
    {"pclmulqdq", 1, 0, ECX, 1, None},
    {"pclmul", 1, 0, ECX, 1, None},
    {"ssse3", 1, 0, ECX, 9, None},
    {"fma", 1, 0, ECX, 12, Ymm},
    {"cx16", 1, 0, ECX, 13, None},
    {"sse41", 1, 0, ECX, 19, None},
    {"sse42", 1, 0, ECX, 20, None},
    {"crc32", 1, 0, ECX, 20, None},
    {"movbe", 1, 0, ECX, 22, None},
    {"popcnt", 1, 0, ECX, 23, None},
    {"aes", 1, 0, ECX, 25, None},
    {"xsave", 1, 0, ECX, 26, None},
    {"avx", 1, 0, ECX, 28, Ymm},
    {"f16c", 1, 0, ECX, 29, Ymm},
    {"rdrand", 1, 0, ECX, 30, None},
    {"fsgsbase", 7, 0, EBX, 0, None},
    {"bmi1", 7, 0, EBX, 3, None},
    {"bmi", 7, 0, EBX, 3, None},
    {"avx2", 7, 0, EBX, 5, Ymm},
    {"bmi2", 7, 0, EBX, 8, None},
    {"erms", 7, 0, EBX, 9, None},
    {"avx512f", 7, 0, EBX, 16, Zmm},
    {"avx512dq", 7, 0, EBX, 17, Zmm},
    {"rdseed", 7, 0, EBX, 18, None},
    {"adx", 7, 0, EBX, 19, None},
    {"avx512ifma", 7, 0, EBX, 21, Zmm},
    {"clflushopt", 7, 0, EBX, 23, None},
    {"clwb", 7, 0, EBX, 24, None},
    {"avx512cd", 7, 0, EBX, 28, Zmm},
    {"sha", 7, 0, EBX, 29, None},
    {"shani", 7, 0, EBX, 29, None},
    {"avx512bw", 7, 0, EBX, 30, Zmm},
    {"avx512vl", 7, 0, EBX, 31, Zmm},
    {"avx512vbmi", 7, 0, ECX, 1, Zmm},
    {"avx512vbmi2", 7, 0, ECX, 6, Zmm},
    {"gfni", 7, 0, ECX, 8, None},
    {"vaes", 7, 0, ECX, 9, Ymm},
    {"vpclmulqdq", 7, 0, ECX, 10, Ymm},
    {"avx512vnni", 7, 0, ECX, 11, Zmm},
    {"avx512bitalg", 7, 0, ECX, 12, Zmm},
    {"avx512vpopcntdq", 7, 0, ECX, 14, Zmm},
    {"rdpid", 7, 0, ECX, 22, None},
    {"fsrm", 7, 0, EDX, 4, None},
    {"avx512vp2intersect", 7, 0, EDX, 8, Zmm},
    {"amxbf16", 7, 0, EDX, 22, Tile},
    {"avx512fp16", 7, 0, EDX, 23, Zmm},
    {"amxtile", 7, 0, EDX, 24, Tile},
    {"amxint8", 7, 0, EDX, 25, Tile},
    {"avxvnni", 7, 1, EAX, 4, Ymm},
    {"avx512bf16", 7, 1, EAX, 5, Zmm},
    {"avxifma", 7, 1, EAX, 23, Ymm},
    {"abm", 0x80000001, 0, ECX, 5, None},
    {"lzcnt", 0x80000001, 0, ECX, 5, None},
    {"sse4a", 0x80000001, 0, ECX, 6, None},
    {"prfchw", 0x80000001, 0, ECX, 8, None},
    {"3dnowprefetch", 0x80000001, 0, ECX, 8, None},
};

/// Linux saves tile registers for those who ask; threads made later inherit the
/// permission (arch_prctl(2), ARCH_REQ_XCOMP_PERM).
static bool mayUseTiles() {
  constexpr int kRequest = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequest, kTileData) == 0;
}

/// Whether the operating system saves all of the register state in `saved`.
static bool isSaved(uint32_t saved) {
  uint32_t eax, ebx, ecx, edx;
  if (saved == None)
    return true;
  constexpr uint32_t kOsXsave = 1u << 27;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & kOsXsave))
    return false;
  uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & saved) == saved && (saved != Tile || mayUseTiles());
}

/// `name` without punctuation, in lower case.
static void plain(const char *name, char *out, size_t room) {
  size_t used = 0;
  for (; *name && used + 1 < room; ++name) {
    char c = *name >= 'A' && *name <= 'Z' ? *name + 32 : *name;
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      out[used++] = c;
  }
  out[used] = 0;
}

bool hasFeature(const char *name) {
  char wanted[64];
  plain(name, wanted, sizeof wanted);
  for (const Feature &feature : kFeatures) {
    if (strcmp(feature.name, wanted) != 0)
      continue;
    uint32_t value[4];
    return __get_cpuid_count(feature.leaf, feature.subleaf, &value[EAX],
                             &value[EBX], &value[ECX], &value[EDX]) &&
           value[feature.source] >> feature.bit & 1 && isSaved(feature.saved);
  }
  return false;
}

void requireFeatures(const char *const *names, long count, const char *target) {
  char missing[512] = {};
  size_t used = 0;
  for (long i = 0; i < count; ++i)
    if (!hasFeature(names[i]) && used < sizeof missing)
      used += snprintf(missing + used, sizeof missing - used, "%s%s",
                       used ? ", " : "", names[i]);
  if (used)
    fail(Exit::Processor,
         "this program was built for target `%s`, and this processor lacks %s; "
         "build it with a lower --target",
         target, missing);
}

} // namespace ogee::runtime
