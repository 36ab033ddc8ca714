// Arithmetic on f32 or f64, scalar or vector, in one notation: the expansions
// of Math*.cpp read like the formulas that they follow. Everything is
// branch-free, and fma is always the fused operation, so the bits are the same
// for every vector width.
#ifndef OGEE_LIB_GENERATE_CPU_MATHBUILDER_H
#define OGEE_LIB_GENERATE_CPU_MATHBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace ogee {

class MathBuilder {
public:
  /// `type`: f32, f64 or a vector of them; what the values have.
  MathBuilder(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type);

  bool isDouble() const { return element.isF64(); }
  mlir::Type getType() const { return type; }
  int mantissaBits() const { return isDouble() ? 52 : 23; }
  int exponentBias() const { return isDouble() ? 1023 : 127; }

  mlir::Value constant(double value);
  mlir::Value infinity();
  mlir::Value nan();
  mlir::Value smallestNormal();

  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, mlir::Value b);
  mlir::Value neg(mlir::Value a);
  mlir::Value abs(mlir::Value a);
  mlir::Value sqrt(mlir::Value a);
  mlir::Value roundEven(mlir::Value a);
  mlir::Value copySign(mlir::Value magnitude, mlir::Value sign);
  /// a * b + c, rounded once.
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  /// Horner's scheme; coefficients from the constant upwards.
  mlir::Value polynomial(mlir::Value x, llvm::ArrayRef<double> coefficients);

  /// Ordered comparisons: false where an operand is not a number.
  mlir::Value less(mlir::Value a, mlir::Value b);
  mlir::Value lessEqual(mlir::Value a, mlir::Value b);
  mlir::Value equal(mlir::Value a, mlir::Value b);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);
  /// `x` within [low, high]; what is not a number stays so.
  mlir::Value clamp(mlir::Value x, double low, double high);

  /// Integers of the same width and shape.
  mlir::Value integer(int64_t value);
  mlir::Value bitsOf(mlir::Value a);
  mlir::Value fromBits(mlir::Value bits);
  mlir::Value toFloat(mlir::Value bits);
  mlir::Value addBits(mlir::Value a, mlir::Value b);
  mlir::Value subBits(mlir::Value a, mlir::Value b);
  mlir::Value andBits(mlir::Value a, mlir::Value b);
  mlir::Value shiftLeft(mlir::Value a, int64_t by);
  mlir::Value shiftRightSigned(mlir::Value a, int64_t by);
  mlir::Value isZero(mlir::Value bits);

  /// The nearest integer n to x, |x| < 2^21, twice: as a float, and as bits
  /// whose low part holds n. Adding 1.5 2^m (m the mantissa's bits) rounds to
  /// even.
  struct Rounded {
    mlir::Value value, bits;
  };
  Rounded nearest(mlir::Value x);
  /// a * 2^n, n as `nearest` gives it; the result must be a normal number.
  mlir::Value scale(mlir::Value a, mlir::Value nearestBits);

  /// The same notation for f64 vectors of the same length, and conversions.
  MathBuilder asDouble();
  mlir::Value widen(mlir::Value a);
  mlir::Value narrow(mlir::Value a);

private:
  mlir::Type like(mlir::Type newElement) const;

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Type type, element, integerType;
};

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_MATHBUILDER_H
