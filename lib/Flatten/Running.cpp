// Running sums: `sum[m where m < n](e)` with e free of n has a value for each n
// that costs one addition more than that of n - 1, and not a sum of its own.
// The tensor is added to itself, moved by 1, 2, 4, ..: log2 N element-wise
// steps, whose gradients are moves and additions again.
#include "lib/Flatten/Element.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace ogee;

/// `predicate` as it reads with the closed index on the left.
static arith::CmpIPredicate swapped(arith::CmpIPredicate predicate) {
  switch (predicate) {
  case arith::CmpIPredicate::slt:
    return arith::CmpIPredicate::sgt;
  case arith::CmpIPredicate::sle:
    return arith::CmpIPredicate::sge;
  case arith::CmpIPredicate::sgt:
    return arith::CmpIPredicate::slt;
  case arith::CmpIPredicate::sge:
    return arith::CmpIPredicate::sle;
  default:
    return predicate;
  }
}

/// The open index, if the condition of `op` compares it with the closed one and
/// both are bare and of one extent.
std::optional<Element::Running> Element::runningOf(arch::ReduceOp op,
                                                   Label closed) const {
  Block &body = op.getBody().front();
  bool fits = op.getKind() == arch::ReduceKind::Sum ||
              op.getKind() == arch::ReduceKind::Count;
  if (!fits || body.getNumArguments() != 1 || body.back().getNumOperands() < 2)
    return std::nullopt;
  auto compare = body.back().getOperand(1).getDefiningOp<arith::CmpIOp>();
  if (!compare)
    return std::nullopt;
  bool isLeft = compare.getLhs() == body.getArgument(0);
  Value other = isLeft ? compare.getRhs() : compare.getLhs();
  bool isOuter = !body.getParent()->isAncestor(other.getParentRegion());
  if ((!isLeft && compare.getRhs() != body.getArgument(0)) || !isOuter)
    return std::nullopt;
  const Term *term = find(other);
  if (!term || !isa_and_present<AffineDimExpr>(term->index))
    return std::nullopt;
  auto open = cast<AffineDimExpr>(term->index);
  if (tensors.extent(open.getPosition()) != tensors.extent(closed))
    return std::nullopt;
  arith::CmpIPredicate predicate =
      isLeft ? compare.getPredicate() : swapped(compare.getPredicate());
  switch (predicate) {
  case arith::CmpIPredicate::slt:
    return Running{closed, open.getPosition(), false, true};
  case arith::CmpIPredicate::sle:
    return Running{closed, open.getPosition(), false, false};
  case arith::CmpIPredicate::sgt:
    return Running{closed, open.getPosition(), true, true};
  case arith::CmpIPredicate::sge:
    return Running{closed, open.getPosition(), true, false};
  default:
    return std::nullopt;
  }
}

/// Element i of the result is element i - by (i + by if `fromEnd`), or 0.
static Value moved(OpBuilder &builder, Location loc, Value tensor,
                   int64_t dimension, int64_t by, bool fromEnd) {
  auto type = cast<RankedTensorType>(tensor.getType());
  int64_t rank = type.getRank();
  SmallVector<OpFoldResult> offsets(rank, builder.getIndexAttr(0)), sizes,
      strides(rank, builder.getIndexAttr(1)), low = offsets, high = offsets;
  SmallVector<int64_t> shape(type.getShape());
  shape[dimension] -= by;
  for (int64_t extent : shape)
    sizes.push_back(builder.getIndexAttr(extent));
  offsets[dimension] = builder.getIndexAttr(fromEnd ? by : 0);
  (fromEnd ? high : low)[dimension] = builder.getIndexAttr(by);
  Type element = type.getElementType();
  Value part = tensor::ExtractSliceOp::create(
      builder, loc, RankedTensorType::get(shape, element), tensor, offsets,
      sizes, strides);
  Value zero =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
  return tensor::PadOp::create(builder, loc, type, part, low, high, zero);
}

/// The sums over the closed index, at the open one in its place.
Indexed Element::runningSum(const Indexed &element, const Running &running) {
  OpBuilder &builder = tensors.builder;
  Location loc = tensors.loc;
  int64_t extent = tensors.extent(running.closed);
  int64_t dimension =
      llvm::find(element.labels, running.closed) - element.labels.begin();
  SmallVector<Label> labels(element.labels);
  labels[dimension] = running.open;
  if (running.isStrict && extent == 1)
    return tensors.number(builder.getZeroAttr(element.elementType()));
  Value sums = element.tensor;
  if (running.isStrict)
    sums = moved(builder, loc, sums, dimension, 1, running.fromEnd);
  bool isFloat = isa<FloatType>(element.elementType());
  for (int64_t by = 1; by < extent; by *= 2) {
    Value other = moved(builder, loc, sums, dimension, by, running.fromEnd);
    Indexed next =
        tensors.apply(isFloat ? arith::AddFOp::getOperationName()
                              : arith::AddIOp::getOperationName(),
                      {tensors.view(sums, labels), tensors.view(other, labels)},
                      element.elementType());
    sums = tensors.materialize(next, labels);
  }
  return tensors.view(sums, labels);
}

/// Whether `op` was a running sum; its body is lowered without the condition.
FailureOr<bool> Element::lowerRunning(arch::ReduceOp op, ArrayRef<Label> over) {
  auto running = over.size() == 1 ? runningOf(op, over[0]) : std::nullopt;
  if (!running)
    return false;
  Block &body = op.getBody().front();
  if (failed(lowerBlock(body)))
    return failure();
  tensors.loc = op.getLoc();
  Indexed element = use(body.back().getOperand(0));
  if (!element.has(running->closed) || element.has(running->open))
    return false;
  if (op.getKind() == arch::ReduceKind::Count) {
    Type type = isa<IndexType>(op.getType()) ? tensors.builder.getI64Type()
                                             : op.getType();
    element =
        tensors.apply(isa<FloatType>(type) ? arith::UIToFPOp::getOperationName()
                                           : arith::ExtUIOp::getOperationName(),
                      element, type);
  }
  setData(op, runningSum(element, *running));
  return true;
}
