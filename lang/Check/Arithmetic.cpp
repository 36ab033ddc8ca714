// Operators: on numbers they are computed, on elements they become nodes, on
// whole tensors they become the recipe of an element.
#include "lang/Check/Elaborator.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace ogee;
using namespace ogee::checking;
using model::ScalarOp;

static ScalarOp scalarOp(ast::BinaryOp op) {
  using ast::BinaryOp;
  switch (op) {
  case BinaryOp::Add:
    return ScalarOp::Add;
  case BinaryOp::Sub:
    return ScalarOp::Sub;
  case BinaryOp::Mul:
    return ScalarOp::Mul;
  case BinaryOp::Div:
    return ScalarOp::Div;
  case BinaryOp::FloorDiv:
    return ScalarOp::FloorDiv;
  case BinaryOp::Mod:
    return ScalarOp::Mod;
  case BinaryOp::Pow:
    return ScalarOp::Pow;
  case BinaryOp::Equal:
    return ScalarOp::Equal;
  case BinaryOp::NotEqual:
    return ScalarOp::NotEqual;
  case BinaryOp::Less:
    return ScalarOp::Less;
  case BinaryOp::LessEqual:
    return ScalarOp::LessEqual;
  case BinaryOp::Greater:
    return ScalarOp::Greater;
  case BinaryOp::GreaterEqual:
    return ScalarOp::GreaterEqual;
  case BinaryOp::And:
    return ScalarOp::And;
  case BinaryOp::Or:
    return ScalarOp::Or;
  case BinaryOp::MatMul:
  case BinaryOp::Pair:
    break;
  }
  llvm_unreachable("not an operator on elements");
}

static StringRef spelling(ScalarOp op) {
  static constexpr llvm::StringLiteral spellings[] = {
#define OGEE_SCALAR_OP(name, spelling, operands) spelling,
#include "lang/Check/Ops.def"
  };
  return spellings[unsigned(op)];
}

static bool isComparison(ScalarOp op) {
  return op >= ScalarOp::Equal && op <= ScalarOp::GreaterEqual;
}

static bool isLogical(ScalarOp op) {
  return op >= ScalarOp::And && op <= ScalarOp::Not;
}

Value Elaborator::evalBinary(const ast::BinaryExpr *expr, Scope &scope) {
  if (expr->op == ast::BinaryOp::Pair) {
    Value parts[] = {eval(expr->lhs, scope), eval(expr->rhs, scope)};
    return makeList(parts, {}, ValueKind::Tuple);
  }
  Value lhs = eval(expr->lhs, scope);
  bool isAnd = expr->op == ast::BinaryOp::And;
  bool isOr = expr->op == ast::BinaryOp::Or;
  if ((isAnd || isOr) && lhs.is(ValueKind::Bool) && bool(lhs.integer) == isOr)
    return lhs;
  // What stands right of `and` is asked only where the left holds.
  bool guards = element && (isAnd || isOr) && lhs.is(ValueKind::Scalar);
  if (guards)
    element->guards.push_back(isAnd ? lhs.scalar
                                    : makeOp(ScalarOp::Not, Element::Bool,
                                             lhs.scalar, expr->lhs->range));
  Value rhs = eval(expr->rhs, scope);
  if (guards)
    element->guards.pop_back();
  if (expr->op == ast::BinaryOp::MatMul)
    return matmul(lhs, rhs, expr->range);
  return binary(scalarOp(expr->op), lhs, rhs, expr->range);
}

Value Elaborator::evalUnary(const ast::UnaryExpr *expr, Scope &scope) {
  Value operand = eval(expr->operand, scope);
  ScalarOp op =
      expr->op == ast::UnaryOp::Not ? ScalarOp::Not : ScalarOp::Negate;
  return unary(op, operand, expr->range);
}

void Elaborator::reportOperands(StringRef op, Value lhs, Value rhs,
                                Range range) {
  report(diag::OperandTypes, range, op, describe(lhs), describe(rhs));
}

Value Elaborator::binary(ScalarOp op, Value lhs, Value rhs, Range range) {
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

Value Elaborator::integers(ScalarOp op, int64_t lhs, int64_t rhs, Range range) {
  int64_t result = 0;
  bool overflow = false;
  switch (op) {
  case ScalarOp::Add:
    overflow = llvm::AddOverflow(lhs, rhs, result);
    break;
  case ScalarOp::Sub:
    overflow = llvm::SubOverflow(lhs, rhs, result);
    break;
  case ScalarOp::Mul:
    overflow = llvm::MulOverflow(lhs, rhs, result);
    break;
  case ScalarOp::Max:
    return Value::ofInt(std::max(lhs, rhs));
  case ScalarOp::Min:
    return Value::ofInt(std::min(lhs, rhs));
  case ScalarOp::Pow:
    if (rhs < 0)
      return Value::ofFloat(std::pow(double(lhs), double(rhs)));
    for (result = 1; rhs > 0 && !overflow; --rhs)
      overflow = llvm::MulOverflow(result, lhs, result);
    break;
  case ScalarOp::Div:
  case ScalarOp::FloorDiv:
  case ScalarOp::Mod: {
    if (rhs == 0) {
      report(diag::DivisionByZero, range);
      return Value::error();
    }
    if (rhs == -1)
      return op == ScalarOp::Mod ? Value::ofInt(0)
                                 : integers(ScalarOp::Sub, 0, lhs, range);
    int64_t remainder = ((lhs % rhs) + rhs) % rhs;
    if (op == ScalarOp::Mod)
      return Value::ofInt(remainder);
    if (op == ScalarOp::Div && remainder != 0) {
      report(diag::InexactDivision, range, lhs, rhs, remainder);
      return Value::error();
    }
    return Value::ofInt((lhs - remainder) / rhs);
  }
  default:
    llvm_unreachable("not on integers");
  }
  if (!overflow)
    return Value::ofInt(result);
  report(diag::Overflow, range);
  return Value::error();
}

template <class T> static bool compare(ScalarOp op, T lhs, T rhs) {
  switch (op) {
  case ScalarOp::Equal:
    return lhs == rhs;
  case ScalarOp::NotEqual:
    return lhs != rhs;
  case ScalarOp::Less:
    return lhs < rhs;
  case ScalarOp::LessEqual:
    return lhs <= rhs;
  case ScalarOp::Greater:
    return lhs > rhs;
  default:
    return lhs >= rhs;
  }
}

static double compute(ScalarOp op, double lhs, double rhs) {
  switch (op) {
  case ScalarOp::Add:
    return lhs + rhs;
  case ScalarOp::Sub:
    return lhs - rhs;
  case ScalarOp::Mul:
    return lhs * rhs;
  case ScalarOp::Div:
    return lhs / rhs;
  case ScalarOp::FloorDiv:
    return std::floor(lhs / rhs);
  case ScalarOp::Mod:
    return lhs - std::floor(lhs / rhs) * rhs;
  case ScalarOp::Pow:
    return std::pow(lhs, rhs);
  case ScalarOp::Max:
    return std::max(lhs, rhs);
  case ScalarOp::Min:
    return std::min(lhs, rhs);
  default:
    llvm_unreachable("not on numbers");
  }
}

Value Elaborator::numbers(ScalarOp op, Value lhs, Value rhs, Range range) {
  if (isLogical(op) && lhs.is(ValueKind::Bool) && rhs.is(ValueKind::Bool))
    return op == ScalarOp::And ? Value::ofBool(lhs.integer && rhs.integer)
                               : Value::ofBool(lhs.integer || rhs.integer);
  bool ints = lhs.is(ValueKind::Int) && rhs.is(ValueKind::Int);
  if (isComparison(op) && ints)
    return Value::ofBool(compare(op, lhs.integer, rhs.integer));
  if (lhs.isNumber() && rhs.isNumber() && !isLogical(op)) {
    if (isComparison(op))
      return Value::ofBool(compare(op, lhs.asDouble(), rhs.asDouble()));
    if (ints)
      return integers(op, lhs.integer, rhs.integer, range);
    return Value::ofFloat(compute(op, lhs.asDouble(), rhs.asDouble()));
  }
  if (op == ScalarOp::Equal || op == ScalarOp::NotEqual) {
    std::string left, right;
    llvm::raw_string_ostream leftKey(left), rightKey(right);
    writeKey(leftKey, lhs);
    writeKey(rightKey, rhs);
    return Value::ofBool((left == right) == (op == ScalarOp::Equal));
  }
  if (op == ScalarOp::Add && lhs.is(ValueKind::List) &&
      rhs.is(ValueKind::List)) {
    SmallVector<Value> all(lhs.list->elements);
    llvm::append_range(all, rhs.list->elements);
    return makeList(all, {}, ValueKind::List);
  }
  if (op == ScalarOp::Add && lhs.is(ValueKind::String) &&
      rhs.is(ValueKind::String))
    return Value::ofString(save(lhs.string + rhs.string));
  reportOperands(::spelling(op), lhs, rhs, range);
  return Value::error();
}

/// The float that two elements meet in: the wider of those that are stored;
/// literals and run-time scalars adapt; of indices alone, that of the
/// precision.
std::optional<Element> Elaborator::commonFloat(Scalar *lhs, Scalar *rhs) {
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

Value Elaborator::scalars(ScalarOp op, Scalar *lhs, Scalar *rhs, Range range) {
  Element common;
  bool ints = lhs->element == Element::Int && rhs->element == Element::Int;
  bool bools = lhs->element == Element::Bool && rhs->element == Element::Bool;
  if (ints && op == ScalarOp::Div) {
    report(diag::IntegerDivision, range);
    return Value::error();
  }
  bool bothBools =
      isLogical(op) || op == ScalarOp::Equal || op == ScalarOp::NotEqual;
  std::optional<Element> shared = commonFloat(lhs, rhs);
  if (ints && op != ScalarOp::Pow && !isLogical(op))
    common = Element::Int;
  else if (bools && bothBools)
    common = Element::Bool;
  else if (shared && !isLogical(op))
    common = *shared;
  else {
    reportOperands(::spelling(op), Value::ofScalar(lhs), Value::ofScalar(rhs),
                   range);
    return Value::error();
  }
  bool isUniform = lhs->isUniform && rhs->isUniform;
  auto fit = [&](Scalar *scalar) {
    bool isLate = scalar->isUniform && !scalar->isLiteral;
    return isLate && !isUniform ? hoist(scalar, common)
                                : coerce(scalar, common);
  };
  Scalar *operands[] = {fit(lhs), fit(rhs)};
  bool isBool = isComparison(op) || isLogical(op);
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

Value Elaborator::unary(ScalarOp op, Value operand, Range range) {
  if (operand.isError())
    return operand;
  if (op == ScalarOp::Not && operand.is(ValueKind::Bool))
    return Value::ofBool(!operand.integer);
  if (op == ScalarOp::Negate && operand.is(ValueKind::Int))
    return Value::ofInt(-operand.integer);
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

/// Equal shapes, a scalar, or one shape the end of the other.
Value Elaborator::tensors(ScalarOp op, Value lhs, Value rhs, Range range) {
  auto operand = [&](Value value) -> const TensorValue * {
    if (value.is(ValueKind::Scalar) && element && !value.scalar->isUniform) {
      const TensorValue *whole =
          asTensor(value.scalar == lhs.scalar ? rhs : lhs, range);
      auto diagnostic =
          report(diag::WholeTensor, range, describe(whole->type.shape));
      note(diagnostic, diag::SubscriptHint, range);
      return nullptr;
    }
    if (value.is(ValueKind::Scalar) && !value.scalar->isUniform)
      value = settle(value, range);
    return asTensor(value, range);
  };
  const TensorValue *left = operand(lhs), *right = operand(rhs);
  if (!left || !right)
    return Value::error();
  ArrayRef<int64_t> leftShape = left->type.shape,
                    rightShape = right->type.shape;
  ArrayRef<int64_t> longer =
      leftShape.size() >= rightShape.size() ? leftShape : rightShape;
  if (longer.take_back(leftShape.size()) != leftShape ||
      longer.take_back(rightShape.size()) != rightShape) {
    report(diag::OperandShapes, range, ::spelling(op), describe(leftShape),
           describe(rightShape));
    return Value::error();
  }
  auto combine = [=, this](ArrayRef<Scalar *> place) {
    Scalar *x =
        elementAt(left, place.take_back(left->type.shape.size()), range);
    Scalar *y =
        elementAt(right, place.take_back(right->type.shape.size()), range);
    return scalars(op, x, y, range);
  };
  // The element of the result is that of any place; the first tells its type.
  SmallVector<Scalar *> probe(longer.size(), makeInt(0, range));
  Value sample = combine(probe);
  if (sample.isError())
    return sample;
  return Value::ofTensor(makeLazy(
      makeType(sample.scalar->element, longer), range,
      [combine](ArrayRef<Scalar *> place) { return combine(place).scalar; }));
}

Value Elaborator::matmul(Value lhs, Value rhs, Range range) {
  if (lhs.isError() || rhs.isError())
    return Value::error();
  const TensorValue *left = asTensor(settle(lhs, range), range);
  const TensorValue *right = asTensor(settle(rhs, range), range);
  if (!left || !right)
    return Value::error();
  ArrayRef<int64_t> x = left->type.shape, y = right->type.shape;
  if (x.empty() || y.size() != 2 || x.back() != y.front() || !func) {
    report(diag::OperandShapes, range, "@", describe(x), describe(y));
    return Value::error();
  }
  auto *inner = make<model::Index>(model::Index{"k", range, x.back(), range});
  SmallVector<model::Index *> indices;
  SmallVector<Scalar *> leftPlace, rightPlace;
  SmallVector<int64_t> shape(x.drop_back());
  shape.push_back(y.back());
  auto use = [&](model::Index *index) {
    return make<model::IndexScalar>(
        model::IndexScalar{{Element::Int, range}, index});
  };
  for (int64_t extent : shape)
    indices.push_back(
        make<model::Index>(model::Index{"", range, extent, range}));
  for (model::Index *index : ArrayRef(indices).drop_back())
    leftPlace.push_back(use(index));
  leftPlace.push_back(use(inner));
  rightPlace = {use(inner), use(indices.back())};
  Value product = scalars(ScalarOp::Mul, elementAt(left, leftPlace, range),
                          elementAt(right, rightPlace, range), range);
  if (product.isError())
    return product;
  Element element = product.scalar->element;
  model::Index *closed[] = {inner};
  auto *sum = make<model::ReduceScalar>(
      model::ReduceScalar{{element, range},
                          model::ReduceKind::Sum,
                          copy(ArrayRef<model::Index *>(closed)),
                          nullptr,
                          product.scalar});
  return Value::ofTensor(
      nodeValue(define(makeType(element, shape), indices, sum, range)));
}
