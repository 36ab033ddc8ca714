// One line an operation: the notation of MathBuilder.h as arith and math.
#include "lib/Generate/Cpu/MathBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

using namespace mlir;

namespace ogee {

MathBuilder::MathBuilder(OpBuilder &builder, Location loc, Type type)
    : builder(builder), loc(loc), type(type),
      element(getElementTypeOrSelf(type)),
      integerType(
          like(builder.getIntegerType(element.getIntOrFloatBitWidth()))) {}

Type MathBuilder::like(Type newElement) const {
  if (auto shaped = dyn_cast<ShapedType>(type))
    return shaped.clone(newElement);
  return newElement;
}

Value MathBuilder::constant(double value) {
  TypedAttr attr = builder.getFloatAttr(element, value);
  if (auto shaped = dyn_cast<ShapedType>(type))
    attr = DenseElementsAttr::get(shaped, Attribute(attr));
  return arith::ConstantOp::create(builder, loc, attr);
}

Value MathBuilder::infinity() {
  return constant(std::numeric_limits<double>::infinity());
}

Value MathBuilder::nan() {
  return constant(std::numeric_limits<double>::quiet_NaN());
}

Value MathBuilder::smallestNormal() {
  return constant(isDouble() ? 0x1p-1022 : 0x1p-126);
}

Value MathBuilder::add(Value a, Value b) {
  return arith::AddFOp::create(builder, loc, a, b);
}

Value MathBuilder::sub(Value a, Value b) {
  return arith::SubFOp::create(builder, loc, a, b);
}

Value MathBuilder::mul(Value a, Value b) {
  return arith::MulFOp::create(builder, loc, a, b);
}

Value MathBuilder::div(Value a, Value b) {
  return arith::DivFOp::create(builder, loc, a, b);
}

Value MathBuilder::neg(Value a) {
  return arith::NegFOp::create(builder, loc, a);
}

Value MathBuilder::abs(Value a) {
  return math::AbsFOp::create(builder, loc, a);
}

Value MathBuilder::sqrt(Value a) {
  return math::SqrtOp::create(builder, loc, a);
}

Value MathBuilder::roundEven(Value a) {
  return math::RoundEvenOp::create(builder, loc, a);
}

Value MathBuilder::copySign(Value magnitude, Value sign) {
  return math::CopySignOp::create(builder, loc, magnitude, sign);
}

Value MathBuilder::fma(Value a, Value b, Value c) {
  return math::FmaOp::create(builder, loc, a, b, c);
}

Value MathBuilder::polynomial(Value x, ArrayRef<double> coefficients) {
  Value sum = constant(coefficients.back());
  for (double coefficient : llvm::reverse(coefficients.drop_back()))
    sum = fma(sum, x, constant(coefficient));
  return sum;
}

Value MathBuilder::less(Value a, Value b) {
  return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, a, b);
}

Value MathBuilder::lessEqual(Value a, Value b) {
  return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLE, a, b);
}

Value MathBuilder::equal(Value a, Value b) {
  return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, a, b);
}

Value MathBuilder::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(builder, loc, condition, a, b);
}

Value MathBuilder::clamp(Value x, double low, double high) {
  Value bound = constant(low);
  x = select(less(x, bound), bound, x);
  bound = constant(high);
  return select(less(bound, x), bound, x);
}

Value MathBuilder::integer(int64_t value) {
  TypedAttr attr =
      builder.getIntegerAttr(getElementTypeOrSelf(integerType), value);
  if (auto shaped = dyn_cast<ShapedType>(integerType))
    attr = DenseElementsAttr::get(shaped, Attribute(attr));
  return arith::ConstantOp::create(builder, loc, attr);
}

Value MathBuilder::bitsOf(Value a) {
  return arith::BitcastOp::create(builder, loc, integerType, a);
}

Value MathBuilder::fromBits(Value bits) {
  return arith::BitcastOp::create(builder, loc, type, bits);
}

Value MathBuilder::toFloat(Value bits) {
  return arith::SIToFPOp::create(builder, loc, type, bits);
}

Value MathBuilder::addBits(Value a, Value b) {
  return arith::AddIOp::create(builder, loc, a, b);
}

Value MathBuilder::subBits(Value a, Value b) {
  return arith::SubIOp::create(builder, loc, a, b);
}

Value MathBuilder::andBits(Value a, Value b) {
  return arith::AndIOp::create(builder, loc, a, b);
}

Value MathBuilder::shiftLeft(Value a, int64_t by) {
  return arith::ShLIOp::create(builder, loc, a, integer(by));
}

Value MathBuilder::shiftRightSigned(Value a, int64_t by) {
  return arith::ShRSIOp::create(builder, loc, a, integer(by));
}

Value MathBuilder::isZero(Value bits) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, bits,
                               integer(0));
}

MathBuilder::Rounded MathBuilder::nearest(Value x) {
  Value magic = constant(isDouble() ? 0x1.8p52 : 0x1.8p23);
  Value shifted = add(x, magic);
  return {sub(shifted, magic), bitsOf(shifted)};
}

Value MathBuilder::scale(Value a, Value nearestBits) {
  return fromBits(addBits(bitsOf(a), shiftLeft(nearestBits, mantissaBits())));
}

MathBuilder MathBuilder::asDouble() {
  return MathBuilder(builder, loc, like(builder.getF64Type()));
}

Value MathBuilder::widen(Value a) {
  return arith::ExtFOp::create(builder, loc, like(builder.getF64Type()), a);
}

Value MathBuilder::narrow(Value a) {
  return arith::TruncFOp::create(builder, loc, type, a);
}

} // namespace ogee
