// Operators on elements: they become nodes. Numbers are computed in
// Numbers.cpp, whole tensors are in WholeTensors.cpp.
#include "lang/Check/TensorMaker.h"

using namespace ogee;
using namespace ogee::checking;
using model::ScalarOp;

void TensorMaker::reportOperands(StringRef op, Value lhs, Value rhs,
                                 Range range) {
  report(diag::OperandTypes, range, op, describe(lhs), describe(rhs));
}

Value TensorMaker::binary(ScalarOp op, Value lhs, Value rhs, Range range) {
  if (lhs.isError() || rhs.isError())
    return Value::error();
  if (!isRunTime(lhs) && !isRunTime(rhs))
    return numbers(op, lhs, rhs, range);
  auto isWhole = [&](Value value) {
    if (value.is(ValueKind::Tensor))
      return !value.tensor->type.shape.empty();
    return value.is(ValueKind::Variable) &&
           !value.variable->variable->type.shape.empty();
  };
  if (isWhole(lhs) || isWhole(rhs))
    return tensors(op, lhs, rhs, range);
  Scalar *left = asScalar(lhs, range), *right = asScalar(rhs, range);
  if (!left || !right)
    return Value::error();
  return scalars(op, left, right, range);
}

/// The float that two elements meet in: the wider of those that are stored;
/// literals and run-time scalars adapt; of indices alone, that of the
/// precision.
std::optional<Element> TensorMaker::commonFloat(Scalar *lhs, Scalar *rhs) {
  if (lhs->element == Element::Bool || rhs->element == Element::Bool)
    return std::nullopt;
  std::optional<Element> common;
  bool isUniform = true;
  for (Scalar *scalar : {lhs, rhs}) {
    isUniform &= scalar->isUniform;
    if (!scalar->isUniform && model::isFloat(scalar->element))
      common = std::max(common.value_or(Element::F32), scalar->element);
  }
  if (common)
    return common;
  return isUniform ? Element::F64 : precision;
}

Value TensorMaker::scalars(ScalarOp op, Scalar *lhs, Scalar *rhs, Range range) {
  Element common;
  bool ints = lhs->element == Element::Int && rhs->element == Element::Int;
  bool bools = lhs->element == Element::Bool && rhs->element == Element::Bool;
  if (ints && op == ScalarOp::Div) {
    report(diag::IntegerDivision, range);
    return Value::error();
  }
  bool bothBools =
      model::isLogical(op) || op == ScalarOp::Equal || op == ScalarOp::NotEqual;
  std::optional<Element> shared = commonFloat(lhs, rhs);
  if (ints && op != ScalarOp::Pow && !model::isLogical(op))
    common = Element::Int;
  else if (bools && bothBools)
    common = Element::Bool;
  else if (shared && !model::isLogical(op))
    common = *shared;
  else {
    reportOperands(model::spelling(op), Value::ofScalar(lhs),
                   Value::ofScalar(rhs), range);
    return Value::error();
  }
  bool isUniform = lhs->isUniform && rhs->isUniform;
  auto fit = [&](Scalar *scalar) {
    return isUniform ? coerce(scalar, common) : fitElement(scalar, common);
  };
  Scalar *operands[] = {fit(lhs), fit(rhs)};
  bool isBool = model::isComparison(op) || model::isLogical(op);
  if (model::isFloat(common) &&
      (op == ScalarOp::FloorDiv || op == ScalarOp::Mod)) {
    Scalar *quotient = makeOp(ScalarOp::Div, common, operands, range);
    Scalar *floor = makeOp(ScalarOp::Floor, common, quotient, range);
    if (op == ScalarOp::FloorDiv)
      return Value::ofScalar(floor);
    Scalar *whole = makeOp(ScalarOp::Mul, common, {floor, operands[1]}, range);
    return Value::ofScalar(
        makeOp(ScalarOp::Sub, common, {operands[0], whole}, range));
  }
  return Value::ofScalar(
      makeOp(op, isBool ? Element::Bool : common, operands, range));
}

Value TensorMaker::unary(ScalarOp op, Value operand, Range range) {
  if (operand.isError())
    return operand;
  if (op == ScalarOp::Not && operand.is(ValueKind::Bool))
    return Value::ofBool(!operand.integer);
  if (op == ScalarOp::Negate && operand.is(ValueKind::Int))
    return integers(ScalarOp::Sub, 0, operand.integer, range);
  if (op == ScalarOp::Negate && operand.is(ValueKind::Float))
    return Value::ofFloat(-operand.number);
  Argument argument{{}, operand, range};
  bool isRunTime = operand.is(ValueKind::Tensor) ||
                   operand.is(ValueKind::Variable) ||
                   operand.is(ValueKind::Scalar);
  if (isRunTime)
    return callMath(op, argument, range);
  report(diag::WrongType, range, describe(operand),
         op == ScalarOp::Not ? "a condition" : "a number");
  return Value::error();
}
