// The inverse of what CSE does to constants of bodies.
#include "lib/Flatten/Flatten.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace ogee {
#define GEN_PASS_DEF_SINKCONSTANTS
#include "lib/Flatten/Passes.h.inc"
} // namespace ogee

using namespace mlir;
using namespace ogee;

/// Clones into `body` the scalar constants that it captures.
static void sinkInto(Block &body) {
  llvm::SmallMapVector<Operation *, Value, 4> copies;
  OpBuilder builder = OpBuilder::atBlockBegin(&body);
  body.walk([&](Operation *op) {
    for (OpOperand &operand : op->getOpOperands()) {
      auto constant = operand.get().getDefiningOp<arith::ConstantOp>();
      if (!constant || body.findAncestorOpInBlock(*constant))
        continue;
      Value &copy = copies[constant];
      if (!copy)
        copy = builder.clone(*constant)->getResult(0);
      operand.set(copy);
    }
  });
}

namespace {
struct SinkConstantsPass : ogee::impl::SinkConstantsBase<SinkConstantsPass> {
  using SinkConstantsBase::SinkConstantsBase;
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      if (isa<linalg::GenericOp, nn::AttentionOp, nn::AttentionGradOp>(op))
        for (Region &region : op->getRegions())
          sinkInto(region.front());
    });
  }
};
} // namespace
