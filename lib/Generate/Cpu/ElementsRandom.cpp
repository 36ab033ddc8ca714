// nn.random in lanes: Philox4x32-10 (Salmon et al. 2011) counted by logical
// element, the same bits as runtime/Random.h draws.
#include "lib/Generate/Cpu/Elements.h"

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

/// The first word of the block for counter (element, step).
static Value firstWord(Words &words, Value key, Value element, Value step) {
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
  return c0;
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
  bool isVector = isa<VectorType>(counter.getType());
  Value key = arith::XOrIOp::create(
      b, loc, read(op.getSeed(), {}),
      frame.constant(int64_t(llvm::xxHash64(op.getPath()))));
  Words words(frame, isVector ? laneCount : 0);
  Value word = firstWord(words, key, counter, read(op.getStep(), {}));
  // Uniform in [0, 1): 24 bits, which an f32 holds exactly.
  Type integer = word.getType(), real = b.getF32Type();
  if (isVector)
    real = VectorType::get({laneCount}, real);
  Value bits = arith::ShRUIOp::create(b, loc, word, frame.constant(integer, 8));
  Value unit =
      arith::MulFOp::create(b, loc, arith::SIToFPOp::create(b, loc, real, bits),
                            frame.constant(real, 0x1p-24));
  double low = op.getA().convertToDouble(), high = op.getB().convertToDouble();
  if (op.getDistribution() == nn::Distribution::Bernoulli)
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, unit,
                                 frame.constant(real, low));
  if (op.getDistribution() != nn::Distribution::Uniform)
    return fail(op, type.getElementType(), "its distribution");
  Value scaled =
      arith::MulFOp::create(b, loc, unit, frame.constant(real, high - low));
  Value drawn =
      arith::AddFOp::create(b, loc, scaled, frame.constant(real, low));
  if (type.getElementType().isF32())
    return drawn;
  Type wide = type.getElementType();
  if (isVector)
    wide = VectorType::get({laneCount}, wide);
  return arith::ExtFOp::create(b, loc, wide, drawn);
}
