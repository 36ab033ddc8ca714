// A seed of 1, divided by a count and broadcast, would otherwise be a tensor
// that splits the kernels which read it.
#include "lib/Schedule/Ops.h"
#include "lib/Schedule/Prepare.h"

#include "lib/Nn/Nn.h"
#include "lib/Nn/Program.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;

/// Folds scalar operations whose operands are constants, and identities.
static void foldBody(Block &body) {
  for (Operation &op : llvm::make_early_inc_range(body.without_terminator())) {
    if (op.getNumResults() != 1 || isa<arith::ConstantOp>(op))
      continue;
    SmallVector<Attribute> operands;
    for (Value operand : op.getOperands()) {
      Attribute constant;
      matchPattern(operand, m_Constant(&constant));
      operands.push_back(constant);
    }
    SmallVector<OpFoldResult> results;
    if (failed(op.fold(operands, results)) || results.size() != 1)
      continue;
    Value replacement = dyn_cast<Value>(results[0]);
    if (!replacement) {
      OpBuilder builder(&op);
      auto constant = dyn_cast<TypedAttr>(cast<Attribute>(results[0]));
      if (!constant || constant.getType() != op.getResult(0).getType())
        continue;
      replacement = arith::ConstantOp::create(builder, op.getLoc(), constant);
    }
    op.getResult(0).replaceAllUsesWith(replacement);
    op.erase();
  }
  eraseDead(body);
}

/// Drops the inputs that are splats or that the body does not read.
static linalg::GenericOp inlineSplats(linalg::GenericOp op) {
  Block &body = op.getRegion().front();
  OpBuilder inside = OpBuilder::atBlockBegin(&body);
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps, old = op.getIndexingMapsArray();
  llvm::BitVector dropped(body.getNumArguments());
  for (auto [index, input] : llvm::enumerate(op.getInputs())) {
    BlockArgument argument = body.getArgument(index);
    if (TypedAttr splat = splatElement(input))
      argument.replaceAllUsesWith(
          arith::ConstantOp::create(inside, op.getLoc(), splat));
    if (argument.use_empty()) {
      dropped.set(index);
      continue;
    }
    inputs.push_back(input);
    maps.push_back(old[index]);
  }
  if (dropped.none())
    return op;
  maps.push_back(old.back());
  OpBuilder builder(op);
  auto result = linalg::GenericOp::create(
      builder, op.getLoc(), op.getResultTypes(), inputs, op.getOutputs(), maps,
      op.getIteratorTypesArray());
  body.eraseArguments(dropped);
  result.getRegion().takeBody(op.getRegion());
  op->replaceAllUsesWith(result);
  op.erase();
  return result;
}

/// What the generic is if it is a constant or a copy of an input; else null.
static Value simplified(linalg::GenericOp op) {
  Value yielded = op.getRegion().front().getTerminator()->getOperand(0);
  Attribute constant;
  if (matchPattern(yielded, m_Constant(&constant))) {
    OpBuilder builder(op);
    auto type = typeOf(op.getResult(0));
    return arith::ConstantOp::create(builder, op.getLoc(),
                                     DenseElementsAttr::get(type, constant));
  }
  auto argument = dyn_cast<BlockArgument>(yielded);
  if (!argument || argument.getOwner() != &op.getRegion().front() ||
      argument.getArgNumber() >= op.getNumDpsInputs())
    return {};
  Value input = op.getInputs()[argument.getArgNumber()];
  bool inPlace =
      op.getIndexingMapsArray()[argument.getArgNumber()].isIdentity() &&
      op.getIndexingMapsArray().back().isIdentity();
  return inPlace && input.getType() == op.getResult(0).getType() ? input
                                                                 : Value();
}

/// The sum of a splat: its number times the count.
static Value foldSum(linalg::GenericOp op) {
  Operation *combine = combiner(op);
  if (!isa_and_nonnull<arith::AddFOp>(combine) || !isZero(op.getDpsInits()[0]))
    return {};
  auto number = dyn_cast_if_present<FloatAttr>(splatElement(op.getInputs()[0]));
  if (!number)
    return {};
  auto type = typeOf(op.getResult(0));
  int64_t count = elementsOf(op.getInputs()[0]) / type.getNumElements();
  OpBuilder builder(op);
  auto total = FloatAttr::get(number.getType(),
                              number.getValueAsDouble() * double(count));
  return arith::ConstantOp::create(
      builder, op.getLoc(), DenseElementsAttr::get(type, Attribute(total)));
}

static Value foldView(Operation *view) {
  TypedAttr splat = splatElement(source(view));
  if (!splat)
    return {};
  OpBuilder builder(view);
  return arith::ConstantOp::create(
      builder, view->getLoc(),
      DenseElementsAttr::get(typeOf(view->getResult(0)), Attribute(splat)));
}

void schedule::foldConstants(func::FuncOp function) {
  for (Operation &entry :
       llvm::make_early_inc_range(function.getBody().front())) {
    Operation *op = &entry;
    Value value;
    if (kindOf(op) == OpKind::View)
      value = foldView(op);
    if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
      if (isParallel(generic)) {
        foldBody(generic.getRegion().front());
        generic = inlineSplats(generic);
        foldBody(generic.getRegion().front());
        value = simplified(generic);
        op = generic;
      } else {
        value = foldSum(generic);
      }
    }
    if (!value)
      continue;
    op->replaceAllUsesWith(ValueRange{value});
    op->erase();
  }
}
