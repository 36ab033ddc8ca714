// The logsumexp is an operation of its own, so that the gradient finds the same
// value again and recomputes the probabilities instead of storing them.
#include "lib/Flatten/Flatten.h"
#include "lib/Nn/Program.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace ogee {
#define GEN_PASS_DEF_DECOMPOSESOFTMAX
#include "lib/Flatten/Passes.h.inc"
} // namespace ogee

using namespace mlir;
using namespace ogee;

static void decompose(nn::SoftmaxOp op) {
  OpBuilder builder(op);
  IndexedBuilder tensors(builder, op.getLoc());
  auto type = cast<RankedTensorType>(op.getInput().getType());
  SmallVector<Label> labels, kept;
  SmallVector<int64_t> shape;
  for (auto [dimension, extent] : llvm::enumerate(type.getShape())) {
    labels.push_back(tensors.newLabel(extent));
    if (dimension == op.getDimension())
      continue;
    kept.push_back(labels.back());
    shape.push_back(extent);
  }
  auto lse = nn::LogSumExpOp::create(
      builder, op.getLoc(), RankedTensorType::get(shape, type.getElementType()),
      op.getInput(), int64_t(op.getDimension()));
  Indexed result =
      softmaxOf(tensors, tensors.view(op.getInput(), labels),
                tensors.view(lse, kept), mayBeMasked(op.getInput()));
  op.replaceAllUsesWith(tensors.materialize(result, labels));
  op.erase();
}

namespace {
struct DecomposeSoftmaxPass
    : ogee::impl::DecomposeSoftmaxBase<DecomposeSoftmaxPass> {
  using DecomposeSoftmaxBase::DecomposeSoftmaxBase;
  void runOnOperation() override {
    getOperation().walk([](nn::SoftmaxOp op) { decompose(op); });
  }
};
} // namespace
