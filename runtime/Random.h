// Counter-based random numbers: a value depends on (key, counter) alone, so it
// does not matter who draws it, when, or in which layout it is stored.
// Formulas: Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy
// as 1, 2, 3" (2011); XXH64 of the xxHash specification.
#ifndef OGEE_RUNTIME_RANDOM_H
#define OGEE_RUNTIME_RANDOM_H

#include <cstdint>
#include <cstring>

namespace ogee::runtime {

struct Words {
  uint32_t word[4];
};

/// Ten rounds of Philox on the 128-bit counter (low, high).
__attribute__((always_inline)) inline Words philox(uint64_t key, uint64_t low,
                                                   uint64_t high) {
  uint32_t k0 = static_cast<uint32_t>(key);
  uint32_t k1 = static_cast<uint32_t>(key >> 32);
  uint32_t c0 = static_cast<uint32_t>(low);
  uint32_t c1 = static_cast<uint32_t>(low >> 32);
  uint32_t c2 = static_cast<uint32_t>(high);
  uint32_t c3 = static_cast<uint32_t>(high >> 32);
  for (int round = 0; round < 10; ++round) {
    uint64_t a = uint64_t(0xD2511F53) * c0;
    uint64_t b = uint64_t(0xCD9E8D57) * c2;
    uint32_t n0 = static_cast<uint32_t>(b >> 32) ^ c1 ^ k0;
    uint32_t n2 = static_cast<uint32_t>(a >> 32) ^ c3 ^ k1;
    c1 = static_cast<uint32_t>(b);
    c3 = static_cast<uint32_t>(a);
    c0 = n0;
    c2 = n2;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return {{c0, c1, c2, c3}};
}

/// Uniform in [0, 1), 24 bits: what an f32 holds exactly.
__attribute__((always_inline)) inline float unitFloat(uint32_t word) {
  return static_cast<float>(static_cast<int32_t>(word >> 8)) * 0x1p-24f;
}

/// Uniform in [0, count), from the first 64 bits of the block.
inline int64_t below(Words words, int64_t count) {
  uint64_t bits = uint64_t(words.word[1]) << 32 | words.word[0];
  return static_cast<int64_t>(static_cast<unsigned __int128>(bits) *
                                  static_cast<uint64_t>(count) >>
                              64);
}

uint64_t xxh64(const void *bytes, uint64_t size, uint64_t seed = 0);

inline uint64_t keyOf(uint64_t seed, const char *path) {
  return seed ^ xxh64(path, strlen(path));
}

} // namespace ogee::runtime

#endif // OGEE_RUNTIME_RANDOM_H
