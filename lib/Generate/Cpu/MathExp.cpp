// Exponentials by x = n ln 2 + r, |r| <= ln 2 / 2 (Cody and Waite): n ln 2 is
// taken off in two parts, each in one fma, so that r carries its rounding
// alone.
#include "lib/Generate/Cpu/MathFunctions.h"

using namespace mlir;

namespace ogee {

namespace {
// (e^r - 1 - r) / r^2, for e^r: relative error 2^-28.3 and 2^-57.9.
constexpr double kExpFloat[] = {0x1.fffffcp-2, 0x1.555492p-3, 0x1.5558f2p-5,
                                0x1.1239e2p-7, 0x1.6a2434p-10};
constexpr double kExpDouble[] = {0x1.000000000000ap-1,  0x1.55555555554fap-3,
                                 0x1.555555555087cp-5,  0x1.1111111127be4p-7,
                                 0x1.6c16c1842a147p-10, 0x1.a01a012a57cd8p-13,
                                 0x1.a0199a0c611a8p-16, 0x1.71df2552af8d3p-19,
                                 0x1.28ad72d147d89p-22, 0x1.ad7f6d7911672p-26};
// The same for e^r - 1: relative error 2^-32.0 and 2^-61.7.
constexpr double kExpm1Float[] = {0x1p-1,       0x1.555556p-3,  0x1.5554aep-5,
                                  0x1.11109p-7, 0x1.6d7486p-10, 0x1.a1a166p-13};
constexpr double kExpm1Double[] = {0x1p-1,
                                   0x1.5555555555559p-3,
                                   0x1.555555555555ap-5,
                                   0x1.111111110f6aep-7,
                                   0x1.6c16c16c1445fp-10,
                                   0x1.a01a01afe53d2p-13,
                                   0x1.a01a01b0b24a4p-16,
                                   0x1.71ddf85368433p-19,
                                   0x1.27e4c5ab39631p-22,
                                   0x1.af5ebf6277ae4p-26,
                                   0x1.1f955316967c3p-29};
// (2^r - 1) / r, |r| <= 1/2: relative error 2^-29.0 and 2^-58.0.
constexpr double kExp2Float[] = {0x1.62e43p-1,  0x1.ebfbep-3,  0x1.c6aedp-5,
                                 0x1.3b29aap-7, 0x1.5f47bp-10, 0x1.448fbcp-13};
constexpr double kExp2Double[] = {
    0x1.62e42fefa39efp-1,  0x1.ebfbdff82c5a5p-3,  0x1.c6b08d704a0d7p-5,
    0x1.3b2ab6fb9ff54p-7,  0x1.5d87fe78a0e45p-10, 0x1.4309130f2fd25p-13,
    0x1.ffcbfc7c4064fp-17, 0x1.62bfc6cbfc505p-20, 0x1.b524cdf88e954p-24,
    0x1.e61ca99cdc0ccp-28, 0x1.ea183201d8605p-32};
// (tanh(x) - x) / x^3 in x^2, |x| <= 0.55: relative error 2^-29.9 and 2^-60.61.
constexpr double kTanhFloat[] = {-0x1.55554cp-2, 0x1.110d3cp-3, -0x1.b92bbap-5,
                                 0x1.595688p-6, -0x1.9bba6ep-8};
constexpr double kTanhDouble[] = {
    -0x1.555555555555p-2,   0x1.11111111108cbp-3,  -0x1.ba1ba1b98b9ccp-5,
    0x1.664f485c2ba3p-6,    -0x1.226e2f648554dp-7, 0x1.d6d2a7209fc7ap-9,
    -0x1.7d905d68ab162p-10, 0x1.3487d4b3ba52p-11,  -0x1.e997ae9462ed6p-13,
    0x1.5de132513258ap-14,  -0x1.481221036dab3p-16};

struct Reduced {
  MathBuilder::Rounded n;
  Value r;
};
} // namespace

static Reduced reduce(MathBuilder &m, Value x) {
  bool f64 = m.isDouble();
  auto n = m.nearest(m.mul(x, m.constant(0x1.71547652b82fep+0)));
  Value high = m.constant(f64 ? -0x1.62e42fefa39efp-1 : -0x1.62e43p-1);
  Value low = m.constant(f64 ? -0x1.abc9e3b39803fp-56 : 0x1.05c61p-29);
  return {n, m.fma(n.value, low, m.fma(n.value, high, x))};
}

/// `y`, but 0 below `low`; infinity, or not a number, unless x <= `high`.
static Value limit(MathBuilder &m, Value x, Value y, double low, double high) {
  y = m.select(m.lessEqual(x, m.constant(high)), y, m.add(x, m.infinity()));
  return m.select(m.less(x, m.constant(low)), m.constant(0), y);
}

/// e^x for x where the result is a normal number.
static Value expWithin(MathBuilder &m, Value x) {
  Reduced reduced = reduce(m, x);
  Value r = reduced.r;
  ArrayRef<double> table =
      m.isDouble() ? ArrayRef(kExpDouble) : ArrayRef(kExpFloat);
  Value tail = m.fma(m.mul(r, r), m.polynomial(r, table), r);
  return m.scale(m.add(m.constant(1), tail), reduced.n.bits);
}

Value expandExp(MathBuilder &m, Value x) {
  Value y = expWithin(m, x);
  return m.isDouble() ? limit(m, x, y, -708.3964185322641, 709.782712893384)
                      : limit(m, x, y, -87.33654, 88.72283);
}

Value expandExp2(MathBuilder &m, Value x) {
  auto n = m.nearest(x);
  Value r = m.sub(x, n.value);
  ArrayRef<double> table =
      m.isDouble() ? ArrayRef(kExp2Double) : ArrayRef(kExp2Float);
  Value y = m.scale(m.fma(r, m.polynomial(r, table), m.constant(1)), n.bits);
  return m.isDouble() ? limit(m, x, y, -1022, 0x1.fffffffffffffp9)
                      : limit(m, x, y, -126, 0x1.fffffep6);
}

// 2^n (e^r - 1) + (2^n - 1), with half of 2^n, which would overflow before the
// result does.
Value expandExpm1(MathBuilder &m, Value x) {
  Reduced reduced = reduce(m, m.isDouble() ? m.clamp(x, -40, 709.79)
                                           : m.clamp(x, -20, 88.73));
  Value r = reduced.r;
  ArrayRef<double> table =
      m.isDouble() ? ArrayRef(kExpm1Double) : ArrayRef(kExpm1Float);
  Value tail = m.fma(m.mul(r, r), m.polynomial(r, table), r);
  Value half = m.scale(m.constant(0.5), reduced.n.bits);
  Value y = m.fma(half, tail, m.sub(half, m.constant(0.5)));
  return m.add(y, y);
}

// A polynomial up to 0.55, from there 1 - 2 / (e^2x + 1), where the difference
// loses nothing.
Value expandTanh(MathBuilder &m, Value x) {
  Value a = m.abs(x);
  Value square = m.mul(a, a);
  ArrayRef<double> table =
      m.isDouble() ? ArrayRef(kTanhDouble) : ArrayRef(kTanhFloat);
  Value small = m.fma(m.mul(square, a), m.polynomial(square, table), a);
  Value bound = m.constant(m.isDouble() ? 21 : 10);
  Value within = m.select(m.less(bound, a), bound, a);
  Value e = expWithin(m, m.add(within, within));
  Value one = m.constant(1);
  Value large = m.sub(one, m.div(m.constant(2), m.add(e, one)));
  // What is not a number takes the polynomial, which keeps it so.
  Value y = m.select(m.less(m.constant(0.55), a), large, small);
  return m.copySign(y, x);
}

} // namespace ogee
