// nn.random in lanes: Philox4x32-10 (Salmon et al. 2011) counted by logical
// element, the same bits as runtime/Random.h draws.
#include "lib/Generate/Cpu/Elements.h"
#include "lib/Generate/Cpu/Random.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace ogee;

namespace {

/// 32-bit arithmetic on scalars or vectors of one shape.
class Words {
public:
  Words(Frame &frame, int64_t lanes)
      : b(frame.builder()), loc(frame.loc()), frame(frame), lanes(lanes) {}

  Value splat(Value value) {
    return lanes == 0 ? value : frame.splat(value, lanes);
  }
  /// The low or high half of a 64-bit integer.
  Value half(Value wide, bool high) {
    if (high)
      wide = arith::ShRUIOp::create(b, loc, wide,
                                    frame.constant(wide.getType(), 32));
    Type narrow = b.getI32Type();
    if (auto vector = dyn_cast<VectorType>(wide.getType()))
      narrow = VectorType::get(vector.getShape(), narrow);
    return splat(arith::TruncIOp::create(b, loc, narrow, wide));
  }
  Value number(uint32_t value, Type type) {
    return frame.constant(type, int32_t(value));
  }
  Value add(Value left, uint32_t right) {
    return arith::AddIOp::create(b, loc, left, number(right, left.getType()));
  }
  Value mix(Value x, Value y, Value z) {
    return arith::XOrIOp::create(b, loc, arith::XOrIOp::create(b, loc, x, y),
                                 z);
  }
  /// Low and high half of the product with a constant.
  std::pair<Value, Value> multiply(Value value, uint32_t factor) {
    auto product = arith::MulUIExtendedOp::create(
        b, loc, value, number(factor, value.getType()));
    return {product.getLow(), product.getHigh()};
  }

private:
  OpBuilder &b;
  Location loc;
  Frame &frame;
  int64_t lanes;
};

} // namespace

/// The first two words of the block for counter (element, step).
static std::pair<Value, Value> firstWords(Words &words, Value key,
                                          Value element, Value step) {
  Value k0 = words.half(key, false), k1 = words.half(key, true);
  Value c0 = words.half(element, false), c1 = words.half(element, true);
  Value c2 = words.half(step, false), c3 = words.half(step, true);
  for (int round = 0; round < 10; ++round) {
    auto [lowA, highA] = words.multiply(c0, 0xD2511F53);
    auto [lowB, highB] = words.multiply(c2, 0xCD9E8D57);
    c0 = words.mix(highB, c1, k0);
    c2 = words.mix(highA, c3, k1);
    c1 = lowB;
    c3 = lowA;
    k0 = words.add(k0, 0x9E3779B9);
    k1 = words.add(k1, 0xBB67AE85);
  }
  return {c0, c1};
}

/// offset + factor * draw, in the tensor's type, as runtime/Fill.cpp stores it.
static Value scaled(Frame &frame, Value draw, Type element, double offset,
                    double factor) {
  OpBuilder &b = frame.builder();
  Type type = element;
  if (auto vector = dyn_cast<VectorType>(draw.getType()))
    type = vector.clone(element);
  if (type != draw.getType())
    draw = arith::ExtFOp::create(b, frame.loc(), type, draw);
  Value product =
      arith::MulFOp::create(b, frame.loc(), draw, frame.constant(type, factor));
  return arith::AddFOp::create(b, frame.loc(), frame.constant(type, offset),
                               product);
}

Value Elements::randomAt(nn::RandomOp op, Coordinates point) {
  OpBuilder &b = frame.builder();
  Location loc = frame.loc();
  auto type = cast<RankedTensorType>(op.getType());
  AffineExpr element = constant(0);
  for (auto [coordinate, stride] :
       llvm::zip_equal(point, rowMajor(type.getShape())))
    element = element + coordinate * stride;
  Value counter = materialise(simplify(element));
  Value key = arith::XOrIOp::create(
      b, loc, read(op.getSeed(), {}),
      frame.constant(int64_t(llvm::xxHash64(op.getPath()))));
  Words words(frame, isa<VectorType>(counter.getType()) ? laneCount : 0);
  auto [first, second] =
      firstWords(words, key, counter, read(op.getStep(), {}));
  double x = op.getA().convertToDouble(), y = op.getB().convertToDouble();
  switch (op.getDistribution()) {
  case nn::Distribution::Bernoulli: {
    Value unit = unitOf(frame, first);
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, unit,
                                 frame.constant(unit.getType(), x));
  }
  case nn::Distribution::Uniform:
    return scaled(frame, unitOf(frame, first), type.getElementType(), x, y - x);
  case nn::Distribution::Normal:
    return scaled(frame, normalOf(frame, first, second), type.getElementType(),
                  x, y);
  default: // a constant needs no draw, a truncated one no fixed number of them
    return fail(op, type.getElementType(), "its distribution");
  }
}
