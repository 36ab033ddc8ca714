// The sum of squared deviations is found first, because it names everything
// else: the mean that is subtracted, and through it the tensor.
#include "lib/Flatten/Flatten.h"
#include "lib/Nn/Program.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Matchers.h"

namespace ogee {
#define GEN_PASS_DEF_RAISEMOMENTS
#include "lib/Flatten/Passes.h.inc"
} // namespace ogee

using namespace mlir;
using namespace ogee;

namespace {
struct Match {
  linalg::GenericOp mean, total, squares;
  Value input;
  SmallVector<int64_t> dimensions;
};
} // namespace

/// The element-wise generic that made `value`, if its scalar operation is `Op`.
template <typename Op> static linalg::GenericOp madeBy(Value value) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  return op && isElementwise(op) && isa_and_present<Op>(scalarOp(op)) ? op
                                                                      : nullptr;
}

/// The dimensions of the input that a sum closes, sorted; the result keeps the
/// others in order.
static std::optional<SmallVector<int64_t>>
closedDimensions(linalg::GenericOp sum) {
  AffineMap in = sum.getIndexingMapsArray()[0],
            out = sum.getIndexingMapsArray()[1];
  SmallVector<int64_t> closed;
  SmallVector<AffineExpr> kept;
  if (!in.isPermutation())
    return std::nullopt;
  for (auto [dimension, expr] : llvm::enumerate(in.getResults())) {
    if (llvm::is_contained(out.getResults(), expr))
      kept.push_back(expr);
    else
      closed.push_back(dimension);
  }
  if (ArrayRef<AffineExpr>(kept) != out.getResults())
    return std::nullopt;
  return closed;
}

/// `value` is `numerator / count`: a quotient by that constant.
static linalg::GenericOp quotient(Value value, double count) {
  auto op = madeBy<arith::DivFOp>(value);
  FloatAttr divisor;
  if (!op || op.getNumDpsInputs() != 1 ||
      !matchPattern(scalarOp(op)->getOperand(1), m_Constant(&divisor)) ||
      divisor.getValueAsDouble() != count)
    return nullptr;
  return op;
}

static std::optional<Match> match(linalg::GenericOp squares) {
  Match found;
  found.squares = squares;
  if (!isSum(squares))
    return std::nullopt;
  auto product = madeBy<arith::MulFOp>(squares.getInputs()[0]);
  if (!product || product.getNumDpsInputs() != 1 ||
      scalarOp(product)->getOperand(0) != scalarOp(product)->getOperand(1))
    return std::nullopt;
  auto deviation = madeBy<arith::SubFOp>(product.getInputs()[0]);
  if (!deviation || deviation.getNumDpsInputs() != 2 ||
      scalarOp(deviation)->getOperand(0) != deviation.getBody()->getArgument(0))
    return std::nullopt;
  found.input = deviation.getInputs()[0];
  auto closed = closedDimensions(squares);
  if (!closed || !deviation.getIndexingMapsArray()[0].isIdentity() ||
      !product.getIndexingMapsArray()[0].isIdentity())
    return std::nullopt;
  found.dimensions = *closed;
  double count = 1.0;
  auto type = cast<RankedTensorType>(found.input.getType());
  for (int64_t dimension : *closed)
    count *= type.getDimSize(dimension);
  found.mean = quotient(deviation.getInputs()[1], count);
  found.total =
      found.mean ? found.mean.getInputs()[0].getDefiningOp<linalg::GenericOp>()
                 : nullptr;
  if (!found.total || !isSum(found.total) ||
      found.total.getInputs()[0] != found.input ||
      closedDimensions(found.total) != closed)
    return std::nullopt;
  return found;
}

static void raise(Match &found) {
  OpBuilder builder(found.mean);
  Type type = found.squares.getResultTypes()[0];
  auto moments = nn::MomentsOp::create(builder, found.squares.getLoc(), type,
                                       type, found.input, found.dimensions);
  found.mean.getResult(0).replaceAllUsesWith(moments.getMean());
  found.squares.getResult(0).replaceAllUsesWith(moments.getM2());
}

namespace {
struct RaiseMomentsPass : ogee::impl::RaiseMomentsBase<RaiseMomentsPass> {
  using RaiseMomentsBase::RaiseMomentsBase;
  void runOnOperation() override {
    getOperation().walk([](linalg::GenericOp op) {
      if (auto found = match(op))
        raise(*found);
    });
    eraseDead(getOperation());
  }
};
} // namespace
