// Interval arithmetic is exact here for what matters: in a linear form each
// dimension occurs once.
#include "lib/Nn/Affine.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace ogee;

std::optional<SmallVector<int64_t>> ogee::linearForm(AffineExpr expr,
                                                     unsigned dimensions) {
  SmallVector<int64_t> form(dimensions + 1, 0);
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    form.back() = constant.getValue();
    return form;
  }
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    form[dim.getPosition()] = 1;
    return form;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary || (expr.getKind() != AffineExprKind::Add &&
                  expr.getKind() != AffineExprKind::Mul))
    return std::nullopt;
  auto lhs = linearForm(binary.getLHS(), dimensions);
  auto rhs = linearForm(binary.getRHS(), dimensions);
  if (!lhs || !rhs)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add) {
    for (auto [sum, left, right] : llvm::zip_equal(form, *lhs, *rhs))
      sum = left + right;
    return form;
  }
  // MLIR keeps the constant of a product on the right.
  for (auto [product, left] : llvm::zip_equal(form, *lhs))
    product = left * rhs->back();
  return form;
}

std::optional<Interval> ogee::boundsOf(AffineExpr expr,
                                       ArrayRef<int64_t> extents) {
  if (auto form = linearForm(expr, extents.size())) {
    Interval bounds = {form->back(), form->back()};
    for (auto [factor, extent] : llvm::zip(*form, extents))
      (factor < 0 ? bounds.low : bounds.high) += factor * (extent - 1);
    return bounds;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return std::nullopt;
  auto lhs = boundsOf(binary.getLHS(), extents);
  auto rhs = boundsOf(binary.getRHS(), extents);
  if (!lhs || !rhs)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add)
    return Interval{lhs->low + rhs->low, lhs->high + rhs->high};
  int64_t factor = rhs->low;
  if (rhs->high != factor)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Mul) {
    auto [low, high] = std::minmax(lhs->low * factor, lhs->high * factor);
    return Interval{low, high};
  }
  if (factor <= 0 || expr.getKind() == AffineExprKind::CeilDiv)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::FloorDiv)
    return Interval{llvm::divideFloorSigned(lhs->low, factor),
                    llvm::divideFloorSigned(lhs->high, factor)};
  bool whole = lhs->low >= 0 && lhs->high < factor;
  return whole ? *lhs : Interval{0, factor - 1};
}

Value ogee::emitAffine(OpBuilder &builder, Location loc, AffineExpr expr,
                       llvm::function_ref<Value(unsigned)> dimension) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return arith::ConstantIndexOp::create(builder, loc, constant.getValue());
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dimension(dim.getPosition());
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Value lhs = emitAffine(builder, loc, binary.getLHS(), dimension);
  Value rhs = emitAffine(builder, loc, binary.getRHS(), dimension);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return arith::AddIOp::create(builder, loc, lhs, rhs);
  case AffineExprKind::Mul:
    return arith::MulIOp::create(builder, loc, lhs, rhs);
  case AffineExprKind::FloorDiv:
    return arith::FloorDivSIOp::create(builder, loc, lhs, rhs);
  default: {
    Value whole = arith::FloorDivSIOp::create(builder, loc, lhs, rhs);
    whole = arith::MulIOp::create(builder, loc, whole, rhs);
    return arith::SubIOp::create(builder, loc, lhs, whole);
  }
  }
}
