#include "lib/Schedule/Outline.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;

namespace {
/// The body of the first tuple over tensors of one dynamic dimension.
class ListBuilder {
public:
  explicit ListBuilder(OpBuilder &builder) : builder(builder) {}

  kernel::FuncOp build(Location loc, ArrayRef<Value> inputs,
                       ArrayRef<Value> outputs);

private:
  static Type listType(Value value) {
    auto type = typeOf(value);
    if (type.getRank() == 0)
      return type;
    return RankedTensorType::get({ShapedType::kDynamic}, type.getElementType());
  }
  Value make(Value value);

  OpBuilder &builder;
  IRMapping mapping;
  Value length;
};
} // namespace

Value ListBuilder::make(Value value) {
  if (mapping.contains(value))
    return mapping.lookup(value);
  auto op = cast<linalg::GenericOp>(value.getDefiningOp());
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (Value input : op.getInputs()) {
    inputs.push_back(make(input));
    maps.push_back(
        AffineMap::get(1, 0,
                       typeOf(inputs.back()).getRank() == 0
                           ? ArrayRef<AffineExpr>()
                           : ArrayRef<AffineExpr>(builder.getAffineDimExpr(0)),
                       builder.getContext()));
  }
  maps.push_back(builder.getMultiDimIdentityMap(1));
  llvm::SetVector<Value> captured; // constants of the function
  getUsedValuesDefinedAbove(op.getRegion(), captured);
  for (Value constant : captured)
    if (!mapping.contains(constant))
      mapping.map(constant,
                  builder.clone(*constant.getDefiningOp())->getResult(0));
  Value empty = tensor::EmptyOp::create(builder, op.getLoc(),
                                        cast<RankedTensorType>(listType(value)),
                                        ValueRange{length});
  auto generic =
      linalg::GenericOp::create(builder, op.getLoc(), listType(value), inputs,
                                empty, maps, utils::IteratorType::parallel);
  op.getRegion().cloneInto(&generic.getRegion(), mapping);
  mapping.map(value, generic.getResult(0));
  return generic.getResult(0);
}

kernel::FuncOp ListBuilder::build(Location loc, ArrayRef<Value> inputs,
                                  ArrayRef<Value> outputs) {
  auto types = [](ArrayRef<Value> values) {
    return llvm::map_to_vector(values, listType);
  };
  auto kernel = kernel::FuncOp::create(
      builder, loc, "list",
      builder.getFunctionType(types(inputs), types(outputs)),
      kernel::Family::Row);
  kernel.setList(true);
  OpBuilder::InsertionGuard guard(builder);
  Block *body = builder.createBlock(&kernel.getBody());
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  for (Value input : inputs) {
    BlockArgument argument = body->addArgument(listType(input), loc);
    mapping.map(input, argument);
    if (!length && typeOf(argument).getRank() == 1)
      length = tensor::DimOp::create(builder, loc, argument, zero);
  }
  SmallVector<Value> results;
  for (Value output : outputs)
    results.push_back(make(output));
  kernel::YieldOp::create(builder, loc, results);
  return kernel;
}

Outlined schedule::outlineList(const Groups &groups, unsigned group,
                               OpBuilder &builder) {
  Outlined outlined;
  for (ArrayRef<unsigned> tuple : groups.groups[group].tuples) {
    Outlined part;
    collectOperands(groups, group, tuple, part);
    if (!outlined.kernel)
      outlined.kernel = ListBuilder(builder).build(
          groups.graph[tuple.front()].op->getLoc(), part.inputs, part.outputs);
    llvm::append_range(outlined.inputs, part.inputs);
    llvm::append_range(outlined.outputs, part.outputs);
  }
  return outlined;
}
