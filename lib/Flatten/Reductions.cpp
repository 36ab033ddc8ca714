// Reductions of element expressions: what is left out is replaced by the
// neutral element, products under a sum become contractions.
#include "lib/Flatten/Element.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

#include <limits>

using namespace mlir;
using namespace ogee;

static constexpr double infinity = std::numeric_limits<double>::infinity();

Indexed Element::countOf(const std::optional<Indexed> &keep,
                         ArrayRef<Label> over, Type type) {
  if (!keep)
    return tensors.sum(tensors.number(1.0, type), over);
  Indexed ones =
      tensors.apply(arith::UIToFPOp::getOperationName(), *keep, type);
  return tensors.sum(ones, over);
}

static void collectFactors(Value value, Block *body,
                           SmallVectorImpl<Value> &factors) {
  auto product = value.getDefiningOp<arith::MulFOp>();
  if (!product || product->getBlock() != body) {
    factors.push_back(value);
    return;
  }
  collectFactors(product.getLhs(), body, factors);
  collectFactors(product.getRhs(), body, factors);
}

Indexed Element::sumOf(arch::ReduceOp op, const std::optional<Indexed> &keep,
                       ArrayRef<Label> over) {
  Block &body = op.getBody().front();
  Value element = body.back().getOperand(0);
  if (keep) {
    Indexed kept = tensors.select(*keep, use(element),
                                  tensors.number(0.0, element.getType()));
    return tensors.sum(kept, over);
  }
  // A divisor that does not depend on the closed indices leaves the sum.
  Indexed divisor;
  auto quotient = element.getDefiningOp<arith::DivFOp>();
  if (quotient && quotient->getBlock() == &body) {
    divisor = use(quotient.getRhs());
    bool depends = llvm::any_of(divisor.labels, [&](Label label) {
      return llvm::is_contained(over, label);
    });
    element = depends ? element : quotient.getLhs();
    divisor = depends ? Indexed() : divisor;
  }
  SmallVector<Value> values;
  collectFactors(element, &body, values);
  SmallVector<Indexed> factors;
  for (Value value : values)
    factors.push_back(use(value));
  Indexed result = tensors.productSum(factors, over);
  if (divisor.tensor || divisor.number)
    result = tensors.apply<arith::DivFOp>({result, divisor});
  return result;
}

/// `build` gets the element as a tensor and the positions of `over` in it; what
/// it makes has the remaining labels.
Indexed Element::fromDimensions(
    const Indexed &element, ArrayRef<Label> over,
    llvm::function_ref<Value(Value, ArrayRef<int64_t>)> build) {
  SmallVector<Label> labels(element.labels);
  for (Label label : over)
    if (!element.has(label))
      labels.push_back(label);
  llvm::sort(labels);
  SmallVector<Label> kept;
  SmallVector<int64_t> dimensions;
  for (auto [position, label] : llvm::enumerate(labels)) {
    if (llvm::is_contained(over, label))
      dimensions.push_back(position);
    else
      kept.push_back(label);
  }
  Value tensor = tensors.materialize(element, labels);
  return {build(tensor, dimensions), kept, nullptr};
}

/// Closed index by index, the innermost first: the first extremum is then the
/// first in row-major order, and a gradient has one dimension to look along.
Indexed Element::closeEach(StringRef combiner, const Indexed &element,
                           TypedAttr neutral, ArrayRef<Label> over) {
  Indexed result = element;
  bool isProduct = combiner == arith::MulFOp::getOperationName() ||
                   combiner == arith::MulIOp::getOperationName();
  for (Label label : llvm::reverse(over)) {
    if (!result.has(label)) {
      if (!isProduct)
        continue; // an extremum of equal elements
      SmallVector<Label> labels(result.labels);
      labels.push_back(label);
      llvm::sort(labels);
      result = {tensors.materialize(result, labels), labels, nullptr};
    }
    result = tensors.reduce(combiner, result, neutral, label);
  }
  return result;
}

/// Sums and extrema of integers; on nothing an extremum is the least or the
/// greatest integer of the type.
std::optional<Indexed>
Element::reduceIntegers(arch::ReduceOp op, const Indexed &element,
                        const std::optional<Indexed> &keep,
                        ArrayRef<Label> over) {
  auto type = dyn_cast<IntegerType>(element.elementType());
  if (!type || type.getWidth() == 1)
    return std::nullopt;
  unsigned width = type.getWidth();
  StringRef combiner;
  APInt neutral(width, 0);
  switch (op.getKind()) {
  case arch::ReduceKind::Sum:
    combiner = arith::AddIOp::getOperationName();
    break;
  case arch::ReduceKind::Max:
    combiner = arith::MaxSIOp::getOperationName();
    neutral = APInt::getSignedMinValue(width);
    break;
  case arch::ReduceKind::Min:
    combiner = arith::MinSIOp::getOperationName();
    neutral = APInt::getSignedMaxValue(width);
    break;
  case arch::ReduceKind::Prod:
    combiner = arith::MulIOp::getOperationName();
    neutral = APInt(width, 1);
    break;
  default:
    return std::nullopt;
  }
  auto attribute = IntegerAttr::get(type, neutral);
  Indexed kept = keep
                     ? tensors.select(*keep, element, tensors.number(attribute))
                     : element;
  if (op.getKind() == arch::ReduceKind::Sum)
    return tensors.sum(kept, over);
  return closeEach(combiner, kept, attribute, over);
}

static RankedTensorType
withoutDimensions(Value tensor, ArrayRef<int64_t> dimensions, Type element) {
  SmallVector<int64_t> shape;
  auto type = cast<RankedTensorType>(tensor.getType());
  for (auto [index, extent] : llvm::enumerate(type.getShape()))
    if (!llvm::is_contained(dimensions, int64_t(index)))
      shape.push_back(extent);
  return RankedTensorType::get(shape, element);
}

/// Total divided by how many elements are kept; nothing kept gives 0 / 1.
Indexed Element::meanOf(const Indexed &total,
                        const std::optional<Indexed> &keep,
                        ArrayRef<Label> over) {
  Type type = total.elementType();
  Indexed count = countOf(keep, over, type);
  if (keep)
    count =
        tensors.apply<arith::MaximumFOp>({count, tensors.number(1.0, type)});
  return tensors.apply<arith::DivFOp>({total, count});
}

/// The root of the sum of squares, with gradient 0 where the root is 0.
Indexed Element::normOf(const Indexed &element, ArrayRef<Label> over) {
  Type type = element.elementType();
  Indexed zero = tensors.number(0.0, type);
  Indexed square = tensors.productSum({element, element}, over);
  Indexed positive = tensors.compare(arith::CmpFPredicate::OGT, square, zero);
  Indexed safe = tensors.select(positive, square, tensors.number(1.0, type));
  return tensors.select(positive, tensors.apply<math::SqrtOp>(safe), zero);
}

/// count, any and all: integers and conditions, without a gradient.
Indexed Element::testKept(arch::ReduceOp op, const Indexed &element,
                          const std::optional<Indexed> &keep,
                          ArrayRef<Label> over) {
  OpBuilder &builder = tensors.builder;
  Indexed test = element;
  bool all = op.getKind() == arch::ReduceKind::All;
  if (keep)
    test =
        tensors.select(*keep, test, tensors.number(builder.getBoolAttr(all)));
  if (op.getKind() != arch::ReduceKind::Count)
    return tensors.reduce(all ? arith::AndIOp::getOperationName()
                              : arith::OrIOp::getOperationName(),
                          test, builder.getBoolAttr(all), over);
  Type result = op.getType();
  if (isa<FloatType>(result))
    return countOf(test, over, result);
  Type integer = isa<IndexType>(result) ? builder.getI64Type() : result;
  return tensors.sum(
      tensors.apply(arith::ExtUIOp::getOperationName(), test, integer), over);
}

/// logsumexp and argmax, which are operations of `nn`.
Indexed Element::reduceByNn(arch::ReduceOp op, const Indexed &element,
                            ArrayRef<Label> over) {
  OpBuilder &builder = tensors.builder;
  Location loc = op.getLoc();
  Type type = element.elementType();
  Type integer =
      isa<IndexType>(op.getType()) ? Type(builder.getI64Type()) : op.getType();
  return fromDimensions(
      element, over, [&](Value tensor, ArrayRef<int64_t> closed) -> Value {
        if (op.getKind() == arch::ReduceKind::ArgMax)
          return nn::ArgMaxOp::create(
              builder, loc, withoutDimensions(tensor, closed, integer), tensor,
              closed[0]);
        return nn::LogSumExpOp::create(builder, loc,
                                       withoutDimensions(tensor, closed, type),
                                       tensor, closed);
      });
}

Indexed Element::reduceKept(arch::ReduceOp op, const Indexed &element,
                            const std::optional<Indexed> &keep,
                            ArrayRef<Label> over) {
  Type type = element.elementType();
  auto keptOr = [&](double neutral) {
    return keep ? tensors.select(*keep, element, tensors.number(neutral, type))
                : element;
  };
  switch (op.getKind()) {
  case arch::ReduceKind::Sum:
    return sumOf(op, keep, over);
  case arch::ReduceKind::Mean:
    return meanOf(sumOf(op, keep, over), keep, over);
  case arch::ReduceKind::Prod:
    return closeEach(arith::MulFOp::getOperationName(), keptOr(1.0),
                     FloatAttr::get(type, 1.0), over);
  case arch::ReduceKind::Max:
    return closeEach(arith::MaximumFOp::getOperationName(), keptOr(-infinity),
                     FloatAttr::get(type, -infinity), over);
  case arch::ReduceKind::Min:
    return closeEach(arith::MinimumFOp::getOperationName(), keptOr(infinity),
                     FloatAttr::get(type, infinity), over);
  case arch::ReduceKind::Norm:
    return normOf(keptOr(0.0), over);
  case arch::ReduceKind::Variance: {
    Indexed average = meanOf(tensors.sum(keptOr(0.0), over), keep, over);
    Indexed deviation = tensors.apply<arith::SubFOp>({element, average});
    if (keep)
      deviation = tensors.select(*keep, deviation, tensors.number(0.0, type));
    return meanOf(tensors.productSum({deviation, deviation}, over), keep, over);
  }
  case arch::ReduceKind::Count:
  case arch::ReduceKind::Any:
  case arch::ReduceKind::All:
    return testKept(op, element, keep, over);
  case arch::ReduceKind::LogSumExp:
  case arch::ReduceKind::ArgMax:
    return reduceByNn(op, keptOr(-infinity), over);
  }
  llvm_unreachable("all kinds are above");
}

/// The operations of `block` that `root` needs.
static llvm::SmallPtrSet<Operation *, 8> sliceOf(Value root, Block &block) {
  llvm::SmallPtrSet<Operation *, 8> slice;
  SmallVector<Value> pending = {root};
  while (!pending.empty()) {
    Operation *op = pending.pop_back_val().getDefiningOp();
    op = op ? block.findAncestorOpInBlock(*op) : nullptr;
    if (!op || !slice.insert(op).second)
      continue;
    op->walk([&](Operation *inner) {
      llvm::append_range(pending, inner->getOperands());
    });
  }
  return slice;
}

/// Lowers the body of a reduction. Its condition comes first, so that what is
/// left out gives no gradient even where it is NaN.
LogicalResult Element::lowerKept(arch::ReduceOp op,
                                 std::optional<Indexed> &keep) {
  Block &body = op.getBody().front();
  if (body.back().getNumOperands() < 2)
    return lowerBlock(body);
  Value condition = body.back().getOperand(1);
  auto slice = sliceOf(condition, body);
  for (Operation &inner : body.without_terminator())
    if (slice.contains(&inner) && failed(lower(inner)))
      return failure();
  keep = use(condition);
  if (keep->is(-1))
    keep.reset();
  if (keep && hasProducts(op.getBody())) {
    guards.push_back({*keep, &op.getBody()});
    for (Operation *inner : slice)
      if (isa<arch::ReadOp>(inner) &&
          isa<FloatType>(inner->getResult(0).getType()))
        setData(
            inner->getResult(0),
            tensors.select(*keep, terms[inner->getResult(0)].data,
                           tensors.number(0.0, inner->getResult(0).getType())));
  }
  for (Operation &inner : body.without_terminator())
    if (!slice.contains(&inner) && failed(lower(inner)))
      return failure();
  return success();
}

LogicalResult Element::lowerReduce(arch::ReduceOp op) {
  Block &body = op.getBody().front();
  SmallVector<Label> over;
  for (auto [argument, extent] :
       llvm::zip_equal(body.getArguments(), op.getExtents()))
    llvm::append_range(over, bindIndex(argument, extent));
  if (op.getKind() == arch::ReduceKind::ArgMax && over.size() != 1)
    return op.emitError() << "argmax closes one index";
  // Reads inside are not guarded from outside: the sum's own value is.
  auto outside = std::exchange(guards, {});
  FailureOr<bool> isRunning = lowerRunning(op, over);
  if (failed(isRunning))
    return failure();
  std::optional<Indexed> keep;
  if (!*isRunning && failed(lowerKept(op, keep)))
    return failure();
  tensors.loc = op.getLoc();
  Indexed element = use(body.back().getOperand(0));
  guards.clear();
  Indexed result;
  if (*isRunning)
    result = terms[op.getResult()].data;
  else if (auto integers = reduceIntegers(op, element, keep, over))
    result = *integers;
  else
    result = reduceKept(op, element, keep, over);
  guards = outside;
  for (const Guard &guard : guards)
    if (op->getParentRegion() == guard.region && !result.isNumber() &&
        isa<FloatType>(op.getType()))
      result = tensors.select(guard.condition, result,
                              tensors.number(0.0, op.getType()));
  setData(op, result);
  return success();
}

LogicalResult Element::lowerSoftmax(arch::SoftmaxOp op) {
  Block &body = op.getBody().front();
  Label index = tensors.newLabel(op.getExtent());
  terms[body.getArgument(0)].index = labelExpr(index);
  auto outside = std::exchange(guards, {});
  if (failed(lowerBlock(body)))
    return failure();
  tensors.loc = op.getLoc();
  Indexed element = use(body.back().getOperand(0));
  Type type = element.elementType();
  if (body.back().getNumOperands() == 2)
    element = tensors.select(use(body.back().getOperand(1)), element,
                             tensors.number(-infinity, type));
  SmallVector<Label> labels(element.labels);
  if (!element.has(index))
    labels.push_back(index);
  llvm::sort(labels);
  Value input = tensors.materialize(element, labels);
  int64_t dimension = llvm::find(labels, index) - labels.begin();
  Value output = nn::SoftmaxOp::create(tensors.builder, op.getLoc(),
                                       input.getType(), input, dimension);
  guards = outside;
  SmallVector<Term> subscripts;
  for (Label label : labels)
    subscripts.push_back(label == index ? term(op.getAt())
                                        : Term{{}, labelExpr(label)});
  FailureOr<Indexed> value = read(output, subscripts, std::nullopt);
  if (failed(value))
    return op.emitError() << "softmax is read at an index of its own";
  setData(op, *value);
  return success();
}
