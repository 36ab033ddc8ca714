// A tensor over rows and columns is computed in the region; one that lacks
// either index is captured, unless it is a matter of indices alone.
#include "lib/Flatten/Score.h"
#include "lib/Nn/Program.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace ogee;

static linalg::GenericOp elementwise(Value tensor) {
  auto op = tensor.getDefiningOp<linalg::GenericOp>();
  bool plain = op && isElementwise(op) && hasPlainMaps(op);
  return plain ? op : nullptr;
}

linalg::GenericOp ogee::findDot(Value tensor) {
  auto op = tensor.getDefiningOp<linalg::GenericOp>();
  if (!op)
    return nullptr;
  if (isContraction(op) && op.getNumReductionLoops() == 1)
    return op;
  if (!elementwise(tensor))
    return nullptr;
  linalg::GenericOp found;
  auto rank = [](Value value) {
    return cast<RankedTensorType>(value.getType()).getRank();
  };
  for (Value input : op.getInputs()) {
    linalg::GenericOp inner =
        rank(input) == rank(tensor) ? findDot(input) : linalg::GenericOp();
    if (inner && found && inner != found)
      return nullptr;
    found = inner ? inner : found;
  }
  return found;
}

/// Labels of a generic's loops from those of its result's dimensions.
template <typename T>
static SmallVector<T> loopsFrom(linalg::GenericOp op, ArrayRef<T> result) {
  SmallVector<T> loops(op.getNumLoops());
  AffineMap map = op.getIndexingMapsArray().back();
  for (auto [expr, value] : llvm::zip_equal(map.getResults(), result))
    loops[cast<AffineDimExpr>(expr).getPosition()] = value;
  return loops;
}

template <typename T>
static SmallVector<T> dimensionsFrom(AffineMap map, ArrayRef<T> loops) {
  return llvm::map_to_vector(map.getResults(), [&](AffineExpr expr) {
    return loops[cast<AffineDimExpr>(expr).getPosition()];
  });
}

/// What the dimensions of `inner` are called where those of `outer` have
/// `names`.
template <typename T>
static std::optional<SmallVector<T>> follow(Value outer, Value inner,
                                            ArrayRef<T> names) {
  if (outer == inner)
    return SmallVector<T>(names);
  linalg::GenericOp op = elementwise(outer);
  if (!op)
    return std::nullopt;
  SmallVector<T> loops = loopsFrom(op, names);
  for (auto [input, map] : llvm::zip(op.getInputs(), op.getIndexingMapsArray()))
    if (auto found = follow<T>(input, inner, dimensionsFrom<T>(map, loops)))
      return found;
  return std::nullopt;
}

std::optional<SmallVector<Role>> Score::rolesAt(Value outer,
                                                Value inner) const {
  return follow<Role>(outer, inner, roles);
}

std::optional<SmallVector<Role>> Score::rename(Value outer, Value inner,
                                               ArrayRef<Role> named) const {
  SmallVector<unsigned> positions(roles.size());
  std::iota(positions.begin(), positions.end(), 0u);
  auto at = follow<unsigned>(outer, inner, positions);
  if (!at)
    return std::nullopt;
  SmallVector<Role> result = roles;
  for (auto [position, role] : llvm::zip_equal(*at, named))
    result[position] = role;
  return result;
}

//===-- The region --------------------------------------------------------===//

static bool dependsOnBoth(ArrayRef<Role> at) {
  return llvm::is_contained(at, Role::Row) &&
         llvm::is_contained(at, Role::Column);
}

/// The number of a role's index in the region: b, h, i, j.
static unsigned indexOf(Role role) {
  switch (role) {
  case Role::Batch:
    return 0;
  case Role::Head:
    return 1;
  case Role::Row:
    return 2;
  case Role::Column:
  case Role::Feature: // summed before the region
    return 3;
  }
  llvm_unreachable("all roles are above");
}

Value Score::capture(Value tensor, ArrayRef<Role> at) {
  MLIRContext *context = tensor.getContext();
  auto exprs = llvm::map_to_vector(
      at, [&](Role role) { return getAffineDimExpr(indexOf(role), context); });
  captured.push_back(tensor);
  captureMaps.push_back(AffineMap::get(4, 0, exprs, context));
  return block->addArgument(
      cast<RankedTensorType>(tensor.getType()).getElementType(),
      tensor.getLoc());
}

Value Score::emitValue(linalg::GenericOp op, Value value,
                       ArrayRef<Role> loops) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (argument && argument.getOwner() == op.getBody()) {
    unsigned number = argument.getArgNumber();
    return emit(op->getOperand(number),
                dimensionsFrom<Role>(op.getIndexingMapsArray()[number], loops));
  }
  Operation *inner = value.getDefiningOp();
  if (auto index = dyn_cast_if_present<linalg::IndexOp>(inner))
    return block->getArgument(1 + indexOf(loops[index.getDim()]));
  if (!inner || inner->getNumResults() != 1)
    return nullptr;
  IRMapping mapping;
  for (Value operand : inner->getOperands()) {
    Value scalar = emitValue(op, operand, loops);
    if (!scalar)
      return nullptr;
    mapping.map(operand, scalar);
  }
  OpBuilder builder(dot.getContext());
  builder.setInsertionPointToEnd(block);
  return builder.clone(*inner, mapping)->getResult(0);
}

Value Score::emitBody(linalg::GenericOp op, ArrayRef<Role> loops) {
  return emitValue(op, op.getBody()->getTerminator()->getOperand(0), loops);
}

Value Score::emit(Value tensor, ArrayRef<Role> at) {
  if (tensor == dot.getResult(0))
    return block->getArgument(0);
  if (Value known = emitted.lookup(tensor))
    return known;
  OpBuilder builder(dot.getContext());
  builder.setInsertionPointToEnd(block);
  Value result;
  linalg::GenericOp op = elementwise(tensor);
  if (TypedAttr number = splatElement(tensor))
    result = arith::ConstantOp::create(builder, tensor.getLoc(), number);
  else if (op && (dependsOnBoth(at) || op.getNumDpsInputs() == 0))
    result = emitBody(op, loopsFrom<Role>(op, at));
  else
    result = capture(tensor, at);
  emitted[tensor] = result;
  return result;
}

/// `keep` is, or is a conjunction with, `column <= row` or `column < row`.
bool Score::keepsPast(Value keep) const {
  if (auto both = keep.getDefiningOp<arith::AndIOp>())
    return keepsPast(both.getLhs()) || keepsPast(both.getRhs());
  auto compare = keep.getDefiningOp<arith::CmpIOp>();
  if (!compare)
    return false;
  Value row = block->getArgument(3), column = block->getArgument(4);
  auto sides = [&](Value lhs, Value rhs) {
    return compare.getLhs() == lhs && compare.getRhs() == rhs;
  };
  switch (compare.getPredicate()) {
  case arith::CmpIPredicate::sle:
  case arith::CmpIPredicate::ule:
  case arith::CmpIPredicate::slt:
  case arith::CmpIPredicate::ult:
    return sides(column, row);
  case arith::CmpIPredicate::sge:
  case arith::CmpIPredicate::uge:
  case arith::CmpIPredicate::sgt:
  case arith::CmpIPredicate::ugt:
    return sides(row, column);
  default:
    return false;
  }
}

bool Score::build(Region &region, Value input, linalg::GenericOp product) {
  dot = product;
  block = &region.emplaceBlock();
  Location loc = input.getLoc();
  Type element = cast<RankedTensorType>(input.getType()).getElementType();
  block->addArgument(element, loc);
  for (int index = 0; index < 4; ++index)
    block->addArgument(IndexType::get(input.getContext()), loc);
  OpBuilder builder(input.getContext());
  builder.setInsertionPointToEnd(block);

  Value keep, value;
  linalg::GenericOp op = elementwise(input);
  auto select =
      op ? dyn_cast_if_present<arith::SelectOp>(scalarOp(op)) : nullptr;
  FloatAttr otherwise;
  bool masked =
      select && matchPattern(select.getFalseValue(), m_Constant(&otherwise)) &&
      otherwise.getValue().isInfinity() && otherwise.getValue().isNegative();
  if (masked) {
    SmallVector<Role> loops = loopsFrom<Role>(op, roles);
    keep = emitValue(op, select.getCondition(), loops);
    value = emitValue(op, select.getTrueValue(), loops);
  } else {
    value = emit(input, roles);
    builder.setInsertionPointToEnd(block);
    keep = arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true));
  }
  if (!keep || !value)
    return false;
  builder.setInsertionPointToEnd(block);
  nn::YieldOp::create(builder, loc, ValueRange{value, keep});
  causal = keepsPast(keep);
  return true;
}
