// Arithmetic of element expressions. An integer stays an affine form of the
// indices as long as it is one; only comparisons and casts make tensors of it.
#include "lib/Flatten/Element.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace ogee;

//===-- Integers ----------------------------------------------------------===//

LogicalResult Element::lowerConstant(arith::ConstantOp op) {
  if (auto integer = dyn_cast<IntegerAttr>(op.getValue());
      integer && !op.getType().isInteger(1))
    terms[op].index = getAffineConstantExpr(integer.getInt(), op.getContext());
  else
    setData(op, tensors.number(cast<TypedAttr>(op.getValue())));
  return success();
}

static SmallVector<Label> labelsOf(ArrayRef<AffineExpr> exprs) {
  SmallVector<Label> labels;
  for (AffineExpr expr : exprs)
    expr.walk([&](AffineExpr part) {
      if (auto dim = dyn_cast<AffineDimExpr>(part))
        labels.push_back(dim.getPosition());
    });
  llvm::sort(labels);
  labels.erase(llvm::unique(labels), labels.end());
  return labels;
}

Indexed Element::indexData(AffineExpr expr, Type type) {
  Type integer = isa<IntegerType>(type) ? type : tensors.builder.getI64Type();
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    if (isa<FloatType>(type))
      return tensors.number(double(constant.getValue()), type);
    return tensors.number(
        tensors.builder.getIntegerAttr(integer, constant.getValue()));
  }
  SmallVector<Label> labels = labelsOf(expr);
  Location loc = tensors.loc;
  return tensors.applyIndices(
      labels, {}, [&](OpBuilder &inner, ArrayRef<Value> places, ValueRange) {
        Value value = emitAffine(inner, loc, expr, [&](unsigned label) {
          return places[llvm::find(labels, label) - labels.begin()];
        });
        value = arith::IndexCastOp::create(inner, loc, integer, value);
        if (isa<FloatType>(type))
          value = arith::SIToFPOp::create(inner, loc, type, value);
        return value;
      });
}

Indexed Element::data(const Term &term, Type type) {
  return term.index ? indexData(term.index, type) : term.data;
}

/// Integers of two widths meet as the wider one.
static Indexed widened(IndexedBuilder &tensors, const Indexed &value,
                       Type type) {
  if (value.elementType() == type)
    return value;
  return tensors.apply(arith::ExtSIOp::getOperationName(), value, type);
}

/// Integers of several widths become the widest; a number is of any width.
void Element::meetIntegers(MutableArrayRef<Indexed> values) {
  Type widest;
  for (bool numbers : {false, true})
    for (const Indexed &value : values)
      if (value.isNumber() == numbers &&
          (!widest || (!numbers && value.elementType().getIntOrFloatBitWidth() >
                                       widest.getIntOrFloatBitWidth())))
        widest = value.elementType();
  for (Indexed &value : values) {
    if (!value.isNumber())
      value = widened(tensors, value, widest);
    else if (value.elementType() != widest)
      value = tensors.number(tensors.builder.getIntegerAttr(
          widest, cast<IntegerAttr>(value.number).getInt()));
  }
}

/// A comparison with an affine side is one body: the index is free there.
Indexed Element::compareIndices(arith::CmpIOp op) {
  Term sides[2] = {term(op.getLhs()), term(op.getRhs())};
  SmallVector<AffineExpr> exprs;
  SmallVector<Indexed> operands;
  for (const Term &side : sides) {
    if (side.index)
      exprs.push_back(side.index);
    else
      operands.push_back(side.data);
  }
  SmallVector<Label> labels = labelsOf(exprs);
  Location loc = op.getLoc();
  return tensors.applyIndices(
      labels, operands,
      [&](OpBuilder &inner, ArrayRef<Value> places, ValueRange elements) {
        SmallVector<Value> values;
        for (const Term &side : sides) {
          if (!side.index) {
            values.push_back(elements[0]);
            continue;
          }
          Value value = emitAffine(inner, loc, side.index, [&](unsigned label) {
            return places[llvm::find(labels, label) - labels.begin()];
          });
          if (!operands.empty())
            value = arith::IndexCastOp::create(
                inner, loc, operands[0].elementType(), value);
          values.push_back(value);
        }
        return arith::CmpIOp::create(inner, loc, op.getPredicate(), values[0],
                                     values[1])
            .getResult();
      });
}

/// Integer operations on affine terms; false where `op` is none of these.
bool Element::lowerInteger(Operation &op) {
  SmallVector<AffineExpr> exprs;
  for (Value operand : op.getOperands())
    if (const Term *known = find(operand); known && known->index)
      exprs.push_back(known->index);
  if (exprs.empty())
    return false;
  if (isa<arith::IndexCastOp, arith::ExtSIOp, arith::TruncIOp,
          arith::IndexCastUIOp, arith::ExtUIOp>(op)) {
    terms[op.getResult(0)].index = exprs[0];
    return true;
  }
  if (isa<arith::SIToFPOp, arith::UIToFPOp>(op)) {
    setData(op.getResult(0), indexData(exprs[0], op.getResult(0).getType()));
    return true;
  }
  if (auto compare = dyn_cast<arith::CmpIOp>(op)) {
    bool constant = labelsOf(exprs).empty();
    if (!constant)
      setData(compare, compareIndices(compare));
    return !constant;
  }
  if (exprs.size() != 2)
    return false;
  AffineExpr result;
  auto divisor = dyn_cast<AffineConstantExpr>(exprs[1]);
  if (isa<arith::AddIOp>(op))
    result = exprs[0] + exprs[1];
  else if (isa<arith::SubIOp>(op))
    result = exprs[0] - exprs[1];
  else if (isa<arith::MulIOp>(op) &&
           (divisor || isa<AffineConstantExpr>(exprs[0])))
    result = exprs[0] * exprs[1];
  else if (isa<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp>(op) &&
           divisor && divisor.getValue() > 0)
    result = divide(exprs[0], divisor.getValue(), /*remainder=*/false);
  else if (isa<arith::RemSIOp, arith::RemUIOp>(op) && divisor &&
           divisor.getValue() > 0)
    result = divide(exprs[0], divisor.getValue(), /*remainder=*/true);
  if (!result)
    return false;
  terms[op.getResult(0)].index = result;
  return true;
}

//===-- Scalars -----------------------------------------------------------===//

Indexed Element::powerOf(const Indexed &base, const Indexed &exponent) {
  auto one = tensors.number(1.0, base.elementType());
  auto square = [&] { return tensors.apply<arith::MulFOp>({base, base}); };
  if (exponent.is(1.0))
    return base;
  if (exponent.is(2.0))
    return square();
  if (exponent.is(3.0))
    return tensors.apply<arith::MulFOp>({square(), base});
  if (exponent.is(-1.0))
    return tensors.apply<arith::DivFOp>({one, base});
  if (exponent.is(0.5))
    return tensors.apply<math::SqrtOp>(base);
  if (exponent.is(-0.5))
    return tensors.apply<math::RsqrtOp>(base);
  return tensors.apply<math::PowFOp>({base, exponent});
}

/// Subscripts that come from data keep the data's type; what meets them, an
/// index or a constant, takes the widest of these types. Returns that type.
Type Element::unifyIntegers(Operation &op, MutableArrayRef<Indexed> operands) {
  Type widest;
  for (Indexed &operand : operands) {
    auto integer = dyn_cast<IntegerType>(operand.elementType());
    bool free = operand.isNumber() && llvm::any_of(operands, [](auto &other) {
                  return !other.isNumber();
                });
    if (integer && !integer.isInteger(1) && !free &&
        (!widest || integer.getWidth() > cast<IntegerType>(widest).getWidth()))
      widest = integer;
  }
  if (!widest || !llvm::any_of(op.getOperandTypes(), llvm::IsaPred<IndexType>))
    return widest;
  for (Indexed &operand : operands) {
    auto number = dyn_cast_if_present<IntegerAttr>(operand.number);
    if (number && !number.getType().isInteger(1))
      operand = tensors.number(
          tensors.builder.getIntegerAttr(widest, number.getInt()));
    else if (!operand.elementType().isInteger(1))
      operand = widened(tensors, operand, widest);
  }
  return widest;
}

LogicalResult Element::lowerScalar(Operation &op) {
  if (lowerInteger(op))
    return success();
  SmallVector<Indexed> operands;
  for (Value operand : op.getOperands())
    operands.push_back(use(operand));
  if (isa<math::PowFOp>(op)) {
    setData(op.getResult(0), powerOf(operands[0], operands[1]));
    return success();
  }
  if (isa<math::FPowIOp>(op)) {
    Indexed exponent = tensors.apply(arith::SIToFPOp::getOperationName(),
                                     operands[1], operands[0].elementType());
    setData(op.getResult(0), powerOf(operands[0], exponent));
    return success();
  }
  Type type = op.getResult(0).getType();
  if (isa<arith::IndexCastOp>(op)) {
    // An integer read from data that becomes a subscript keeps its own type.
    bool wider = type.isInteger(64) && operands[0].elementType() != type;
    setData(op.getResult(0),
            wider ? widened(tensors, operands[0], type) : operands[0]);
    return success();
  }
  Type widest = unifyIntegers(op, operands);
  if (isa<IndexType>(type))
    type = widest;
  setData(op.getResult(0), tensors.apply(op.getName().getStringRef(), operands,
                                         type, llvm::to_vector(op.getAttrs())));
  return success();
}
