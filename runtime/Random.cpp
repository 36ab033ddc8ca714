#include "runtime/Random.h"

namespace ogee::runtime {

static constexpr uint64_t kPrime1 = 0x9E3779B185EBCA87;
static constexpr uint64_t kPrime2 = 0xC2B2AE3D27D4EB4F;
static constexpr uint64_t kPrime3 = 0x165667B19E3779F9;
static constexpr uint64_t kPrime4 = 0x85EBCA77C2B2AE63;
static constexpr uint64_t kPrime5 = 0x27D4EB2F165667C5;

static uint64_t rotate(uint64_t value, int bits) {
  return value << bits | value >> (64 - bits);
}

static uint64_t lane(uint64_t sum, uint64_t input) {
  return rotate(sum + input * kPrime2, 31) * kPrime1;
}

template <typename T> static T load(const uint8_t *from) {
  T value;
  memcpy(&value, from, sizeof value);
  return value;
}

/// The stripes of 32 bytes; moves `at` behind them.
static uint64_t stripes(const uint8_t *&at, const uint8_t *end, uint64_t seed) {
  uint64_t sum[4] = {seed + kPrime1 + kPrime2, seed + kPrime2, seed,
                     seed - kPrime1};
  for (; end - at >= 32; at += 32)
    for (int i = 0; i < 4; ++i)
      sum[i] = lane(sum[i], load<uint64_t>(at + 8 * i));
  uint64_t hash = rotate(sum[0], 1) + rotate(sum[1], 7) + rotate(sum[2], 12) +
                  rotate(sum[3], 18);
  for (uint64_t part : sum)
    hash = (hash ^ lane(0, part)) * kPrime1 + kPrime4;
  return hash;
}

uint64_t xxh64(const void *bytes, uint64_t size, uint64_t seed) {
  auto *at = static_cast<const uint8_t *>(bytes);
  const uint8_t *end = at + size;
  uint64_t hash = size >= 32 ? stripes(at, end, seed) : seed + kPrime5;
  hash += size;
  for (; end - at >= 8; at += 8)
    hash = rotate(hash ^ lane(0, load<uint64_t>(at)), 27) * kPrime1 + kPrime4;
  if (end - at >= 4) {
    hash = rotate(hash ^ load<uint32_t>(at) * kPrime1, 23) * kPrime2 + kPrime3;
    at += 4;
  }
  for (; at < end; ++at)
    hash = rotate(hash ^ *at * kPrime5, 11) * kPrime1;
  hash = (hash ^ hash >> 33) * kPrime2;
  hash = (hash ^ hash >> 29) * kPrime3;
  return hash ^ hash >> 32;
}

} // namespace ogee::runtime
