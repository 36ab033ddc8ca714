// The first step waits for these draws, so blocks of them are compiled three
// times, for what the processor has. All three give the same bits: only IEEE
// operations, and no contraction.
#include "runtime/Fill.h"

#include "runtime/Features.h"
#include "runtime/Math.h"
#include "runtime/Random.h"

namespace ogee::runtime {

static constexpr int64_t kBlock = 64;

/// kBlock draws for elements first, first + 1, ...: normal or in [0, 1).
template <bool normal>
static OGEE_INLINE void drawBlock(uint64_t key, uint64_t first, float *out) {
#pragma clang loop vectorize(enable) interleave(disable)
  for (int64_t lane = 0; lane < kBlock; ++lane) {
    Words words = philox(key, first + lane, 0);
    out[lane] = normal ? normalOf(words.word[0], words.word[1])
                       : unitFloat(words.word[0]);
  }
}

template <bool normal>
static void drawBaseline(uint64_t key, uint64_t first, float *out) {
  drawBlock<normal>(key, first, out);
}
template <bool normal>
__attribute__((target("avx2"))) static void
drawAvx2(uint64_t key, uint64_t first, float *out) {
  drawBlock<normal>(key, first, out);
}
template <bool normal>
__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))) static void
drawAvx512(uint64_t key, uint64_t first, float *out) {
  drawBlock<normal>(key, first, out);
}

template <bool normal> static auto chooseDraw() {
  if (hasFeature("avx512f") && hasFeature("avx512dq") &&
      hasFeature("avx512bw") && hasFeature("avx512vl"))
    return drawAvx512<normal>;
  return hasFeature("avx2") ? drawAvx2<normal> : drawBaseline<normal>;
}

Filler::Filler(uint64_t seed)
    : seed(seed), uniform(chooseDraw<false>()), normal(chooseDraw<true>()) {}

/// A normal draw within two standard deviations, by rejection; attempt 0 is the
/// one that drawBlock makes.
static float drawWithinTwo(uint64_t key, uint64_t element) {
  for (uint64_t attempt = 0;; ++attempt) {
    Words words = philox(key, element, attempt);
    float z = normalOf(words.word[0], words.word[1]);
    if (z >= -2.0f && z <= 2.0f)
      return z;
  }
}

int64_t bytesOf(int32_t type) {
  static constexpr int64_t kBytes[] = {1, 4, 8, 2, 4, 8};
  return kBytes[type];
}

uint16_t bf16Of(float value) {
  auto bits = std::bit_cast<uint32_t>(value);
  if (value != value)
    return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

float floatOf(uint16_t bf16) {
  return std::bit_cast<float>(uint32_t(bf16) << 16);
}

/// Stores offset + factor * draw, in the tensor's type.
static void store(const OgeeTensor &tensor, uint8_t *data, int64_t index,
                  double offset, double factor, float draw) {
  float narrow = static_cast<float>(offset) + static_cast<float>(factor) * draw;
  switch (tensor.type) {
  case OGEE_BOOL:
    data[index] = narrow != 0;
    break;
  case OGEE_I32:
    reinterpret_cast<int32_t *>(data)[index] = static_cast<int32_t>(offset);
    break;
  case OGEE_I64:
    reinterpret_cast<int64_t *>(data)[index] = static_cast<int64_t>(offset);
    break;
  case OGEE_BF16:
    reinterpret_cast<uint16_t *>(data)[index] = bf16Of(narrow);
    break;
  case OGEE_F32:
    reinterpret_cast<float *>(data)[index] = narrow;
    break;
  case OGEE_F64:
    reinterpret_cast<double *>(data)[index] = offset + factor * double(draw);
    break;
  default:
    break;
  }
}

/// Draws for elements [first, last), at most kBlock of them.
void Filler::draw(const OgeeTensor &tensor, uint64_t key, int64_t first,
                  int64_t last, float *draws) const {
  if (tensor.init == OGEE_INIT_CONSTANT) {
    for (int64_t i = 0; i < last - first; ++i)
      draws[i] = 0;
    return;
  }
  (tensor.init == OGEE_INIT_UNIFORM ? uniform : normal)(key, first, draws);
  if (tensor.init != OGEE_INIT_TRUNC_NORMAL)
    return;
  for (int64_t i = 0; i < last - first; ++i)
    if (draws[i] < -2.0f || draws[i] > 2.0f)
      draws[i] = drawWithinTwo(key, first + i);
}

void Filler::fill(const OgeeTensor &tensor, uint8_t *data, int64_t first,
                  int64_t last) const {
  if (tensor.init == OGEE_INIT_TABLE) {
    int64_t bytes = bytesOf(tensor.type);
    memcpy(data + first * bytes,
           static_cast<const uint8_t *>(tensor.table) + first * bytes,
           (last - first) * bytes);
    return;
  }
  uint64_t key = keyOf(seed, tensor.path);
  double factor =
      tensor.init == OGEE_INIT_UNIFORM ? tensor.b - tensor.a : tensor.b;
  for (int64_t block = first; block < last; block += kBlock) {
    int64_t end = block + kBlock < last ? block + kBlock : last;
    float draws[kBlock] = {};
    draw(tensor, key, block, end, draws);
    for (int64_t i = block; i < end; ++i)
      store(tensor, data, i, tensor.a, factor, draws[i - block]);
  }
}

} // namespace ogee::runtime
