// Logarithms by x = 2^k m, m in [sqrt(1/2), sqrt(2)), f = m - 1.
#include "lib/Generate/Cpu/MathFunctions.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace ogee {

namespace {
// (log(1 + f) - f + f^2 / 2) / f^3: relative error 2^-30.4.
constexpr double kLogFloat[] = {0x1.555546p-2,  -0x1.ffffeep-3, 0x1.99a546p-3,
                                -0x1.5562e4p-3, 0x1.2332cp-3,   -0x1.fb432cp-4,
                                0x1.e650aap-4,  -0x1.e2e9aep-4, 0x1.1b42a6p-4};
// (2 artanh(s) - 2 s) / s^3 in s^2, s = f / (2 + f): relative error 2^-58.4.
constexpr double kLogDouble[] = {0x1.5555555555585p-1, 0x1.999999998327bp-2,
                                 0x1.2492493f93602p-2, 0x1.c71c53ad15a7fp-3,
                                 0x1.7465f323e736p-3,  0x1.39a898140d6d7p-3,
                                 0x1.2ec63fe08cfe8p-3};

struct Split {
  Value k, m; // both floats
  Value kBits;
};
} // namespace

static Split split(MathBuilder &m, Value x) {
  int64_t rootHalf = m.isDouble() ? 0x3fe6a09e667f3bcd : 0x3f3504f3;
  int64_t mantissa = (int64_t(1) << m.mantissaBits()) - 1;
  Value bits = m.subBits(m.bitsOf(x), m.integer(rootHalf));
  Value k = m.shiftRightSigned(bits, m.mantissaBits());
  Value low = m.andBits(bits, m.integer(mantissa));
  return {m.toFloat(k), m.fromBits(m.addBits(low, m.integer(rootHalf))), k};
}

static Value ln2High(MathBuilder &m) {
  return m.constant(m.isDouble() ? 0x1.62e42fefa39efp-1 : 0x1.62e43p-1);
}

static Value ln2Low(MathBuilder &m) {
  return m.constant(m.isDouble() ? 0x1.abc9e3b39803fp-56 : -0x1.05c61p-29);
}

/// k ln 2 + log(1 + f) + correction, correction being far below the rest.
static Value logOf(MathBuilder &m, Value k, Value f, Value correction) {
  Value low = m.fma(k, ln2Low(m), correction);
  Value half = m.mul(m.mul(f, f), m.constant(0.5));
  Value tail;
  if (m.isDouble()) {
    // log(1 + f) = f - f^2/2 + s (f^2/2 + R(s^2)): the large terms are exact.
    Value s = m.div(f, m.add(f, m.constant(2)));
    Value z = m.mul(s, s);
    Value rest = m.fma(z, m.polynomial(z, kLogDouble), half);
    tail = m.sub(m.fma(s, rest, low), half);
  } else {
    Value cube = m.mul(m.mul(f, f), f);
    tail = m.sub(m.fma(cube, m.polynomial(f, kLogFloat), low), half);
  }
  return m.fma(k, ln2High(m), m.add(f, tail));
}

/// `y`, but what log(x) is where x is not a positive normal number.
static Value limit(MathBuilder &m, Value x, Value y) {
  Value least = m.smallestNormal();
  y = m.select(m.less(x, m.infinity()), y, x);
  Value below =
      m.select(m.lessEqual(x, m.neg(least)), m.nan(), m.neg(m.infinity()));
  return m.select(m.less(x, least), below, y);
}

Value expandLog(MathBuilder &m, Value x) {
  Split parts = split(m, x);
  Value f = m.sub(parts.m, m.constant(1));
  return limit(m, x, logOf(m, parts.k, f, m.constant(0)));
}

Value expandLog1p(MathBuilder &m, Value x) {
  Value one = m.constant(1);
  Value u = m.add(x, one);
  Split parts = split(m, u);
  // What the sum lost; where no power of two is taken out, x itself is f.
  Value lost = m.div(m.sub(x, m.sub(u, one)), u);
  Value whole = m.isZero(parts.kBits);
  Value f = m.select(whole, x, m.sub(parts.m, one));
  Value correction = m.select(whole, m.constant(0), lost);
  return limit(m, u, logOf(m, parts.k, f, correction));
}

namespace {
/// An unevaluated sum, |low| far below |high|.
struct Pair {
  Value high, low;
};
} // namespace

/// log(x) of positive x in about 60 bits: the terms 2 s and k ln 2 in pairs.
static Pair logPair(MathBuilder &m, Value x) {
  Split parts = split(m, x);
  Value f = m.sub(parts.m, m.constant(1));
  Value u = m.add(f, m.constant(2));
  Value uLow = m.sub(f, m.sub(u, m.constant(2)));
  Value s = m.div(f, u);
  // The remainder of the division: f - s (u + uLow).
  Value rest = m.fma(m.neg(s), uLow, m.fma(m.neg(s), u, f));
  Value sLow = m.div(rest, u);
  Value z = m.mul(s, s);
  Value series = m.mul(m.mul(s, z), m.polynomial(z, kLogDouble));
  Value low = m.add(m.add(sLow, sLow), series);
  // k ln 2 + 2 s, then the rounding errors (Knuth's two-sum, two-product).
  Value twice = m.add(s, s);
  Value product = m.mul(parts.k, ln2High(m));
  Value productLow = m.fma(parts.k, ln2High(m), m.neg(product));
  Value sum = m.add(product, twice);
  Value back = m.sub(sum, product);
  Value sumLow = m.add(m.sub(product, m.sub(sum, back)), m.sub(twice, back));
  low = m.add(low, m.fma(parts.k, ln2Low(m), m.add(productLow, sumLow)));
  Value high = m.add(sum, low);
  return {high, m.sub(low, m.sub(high, sum))};
}

/// |x|^y in f64, for y != 0.
static Value powOfMagnitude(MathBuilder &m, Value x, Value y) {
  Pair log = logPair(m, x);
  Value high = m.mul(y, log.high);
  Value low = m.fma(y, log.low, m.fma(y, log.high, m.neg(high)));
  // e^(high + low) = e^high + e^high low; no correction where e^high is 0 or
  // infinite, whose low part means nothing.
  Value e = expandExp(m, high);
  Value bounded = m.less(m.abs(high), m.constant(1000));
  Value fine = m.fma(e, low, e);
  Value finite = m.select(m.less(e, m.infinity()), fine, e);
  Value result = m.select(bounded, finite, e);
  // Where log x is infinite the pair is not a number; only signs matter.
  Value up = m.less(m.constant(0), y);
  Value small = m.select(up, m.constant(0), m.infinity());
  Value large = m.select(up, m.infinity(), m.constant(0));
  result = m.select(m.less(x, m.smallestNormal()), small, result);
  return m.select(m.equal(x, m.infinity()), large, result);
}

/// x^y for a y known to be 1, 2, 3 or 4; null otherwise.
static Value expandSmallPower(MathBuilder &m, Value x, Value y) {
  Attribute attr;
  if (!matchPattern(y, m_Constant(&attr)))
    return {};
  if (auto splat = dyn_cast<SplatElementsAttr>(attr))
    attr = splat.getSplatValue<Attribute>();
  auto exponent = dyn_cast<FloatAttr>(attr);
  if (!exponent)
    return {};
  double power = exponent.getValueAsDouble();
  if (power == 1)
    return x;
  if (power != 2 && power != 3 && power != 4)
    return {};
  Value square = m.mul(x, x);
  if (power == 2)
    return square;
  return m.mul(square, power == 3 ? x : square);
}

/// `power` is |x|^y: gives it the sign, or makes it not a number, where x is
/// negative (IEEE 754-2019, 9.2.1).
static Value signedPower(MathBuilder &m, Value x, Value y, Value power) {
  Value zero = m.constant(0);
  Value halfY = m.mul(y, m.constant(0.5));
  Value distance = m.abs(m.sub(halfY, m.roundEven(halfY)));
  Value odd = m.equal(distance, m.constant(0.5));
  Value negative = m.select(odd, m.neg(power), power);
  Value whole = m.equal(y, m.roundEven(y));
  // A base of -0 or -inf has a value for any exponent.
  Value extreme = m.equal(m.add(x, x), x);
  negative = m.select(whole, negative, m.select(extreme, power, m.nan()));
  Value sign = m.copySign(m.constant(1), x);
  return m.select(m.less(sign, zero), negative, power);
}

Value expandPow(MathBuilder &m, Value x, Value y) {
  if (Value small = expandSmallPower(m, x, y))
    return small;
  if (!m.isDouble()) {
    MathBuilder wide = m.asDouble();
    return m.narrow(expandPow(wide, m.widen(x), m.widen(y)));
  }
  Value one = m.constant(1);
  Value power = powOfMagnitude(m, m.abs(x), y);
  power = m.select(m.equal(m.abs(x), one), one, power);
  power = signedPower(m, x, y, power);
  // Not a number in, not a number out; but 1^y = x^0 = 1.
  power = m.select(m.equal(x, x), power, x);
  power = m.select(m.equal(y, y), power, y);
  power = m.select(m.equal(x, one), one, power);
  return m.select(m.equal(y, m.constant(0)), one, power);
}

Value expandRsqrt(MathBuilder &m, Value x) {
  return m.div(m.constant(1), m.sqrt(x));
}

} // namespace ogee
