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

/// For each dimension of what a sum makes, the dimension of its input.
static std::optional<SmallVector<int64_t>>
keptDimensions(linalg::GenericOp sum) {
  AffineMap in = sum.getIndexingMapsArray()[0],
            out = sum.getIndexingMapsArray()[1];
  if (!in.isPermutation())
    return std::nullopt;
  return llvm::map_to_vector(out.getResults(), [&](AffineExpr expr) {
    return int64_t(*in.getResultPosition(expr));
  });
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

/// `squares` is the sum of (x - mean)^2; the mean has the dimensions of x that
/// the sum keeps, in order.
static std::optional<Match> match(linalg::GenericOp squares) {
  if (!isSum(squares))
    return std::nullopt;
  auto product = madeBy<arith::MulFOp>(squares.getInputs()[0]);
  if (!product || product.getNumDpsInputs() != 1 ||
      !product.getIndexingMapsArray()[0].isIdentity() ||
      scalarOp(product)->getOperand(0) != scalarOp(product)->getOperand(1))
    return std::nullopt;
  auto deviation = madeBy<arith::SubFOp>(product.getInputs()[0]);
  if (!deviation || deviation.getNumDpsInputs() != 2 ||
      scalarOp(deviation)->getOperand(0) != deviation.getBody()->getArgument(0))
    return std::nullopt;
  AffineMap whole = deviation.getIndexingMapsArray()[0],
            reduced = deviation.getIndexingMapsArray()[1];
  auto kept = keptDimensions(squares);
  if (!kept || !whole.isPermutation() || !reduced.isProjectedPermutation() ||
      reduced.getNumResults() != kept->size())
    return std::nullopt;
  for (auto [dimension, expr] : llvm::zip_equal(*kept, reduced.getResults())) {
    if (expr != getAffineDimExpr(dimension, whole.getContext()))
      return std::nullopt;
    dimension = *whole.getResultPosition(expr);
  }
  Match found;
  found.squares = squares;
  found.input = deviation.getInputs()[0];
  auto type = cast<RankedTensorType>(found.input.getType());
  double count = 1.0;
  for (int64_t dimension = 0; dimension < type.getRank(); ++dimension) {
    if (llvm::is_contained(*kept, dimension))
      continue;
    found.dimensions.push_back(dimension);
    count *= type.getDimSize(dimension);
  }
  // Only a row is in cache for a second pass.
  if (found.dimensions.empty() ||
      found.dimensions.front() !=
          type.getRank() - int64_t(found.dimensions.size()))
    return std::nullopt;
  found.mean = quotient(deviation.getInputs()[1], count);
  found.total =
      found.mean ? found.mean.getInputs()[0].getDefiningOp<linalg::GenericOp>()
                 : nullptr;
  bool same = found.total && isSum(found.total) && llvm::is_sorted(*kept) &&
              found.total.getInputs()[0] == found.input &&
              keptDimensions(found.total) == kept;
  return same ? std::optional(found) : std::nullopt;
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
