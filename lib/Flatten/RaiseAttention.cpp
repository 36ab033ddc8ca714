// Everything is matched by the role that a loop plays, not by the order in
// which it stands: batch and heads are shared by softmax and values, a row is
// in the softmax alone, a column is what is summed.
#include "lib/Flatten/Flatten.h"
#include "lib/Flatten/Score.h"
#include "lib/Nn/Program.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace ogee {
#define GEN_PASS_DEF_RAISEATTENTION
#include "lib/Flatten/Passes.h.inc"
} // namespace ogee

using namespace mlir;
using namespace ogee;

static RankedTensorType typeOf(Value tensor) {
  return cast<RankedTensorType>(tensor.getType());
}

namespace {

/// The parts of `sum over k of softmax * v`. The softmax's input is an
/// element-wise function of `dot`, the sum over d of q * k.
struct Attention {
  linalg::GenericOp product;
  nn::SoftmaxOp softmax;
  unsigned weights, values; // operand numbers in `product`
  linalg::GenericOp dot;
  unsigned query, key; // operand numbers in `dot`
  /// What each loop of the product and of the dot means, and each dimension of
  /// the softmax.
  SmallVector<Role> loops, dotLoops, softmaxDims;
};

/// A tensor and what its dimensions mean.
struct Operand {
  Value tensor;
  SmallVector<Role> roles;
};

} // namespace

static unsigned loopOf(AffineExpr expr) {
  return cast<AffineDimExpr>(expr).getPosition();
}

/// The roles of a tensor's dimensions, read by `map` from loops with `roles`.
static SmallVector<Role> rolesOf(AffineMap map, ArrayRef<Role> roles) {
  return llvm::map_to_vector(
      map.getResults(), [&](AffineExpr expr) { return roles[loopOf(expr)]; });
}

static SmallVector<Role> rolesOf(linalg::GenericOp op, unsigned operand,
                                 ArrayRef<Role> loops) {
  return rolesOf(op.getIndexingMapsArray()[operand], loops);
}

/// Roles of the product's loops as far as the product itself says: the columns,
/// the values' own dimension, the loops of all (Batch), and of the softmax
/// (Row).
static std::optional<Attention> matchProduct(linalg::GenericOp op) {
  if (!isContraction(op) || op.getNumReductionLoops() != 1 || !hasPlainMaps(op))
    return std::nullopt;
  Attention found;
  found.product = op;
  for (unsigned side : {0, 1})
    if (auto softmax = op.getInputs()[side].getDefiningOp<nn::SoftmaxOp>()) {
      found.softmax = softmax;
      found.weights = side;
      found.values = 1 - side;
    }
  if (!found.softmax || !found.softmax->hasOneUse())
    return std::nullopt;
  AffineMap weights = op.getIndexingMapsArray()[found.weights];
  AffineMap values = op.getIndexingMapsArray()[found.values];
  auto has = [](AffineMap map, unsigned loop) {
    return map.isFunctionOfDim(loop);
  };
  unsigned column = loopOf(weights.getResult(found.softmax.getDimension()));
  unsigned own = 0;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    bool reduced =
        op.getIteratorTypesArray()[loop] == utils::IteratorType::reduction;
    Role role = Role::Batch;
    if (reduced)
      role = Role::Column;
    else if (!has(weights, loop))
      role = Role::Feature;
    else if (!has(values, loop))
      role = Role::Row;
    own += role == Role::Feature;
    found.loops.push_back(role);
  }
  if (found.loops[column] != Role::Column || !has(values, column) || own != 1)
    return std::nullopt;
  return found;
}

/// Tells heads from batch and rows, which only the queries' layout says: of the
/// loops that the softmax shares with the values, what stands before the rows
/// is the batch; of two loops that the values lack, the first is the rows.
static bool assignHeads(Attention &found) {
  unsigned rows = 0, batches = 0;
  AffineMap query = found.dot.getIndexingMapsArray()[found.query];
  for (AffineExpr expr : query.getResults()) {
    Role &role = found.dotLoops[loopOf(expr)];
    if (role == Role::Row)
      role = rows++ == 0 ? Role::Row : Role::Head;
    else if (role == Role::Batch)
      role = rows > 0 || batches++ > 0 ? Role::Head : Role::Batch;
  }
  auto count = [&](Role role) { return llvm::count(found.dotLoops, role); };
  return count(Role::Row) == 1 && count(Role::Batch) <= 1 &&
         count(Role::Head) <= 1;
}

/// Where `tensor` only repeats groups along `dimension` (h div share), the
/// tensor of the groups.
static Value groupsOf(Value tensor, unsigned dimension) {
  auto collapse = tensor.getDefiningOp<tensor::CollapseShapeOp>();
  auto copy = collapse ? collapse.getSrc().getDefiningOp<linalg::GenericOp>()
                       : linalg::GenericOp();
  if (!copy || !isCopy(copy))
    return nullptr;
  for (auto [index, group] :
       llvm::enumerate(collapse.getReassociationIndices()))
    if (group.size() != (index == dimension ? 2 : 1))
      return nullptr;
  SmallVector<AffineExpr> expected;
  SmallVector<AffineMap> maps = copy.getIndexingMapsArray();
  for (auto [index, expr] : llvm::enumerate(maps[1].getResults()))
    if (index != dimension + 1)
      expected.push_back(expr);
  return maps[0].getResults() == ArrayRef<AffineExpr>(expected)
             ? copy.getInputs()[0]
             : nullptr;
}

/// `tensor` in the order of `wanted`, with unit dimensions for missing roles.
static Value arrange(OpBuilder &builder, Location loc, const Operand &operand,
                     ArrayRef<Role> wanted) {
  const auto &[tensor, roles] = operand;
  IndexedBuilder tensors(builder, loc);
  SmallVector<Label> labels = tensors.newLabels(typeOf(tensor).getShape());
  SmallVector<Label> order;
  SmallVector<int64_t> shape;
  for (Role role : wanted) {
    const auto *place = llvm::find(roles, role);
    shape.push_back(1);
    if (place == roles.end())
      continue;
    order.push_back(labels[place - roles.begin()]);
    shape.back() = tensors.extent(order.back());
  }
  Value arranged = tensors.materialize({tensor, labels, nullptr}, order);
  if (order.size() == wanted.size())
    return arranged;
  SmallVector<ReassociationIndices> groups;
  for (auto [dimension, role] : llvm::enumerate(wanted)) {
    bool present = llvm::is_contained(roles, role);
    if (groups.empty() || (present && !groups.back().empty() &&
                           llvm::any_of(groups.back(), [&](int64_t other) {
                             return llvm::is_contained(roles, wanted[other]);
                           })))
      groups.emplace_back();
    groups.back().push_back(dimension);
  }
  return tensor::ExpandShapeOp::create(
      builder, loc,
      RankedTensorType::get(shape, typeOf(tensor).getElementType()), arranged,
      groups);
}

/// k and v with as many groups as both have.
static void ungroup(Operand &k, Operand &v) {
  auto groups = [](const Operand &operand) -> Value {
    const auto *head = llvm::find(operand.roles, Role::Head);
    return head == operand.roles.end()
               ? nullptr
               : groupsOf(operand.tensor, head - operand.roles.begin());
  };
  auto count = [](const Operand &operand, Value groups) {
    return typeOf(groups).getDimSize(llvm::find(operand.roles, Role::Head) -
                                     operand.roles.begin());
  };
  Value kGroups = groups(k), vGroups = groups(v);
  if (!kGroups || !vGroups || count(k, kGroups) != count(v, vGroups))
    return;
  k.tensor = kGroups;
  v.tensor = vGroups;
}

/// Finds the product of queries and keys and what its loops mean as far as the
/// softmax says. False where there is no such product.
static bool matchDot(Attention &found) {
  Value input = found.softmax.getInput();
  found.dot = findDot(input);
  if (!found.dot || !hasPlainMaps(found.dot))
    return false;
  Score score(rolesOf(found.product, found.weights, found.loops));
  std::optional<SmallVector<Role>> dotRoles =
      score.rolesAt(input, found.dot.getResult(0));
  if (!dotRoles)
    return false;
  // Loops of the dot: those of its result, and the feature that it sums.
  found.dotLoops.assign(found.dot.getNumLoops(), Role::Feature);
  AffineMap result = found.dot.getIndexingMapsArray()[2];
  for (auto [expr, role] : llvm::zip_equal(result.getResults(), *dotRoles))
    found.dotLoops[loopOf(expr)] = role;
  if (llvm::count(found.dotLoops, Role::Feature) != 1 ||
      llvm::count(found.dotLoops, Role::Column) != 1)
    return false;
  auto has = [&](unsigned side, Role role) {
    return llvm::is_contained(rolesOf(found.dot, side, found.dotLoops), role);
  };
  found.query = has(0, Role::Column) ? 1 : 0;
  found.key = 1 - found.query;
  return !has(found.query, Role::Column) && has(found.key, Role::Column) &&
         !has(found.key, Role::Row);
}

/// Names the loops of the product as the dot's are named, by way of the
/// softmax's dimensions.
static bool nameProduct(Attention &found) {
  AffineMap weights = found.product.getIndexingMapsArray()[found.weights];
  Score score(rolesOf(weights, found.loops));
  auto renamed =
      score.rename(found.softmax.getInput(), found.dot.getResult(0),
                   rolesOf(found.dot, /*operand=*/2, found.dotLoops));
  if (!renamed)
    return false;
  found.softmaxDims = *renamed;
  for (auto [expr, role] :
       llvm::zip_equal(weights.getResults(), found.softmaxDims))
    found.loops[loopOf(expr)] = role;
  return true;
}

static constexpr Role rowLayout[] = {Role::Batch, Role::Row, Role::Head,
                                     Role::Feature};
static constexpr Role columnLayout[] = {Role::Batch, Role::Column, Role::Head,
                                        Role::Feature};

static nn::AttentionOp
buildAttention(OpBuilder &builder, const Attention &found, const Score &score) {
  linalg::GenericOp dot = found.dot, product = found.product;
  Location loc = product.getLoc();
  Operand query{dot.getInputs()[found.query],
                rolesOf(dot, found.query, found.dotLoops)};
  Operand key{dot.getInputs()[found.key],
              rolesOf(dot, found.key, found.dotLoops)};
  Operand value{product.getInputs()[found.values],
                rolesOf(product, found.values, found.loops)};
  ungroup(key, value);
  Value q = arrange(builder, loc, query, rowLayout);
  Value k = arrange(builder, loc, key, columnLayout);
  Value v = arrange(builder, loc, value, columnLayout);
  SmallVector<int64_t> shape(typeOf(q).getShape());
  shape.back() = typeOf(v).getDimSize(3);
  Type element = typeOf(q).getElementType();
  return nn::AttentionOp::create(
      builder, loc, RankedTensorType::get(shape, element),
      RankedTensorType::get({shape[0], shape[2], shape[1]}, element), q, k, v,
      score.captures(), builder.getAffineMapArrayAttr(score.maps()),
      score.isCausal());
}

/// The attention's result in the product's layout: unit dimensions out, then
/// its order.
static Value toProduct(OpBuilder &builder, const Attention &found, Value out) {
  Location loc = out.getLoc();
  SmallVector<Role> wanted = rolesOf(found.product, /*operand=*/2, found.loops);
  Operand kept{out, {}};
  SmallVector<ReassociationIndices> groups;
  SmallVector<int64_t> shape;
  for (auto [dimension, role] : llvm::enumerate(rowLayout)) {
    bool real = llvm::is_contained(wanted, role);
    if (groups.empty() || (real && !kept.roles.empty()))
      groups.emplace_back();
    groups.back().push_back(dimension);
    if (!real)
      continue;
    kept.roles.push_back(role);
    shape.push_back(typeOf(out).getDimSize(dimension));
  }
  if (shape.size() < std::size(rowLayout))
    kept.tensor = tensor::CollapseShapeOp::create(
        builder, loc,
        RankedTensorType::get(shape, typeOf(out).getElementType()), out,
        groups);
  return arrange(builder, loc, kept, wanted);
}

static void raise(Attention &found) {
  if (!matchDot(found) || !assignHeads(found) || !nameProduct(found))
    return;
  Region region;
  Score score(found.softmaxDims);
  if (!score.build(region, found.softmax.getInput(), found.dot))
    return;
  OpBuilder builder(found.product);
  nn::AttentionOp attention = buildAttention(builder, found, score);
  attention.getScore().takeBody(region);
  found.product.getResult(0).replaceAllUsesWith(
      toProduct(builder, found, attention.getOut()));
}

namespace {
struct RaiseAttentionPass : ogee::impl::RaiseAttentionBase<RaiseAttentionPass> {
  using RaiseAttentionBase::RaiseAttentionBase;
  void runOnOperation() override {
    getOperation().walk([](linalg::GenericOp op) {
      if (auto found = matchProduct(op))
        raise(*found);
    });
    eraseDead(getOperation());
  }
};
} // namespace
