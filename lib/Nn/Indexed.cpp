// Products under a sum are the one thing decided here: which pairs become
// contractions and which are multiplied element by element first.
#include "lib/Nn/Indexed.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace ogee;

using Labels = SmallVector<Label>;

static bool contains(ArrayRef<Label> labels, Label label) {
  return llvm::is_contained(labels, label);
}

static Labels without(ArrayRef<Label> labels, ArrayRef<Label> removed) {
  Labels rest;
  llvm::copy_if(labels, std::back_inserter(rest),
                [&](Label label) { return !contains(removed, label); });
  return rest;
}

/// The labels of all operands, sorted, once each.
static Labels unite(ArrayRef<Indexed> operands) {
  Labels all;
  for (const Indexed &operand : operands)
    llvm::append_range(all, operand.labels);
  llvm::sort(all);
  all.erase(llvm::unique(all), all.end());
  return all;
}

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

//===-- Reductions --------------------------------------------------------===//

Indexed IndexedBuilder::reduce(StringRef combiner, const Indexed &value,
                               TypedAttr neutral, ArrayRef<Label> over) {
  Labels kept = without(value.labels, over), closed;
  llvm::sort(kept);
  for (Label label : value.labels)
    if (contains(over, label))
      closed.push_back(label);
  if (closed.empty())
    return value;
  SmallVector<int64_t> shape;
  for (Label label : kept)
    shape.push_back(extent(label));
  Value start = arith::ConstantOp::create(builder, loc, neutral);
  Value empty = tensor::EmptyOp::create(builder, loc, shape, neutral.getType());
  Value init = linalg::FillOp::create(builder, loc, start, empty).getResult(0);
  return generic(
      value, neutral.getType(), init, kept, closed,
      [&](OpBuilder &inner, ArrayRef<Value>, ValueRange elements) -> Value {
        OperationState state(loc, combiner, {elements[1], elements[0]},
                             {neutral.getType()});
        return inner.create(state)->getResult(0);
      });
}

Indexed IndexedBuilder::sum(const Indexed &value, ArrayRef<Label> over) {
  bool isFloat = isa<FloatType>(value.elementType());
  int64_t repeats = 1;
  for (Label label : over)
    repeats *= value.has(label) ? 1 : extent(label);
  Indexed result = value;
  if (!value.isNumber())
    result = reduce(isFloat ? arith::AddFOp::getOperationName()
                            : arith::AddIOp::getOperationName(),
                    value, builder.getZeroAttr(value.elementType()), over);
  if (repeats == 1)
    return result;
  if (isFloat)
    return apply<arith::MulFOp>(
        {result, number(double(repeats), value.elementType())});
  return apply<arith::MulIOp>(
      {result, number(builder.getIntegerAttr(value.elementType(), repeats))});
}

/// Each of the two has a free index that the other lacks.
static bool isContraction(const Indexed &a, const Indexed &b,
                          ArrayRef<Label> over) {
  auto hasOwn = [&](const Indexed &one, const Indexed &other) {
    return llvm::any_of(one.labels, [&](Label label) {
      return !contains(over, label) && !other.has(label);
    });
  };
  return hasOwn(a, b) && hasOwn(b, a);
}

Indexed IndexedBuilder::contract(const Indexed &a, const Indexed &b,
                                 ArrayRef<Label> over) {
  Labels shared, ownA, ownB;
  for (Label label : over) {
    if (a.has(label) && b.has(label))
      shared.push_back(label);
    else
      (a.has(label) ? ownA : ownB).push_back(label);
  }
  Indexed left = sum(a, ownA), right = sum(b, ownB);
  if (shared.empty() || left.isNumber() || right.isNumber() ||
      !isContraction(left, right, shared))
    return sum(apply<arith::MulFOp>({left, right}), shared);
  Labels kept = without(unite({left, right}), shared);
  SmallVector<int64_t> shape;
  for (Label label : kept)
    shape.push_back(extent(label));
  Type element = left.elementType();
  Value zero =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
  Value empty = tensor::EmptyOp::create(builder, loc, shape, element);
  Value init = linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
  return generic(
      {left, right}, element, init, kept, shared,
      [&](OpBuilder &inner, ArrayRef<Value>, ValueRange elements) -> Value {
        Value product =
            arith::MulFOp::create(inner, loc, elements[0], elements[1]);
        return arith::AddFOp::create(inner, loc, elements[2], product);
      });
}

/// Joins the cheapest pair until one factor is left. A pair of which one covers
/// the other's indices is multiplied in place; it costs nothing in size. Sums
/// over indices of no other factor are taken with the pair.
Indexed IndexedBuilder::joinFactors(SmallVector<Indexed> factors,
                                    ArrayRef<Label> over) {
  auto closing = [&](size_t i, size_t j) {
    Labels closed;
    for (Label label : over) {
      bool elsewhere = false;
      for (auto [k, factor] : llvm::enumerate(factors))
        elsewhere |= k != i && k != j && factor.has(label);
      if (!elsewhere && (factors[i].has(label) || factors[j].has(label)))
        closed.push_back(label);
    }
    return closed;
  };
  auto cost = [&](size_t i, size_t j) {
    Labels all = unite({factors[i], factors[j]});
    bool covered = all.size() == factors[i].labels.size() ||
                   all.size() == factors[j].labels.size();
    double size = covered ? 0.0 : 1.0;
    for (Label label : covered ? Labels() : without(all, closing(i, j)))
      size *= extent(label);
    return size;
  };
  while (factors.size() > 1) {
    size_t bestI = 0, bestJ = 1;
    for (size_t i = 0; i < factors.size(); ++i)
      for (size_t j = i + 1; j < factors.size(); ++j)
        if (cost(i, j) < cost(bestI, bestJ))
          std::tie(bestI, bestJ) = std::pair(i, j);
    Indexed joined =
        contract(factors[bestI], factors[bestJ], closing(bestI, bestJ));
    factors.erase(factors.begin() + bestJ);
    factors[bestI] = joined;
  }
  return factors[0];
}

Indexed IndexedBuilder::productSum(ArrayRef<Indexed> factors,
                                   ArrayRef<Label> over) {
  SmallVector<Indexed> inside, outside;
  for (const Indexed &factor : factors) {
    bool depends = llvm::any_of(
        factor.labels, [&](Label label) { return contains(over, label); });
    (depends ? inside : outside).push_back(factor);
  }
  Labels counted, closed;
  for (Label label : over)
    (llvm::any_of(inside, [&](auto &f) { return f.has(label); }) ? closed
                                                                 : counted)
        .push_back(label);
  double repeats = 1.0;
  for (Label label : counted)
    repeats *= extent(label);
  Indexed product = number(repeats, factors[0].elementType());
  if (!inside.empty()) {
    Indexed joined = inside.size() == 1 ? sum(inside[0], closed)
                                        : joinFactors(inside, closed);
    product = apply<arith::MulFOp>({joined, product});
  }
  for (const Indexed &factor : outside)
    product = apply<arith::MulFOp>({product, factor});
  return product;
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
