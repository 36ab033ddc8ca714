// Transcendental functions as arithmetic, f32 and f64, any vector shape.
//
// Ours, so that bits depend neither on a libm nor on the vector width.
// Polynomial coefficients are our own minimax fits of the expression named
// beside each table (tools/fit-math.py), rounded to the element type. Results
// below the smallest normal number are zero, and such operands count as zero.
// Errors are the largest seen over a dense set of f32, and over samples for
// f64, against a reference of higher precision
// (test/Generate/expand-math.test).
#ifndef OGEE_LIB_GENERATE_CPU_MATHFUNCTIONS_H
#define OGEE_LIB_GENERATE_CPU_MATHFUNCTIONS_H

#include "lib/Generate/Cpu/MathBuilder.h"

namespace ogee {

/// e^x; 1 ulp.
mlir::Value expandExp(MathBuilder &m, mlir::Value x);
/// 2^x; 1 ulp.
mlir::Value expandExp2(MathBuilder &m, mlir::Value x);
/// e^x - 1; 2 ulp.
mlir::Value expandExpm1(MathBuilder &m, mlir::Value x);
/// 2 ulp.
mlir::Value expandTanh(MathBuilder &m, mlir::Value x);
/// Natural logarithm; 1 ulp. -inf at zero, not a number below.
mlir::Value expandLog(MathBuilder &m, mlir::Value x);
/// log(1 + x); 1 ulp.
mlir::Value expandLog1p(MathBuilder &m, mlir::Value x);
/// x^y with the special values of IEEE 754's pow. f32: 1 ulp. f64: relative
/// error 2^-52 (1 + |y log x| / 32).
mlir::Value expandPow(MathBuilder &m, mlir::Value x, mlir::Value y);
/// 1 ulp.
mlir::Value expandErf(MathBuilder &m, mlir::Value x);
/// |x| < 2^30: 1 ulp in f32; in f64 2^-52 absolute, 2 ulp for |x| < 2^20.
mlir::Value expandSin(MathBuilder &m, mlir::Value x);
mlir::Value expandCos(MathBuilder &m, mlir::Value x);
/// 1 / sqrt(x), both correctly rounded; 2 ulp.
mlir::Value expandRsqrt(MathBuilder &m, mlir::Value x);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_MATHFUNCTIONS_H
