// A function's own scalars are expressions without an index, so they take the
// same way as elements and become 0-d tensors.
#include "lib/Flatten/Element.h"
#include "lib/Flatten/Flatten.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace ogee {
#define GEN_PASS_DEF_LOWERDEFINES
#include "lib/Flatten/Passes.h.inc"
} // namespace ogee

using namespace mlir;
using namespace ogee;

static bool isScalarOp(Operation &op) {
  if (isa<arch::ReduceOp, arch::IfOp, arch::ReadOp, tensor::ExtractOp>(op))
    return true;
  if (!isa_and_nonnull<arith::ArithDialect, math::MathDialect>(op.getDialect()))
    return false;
  return !isa<ShapedType>(op.getResult(0).getType());
}

static bool isReplaced(Operation &op) {
  return isa<arch::DefineOp, arch::ScatterOp, arch::StopGradientOp,
             tensor::FromElementsOp>(op);
}

/// The dimensions that are not written whole become one, for the row numbers.
static Value lowerScatter(arch::ScatterOp op, OpBuilder &builder) {
  Location loc = op.getLoc();
  auto type = cast<RankedTensorType>(op.getInit().getType());
  auto places = cast<RankedTensorType>(op.getPlaces().getType());
  auto values = cast<RankedTensorType>(op.getValues().getType());
  int64_t whole = values.getRank() - places.getRank();
  int64_t leading = type.getRank() - whole;
  SmallVector<ReassociationIndices> groups(1);
  SmallVector<int64_t> shape = {1};
  for (auto [dimension, extent] : llvm::enumerate(type.getShape())) {
    if (int64_t(dimension) < leading) {
      groups[0].push_back(dimension);
      shape[0] *= extent;
      continue;
    }
    groups.push_back({int64_t(dimension)});
    shape.push_back(extent);
  }
  auto table = RankedTensorType::get(shape, type.getElementType());
  Value init = op.getInit();
  if (leading > 1)
    init = tensor::CollapseShapeOp::create(builder, loc, table, init, groups);
  Value result;
  if (op.getAdds()) {
    // What is no write adds 0, anywhere.
    IndexedBuilder tensors(builder, loc);
    SmallVector<Label> labels = tensors.newLabels(places.getShape());
    Indexed zero =
        tensors.number(builder.getIntegerAttr(places.getElementType(), 0));
    Value inside =
        tensors.materialize(tensors.apply<arith::MaxSIOp>(
                                {tensors.view(op.getPlaces(), labels), zero}),
                            labels);
    result = nn::ScatterAddOp::create(builder, loc, table, init, inside,
                                      op.getValues());
  } else {
    result = nn::ScatterOp::create(builder, loc, table, init, op.getPlaces(),
                                   op.getValues());
  }
  if (leading > 1)
    result = tensor::ExpandShapeOp::create(builder, loc, type, result, groups);
  return result;
}

namespace {

struct LowerDefinesPass : ogee::impl::LowerDefinesBase<LowerDefinesPass> {
  using LowerDefinesBase::LowerDefinesBase;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(lower(function)))
        return signalPassFailure();
  }

  LogicalResult lower(func::FuncOp function) {
    OpBuilder builder(function);
    Element scalars(builder, function.getLoc(), nullptr);
    SmallVector<Operation *> lowered;
    for (Operation &op :
         llvm::make_early_inc_range(function.getBody().front())) {
      builder.setInsertionPoint(&op);
      if (failed(lowerOp(op, scalars, builder)))
        return failure();
      if (isScalarOp(op) || isReplaced(op))
        lowered.push_back(&op);
    }
    for (Operation *op : llvm::reverse(lowered))
      op->erase();
    return success();
  }

  LogicalResult lowerOp(Operation &op, Element &scalars, OpBuilder &builder) {
    if (auto define = dyn_cast<arch::DefineOp>(op)) {
      Value value = Element(builder, op.getLoc(), &scalars).define(define);
      if (!value)
        return failure();
      define.replaceAllUsesWith(value);
      return success();
    }
    if (auto scatter = dyn_cast<arch::ScatterOp>(op)) {
      scatter.replaceAllUsesWith(lowerScatter(scatter, builder));
      return success();
    }
    if (auto stop = dyn_cast<arch::StopGradientOp>(op)) {
      stop.replaceAllUsesWith(nn::StopGradientOp::create(builder, op.getLoc(),
                                                         stop.getType(),
                                                         stop.getInput())
                                  .getResult());
      return success();
    }
    if (auto tensor = dyn_cast<tensor::FromElementsOp>(op)) {
      Value element = tensor.getElements()[0];
      Indexed value = scalars.data(*scalars.find(element), element.getType());
      scalars.tensors.loc = op.getLoc();
      tensor.replaceAllUsesWith(scalars.tensors.materialize(value, {}));
      return success();
    }
    return isScalarOp(op) ? scalars.lower(op) : success();
  }
};

} // namespace
