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

namespace {

bool isScalarOp(Operation &op) {
  if (isa<arch::ReduceOp, arch::IfOp, arch::ReadOp, tensor::ExtractOp>(op))
    return true;
  if (!isa_and_nonnull<arith::ArithDialect, math::MathDialect>(op.getDialect()))
    return false;
  return !isa<ShapedType>(op.getResult(0).getType());
}

bool isReplaced(Operation &op) {
  return isa<arch::DefineOp, arch::StopGradientOp, tensor::FromElementsOp>(op);
}

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
