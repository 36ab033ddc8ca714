#include "lib/Kernel/Cost.h"

#include "lib/Nn/Nn.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace ogee;

static int64_t boxOf(linalg::GenericOp op) {
  int64_t box = 1;
  for (int64_t extent : op.getStaticLoopRanges())
    box *= ShapedType::isDynamic(extent) ? 0 : extent;
  return box;
}

/// Products per pair of query and key: q.k and p.v forward; s, dp, dv, dq, dk
/// backward. A causal mask leaves half of the pairs.
template <typename Attention>
static int64_t attentionFlops(Attention op, int64_t productsOfD,
                              int64_t productsOfE) {
  auto q = cast<ShapedType>(op.getQ().getType());
  auto v = cast<ShapedType>(op.getV().getType());
  int64_t pairs =
      q.getDimSize(0) * q.getDimSize(1) * q.getDimSize(2) * v.getDimSize(1);
  if (op.getCausal())
    pairs /= 2;
  return 2 * pairs *
         (productsOfD * q.getDimSize(3) + productsOfE * v.getDimSize(3));
}

static int64_t bytesOf(Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped || !shaped.hasStaticShape())
    return 0;
  return shaped.getNumElements() * ((shaped.getElementTypeBitWidth() + 7) / 8);
}

kernel::Cost kernel::costOf(FuncOp function) {
  Cost cost;
  function.walk([&](Operation *op) {
    if (auto generic = dyn_cast<linalg::GenericOp>(op))
      cost.flops += boxOf(generic) *
                    int64_t(generic.getBody()->getOperations().size() - 1);
    else if (auto attention = dyn_cast<nn::AttentionOp>(op))
      cost.flops += attentionFlops(attention, 1, 1);
    else if (auto gradient = dyn_cast<nn::AttentionGradOp>(op))
      cost.flops += attentionFlops(gradient, 3, 2);
  });
  for (Type type : function.getArgumentTypes())
    cost.bytes += bytesOf(type);
  for (Type type : function.getResultTypes())
    cost.bytes += bytesOf(type);
  return cost;
}
