// A product's operands are rounded where they are made, not where they are
// read: the rounded value is one of its own, which cuts may store in half the
// bytes, and the product reads it widened, so that it stays the sum of products
// that all passes know. That an operand is a widened value is what tells the
// emitter that its product may run in the narrow type.
#include "lib/Schedule/Ops.h"
#include "lib/Schedule/Prepare.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;

namespace {
class Rounder {
public:
  explicit Rounder(Type narrow) : narrow(narrow) {}

  /// `value` rounded to the narrow type and back, once for all readers.
  Value widened(Value value);

private:
  Value rounded(Value value);
  Value converted(Value value, Type element);

  Type narrow;
  llvm::DenseMap<Value, Value> roundedOf, widenedOf;
};
} // namespace

static void createConversion(OpBuilder &builder, Location loc, Value value,
                             Type element) {
  Value result =
      element.getIntOrFloatBitWidth() < value.getType().getIntOrFloatBitWidth()
          ? Value(arith::TruncFOp::create(builder, loc, element, value))
          : Value(arith::ExtFOp::create(builder, loc, element, value));
  linalg::YieldOp::create(builder, loc, result);
}

Value Rounder::converted(Value value, Type element) {
  OpBuilder builder(value.getContext());
  builder.setInsertionPointAfterValue(value);
  RankedTensorType type = typeOf(value);
  SmallVector<AffineMap> maps(2,
                              builder.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> kinds(type.getRank(),
                                         utils::IteratorType::parallel);
  Location loc = value.getLoc();
  Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(), element);
  return linalg::GenericOp::create(
             builder, loc, TypeRange{type.clone(element)}, value, empty, maps,
             kinds,
             [&](OpBuilder &inner, Location at, ValueRange elements) {
               createConversion(inner, at, elements[0], element);
             })
      .getResult(0);
}

/// Views are taken of the rounded value, so that one is rounded once.
Value Rounder::rounded(Value value) {
  if (Value known = roundedOf.lookup(value))
    return known;
  Operation *view = value.getDefiningOp();
  Value result;
  if (!view || kindOf(view) != OpKind::View) {
    result = converted(value, narrow);
  } else {
    Value under = rounded(source(view));
    OpBuilder builder(view);
    Operation *copy = builder.clone(*view);
    copy->setOperand(0, under);
    copy->getResult(0).setType(typeOf(value).clone(narrow));
    result = copy->getResult(0);
  }
  return roundedOf[value] = result;
}

Value Rounder::widened(Value value) {
  Value &known = widenedOf[value];
  if (!known)
    known = converted(rounded(value), typeOf(value).getElementType());
  return known;
}

void schedule::roundOperands(func::FuncOp function, Type narrow) {
  Rounder rounder(narrow);
  for (Operation &op : llvm::make_early_inc_range(function.getBody().front())) {
    // What a program asks for in f64 stays f64.
    if (!productLoops(&op) || !typeOf(op.getResult(0)).getElementType().isF32())
      continue;
    auto product = cast<linalg::GenericOp>(op);
    for (OpOperand &operand : product.getInputsMutable())
      operand.set(rounder.widened(operand.get()));
  }
}
