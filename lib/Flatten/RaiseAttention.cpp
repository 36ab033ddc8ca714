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

/// The parts of `sum over k of softmax * v`.
struct Attention {
  linalg::GenericOp product;
  nn::SoftmaxOp softmax;
  unsigned weights, values; // operand numbers in `product`
  /// The role of each loop of the product.
  SmallVector<Role> roles;
};

/// Tensors in the layout that nn.attention wants.
struct Operands {
  Value q, k, v;
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

static bool readsPlainly(linalg::GenericOp op) {
  return llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) {
    return map.isProjectedPermutation();
  });
}

/// Roles of the product's loops as far as the product itself says: the columns,
/// the values' own dimension, the loops of all (Batch), and of the softmax
/// (Row).
static std::optional<Attention> matchProduct(linalg::GenericOp op) {
  if (!isContraction(op) || op.getNumReductionLoops() != 1 || !readsPlainly(op))
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
    found.roles.push_back(role);
  }
  if (found.roles[column] != Role::Column || !has(values, column) || own != 1)
    return std::nullopt;
  return found;
}

/// Tells heads from batch and rows, which only the queries' layout says: of the
/// loops that the softmax shares with the values, what stands before the rows
/// is the batch; of two loops that the values lack, the first is the rows.
static bool assignHeads(Attention &found, linalg::GenericOp score,
                        ArrayRef<Role> scoreLoops, unsigned querySide,
                        SmallVector<Role> &renamed) {
  AffineMap query = score.getIndexingMapsArray()[querySide];
  unsigned rows = 0, batches = 0;
  bool rowSeen = false;
  renamed.assign(scoreLoops.begin(), scoreLoops.end());
  for (AffineExpr expr : query.getResults()) {
    unsigned loop = loopOf(expr);
    if (scoreLoops[loop] == Role::Row) {
      renamed[loop] = rows++ == 0 ? Role::Row : Role::Head;
      rowSeen = true;
    }
    if (scoreLoops[loop] == Role::Batch) {
      renamed[loop] = rowSeen || batches > 0 ? Role::Head : Role::Batch;
      ++batches;
    }
  }
  auto count = [&](Role role) { return llvm::count(renamed, role); };
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
static Value arrange(OpBuilder &builder, Location loc, Value tensor,
                     ArrayRef<Role> roles, ArrayRef<Role> wanted) {
  IndexedBuilder tensors(builder, loc);
  SmallVector<Label> labels, order;
  for (int64_t extent : typeOf(tensor).getShape())
    labels.push_back(tensors.newLabel(extent));
  SmallVector<int64_t> shape;
  for (Role role : wanted) {
    auto *place = llvm::find(roles, role);
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
static void ungroup(Value &k, SmallVector<Role> &kRoles, Value &v,
                    SmallVector<Role> &vRoles) {
  auto *kHead = llvm::find(kRoles, Role::Head);
  auto *vHead = llvm::find(vRoles, Role::Head);
  if (kHead == kRoles.end() || vHead == vRoles.end())
    return;
  Value kGroups = groupsOf(k, kHead - kRoles.begin());
  Value vGroups = groupsOf(v, vHead - vRoles.begin());
  if (!kGroups || !vGroups ||
      typeOf(kGroups).getDimSize(kHead - kRoles.begin()) !=
          typeOf(vGroups).getDimSize(vHead - vRoles.begin()))
    return;
  k = kGroups;
  v = vGroups;
}

static constexpr Role rowLayout[] = {Role::Batch, Role::Row, Role::Head,
                                     Role::Feature};
static constexpr Role columnLayout[] = {Role::Batch, Role::Column, Role::Head,
                                        Role::Feature};

static bool raise(Attention &found) {
  // Roles of the softmax's dimensions, refined once the queries are known.
  AffineMap weightsMap = found.product.getIndexingMapsArray()[found.weights];
  linalg::GenericOp dot = findDot(found.softmax.getInput());
  if (!dot || !readsPlainly(dot))
    return false;
  Score score(rolesOf(weightsMap, found.roles));
  std::optional<SmallVector<Role>> dotRoles =
      score.rolesAt(found.softmax.getInput(), dot.getResult(0));
  if (!dotRoles)
    return false;
  // Loops of the dot: those of its result, and the feature that it sums.
  SmallVector<Role> dotLoops(dot.getNumLoops(), Role::Feature);
  AffineMap dotResult = dot.getIndexingMapsArray()[2];
  for (auto [expr, role] : llvm::zip_equal(dotResult.getResults(), *dotRoles))
    dotLoops[loopOf(expr)] = role;
  if (llvm::count(dotLoops, Role::Feature) != 1 ||
      llvm::count(dotLoops, Role::Column) != 1)
    return false;
  auto has = [&](unsigned side, Role role) {
    return llvm::is_contained(
        rolesOf(dot.getIndexingMapsArray()[side], dotLoops), role);
  };
  unsigned querySide = has(0, Role::Column) ? 1 : 0;
  if (has(querySide, Role::Column) || !has(1 - querySide, Role::Column) ||
      has(1 - querySide, Role::Row))
    return false;
  SmallVector<Role> named;
  if (!assignHeads(found, dot, dotLoops, querySide, named))
    return false;

  // The same names for the product's loops, by way of the softmax's dimensions.
  SmallVector<Role> softmaxRoles = rolesOf(weightsMap, found.roles);
  SmallVector<Role> renamedResult =
      llvm::map_to_vector(dotResult.getResults(),
                          [&](AffineExpr expr) { return named[loopOf(expr)]; });
  auto renamedSoftmax =
      score.rename(found.softmax.getInput(), dot.getResult(0), renamedResult);
  if (!renamedSoftmax)
    return false;
  for (auto [expr, role] :
       llvm::zip_equal(weightsMap.getResults(), *renamedSoftmax))
    found.roles[loopOf(expr)] = role;

  OpBuilder builder(found.product);
  Location loc = found.product.getLoc();
  Value q = dot.getInputs()[querySide], k = dot.getInputs()[1 - querySide],
        v = found.product.getInputs()[found.values];
  SmallVector<Role> qRoles =
      rolesOf(dot.getIndexingMapsArray()[querySide], named);
  SmallVector<Role> kRoles =
      rolesOf(dot.getIndexingMapsArray()[1 - querySide], named);
  SmallVector<Role> vRoles =
      rolesOf(found.product.getIndexingMapsArray()[found.values], found.roles);
  ungroup(k, kRoles, v, vRoles);

  Region region;
  Score body(*renamedSoftmax);
  if (!body.build(region, found.softmax.getInput(), dot))
    return false;
  q = arrange(builder, loc, q, qRoles, rowLayout);
  k = arrange(builder, loc, k, kRoles, columnLayout);
  v = arrange(builder, loc, v, vRoles, columnLayout);
  SmallVector<int64_t> outShape(typeOf(q).getShape());
  outShape.back() = typeOf(v).getDimSize(3);
  Type element = typeOf(q).getElementType();
  auto attention = nn::AttentionOp::create(
      builder, loc, RankedTensorType::get(outShape, element),
      RankedTensorType::get({outShape[0], outShape[2], outShape[1]}, element),
      q, k, v, body.captures(), builder.getAffineMapArrayAttr(body.maps()),
      body.isCausal());
  attention.getScore().takeBody(region);

  // Back to the product's layout: unit dimensions out, then its order.
  SmallVector<Role> outRoles =
      rolesOf(found.product.getIndexingMapsArray()[2], found.roles);
  SmallVector<Role> present;
  SmallVector<ReassociationIndices> groups;
  SmallVector<int64_t> kept;
  for (auto [dimension, role] : llvm::enumerate(rowLayout)) {
    bool real = llvm::is_contained(outRoles, role);
    if (groups.empty() || (real && !present.empty()))
      groups.emplace_back();
    groups.back().push_back(dimension);
    if (!real)
      continue;
    present.push_back(role);
    kept.push_back(outShape[dimension]);
  }
  Value out = attention.getOut();
  if (kept.size() < 4)
    out = tensor::CollapseShapeOp::create(
        builder, loc, RankedTensorType::get(kept, element), out, groups);
  out = arrange(builder, loc, out, present, outRoles);
  found.product.getResult(0).replaceAllUsesWith(out);
  return true;
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
