// log, cos and exp of our own: the bits of initial values and samples must not
// depend on the machine's libm. Only IEEE operations without contraction are
// used, so every instruction set gives the same bits.
#ifndef OGEE_RUNTIME_MATH_H
#define OGEE_RUNTIME_MATH_H

#include <bit>
#include <cstdint>

namespace ogee::runtime {

#define OGEE_INLINE __attribute__((always_inline)) inline

/// Natural logarithm of a positive, normal x; error below 2 ulp.
/// x = 2^e m with m in [sqrt(1/2), sqrt(2)); log m = 2 artanh((m-1)/(m+1)).
OGEE_INLINE float logOf(float x) {
  constexpr int32_t kRootHalf = 0x3F3504F3; // bits of sqrt(1/2)
  int32_t bits = std::bit_cast<int32_t>(x) - kRootHalf;
  int32_t exponent = bits >> 23;
  float m = std::bit_cast<float>((bits & 0x7FFFFF) + kRootHalf);
  float s = (m - 1.0f) / (m + 1.0f);
  float t = s * s;
  float series = 2.0f / 9.0f;
  series = series * t + 2.0f / 7.0f;
  series = series * t + 2.0f / 5.0f;
  series = series * t + 2.0f / 3.0f;
  float e = static_cast<float>(exponent);
  // ln 2 in two parts; e times the first is exact.
  return e * 0x1.62ep-1f + (2.0f * s + (s * t * series + e * 0x1.0bfbe8p-15f));
}

/// cos(2 pi turn) for turn in [0, 1); error below 2^-23. The quarter turn
/// nearest to the argument is removed exactly.
OGEE_INLINE float cosOfTurn(float turn) {
  float quarters = turn * 4.0f;
  int32_t quadrant = static_cast<int32_t>(quarters + 0.5f);
  float x = (quarters - static_cast<float>(quadrant)) * 0x1.921fb6p+0f;
  float t = x * x;
  float sine = 1.0f / 362880.0f;
  sine = sine * t - 1.0f / 5040.0f;
  sine = sine * t + 1.0f / 120.0f;
  sine = sine * t - 1.0f / 6.0f;
  sine = x + x * t * sine;
  float cosine = -1.0f / 3628800.0f;
  cosine = cosine * t + 1.0f / 40320.0f;
  cosine = cosine * t - 1.0f / 720.0f;
  cosine = cosine * t + 1.0f / 24.0f;
  cosine = 1.0f - t * (0.5f - t * cosine);
  float value = quadrant & 1 ? sine : cosine;
  // cos, -sin, -cos, sin in the quadrants 0 to 3.
  return (quadrant + 1) & 2 ? -value : value;
}

/// e^x for x in [-700, 0], error below 1e-15 relative. x = k ln 2 + r, and the
/// exponential series of r to the 13th power.
inline double expOf(double x) {
  double k =
      static_cast<double>(static_cast<int64_t>(x * 0x1.71547652b82fep+0 - 0.5));
  double r = x - k * 0x1.62e42fefa0000p-1 - k * 0x1.cf79abc9e3b3ap-40;
  double sum = 1.0;
  for (int n = 13; n > 0; --n)
    sum = 1.0 + r * sum / n;
  return sum * std::bit_cast<double>(static_cast<int64_t>(k + 1023) << 52);
}

/// A standard normal draw, by Box and Muller from two words.
OGEE_INLINE float normalOf(uint32_t first, uint32_t second) {
  // (word + 1) / 2^24 lies in (0, 1], so the logarithm is finite.
  float u =
      static_cast<float>(static_cast<int32_t>((first >> 8) + 1)) * 0x1p-24f;
  float v = static_cast<float>(static_cast<int32_t>(second >> 8)) * 0x1p-24f;
  return __builtin_sqrtf(-2.0f * logOf(u)) * cosOfTurn(v);
}

} // namespace ogee::runtime

#endif // OGEE_RUNTIME_MATH_H
