#include "lib/Generate/Cpu/Random.h"

#include "lib/Generate/Cpu/MathBuilder.h"

using namespace mlir;
using namespace ogee;

/// f32, of the shape of `word`.
static Type floatsLike(Frame &frame, Value word) {
  Type f32 = frame.builder().getF32Type();
  auto vector = dyn_cast<VectorType>(word.getType());
  return vector ? Type(vector.clone(f32)) : f32;
}

/// The word's upper 24 bits, which an f32 holds.
static Value upperBits(Frame &frame, Value word) {
  return arith::ShRUIOp::create(frame.builder(), frame.loc(), word,
                                frame.constant(word.getType(), 8));
}

Value ogee::unitOf(Frame &frame, Value word) {
  MathBuilder m(frame.builder(), frame.loc(), floatsLike(frame, word));
  return m.mul(m.toFloat(upperBits(frame, word)), m.constant(0x1p-24));
}

/// Horner's scheme without fma, from the highest coefficient down.
static Value series(MathBuilder &m, Value t, ArrayRef<float> coefficients) {
  Value sum = m.constant(coefficients.front());
  for (float coefficient : coefficients.drop_front())
    sum = m.add(m.mul(sum, t), m.constant(coefficient));
  return sum;
}

/// logOf of runtime/Math.h.
static Value logOf(MathBuilder &m, Value x) {
  constexpr int64_t kRootHalf = 0x3F3504F3;
  Value bits = m.subBits(m.bitsOf(x), m.integer(kRootHalf));
  Value e = m.toFloat(m.shiftRightSigned(bits, 23));
  Value low = m.andBits(bits, m.integer(0x7FFFFF));
  Value mantissa = m.fromBits(m.addBits(low, m.integer(kRootHalf)));
  Value one = m.constant(1);
  Value s = m.div(m.sub(mantissa, one), m.add(mantissa, one));
  Value t = m.mul(s, s);
  Value tail =
      series(m, t, {2.0f / 9.0f, 2.0f / 7.0f, 2.0f / 5.0f, 2.0f / 3.0f});
  tail = m.add(m.mul(m.mul(s, t), tail), m.mul(e, m.constant(0x1.0bfbe8p-15f)));
  tail = m.add(m.mul(m.constant(2), s), tail);
  return m.add(m.mul(e, m.constant(0x1.62ep-1f)), tail);
}

/// cosOfTurn of runtime/Math.h.
static Value cosOfTurn(Frame &frame, MathBuilder &m, Value turn) {
  Value quarters = m.mul(turn, m.constant(4));
  Type integers = m.bitsOf(turn).getType();
  Value quadrant = arith::FPToSIOp::create(
      frame.builder(), frame.loc(), integers, m.add(quarters, m.constant(0.5)));
  Value x =
      m.mul(m.sub(quarters, m.toFloat(quadrant)), m.constant(0x1.921fb6p+0f));
  Value t = m.mul(x, x), one = m.constant(1);
  Value sine = series(
      m, t, {1.0f / 362880.0f, -1.0f / 5040.0f, 1.0f / 120.0f, -1.0f / 6.0f});
  sine = m.add(x, m.mul(m.mul(x, t), sine));
  Value cosine = series(
      m, t,
      {-1.0f / 3628800.0f, 1.0f / 40320.0f, -1.0f / 720.0f, 1.0f / 24.0f});
  cosine = m.sub(m.constant(0.5), m.mul(t, cosine));
  cosine = m.sub(one, m.mul(t, cosine));
  Value even = m.isZero(m.andBits(quadrant, m.integer(1)));
  Value value = m.select(even, cosine, sine);
  Value next = m.addBits(quadrant, m.integer(1));
  Value kept = m.isZero(m.andBits(next, m.integer(2)));
  return m.select(kept, value, m.neg(value));
}

Value ogee::normalOf(Frame &frame, Value first, Value second) {
  MathBuilder m(frame.builder(), frame.loc(), floatsLike(frame, first));
  // (word + 1) / 2^24 lies in (0, 1], so the logarithm is finite.
  Value above = m.addBits(upperBits(frame, first), m.integer(1));
  Value u = m.mul(m.toFloat(above), m.constant(0x1p-24));
  Value radius = m.sqrt(m.mul(m.constant(-2), logOf(m, u)));
  return m.mul(radius, cosOfTurn(frame, m, unitOf(frame, second)));
}
