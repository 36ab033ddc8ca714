// Walks an element expression and keeps what each value of it is. Conditions
// are here; arithmetic, reductions and reads are in files of their own.
#include "lib/Flatten/Element.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace ogee;

const Term *Element::find(Value value) const {
  auto found = terms.find(value);
  if (found != terms.end())
    return &found->second;
  return outer ? outer->find(value) : nullptr;
}

Term Element::term(Value value) {
  const Term *found = find(value);
  assert(found && "operands are lowered before their users");
  Term result = *found;
  if (!result.index)
    result.data = guarded(result.data, value.getParentRegion());
  return result;
}

Indexed Element::guarded(const Indexed &value, Region *origin) {
  Indexed result = value;
  if (value.isNumber() || !isa<FloatType>(value.elementType()))
    return result;
  for (const Guard &guard : guards)
    if (!guard.region->isAncestor(origin))
      result = tensors.select(guard.condition, result,
                              tensors.number(0.0, result.elementType()));
  return result;
}

AffineExpr Element::labelExpr(Label label) const {
  return getAffineDimExpr(label, tensors.builder.getContext());
}

/// The divisors D of `extent` for which `index div D` and `index mod D` are
/// both used: the digits of the index.
static SmallVector<int64_t> digitsOf(BlockArgument index, int64_t extent) {
  SmallVector<int64_t> quotients, remainders, digits;
  for (Operation *user : index.getUsers()) {
    APInt divisor;
    if (user->getNumOperands() != 2 ||
        !matchPattern(user->getOperand(1), m_ConstantInt(&divisor)))
      continue;
    if (isa<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp>(user))
      quotients.push_back(divisor.getSExtValue());
    if (isa<arith::RemSIOp, arith::RemUIOp>(user))
      remainders.push_back(divisor.getSExtValue());
  }
  for (int64_t divisor : quotients)
    if (llvm::is_contained(remainders, divisor) && divisor > 1 &&
        divisor < extent && extent % divisor == 0 &&
        llvm::all_of(
            digits,
            [&](int64_t other) {
              return other % divisor == 0 || divisor % other == 0;
            }))
      digits.push_back(divisor);
  return digits;
}

/// Labels for a block argument. Where the expression reads the digits of the
/// index, it is split into them: `n` is then `h * D + d`, and h and d are bare
/// indices again.
SmallVector<Label> Element::bindIndex(BlockArgument index, int64_t extent) {
  SmallVector<int64_t> divisors = digitsOf(index, extent);
  divisors.push_back(1);
  llvm::sort(divisors, std::greater<>());
  divisors.erase(llvm::unique(divisors), divisors.end());
  SmallVector<Label> labels;
  AffineExpr expr = getAffineConstantExpr(0, tensors.builder.getContext());
  int64_t rest = extent;
  for (int64_t divisor : divisors) {
    labels.push_back(tensors.newLabel(rest / divisor));
    expr = expr + labelExpr(labels.back()) * divisor;
    rest = divisor;
  }
  terms[index].index = expr;
  return labels;
}

Value Element::define(arch::DefineOp op) {
  Block &body = op.getBody().front();
  auto type = cast<RankedTensorType>(op.getType());
  SmallVector<Label> labels;
  SmallVector<ReassociationIndices> groups;
  bool split = false;
  for (auto [argument, extent] :
       llvm::zip_equal(body.getArguments(), type.getShape())) {
    ReassociationIndices group;
    for (Label label : bindIndex(argument, extent)) {
      group.push_back(labels.size());
      labels.push_back(label);
    }
    split |= group.size() > 1;
    groups.push_back(group);
  }
  if (failed(lowerBlock(body)))
    return nullptr;
  tensors.loc = op.getLoc();
  Value result = tensors.materialize(use(body.back().getOperand(0)), labels);
  if (split)
    result = tensor::CollapseShapeOp::create(tensors.builder, op.getLoc(), type,
                                             result, groups);
  return result;
}

LogicalResult Element::lowerBlock(Block &block) {
  for (Operation &op : block)
    if (!op.hasTrait<OpTrait::IsTerminator>() && failed(lower(op)))
      return failure();
  return success();
}

LogicalResult Element::lower(Operation &op) {
  tensors.loc = op.getLoc();
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return lowerConstant(constant);
  if (auto read = dyn_cast<arch::ReadOp>(op))
    return lowerRead(read);
  if (auto reduce = dyn_cast<arch::ReduceOp>(op))
    return lowerReduce(reduce);
  if (auto softmax = dyn_cast<arch::SoftmaxOp>(op))
    return lowerSoftmax(softmax);
  if (auto branch = dyn_cast<arch::IfOp>(op))
    return lowerIf(branch);
  if (auto stop = dyn_cast<arch::StopGradientOp>(op)) {
    Indexed value = use(stop.getInput());
    if (!value.isNumber())
      value.tensor = nn::StopGradientOp::create(
          tensors.builder, op.getLoc(), value.tensor.getType(), value.tensor);
    setData(stop.getResult(), value);
    return success();
  }
  if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    setData(extract, tensors.view(extract.getTensor(), {}));
    return success();
  }
  if (isa_and_nonnull<arith::ArithDialect, math::MathDialect>(op.getDialect()))
    return lowerScalar(op);
  return op.emitError() << "cannot stand in an element expression";
}

//===-- Conditions --------------------------------------------------------===//

bool ogee::hasProducts(Region &region) {
  auto variable = [](Value value) {
    return !matchPattern(value, m_Constant());
  };
  return llvm::any_of(region.getOps(), [&](Operation &op) {
    if (isa<arith::MulFOp>(op))
      return variable(op.getOperand(0)) && variable(op.getOperand(1));
    if (isa<arith::DivFOp>(op))
      return variable(op.getOperand(1));
    return isa<math::MathDialect>(op.getDialect());
  });
}

LogicalResult Element::lowerIf(arch::IfOp op) {
  Indexed condition = use(op.getCondition());
  Indexed results[2];
  Region *regions[2] = {&op.getThenBody(), &op.getElseBody()};
  for (int side : {0, 1}) {
    Indexed taken = condition;
    if (side == 1)
      taken = tensors.apply(
          arith::XOrIOp::getOperationName(),
          {condition, tensors.number(tensors.builder.getBoolAttr(true))},
          tensors.builder.getI1Type());
    bool guard = hasProducts(*regions[side]);
    if (guard)
      guards.push_back({taken, regions[side]});
    if (failed(lowerBlock(regions[side]->front())))
      return failure();
    results[side] = use(regions[side]->front().back().getOperand(0));
    if (guard)
      guards.pop_back();
  }
  tensors.loc = op.getLoc();
  if (!isa<FloatType>(results[0].elementType()))
    meetIntegers(results);
  setData(op, tensors.select(condition, results[0], results[1]));
  return success();
}

LogicalResult Element::lowerRead(arch::ReadOp op) {
  SmallVector<Term> subscripts;
  for (Value index : op.getIndices())
    subscripts.push_back(term(index));
  std::optional<Indexed> otherwise;
  if (op.getOtherwise())
    otherwise = use(op.getOtherwise());
  FailureOr<Indexed> value = read(op.getTensor(), subscripts, otherwise);
  if (failed(value))
    return op.emitError() << "subscripts of this form are not supported";
  for (const Guard &guard : guards)
    if (op->getParentRegion() == guard.region && isa<FloatType>(op.getType()) &&
        !value->isNumber())
      value = tensors.select(guard.condition, *value,
                             tensors.number(0.0, op.getType()));
  setData(op, *value);
  return success();
}
