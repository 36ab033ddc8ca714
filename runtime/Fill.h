// Initial values. An element depends on (seed, path, logical index) alone:
// key = seed xor xxh64(path), counter = (index, attempt).
#ifndef OGEE_RUNTIME_FILL_H
#define OGEE_RUNTIME_FILL_H

#include "runtime/Abi.h"

namespace ogee::runtime {

constexpr int64_t kFillChunk = 1 << 14; // elements

/// Makes draws with the widest instructions that the processor has.
class Filler {
public:
  explicit Filler(uint64_t seed);

  /// Writes elements [first, last) of a tensor whose first element is at
  /// `data`. Draws are made in f32 and widened for f64; bf16 is rounded to
  /// nearest even.
  void fill(const OgeeTensor &tensor, uint8_t *data, int64_t first,
            int64_t last) const;

private:
  using Draw = void (*)(uint64_t key, uint64_t first, float *out);
  void draw(const OgeeTensor &tensor, uint64_t key, int64_t first, int64_t last,
            float *draws) const;

  uint64_t seed;
  Draw uniform, normal;
};

int64_t bytesOf(int32_t type); // of one element of an OgeeType
uint16_t bf16Of(float value);
float floatOf(uint16_t bf16);

} // namespace ogee::runtime

#endif // OGEE_RUNTIME_FILL_H
