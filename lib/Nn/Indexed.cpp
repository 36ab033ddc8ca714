// Every generic is made by one function, so maps, loops and starting values are
// decided in one place. Sums of products are in Products.cpp.
#include "lib/Nn/Labels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace ogee;

bool Indexed::is(double value) const {
  if (auto real = dyn_cast_if_present<FloatAttr>(number))
    return real.getValueAsDouble() == value;
  if (auto integer = dyn_cast_if_present<IntegerAttr>(number))
    return integer.getValue().getSExtValue() == value;
  return false;
}

bool Indexed::has(Label label) const { return contains(labels, label); }

Type Indexed::elementType() const {
  if (number)
    return number.getType();
  return getElementTypeOrSelf(tensor.getType());
}

TypedAttr ogee::splatElement(Value tensor) {
  DenseElementsAttr elements;
  if (matchPattern(tensor, m_Constant(&elements)) && elements.isSplat())
    return cast<TypedAttr>(elements.getSplatValue<Attribute>());
  auto fill = tensor.getDefiningOp<linalg::FillOp>();
  Attribute value;
  if (fill && matchPattern(fill.getInputs()[0], m_Constant(&value)))
    return cast<TypedAttr>(value);
  return nullptr;
}

SmallVector<Label> IndexedBuilder::newLabels(ArrayRef<int64_t> shape) {
  return llvm::map_to_vector(shape,
                             [&](int64_t extent) { return newLabel(extent); });
}

Label IndexedBuilder::newLabel(int64_t extent) {
  extents.push_back(extent);
  return extents.size() - 1;
}

Indexed IndexedBuilder::view(Value tensor, ArrayRef<Label> labels) const {
  if (TypedAttr element = splatElement(tensor))
    return number(element);
  return {tensor, Labels(labels), nullptr};
}

Indexed IndexedBuilder::number(double value, Type floatType) const {
  return {{}, {}, FloatAttr::get(floatType, value)};
}

//===-- Element-wise ------------------------------------------------------===//

/// Asks the operation's own folder, on a block that is thrown away; a sum with
/// zero folds too, which the folder leaves for the sake of -0.
Indexed IndexedBuilder::fold(StringRef operation, ArrayRef<Indexed> operands,
                             Type result, ArrayRef<NamedAttribute> attributes) {
  if (operation == arith::AddFOp::getOperationName())
    for (int side : {0, 1})
      if (operands[side].is(0.0))
        return operands[1 - side];
  Block scratch;
  OpBuilder inner(builder.getContext());
  inner.setInsertionPointToEnd(&scratch);
  SmallVector<Value> values;
  SmallVector<Attribute> constants;
  for (const Indexed &operand : operands) {
    constants.push_back(operand.number);
    values.push_back(
        operand.isNumber()
            ? arith::ConstantOp::create(inner, loc, operand.number).getResult()
            : scratch.addArgument(operand.elementType(), loc));
  }
  OperationState state(loc, operation, values, {result}, attributes);
  Operation *op = inner.create(state);
  SmallVector<OpFoldResult> results;
  LogicalResult folded = op->fold(constants, results);
  if (succeeded(folded) && results.empty()) {
    // The folder moved a constant to the right; now it may see more.
    for (auto [constant, value] : llvm::zip_equal(constants, op->getOperands()))
      matchPattern(value, m_Constant(&(constant = Attribute())));
    folded = op->fold(constants, results);
  }
  if (failed(folded) || results.empty())
    return {};
  if (auto attribute = dyn_cast<Attribute>(results[0]))
    return number(cast<TypedAttr>(attribute));
  for (auto [value, operand] : llvm::zip_equal(values, operands))
    if (value == cast<Value>(results[0]))
      return operand;
  return {};
}

Indexed IndexedBuilder::generic(ArrayRef<Indexed> reads, Type element,
                                Value init, ArrayRef<Label> kept,
                                ArrayRef<Label> over, Body body) {
  if (scalars) {
    SmallVector<Value> elements;
    for (const Indexed &read : reads)
      elements.push_back(read.tensor);
    return {body(builder, {}, elements), {}, nullptr};
  }
  Labels loops(kept);
  llvm::append_range(loops, over);
  MLIRContext *context = builder.getContext();
  auto mapOf = [&](ArrayRef<Label> labels) {
    SmallVector<AffineExpr> dims;
    for (Label label : labels)
      dims.push_back(
          getAffineDimExpr(llvm::find(loops, label) - loops.begin(), context));
    return AffineMap::get(loops.size(), 0, dims, context);
  };
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (const Indexed &read : reads) {
    inputs.push_back(read.tensor);
    maps.push_back(mapOf(read.labels));
  }
  maps.push_back(mapOf(kept));
  SmallVector<int64_t> shape;
  for (Label label : kept)
    shape.push_back(extent(label));
  if (!init)
    init = tensor::EmptyOp::create(builder, loc, shape, element);
  SmallVector<utils::IteratorType> kinds(kept.size(),
                                         utils::IteratorType::parallel);
  kinds.append(over.size(), utils::IteratorType::reduction);
  auto op = linalg::GenericOp::create(
      builder, loc, TypeRange{init.getType()}, inputs, ValueRange{init}, maps,
      kinds, [&](OpBuilder &inner, Location, ValueRange elements) {
        Value value = body(inner, {}, elements);
        linalg::YieldOp::create(inner, loc, value);
      });
  return {op.getResult(0), Labels(kept), nullptr};
}

/// The operands that are tensors, each once, and where each operand is found.
static SmallVector<Indexed> distinctTensors(ArrayRef<Indexed> operands,
                                            SmallVector<int> &places) {
  SmallVector<Indexed> tensors;
  for (const Indexed &operand : operands) {
    if (operand.isNumber()) {
      places.push_back(-1);
      continue;
    }
    auto *known = llvm::find_if(tensors, [&](const Indexed &other) {
      return other.tensor == operand.tensor && other.labels == operand.labels;
    });
    places.push_back(known - tensors.begin());
    if (known == tensors.end())
      tensors.push_back(operand);
  }
  return tensors;
}

Indexed IndexedBuilder::apply(StringRef operation, ArrayRef<Indexed> operands,
                              Type result,
                              ArrayRef<NamedAttribute> attributes) {
  Indexed folded = fold(operation, operands, result, attributes);
  if (folded.tensor || folded.number)
    return folded;
  SmallVector<int> places;
  SmallVector<Indexed> tensors = distinctTensors(operands, places);
  return generic(
      tensors, result, nullptr, unite(operands), {},
      [&](OpBuilder &inner, ArrayRef<Value>, ValueRange elements) -> Value {
        SmallVector<Value> values;
        for (auto [operand, place] : llvm::zip_equal(operands, places))
          values.push_back(
              place >= 0 ? elements[place]
                         : arith::ConstantOp::create(inner, loc, operand.number)
                               .getResult());
        OperationState state(loc, operation, values, {result}, attributes);
        return inner.create(state)->getResult(0);
      });
}

Indexed IndexedBuilder::compare(arith::CmpFPredicate predicate,
                                const Indexed &lhs, const Indexed &rhs) {
  NamedAttribute attribute(
      builder.getStringAttr("predicate"),
      arith::CmpFPredicateAttr::get(builder.getContext(), predicate));
  return apply(arith::CmpFOp::getOperationName(), {lhs, rhs},
               builder.getI1Type(), attribute);
}

Indexed IndexedBuilder::select(const Indexed &condition, const Indexed &a,
                               const Indexed &b) {
  return apply(arith::SelectOp::getOperationName(), {condition, a, b},
               a.elementType());
}

Indexed IndexedBuilder::applyIndices(ArrayRef<Label> indices,
                                     ArrayRef<Indexed> operands, Body body) {
  SmallVector<int> places;
  SmallVector<Indexed> tensors = distinctTensors(operands, places);
  Labels loops(indices);
  llvm::append_range(loops, unite(operands));
  llvm::sort(loops);
  loops.erase(llvm::unique(loops), loops.end());
  // The element type is known once the body is built: build it apart first.
  auto build = [&](OpBuilder &inner, ValueRange elements) {
    SmallVector<Value> places_, values;
    for (Label label : indices)
      places_.push_back(linalg::IndexOp::create(
          inner, loc, llvm::find(loops, label) - loops.begin()));
    for (auto [operand, place] : llvm::zip_equal(operands, places))
      values.push_back(
          place >= 0 ? elements[place]
                     : arith::ConstantOp::create(inner, loc, operand.number)
                           .getResult());
    return body(inner, places_, values);
  };
  Block scratch;
  OpBuilder trial(builder.getContext());
  trial.setInsertionPointToEnd(&scratch);
  for (const Indexed &operand : tensors)
    scratch.addArgument(operand.elementType(), loc);
  Type element = build(trial, scratch.getArguments()).getType();
  return generic(tensors, element, nullptr, loops, {},
                 [&](OpBuilder &inner, ArrayRef<Value>, ValueRange elements) {
                   return build(inner, elements);
                 });
}

//===-- Layout ------------------------------------------------------------===//

Value IndexedBuilder::constant(TypedAttr number, ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, number.getType());
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(type, number));
}

Value IndexedBuilder::materialize(const Indexed &value,
                                  ArrayRef<Label> labels) {
  SmallVector<int64_t> shape;
  for (Label label : labels)
    shape.push_back(extent(label));
  if (value.isNumber())
    return constant(value.number, shape);
  if (ArrayRef<Label>(value.labels) == labels)
    return value.tensor;
  return generic(value, value.elementType(), nullptr, labels, {},
                 [](OpBuilder &, ArrayRef<Value>, ValueRange elements) {
                   return elements[0];
                 })
      .tensor;
}
