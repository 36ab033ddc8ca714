// Arithmetic that is done while compiling: on integers of 64 bits, exactly, and
// on doubles.
#include "lang/Check/TensorMaker.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace ogee;
using namespace ogee::checking;
using model::ScalarOp;

Value TensorMaker::integers(ScalarOp op, int64_t lhs, int64_t rhs,
                            Range range) {
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
    // More than 63 factors overflow, or are all 0, 1 or -1.
    if (rhs > 63)
      rhs = 64 + rhs % 2;
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

Value TensorMaker::numbers(ScalarOp op, Value lhs, Value rhs, Range range) {
  if (model::isLogical(op) && lhs.is(ValueKind::Bool) &&
      rhs.is(ValueKind::Bool))
    return op == ScalarOp::And ? Value::ofBool(lhs.integer && rhs.integer)
                               : Value::ofBool(lhs.integer || rhs.integer);
  bool ints = lhs.is(ValueKind::Int) && rhs.is(ValueKind::Int);
  if (model::isComparison(op) && ints)
    return Value::ofBool(compare(op, lhs.integer, rhs.integer));
  if (lhs.isNumber() && rhs.isNumber() && !model::isLogical(op)) {
    if (model::isComparison(op))
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
  reportOperands(model::spelling(op), lhs, rhs, range);
  return Value::error();
}

double TensorMaker::computeNumber(ScalarOp op, double x) {
  switch (op) {
  case ScalarOp::Negate:
    return -x;
  case ScalarOp::Exp:
    return std::exp(x);
  case ScalarOp::Log:
    return std::log(x);
  case ScalarOp::Sqrt:
    return std::sqrt(x);
  case ScalarOp::Rsqrt:
    return 1 / std::sqrt(x);
  case ScalarOp::Tanh:
    return std::tanh(x);
  case ScalarOp::Sin:
    return std::sin(x);
  case ScalarOp::Cos:
    return std::cos(x);
  case ScalarOp::Erf:
    return std::erf(x);
  case ScalarOp::Abs:
    return std::abs(x);
  case ScalarOp::Floor:
    return std::floor(x);
  case ScalarOp::StopGradient:
    return x;
  default:
    llvm_unreachable("not a function of a number");
  }
}

double TensorMaker::foldOp(ScalarOp op, ArrayRef<double> parts, bool isInt) {
  switch (op) {
  case ScalarOp::Not:
    return parts[0] == 0;
  case ScalarOp::Cast:
    return isInt ? std::trunc(parts[0]) : parts[0];
  case ScalarOp::And:
    return parts[0] != 0 && parts[1] != 0;
  case ScalarOp::Or:
    return parts[0] != 0 || parts[1] != 0;
  default:
    break;
  }
  if (parts.size() == 1)
    return computeNumber(op, parts[0]);
  Value value =
      numbers(op, Value::ofFloat(parts[0]), Value::ofFloat(parts[1]), Range());
  return value.is(ValueKind::Bool) ? double(value.integer) : value.number;
}
