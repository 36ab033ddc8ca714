// Operators without indices: a chain of them stays the recipe of one element
// until the value is bound, passed or subscripted.
#include "lang/Check/TensorMaker.h"

using namespace ogee;
using namespace ogee::checking;
using model::ScalarOp;

/// Equal shapes, a scalar, or one shape the end of the other.
Value TensorMaker::tensors(ScalarOp op, Value lhs, Value rhs, Range range) {
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
    auto diagnostic = report(diag::OperandShapes, range, model::spelling(op),
                             describe(leftShape), describe(rightShape));
    noteOrigin(diagnostic, *left, range);
    noteOrigin(diagnostic, *right, range);
    note(
        diagnostic, diag::Hint, range,
        "with indices any two dimensions meet: `let z[i, j] = x[i, j] + y[i]`");
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

Value TensorMaker::matmul(Value lhs, Value rhs, Range range) {
  if (lhs.isError() || rhs.isError())
    return Value::error();
  const TensorValue *left = asTensor(settle(lhs, range), range);
  const TensorValue *right = asTensor(settle(rhs, range), range);
  if (!left || !right)
    return Value::error();
  ArrayRef<int64_t> x = left->type.shape, y = right->type.shape;
  if (x.empty() || y.size() != 2 || x.back() != y.front() || !func) {
    auto diagnostic =
        report(diag::OperandShapes, range, "@", describe(x), describe(y));
    noteOrigin(diagnostic, *left, range);
    noteOrigin(diagnostic, *right, range);
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
