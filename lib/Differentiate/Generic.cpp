// Rule 1: the loops are labels, so permuting maps is only reading the gradient
// by the labels of the result and summing what an operand lacks.
#include "lib/Differentiate/Tape.h"
#include "lib/Nn/Program.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace ogee;

static SmallVector<Label> labelsOf(AffineMap map) {
  SmallVector<Label> labels;
  for (AffineExpr expr : map.getResults())
    labels.push_back(cast<AffineDimExpr>(expr).getPosition());
  return labels;
}

/// A builder whose label l is loop l of `op`.
static IndexedBuilder loopsOf(linalg::GenericOp op, OpBuilder &builder) {
  IndexedBuilder tensors(builder, op.getLoc());
  tensors.newLabels(op.getStaticLoopRanges());
  return tensors;
}

/// `term` at the labels `to` of an operand: what the result's labels `from`
/// have in addition repeats the operand.
static Value summedTo(IndexedBuilder &tensors, const Indexed &term,
                      ArrayRef<Label> from, ArrayRef<Label> to) {
  SmallVector<Label> over;
  for (Label label : from)
    if (!llvm::is_contained(to, label))
      over.push_back(label);
  return tensors.materialize(over.empty() ? term : tensors.sum(term, over), to);
}

/// The factors of a product that was just built, else the value alone. Under a
/// sum they may become a contraction, and the product itself is then dead.
static SmallVector<Indexed> factorsOf(IndexedBuilder &tensors,
                                      const Indexed &value) {
  auto product = value.isNumber()
                     ? linalg::GenericOp()
                     : value.tensor.getDefiningOp<linalg::GenericOp>();
  if (!product || !isElementwise(product) || product.getNumDpsInputs() != 2 ||
      !isa_and_present<arith::MulFOp>(scalarOp(product)))
    return {value};
  SmallVector<Indexed> factors;
  SmallVector<AffineMap> maps = product.getIndexingMapsArray();
  if (!maps.back().isIdentity() || !hasPlainMaps(product))
    return {value};
  for (auto [input, map] : llvm::zip(product.getInputs(), maps)) {
    SmallVector<Label> labels;
    for (Label loop : labelsOf(map))
      labels.push_back(value.labels[loop]);
    factors.push_back(tensors.view(input, labels));
  }
  return factors;
}

LogicalResult Tape::reverseGeneric(linalg::GenericOp op) {
  Value gradient = gradientOf(op.getResult(0));
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  bool projected = hasPlainMaps(op);
  if (isCopy(op)) {
    if (!projected)
      return reverseShifted(op, gradient);
    IndexedBuilder tensors = loopsOf(op, place);
    SmallVector<Label> from = labelsOf(maps[1]), to = labelsOf(maps[0]);
    add(op.getInputs()[0],
        summedTo(tensors, tensors.view(gradient, from), from, to));
    return success();
  }
  if (!projected)
    return op.emitError() << "reads through a map that is no projected "
                             "permutation and computes";
  if (isContraction(op)) {
    Operation *add =
        op.getBody()->getTerminator()->getOperand(0).getDefiningOp();
    for (Value operand : add->getOperands())
      if (auto product = operand.getDefiningOp<arith::MulFOp>())
        return reverseScalar(op, product, gradient);
  }
  Operation *scalar = scalarOp(op);
  if (!scalar)
    return op.emitError() << "has more than one scalar operation";
  if (op.getNumReductionLoops() == 0)
    return reverseScalar(op, scalar, gradient);
  if (isSum(op)) {
    IndexedBuilder tensors = loopsOf(op, place);
    SmallVector<Label> from = labelsOf(maps[1]), to = labelsOf(maps[0]);
    add(op.getInputs()[0],
        summedTo(tensors, tensors.view(gradient, from), from, to));
    return success();
  }
  if (isa<arith::MaximumFOp, arith::MinimumFOp>(scalar))
    return reverseExtremum(op, scalar, gradient);
  if (isa<arith::MulFOp>(scalar))
    return reverseProduct(op, gradient);
  return op.emitError() << "is a reduction without a gradient";
}

LogicalResult Tape::reverseScalar(linalg::GenericOp op, Operation *scalar,
                                  Value gradient) {
  IndexedBuilder tensors = loopsOf(op, place);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<Indexed> operands;
  for (Value operand : scalar->getOperands()) {
    auto constant = operand.getDefiningOp<arith::ConstantOp>();
    auto argument = dyn_cast<BlockArgument>(operand);
    if (!constant && (!argument || argument.getOwner() != op.getBody()))
      return op.emitError() << "captures a value";
    operands.push_back(
        constant ? tensors.number(cast<TypedAttr>(constant.getValue()))
                 : tensors.view(op->getOperand(argument.getArgNumber()),
                                labelsOf(maps[argument.getArgNumber()])));
  }
  // A contraction's product has no value of its own, and its rule needs none.
  Indexed result = tensors.view(op.getResult(0), labelsOf(maps.back()));
  Indexed seed = tensors.view(gradient, labelsOf(maps.back()));
  for (auto [index, operand] : llvm::enumerate(scalar->getOperands())) {
    auto argument = dyn_cast<BlockArgument>(operand);
    if (!argument || !isa<FloatType>(operand.getType()))
      continue;
    Value input = op->getOperand(argument.getArgNumber());
    if (!wants(input))
      continue;
    auto term =
        derivative(scalar, index, operands, result, seed, tensors, mutation);
    if (failed(term))
      return failure();
    if (!term->tensor && !term->number)
      continue;
    SmallVector<Label> kept = labelsOf(maps[argument.getArgNumber()]), over;
    for (Label label = 0; label < op.getNumLoops(); ++label)
      if (!llvm::is_contained(kept, label))
        over.push_back(label);
    Indexed total = over.empty()
                        ? *term
                        : tensors.productSum(factorsOf(tensors, *term), over);
    add(input, tensors.materialize(total, kept));
  }
  return success();
}

/// The gradient of a maximum goes to its first place along the closed
/// dimension.
LogicalResult Tape::reverseExtremum(linalg::GenericOp op, Operation *scalar,
                                    Value gradient) {
  if (op.getNumReductionLoops() != 1)
    return op.emitError() << "closes several dimensions at once";
  IndexedBuilder tensors = loopsOf(op, place);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<Label> labels = labelsOf(maps[0]), kept = labelsOf(maps[1]);
  auto *closed = llvm::find_if(
      labels, [&](Label label) { return !llvm::is_contained(kept, label); });
  Indexed input = tensors.view(op.getInputs()[0], labels);
  Indexed ranked = input;
  if (isa<arith::MinimumFOp>(scalar))
    ranked = tensors.apply<arith::NegFOp>(input);
  SmallVector<Label> rest;
  SmallVector<int64_t> shape;
  for (Label label : labels)
    if (label != *closed) {
      rest.push_back(label);
      shape.push_back(tensors.extent(label));
    }
  // Kernels rank along the last dimension.
  SmallVector<Label> rankedLabels(rest);
  rankedLabels.push_back(*closed);
  Value rankedTensor = tensors.materialize(ranked, rankedLabels);
  Type integer = place.getI64Type();
  Value first =
      nn::ArgMaxOp::create(place, loc(), RankedTensorType::get(shape, integer),
                           rankedTensor, int64_t(rest.size()));
  Location at = loc();
  Indexed chosen = tensors.applyIndices(
      *closed, tensors.view(first, rest),
      [&](OpBuilder &inner, ArrayRef<Value> places, ValueRange elements) {
        Value index = arith::IndexCastOp::create(inner, at, integer, places[0]);
        return arith::CmpIOp::create(inner, at, arith::CmpIPredicate::eq, index,
                                     elements[0])
            .getResult();
      });
  Indexed seed = tensors.view(gradient, kept);
  Indexed term =
      tensors.select(chosen, seed, tensors.number(0.0, seed.elementType()));
  add(op.getInputs()[0], summedTo(tensors, term, kept, labels));
  return success();
}

/// Each factor's gradient is the product of the others, which is taken without
/// a division so that zeros do no harm: quadratic in the extent.
LogicalResult Tape::reverseProduct(linalg::GenericOp op, Value gradient) {
  if (op.getNumReductionLoops() != 1)
    return op.emitError() << "closes several dimensions at once";
  IndexedBuilder tensors = loopsOf(op, place);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<Label> labels = labelsOf(maps[0]), kept = labelsOf(maps[1]);
  auto *closed = llvm::find_if(
      labels, [&](Label label) { return !llvm::is_contained(kept, label); });
  Label other = *closed;
  Indexed input = tensors.view(op.getInputs()[0], labels);
  Label own = tensors.newLabel(tensors.extent(other));
  Location at = loc();
  Indexed same = tensors.applyIndices(
      {own, other}, {},
      [&](OpBuilder &inner, ArrayRef<Value> places, ValueRange) {
        return arith::CmpIOp::create(inner, at, arith::CmpIPredicate::eq,
                                     places[0], places[1])
            .getResult();
      });
  TypedAttr one = FloatAttr::get(input.elementType(), 1.0);
  Indexed others = tensors.reduce(
      arith::MulFOp::getOperationName(),
      tensors.select(same, tensors.number(one), input), one, other);
  *closed = own;
  Indexed term =
      tensors.apply<arith::MulFOp>({tensors.view(gradient, kept), others});
  add(op.getInputs()[0], summedTo(tensors, term, kept, labels));
  return success();
}
