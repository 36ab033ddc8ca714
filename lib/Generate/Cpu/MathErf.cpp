// The error function: a polynomial up to 1, from there 1 - erfc(|x|). f32 takes
// erfc from the exponential of a polynomial; f64 from e^(-x^2) times a slowly
// varying factor, since a polynomial in the exponent would be ill-conditioned.
#include "lib/Generate/Cpu/MathFunctions.h"

using namespace mlir;

namespace ogee {

namespace {
// erf(x) / x - 1 in x^2, |x| <= 1: relative error 2^-29.62 and 2^-62.74.
constexpr double kSmallFloat[] = {
    0x1.06eba8p-3, -0x1.81273ep-2,  0x1.ce2cf8p-4, -0x1.b7f90ep-6,
    0x1.5405b2p-8, -0x1.a3f702p-11, 0x1.496a3ap-14};
constexpr double kSmallDouble[] = {
    0x1.06eba8214db69p-3,   -0x1.812746b0379e6p-2,  0x1.ce2f21a042b2p-4,
    -0x1.b82ce3128499dp-6,  0x1.565bcd0db02edp-8,   -0x1.c02db3d8ed3d8p-11,
    0x1.f9a321a120896p-14,  -0x1.f4d1df397d0bbp-17, 0x1.b9def1a05218ap-20,
    -0x1.5f1d36d565b13p-23, 0x1.f7a412f214af6p-27,  -0x1.386ac304c21f5p-30,
    0x1.0579b080b085bp-34};
// -log(erfc(a)) / a, 1 <= a <= 4: error 2^-31.4 in erf.
constexpr double kLargeFloat[] = {
    0x1.20f24cp+0, 0x1.451942p-1,   0x1.b46cd2p-4, -0x1.89a242p-6,
    0x1.ed70ecp-9, -0x1.717238p-12, 0x1.da400ap-17};
// e^(a^2) erfc(a) in t = (a - 2) / (a + 2), 1 <= a <= 6: error 2^-62.9 in erf.
constexpr double kLargeDouble[] = {
    0x1.058671b52c776p-2,   -0x1.b57034efd3f7p-2,   0x1.eeea7dc8a778fp-3,
    -0x1.437f0b68c343ap-4,  0x1.e947159968355p-9,   0x1.ca95ed6de0473p-8,
    -0x1.bc25a28c72d57p-11, -0x1.016b6fabd3a6dp-10, 0x1.6d5188f118f7p-15,
    0x1.6dadcfc5421d7p-13,  0x1.d028d41ecc48fp-16,  -0x1.ca3912655ecb3p-16,
    -0x1.e9cf2d3f14165p-17, -0x1.b2be49c310199p-20};
} // namespace

/// 1 - erf(a), a >= 1.
static Value complement(MathBuilder &m, Value a) {
  if (!m.isDouble()) {
    Value within = m.select(m.less(m.constant(4), a), m.constant(4), a);
    Value exponent = m.mul(m.neg(within), m.polynomial(within, kLargeFloat));
    return expandExp(m, exponent);
  }
  Value within = m.select(m.less(m.constant(6), a), m.constant(6), a);
  Value two = m.constant(2);
  Value t = m.div(m.sub(within, two), m.add(within, two));
  Value gauss = expandExp(m, m.neg(m.mul(within, within)));
  return m.mul(gauss, m.polynomial(t, kLargeDouble));
}

Value expandErf(MathBuilder &m, Value x) {
  Value a = m.abs(x);
  ArrayRef<double> table =
      m.isDouble() ? ArrayRef(kSmallDouble) : ArrayRef(kSmallFloat);
  Value small = m.fma(a, m.polynomial(m.mul(a, a), table), a);
  Value large = m.sub(m.constant(1), complement(m, a));
  Value y = m.select(m.less(a, m.constant(1)), small, large);
  return m.copySign(y, x);
}

} // namespace ogee
