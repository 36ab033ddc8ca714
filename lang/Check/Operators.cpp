// Operators of the text: what they take, evaluated, becomes a value.
#include "lang/Check/Elaborator.h"

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
