// Gradients of the nn operations, each a formula on what the forward operation
// already has: nothing is computed twice that CSE could not find.
#include "lib/Nn/Program.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::nn;

static RankedTensorType tensorOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Labels for the dimensions of `tensor`, and those of them not in `closed`.
static std::pair<SmallVector<Label>, SmallVector<Label>>
label(IndexedBuilder &tensors, Value tensor, ArrayRef<int64_t> closed) {
  SmallVector<Label> all, kept;
  for (auto [dimension, extent] :
       llvm::enumerate(tensorOf(tensor).getShape())) {
    all.push_back(tensors.newLabel(extent));
    if (!llvm::is_contained(closed, int64_t(dimension)))
      kept.push_back(all.back());
  }
  return {all, kept};
}

LogicalResult GatherOp::differentiate(Reverse &reverse) {
  Value gradient = reverse.gradientOf(getResult());
  if (gradient && reverse.wants(getTable()))
    reverse.addRows(getTable(), getIndices(), gradient);
  return success();
}

LogicalResult ScatterAddOp::differentiate(Reverse &reverse) {
  Value gradient = reverse.gradientOf(getResult());
  if (!gradient)
    return success();
  if (reverse.wants(getInit()))
    reverse.add(getInit(), gradient);
  if (reverse.wants(getUpdates()))
    reverse.add(getUpdates(), GatherOp::create(reverse.builder(), getLoc(),
                                               getUpdates().getType(), gradient,
                                               getIndices()));
  return success();
}

/// The number of each write, row-major, as i32.
static Value writeNumbers(OpBuilder &builder, Location loc,
                          RankedTensorType indices) {
  IndexedBuilder tensors(builder, loc);
  SmallVector<Label> labels = tensors.newLabels(indices.getShape());
  Type integer = builder.getI32Type();
  if (labels.empty())
    return tensors.constant(builder.getZeroAttr(integer), {});
  Indexed numbers = tensors.applyIndices(
      labels, {}, [&](OpBuilder &inner, ArrayRef<Value> places, ValueRange) {
        Value number = places[0];
        for (auto [place, extent] :
             llvm::drop_begin(llvm::zip(places, indices.getShape()))) {
          Value base = arith::ConstantIndexOp::create(inner, loc, extent);
          number = arith::MulIOp::create(inner, loc, number, base);
          number = arith::AddIOp::create(inner, loc, number, place);
        }
        return arith::IndexCastOp::create(inner, loc, integer, number)
            .getResult();
      });
  return tensors.materialize(numbers, labels);
}

/// `value` where `condition`, over its leading dimensions, holds, else 0.
static Value keepWhere(
    OpBuilder &builder, Location loc, Value value,
    llvm::function_ref<Indexed(IndexedBuilder &, ArrayRef<Label>)> condition) {
  IndexedBuilder tensors(builder, loc);
  auto [all, kept] = label(tensors, value, {});
  Type type = tensorOf(value).getElementType();
  return tensors.materialize(tensors.select(condition(tensors, all),
                                            tensors.view(value, all),
                                            tensors.number(0.0, type)),
                             all);
}

/// The numbers of the writes are written in the same way: what is read back
/// tells which write stayed, so that it alone gets the gradient, and the table
/// beneath what was written none.
LogicalResult ScatterOp::differentiate(Reverse &reverse) {
  Value gradient = reverse.gradientOf(getResult());
  if (!gradient)
    return success();
  OpBuilder &builder = reverse.builder();
  Location loc = getLoc();
  auto places = tensorOf(getIndices());
  Type integer = builder.getI32Type();
  IndexedBuilder plain(builder, loc);
  int64_t rows = tensorOf(getInit()).getDimSize(0);
  Value none = plain.constant(builder.getIntegerAttr(integer, -1), rows);
  Value numbers = writeNumbers(builder, loc, places);
  Value last = ScatterOp::create(builder, loc, none.getType(), none,
                                 getIndices(), numbers);
  auto equal = [&](IndexedBuilder &tensors, const Indexed &a,
                   const Indexed &b) {
    return tensors.apply(
        arith::CmpIOp::getOperationName(), {a, b}, builder.getI1Type(),
        builder.getNamedAttr("predicate",
                             arith::CmpIPredicateAttr::get(
                                 getContext(), arith::CmpIPredicate::eq)));
  };
  if (reverse.wants(getInit()))
    reverse.add(
        getInit(),
        keepWhere(builder, loc, gradient,
                  [&](IndexedBuilder &tensors, ArrayRef<Label> all) {
                    return equal(
                        tensors, tensors.view(last, all.front()),
                        tensors.number(builder.getIntegerAttr(integer, -1)));
                  }));
  if (!reverse.wants(getUpdates()))
    return success();
  // A place that is no write reads anywhere, and finds another number there.
  auto [labels, same] = label(plain, getIndices(), {});
  Type element = places.getElementType();
  Value safe =
      plain.materialize(plain.apply<arith::MaxSIOp>(
                            {plain.view(getIndices(), labels),
                             plain.number(builder.getIntegerAttr(element, 0))}),
                        labels);
  Value stayed = GatherOp::create(
      builder, loc, RankedTensorType::get(places.getShape(), integer), last,
      safe);
  Value rowsOf =
      GatherOp::create(builder, loc, getUpdates().getType(), gradient, safe);
  reverse.add(getUpdates(),
              keepWhere(builder, loc, rowsOf,
                        [&](IndexedBuilder &tensors, ArrayRef<Label> all) {
                          auto leading = all.take_front(places.getRank());
                          return equal(tensors, tensors.view(stayed, leading),
                                       tensors.view(numbers, leading));
                        }));
  return success();
}

/// d mean / dx = 1 / n and d m2 / dx = 2 (x - mean), as the deviations sum to
/// 0.
LogicalResult MomentsOp::differentiate(Reverse &reverse) {
  if (!reverse.wants(getInput()))
    return success();
  IndexedBuilder tensors(reverse.builder(), getLoc());
  auto [all, kept] = label(tensors, getInput(), getDimensions());
  Type type = tensorOf(getInput()).getElementType();
  Indexed input = tensors.view(getInput(), all);
  Indexed mean = tensors.view(getMean(), kept);
  if (Value gradient = reverse.gradientOf(getM2())) {
    Indexed scale = tensors.apply<arith::MulFOp>(
        {tensors.view(gradient, kept), tensors.number(2.0, type)});
    Indexed deviation = tensors.apply<arith::SubFOp>({input, mean});
    reverse.add(getInput(),
                tensors.materialize(
                    tensors.apply<arith::MulFOp>({scale, deviation}), all));
  }
  if (Value gradient = reverse.gradientOf(getMean())) {
    double count = 1.0;
    for (int64_t dimension : getDimensions())
      count *= tensorOf(getInput()).getDimSize(dimension);
    Indexed share = tensors.apply<arith::DivFOp>(
        {tensors.view(gradient, kept), tensors.number(count, type)});
    reverse.add(getInput(), tensors.materialize(share, all));
  }
  return success();
}

/// d lse / dx = softmax(x).
LogicalResult LogSumExpOp::differentiate(Reverse &reverse) {
  Value gradient = reverse.gradientOf(getResult());
  if (!gradient || !reverse.wants(getInput()))
    return success();
  IndexedBuilder tensors(reverse.builder(), getLoc());
  auto [all, kept] = label(tensors, getInput(), getDimensions());
  Indexed share =
      softmaxOf(tensors, tensors.view(getInput(), all),
                tensors.view(getResult(), kept), mayBeMasked(getInput()));
  Indexed term =
      tensors.apply<arith::MulFOp>({tensors.view(gradient, kept), share});
  reverse.add(getInput(), tensors.materialize(term, all));
  return success();
}

LogicalResult AttentionOp::differentiate(Reverse &reverse) {
  if (reverse.gradientOf(getLse()))
    return emitOpError() << "the gradient of lse is not supported";
  Value gradient = reverse.gradientOf(getOut());
  if (!gradient)
    return success();
  SmallVector<Type> types = {getQ().getType(), getK().getType(),
                             getV().getType()};
  SmallVector<unsigned> arguments;
  SmallVector<Value> captures;
  for (auto [index, capture] : llvm::enumerate(getCaptures())) {
    if (!isa<FloatType>(tensorOf(capture).getElementType()))
      continue;
    arguments.push_back(5 + index);
    captures.push_back(capture);
    types.push_back(capture.getType());
  }
  OpBuilder &builder = reverse.builder();
  auto grad = AttentionGradOp::create(
      builder, getLoc(), types[0], types[1], types[2],
      ArrayRef<Type>(types).drop_front(3), getQ(), getK(), getV(), getOut(),
      getLse(), gradient, getCaptures(), getCaptureMaps(), getCausal());
  IRMapping mapping;
  getScore().cloneInto(&grad.getScore(), mapping);
  if (failed(reverse.differentiateScore(getScore(), grad.getScoreGrad(),
                                        arguments)))
    return failure();
  SmallVector<Value> operands = {getQ(), getK(), getV()};
  llvm::append_range(operands, captures);
  for (auto [operand, term] : llvm::zip_equal(operands, grad.getResults()))
    if (reverse.wants(operand))
      reverse.add(operand, term);
  return success();
}
