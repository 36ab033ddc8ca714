#include "lib/Schedule/Ops.h"

#include "lib/Nn/Indexed.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;

RankedTensorType schedule::typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

ArrayRef<int64_t> schedule::shapeOf(Value value) {
  return typeOf(value).getShape();
}

int64_t schedule::elementsOf(Value value) {
  return ShapedType::getNumElements(shapeOf(value));
}

int64_t schedule::bytesOf(Value value) {
  int64_t bits = typeOf(value).getElementTypeBitWidth();
  return elementsOf(value) * ((bits + 7) / 8);
}

bool schedule::isParallel(linalg::GenericOp op) {
  return op.getNumParallelLoops() == op.getNumLoops() &&
         op->getNumResults() == 1;
}

bool schedule::isNarrowing(Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  return generic && generic.getNumDpsInputs() == 1 &&
         llvm::range_size(generic.getBody()->getOperations()) == 2 &&
         isa<arith::TruncFOp>(generic.getBody()->front()) &&
         llvm::all_of(generic.getIndexingMapsArray(),
                      [](AffineMap map) { return map.isIdentity(); });
}

bool schedule::isMultiplyAdd(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumReductionLoops() == 0 ||
      op->getNumResults() != 1)
    return false;
  Block &body = op.getRegion().front();
  auto add = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!add || body.getOperations().size() != 3)
    return false;
  BlockArgument out = body.getArgument(2);
  Value product = add.getLhs() == out ? add.getRhs() : add.getLhs();
  auto multiply = product.getDefiningOp<arith::MulFOp>();
  return multiply && multiply.getLhs() != multiply.getRhs() &&
         (add.getLhs() == out || add.getRhs() == out) &&
         llvm::all_of(multiply->getOperands(), [&](Value operand) {
           return isa<BlockArgument>(operand) && operand != out;
         });
}

Operation *schedule::combiner(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 1 || op.getNumReductionLoops() == 0 ||
      op->getNumResults() != 1)
    return nullptr;
  Block &body = op.getRegion().front();
  if (body.getOperations().size() != 2)
    return nullptr;
  Operation &combine = body.front();
  bool fits =
      isa<arith::AddFOp, arith::MulFOp, arith::MaximumFOp, arith::MinimumFOp,
          arith::AddIOp, arith::MulIOp, arith::MaxSIOp, arith::MinSIOp,
          arith::AndIOp, arith::OrIOp>(combine);
  return fits && body.getTerminator()->getOperand(0) == combine.getResult(0) &&
                 llvm::is_contained(combine.getOperands(),
                                    body.getArgument(0)) &&
                 llvm::is_contained(combine.getOperands(), body.getArgument(1))
             ? &combine
             : nullptr;
}

static bool isNumber(TypedAttr attribute, double value) {
  auto number = dyn_cast<FloatAttr>(attribute);
  return number && number.getValueAsDouble() == value;
}

bool schedule::startsNeutral(linalg::GenericOp op) {
  TypedAttr start = splatElement(op.getDpsInits()[0]);
  Operation *combine = combiner(op);
  if (!start || !combine)
    return false;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  auto integer = [&] { return cast<IntegerAttr>(start).getValue(); };
  return TypeSwitch<Operation *, bool>(combine)
      .Case<arith::AddFOp>([&](auto) { return isNumber(start, 0); })
      .Case<arith::MulFOp>([&](auto) { return isNumber(start, 1); })
      .Case<arith::MaximumFOp>([&](auto) { return isNumber(start, -infinity); })
      .Case<arith::MinimumFOp>([&](auto) { return isNumber(start, infinity); })
      .Case<arith::MulIOp>([&](auto) { return integer().isOne(); })
      .Case<arith::MaxSIOp>([&](auto) { return integer().isMinSignedValue(); })
      .Case<arith::MinSIOp>([&](auto) { return integer().isMaxSignedValue(); })
      .Case<arith::AndIOp>([&](auto) { return integer().isAllOnes(); })
      .Default([&](Operation *) { return integer().isZero(); }); // addi, ori
}

bool schedule::isZero(Value value) {
  TypedAttr splat = splatElement(value);
  if (auto number = dyn_cast_if_present<FloatAttr>(splat))
    return number.getValue().isZero() && !number.getValue().isNegative();
  auto number = dyn_cast_if_present<IntegerAttr>(splat);
  return number && number.getValue().isZero();
}

std::optional<ProductLoops> schedule::productLoops(Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic || !isMultiplyAdd(generic))
    return std::nullopt;
  SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
  int64_t kept = generic.getNumParallelLoops();
  for (AffineMap map : maps)
    if (!map.isProjectedPermutation())
      return std::nullopt;
  if (maps[2] !=
      AffineMap::getMultiDimIdentityMap(generic.getNumLoops(), op->getContext())
          .getMajorSubMap(kept))
    return std::nullopt;
  auto reads = [&](unsigned operand, int64_t loop) {
    return maps[operand].isFunctionOfDim(loop);
  };
  ProductLoops loops;
  loops.reduced = generic.getNumReductionLoops();
  int64_t loop = kept - 1;
  for (; loop >= 0 && reads(1, loop) && !reads(0, loop); --loop)
    ++loops.columns;
  for (; loop >= 0 && reads(0, loop) && !reads(1, loop); --loop)
    ++loops.rows;
  loops.batch = loop + 1;
  if (loops.rows == 0 || loops.columns == 0)
    return std::nullopt;
  return loops;
}

Value schedule::reductionInput(Operation *op) { return op->getOperand(0); }

SmallVector<int64_t> schedule::reducedDims(Operation *op) {
  return TypeSwitch<Operation *, SmallVector<int64_t>>(op)
      .Case<nn::MomentsOp, nn::LogSumExpOp>(
          [](auto reduction) { return to_vector(reduction.getDimensions()); })
      .Case<nn::ArgMaxOp>([](nn::ArgMaxOp reduction) {
        return SmallVector<int64_t>{int64_t(reduction.getDimension())};
      })
      .Case<linalg::GenericOp>([](linalg::GenericOp generic) {
        SmallVector<unsigned> dims;
        generic.getReductionDims(dims);
        return SmallVector<int64_t>(dims.begin(), dims.end());
      })
      .Default([](Operation *) { return SmallVector<int64_t>(); });
}

/// Identity output map over the parallel loops: an element of the result for
/// each point.
static bool isElementWise(linalg::GenericOp op) {
  return isParallel(op) && op.getIndexingMapsArray().back().isIdentity();
}

/// Loops in the order of the one input's dimensions; the result's dimensions in
/// the same order.
static bool isPlainReduction(linalg::GenericOp op) {
  if (!combiner(op) || !op.getIndexingMapsArray()[0].isIdentity())
    return false;
  AffineMap output = op.getIndexingMapsArray().back();
  int64_t previous = -1;
  for (AffineExpr result : output.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(result);
    if (!dim || int64_t(dim.getPosition()) <= previous)
      return false;
    previous = dim.getPosition();
  }
  return bool(splatElement(op.getDpsInits()[0]));
}

static OpKind kindOfGeneric(linalg::GenericOp op) {
  if (isElementWise(op))
    return OpKind::ElementWise;
  if (productLoops(op))
    return OpKind::Product;
  return isPlainReduction(op) ? OpKind::Reduction : OpKind::Other;
}

OpKind schedule::kindOf(Operation *op) {
  return TypeSwitch<Operation *, OpKind>(op)
      .Case<arith::ConstantOp, tensor::EmptyOp, tensor::DimOp>(
          [](auto) { return OpKind::Free; })
      .Case<linalg::FillOp>([](linalg::FillOp fill) {
        return splatElement(fill.getResult(0)) ? OpKind::Free : OpKind::Other;
      })
      .Case<tensor::ExtractSliceOp, tensor::ExpandShapeOp,
            tensor::CollapseShapeOp>([](auto) { return OpKind::View; })
      .Case<tensor::ConcatOp, tensor::InsertSliceOp>(
          [](auto) { return OpKind::Join; })
      .Case<nn::GatherOp, nn::RandomOp>(
          [](auto) { return OpKind::ElementWise; })
      .Case<nn::MomentsOp, nn::LogSumExpOp, nn::ArgMaxOp>(
          [](auto) { return OpKind::Reduction; })
      .Case<nn::AttentionOp, nn::AttentionGradOp>(
          [](auto) { return OpKind::Attention; })
      .Case<nn::ScatterAddOp, nn::ScatterOp>(
          [](auto) { return OpKind::Scatter; })
      .Case<linalg::GenericOp>(kindOfGeneric)
      .Default([](Operation *) { return OpKind::Other; });
}

Value schedule::base(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (kindOf(op) != OpKind::View)
      break;
    value = source(op);
  }
  return value;
}

static int64_t costOfScalar(Operation &op) {
  return TypeSwitch<Operation *, int64_t>(&op)
      .Case<arith::DivFOp, arith::RemFOp>([](auto) { return 4; })
      .Case<math::RsqrtOp, math::SqrtOp>([](auto) { return 6; })
      .Case<math::ExpOp, math::Exp2Op, math::ExpM1Op, math::LogOp, math::Log2Op,
            math::Log1pOp>([](auto) { return 12; })
      .Case<math::TanhOp, math::SinOp, math::CosOp, math::PowFOp>(
          [](auto) { return 18; })
      .Case<math::ErfOp>([](auto) { return 20; })
      .Case<linalg::YieldOp, arith::ConstantOp>([](auto) { return 0; })
      .Default([](Operation *) { return 1; });
}

int64_t schedule::scalarCost(Operation *op) {
  if (isa<nn::RandomOp>(op))
    return 0;
  if (isa<nn::LogSumExpOp>(op))
    return 13;
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic)
    return 4;
  int64_t cost = 0;
  for (Operation &scalar : generic.getRegion().front())
    cost += costOfScalar(scalar);
  return std::max<int64_t>(cost, 1);
}
