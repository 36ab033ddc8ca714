// Element expressions: scalars, conditions and reductions. Reads are in
// Subscript.cpp.
#include "lib/Flatten/Element.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace ogee;

static constexpr double infinity = std::numeric_limits<double>::infinity();

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
  if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    setData(extract, tensors.view(extract.getTensor(), {}));
    return success();
  }
  if (isa_and_nonnull<arith::ArithDialect, math::MathDialect>(op.getDialect()))
    return lowerScalar(op);
  return op.emitError() << "cannot stand in an element expression";
}

//===-- Integers ----------------------------------------------------------===//

LogicalResult Element::lowerConstant(arith::ConstantOp op) {
  if (auto integer = dyn_cast<IntegerAttr>(op.getValue());
      integer && !op.getType().isInteger(1))
    terms[op].index = getAffineConstantExpr(integer.getInt(), op.getContext());
  else
    setData(op, tensors.number(cast<TypedAttr>(op.getValue())));
  return success();
}

static Value emitAffine(OpBuilder &builder, Location loc, AffineExpr expr,
                        llvm::function_ref<Value(unsigned)> dimension) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return arith::ConstantIndexOp::create(builder, loc, constant.getValue());
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dimension(dim.getPosition());
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Value lhs = emitAffine(builder, loc, binary.getLHS(), dimension);
  Value rhs = emitAffine(builder, loc, binary.getRHS(), dimension);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return arith::AddIOp::create(builder, loc, lhs, rhs);
  case AffineExprKind::Mul:
    return arith::MulIOp::create(builder, loc, lhs, rhs);
  case AffineExprKind::FloorDiv:
    return arith::FloorDivSIOp::create(builder, loc, lhs, rhs);
  default:
    return arith::RemSIOp::create(builder, loc, lhs, rhs);
  }
}

static SmallVector<Label> labelsOf(ArrayRef<AffineExpr> exprs) {
  SmallVector<Label> labels;
  for (AffineExpr expr : exprs)
    expr.walk([&](AffineExpr part) {
      if (auto dim = dyn_cast<AffineDimExpr>(part))
        labels.push_back(dim.getPosition());
    });
  llvm::sort(labels);
  labels.erase(llvm::unique(labels), labels.end());
  return labels;
}

Indexed Element::indexData(AffineExpr expr, Type type) {
  Type integer = isa<IntegerType>(type) ? type : tensors.builder.getI64Type();
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    if (isa<FloatType>(type))
      return tensors.number(double(constant.getValue()), type);
    return tensors.number(
        tensors.builder.getIntegerAttr(integer, constant.getValue()));
  }
  SmallVector<Label> labels = labelsOf(expr);
  Location loc = tensors.loc;
  return tensors.applyIndices(
      labels, {}, [&](OpBuilder &inner, ArrayRef<Value> places, ValueRange) {
        Value value = emitAffine(inner, loc, expr, [&](unsigned label) {
          return places[llvm::find(labels, label) - labels.begin()];
        });
        value = arith::IndexCastOp::create(inner, loc, integer, value);
        if (isa<FloatType>(type))
          value = arith::SIToFPOp::create(inner, loc, type, value);
        return value;
      });
}

Indexed Element::data(const Term &term, Type type) {
  return term.index ? indexData(term.index, type) : term.data;
}

/// Integers of two widths meet as the wider one.
static Indexed widened(IndexedBuilder &tensors, const Indexed &value,
                       Type type) {
  if (value.elementType() == type)
    return value;
  return tensors.apply(arith::ExtSIOp::getOperationName(), value, type);
}

/// A comparison with an affine side is one body: the index is free there.
Indexed Element::compareIndices(arith::CmpIOp op) {
  Term sides[2] = {term(op.getLhs()), term(op.getRhs())};
  SmallVector<AffineExpr> exprs;
  SmallVector<Indexed> operands;
  for (const Term &side : sides) {
    if (side.index)
      exprs.push_back(side.index);
    else
      operands.push_back(side.data);
  }
  SmallVector<Label> labels = labelsOf(exprs);
  Location loc = op.getLoc();
  return tensors.applyIndices(
      labels, operands,
      [&](OpBuilder &inner, ArrayRef<Value> places, ValueRange elements) {
        SmallVector<Value> values;
        for (const Term &side : sides) {
          if (!side.index) {
            values.push_back(elements[0]);
            continue;
          }
          Value value = emitAffine(inner, loc, side.index, [&](unsigned label) {
            return places[llvm::find(labels, label) - labels.begin()];
          });
          if (!operands.empty())
            value = arith::IndexCastOp::create(
                inner, loc, operands[0].elementType(), value);
          values.push_back(value);
        }
        return arith::CmpIOp::create(inner, loc, op.getPredicate(), values[0],
                                     values[1])
            .getResult();
      });
}

/// Integer operations on affine terms; false where `op` is none of these.
bool Element::lowerInteger(Operation &op) {
  SmallVector<AffineExpr> exprs;
  for (Value operand : op.getOperands())
    if (const Term *known = find(operand); known && known->index)
      exprs.push_back(known->index);
  if (exprs.empty())
    return false;
  if (isa<arith::IndexCastOp, arith::ExtSIOp, arith::TruncIOp,
          arith::IndexCastUIOp, arith::ExtUIOp>(op)) {
    terms[op.getResult(0)].index = exprs[0];
    return true;
  }
  if (isa<arith::SIToFPOp, arith::UIToFPOp>(op)) {
    setData(op.getResult(0), indexData(exprs[0], op.getResult(0).getType()));
    return true;
  }
  if (auto compare = dyn_cast<arith::CmpIOp>(op)) {
    bool constant = labelsOf(exprs).empty();
    if (!constant)
      setData(compare, compareIndices(compare));
    return !constant;
  }
  if (exprs.size() != 2)
    return false;
  AffineExpr result;
  auto divisor = dyn_cast<AffineConstantExpr>(exprs[1]);
  if (isa<arith::AddIOp>(op))
    result = exprs[0] + exprs[1];
  else if (isa<arith::SubIOp>(op))
    result = exprs[0] - exprs[1];
  else if (isa<arith::MulIOp>(op) &&
           (divisor || isa<AffineConstantExpr>(exprs[0])))
    result = exprs[0] * exprs[1];
  else if (isa<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp>(op) &&
           divisor && divisor.getValue() > 0)
    result = divide(exprs[0], divisor.getValue(), /*remainder=*/false);
  else if (isa<arith::RemSIOp, arith::RemUIOp>(op) && divisor &&
           divisor.getValue() > 0)
    result = divide(exprs[0], divisor.getValue(), /*remainder=*/true);
  if (!result)
    return false;
  terms[op.getResult(0)].index = result;
  return true;
}

//===-- Scalars -----------------------------------------------------------===//

Indexed Element::powerOf(const Indexed &base, const Indexed &exponent) {
  auto one = tensors.number(1.0, base.elementType());
  auto square = [&] { return tensors.apply<arith::MulFOp>({base, base}); };
  if (exponent.is(1.0))
    return base;
  if (exponent.is(2.0))
    return square();
  if (exponent.is(3.0))
    return tensors.apply<arith::MulFOp>({square(), base});
  if (exponent.is(-1.0))
    return tensors.apply<arith::DivFOp>({one, base});
  if (exponent.is(0.5))
    return tensors.apply<math::SqrtOp>(base);
  if (exponent.is(-0.5))
    return tensors.apply<math::RsqrtOp>(base);
  return tensors.apply<math::PowFOp>({base, exponent});
}

/// Subscripts that come from data keep the data's type; what meets them, an
/// index or a constant, takes the widest of these types. Returns that type.
Type Element::unifyIntegers(Operation &op, MutableArrayRef<Indexed> operands) {
  Type widest;
  for (Indexed &operand : operands) {
    auto integer = dyn_cast<IntegerType>(operand.elementType());
    bool free = operand.isNumber() && llvm::any_of(operands, [](auto &other) {
                  return !other.isNumber();
                });
    if (integer && !integer.isInteger(1) && !free &&
        (!widest || integer.getWidth() > cast<IntegerType>(widest).getWidth()))
      widest = integer;
  }
  if (!widest || !llvm::any_of(op.getOperandTypes(), llvm::IsaPred<IndexType>))
    return widest;
  for (Indexed &operand : operands) {
    auto number = dyn_cast_if_present<IntegerAttr>(operand.number);
    if (number && !number.getType().isInteger(1))
      operand = tensors.number(
          tensors.builder.getIntegerAttr(widest, number.getInt()));
    else if (!operand.elementType().isInteger(1))
      operand = widened(tensors, operand, widest);
  }
  return widest;
}

LogicalResult Element::lowerScalar(Operation &op) {
  if (lowerInteger(op))
    return success();
  SmallVector<Indexed> operands;
  for (Value operand : op.getOperands())
    operands.push_back(use(operand));
  if (isa<math::PowFOp>(op)) {
    setData(op.getResult(0), powerOf(operands[0], operands[1]));
    return success();
  }
  if (isa<math::FPowIOp>(op)) {
    Indexed exponent = tensors.apply(arith::SIToFPOp::getOperationName(),
                                     operands[1], operands[0].elementType());
    setData(op.getResult(0), powerOf(operands[0], exponent));
    return success();
  }
  Type type = op.getResult(0).getType();
  if (isa<arith::IndexCastOp>(op)) {
    // An integer read from data that becomes a subscript keeps its own type.
    bool wider = type.isInteger(64) && operands[0].elementType() != type;
    setData(op.getResult(0),
            wider ? widened(tensors, operands[0], type) : operands[0]);
    return success();
  }
  Type widest = unifyIntegers(op, operands);
  if (isa<IndexType>(type))
    type = widest;
  setData(op.getResult(0), tensors.apply(op.getName().getStringRef(), operands,
                                         type, llvm::to_vector(op.getAttrs())));
  return success();
}

/// Arithmetic in `region` that can turn a gradient of 0 into NaN: a factor or a
/// derivative that is not a constant.
static bool hasProducts(Region &region) {
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

//===-- Reductions --------------------------------------------------------===//

Indexed Element::countOf(std::optional<Indexed> keep, ArrayRef<Label> over,
                         Type type) {
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

Indexed Element::sumOf(arch::ReduceOp op, std::optional<Indexed> keep,
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
                           double neutral, ArrayRef<Label> over) {
  Indexed result = element;
  for (Label label : llvm::reverse(over))
    if (result.has(label))
      result =
          tensors.reduce(combiner, result,
                         FloatAttr::get(element.elementType(), neutral), label);
  return result;
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

Indexed Element::reduceKept(arch::ReduceOp op, const Indexed &element,
                            std::optional<Indexed> keep, ArrayRef<Label> over) {
  OpBuilder &builder = tensors.builder;
  Location loc = op.getLoc();
  Type type = element.elementType();
  auto keptOr = [&](double neutral) {
    return keep ? tensors.select(*keep, element, tensors.number(neutral, type))
                : element;
  };
  auto mean = [&](const Indexed &total) {
    Indexed count = countOf(keep, over, type);
    if (keep) // Nothing kept gives 0 / 1.
      count =
          tensors.apply<arith::MaximumFOp>({count, tensors.number(1.0, type)});
    return tensors.apply<arith::DivFOp>({total, count});
  };
  switch (op.getKind()) {
  case arch::ReduceKind::Sum:
    return sumOf(op, keep, over);
  case arch::ReduceKind::Mean:
    return mean(sumOf(op, keep, over));
  case arch::ReduceKind::Prod:
    return closeEach(arith::MulFOp::getOperationName(), keptOr(1.0), 1.0, over);
  case arch::ReduceKind::Max:
    return closeEach(arith::MaximumFOp::getOperationName(), keptOr(-infinity),
                     -infinity, over);
  case arch::ReduceKind::Min:
    return closeEach(arith::MinimumFOp::getOperationName(), keptOr(infinity),
                     infinity, over);
  case arch::ReduceKind::Norm: {
    Indexed kept = keptOr(0.0);
    return tensors.apply<math::SqrtOp>(
        tensors.sum(tensors.apply<arith::MulFOp>({kept, kept}), over));
  }
  case arch::ReduceKind::Variance: {
    Indexed average = mean(tensors.sum(keptOr(0.0), over));
    Indexed deviation = tensors.apply<arith::SubFOp>({element, average});
    if (keep)
      deviation = tensors.select(*keep, deviation, tensors.number(0.0, type));
    return mean(tensors.productSum({deviation, deviation}, over));
  }
  case arch::ReduceKind::Count:
  case arch::ReduceKind::Any:
  case arch::ReduceKind::All: {
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
  case arch::ReduceKind::LogSumExp:
    return fromDimensions(
        keptOr(-infinity), over, [&](Value tensor, ArrayRef<int64_t> closed) {
          return nn::LogSumExpOp::create(
                     builder, loc, withoutDimensions(tensor, closed, type),
                     tensor, closed)
              .getResult();
        });
  case arch::ReduceKind::ArgMax: {
    Type integer = isa<IndexType>(op.getType()) ? Type(builder.getI64Type())
                                                : op.getType();
    return fromDimensions(
        keptOr(-infinity), over, [&](Value tensor, ArrayRef<int64_t> closed) {
          return nn::ArgMaxOp::create(
                     builder, loc, withoutDimensions(tensor, closed, integer),
                     tensor, closed[0])
              .getResult();
        });
  }
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
  std::optional<Indexed> keep;
  if (failed(lowerKept(op, keep)))
    return failure();
  tensors.loc = op.getLoc();
  Indexed element = use(body.back().getOperand(0));
  guards.clear();
  Indexed result = reduceKept(op, element, keep, over);
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
