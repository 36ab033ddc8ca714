// Sine and cosine by x = n pi/2 + r, |r| <= pi/4, pi/2 in three parts. f32 goes
// through f64: they are rare, and the reduction needs the digits.
#include "lib/Generate/Cpu/MathFunctions.h"

using namespace mlir;

namespace ogee {

namespace {
// (sin(r) - r) / r^3 in r^2: relative error 2^-58.0.
constexpr double kSin[] = {-0x1.5555555555549p-3,  0x1.111111110f861p-7,
                           -0x1.a01a019c0e4c6p-13, 0x1.71de3574baa43p-19,
                           -0x1.ae5e63cdc4225p-26, 0x1.5d9246e02bebdp-33};
// (cos(r) - 1 + r^2 / 2) / r^4 in r^2: relative error 2^-64.2.
constexpr double kCos[] = {0x1.555555555554cp-5,  -0x1.6c16c16c15162p-10,
                           0x1.a01a019caef32p-16, -0x1.27e4f807d5f53p-22,
                           0x1.1ee9ea6ca600ap-29, -0x1.8fadd06293acap-37};
} // namespace

/// sin(x + quarters pi/2), f64.
static Value sinShifted(MathBuilder &m, Value x, int64_t quarters) {
  auto n = m.nearest(m.mul(x, m.constant(0x1.45f306dc9c883p-1)));
  Value r = m.fma(n.value, m.constant(-0x1.921fb54442d18p+0), x);
  r = m.fma(n.value, m.constant(-0x1.1a62633145c07p-54), r);
  r = m.fma(n.value, m.constant(0x1.f1976b7ed8fbcp-110), r);
  Value z = m.mul(r, r);
  Value sine = m.fma(m.mul(z, r), m.polynomial(z, kSin), r);
  Value cosine = m.sub(m.constant(1), m.mul(z, m.constant(0.5)));
  cosine = m.fma(m.mul(z, z), m.polynomial(z, kCos), cosine);
  Value quadrant = m.addBits(n.bits, m.integer(quarters));
  Value even = m.isZero(m.andBits(quadrant, m.integer(1)));
  Value upper = m.isZero(m.andBits(quadrant, m.integer(2)));
  Value y = m.select(even, sine, cosine);
  return m.select(upper, y, m.neg(y));
}

static Value expandShifted(MathBuilder &m, Value x, int64_t quarters) {
  if (m.isDouble())
    return sinShifted(m, x, quarters);
  MathBuilder wide = m.asDouble();
  return m.narrow(sinShifted(wide, m.widen(x), quarters));
}

Value expandSin(MathBuilder &m, Value x) { return expandShifted(m, x, 0); }

Value expandCos(MathBuilder &m, Value x) { return expandShifted(m, x, 1); }

} // namespace ogee
