// Whether a node fits is decided from the roles of what it reads: a value of
// the box must be read at its own place, a value per row by its row, a partial
// only by what runs after the last chunk.
#include "lib/Schedule/Accept.h"

#include "lib/Nn/Nn.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;
using kernel::Family;

namespace {
/// What a value is to a group that may read it.
struct Standing {
  enum Kind { Outside, Inside, Unfit } kind = Outside;
  Role role = Role::Box;
};

class Judge {
public:
  Judge(const Groups &groups, unsigned group, bool alone)
      : groups(groups), graph(groups.graph), index(group),
        group(groups.groups[group]),
        alone(alone && groups.groups[group].family == Family::Row) {}

  std::optional<Acceptance> judge(unsigned index);

private:
  bool dependsOnGroup(const Node &node) const {
    return llvm::any_of(node.sources, [&](Value value) {
      return groups.groupOf(value) == int64_t(index);
    });
  }
  Standing standing(Value value) const;
  Standing ofElementWise(Operation *op) const;
  bool readsInPlace(linalg::GenericOp op, unsigned input, Role from,
                    Role to) const;
  std::optional<Role> roleOfShape(ArrayRef<int64_t> shape) const;
  std::optional<Acceptance> judgeElementWise(const Node &node) const;
  std::optional<Acceptance> judgeGrowth(const Node &node) const;
  std::optional<Acceptance> judgeReduction(const Node &node) const;
  std::optional<Acceptance> judgeRowReduction(Operation *op, Role input) const;
  std::optional<Acceptance> judgePartial(Operation *op, Value input) const;
  std::optional<Acceptance> judgeJoin(const Node &node) const;
  bool mayFinish(const Node &node) const;
  bool overwritesTooEarly(const Node &node, Role role) const;
  bool readsOverwritten(unsigned reader) const;

  const Groups &groups;
  const Graph &graph;
  unsigned index;
  const Group &group;
  bool alone; // a node may read nothing of the group
};
} // namespace

static bool isPartialRole(Role role) {
  return role == Role::Partial || role == Role::Finish;
}

Standing Judge::standing(Value value) const {
  if (group.family == Family::Attention)
    value = base(value);
  int64_t made = graph.producer(value);
  if (made < 0)
    return {};
  const Node &node = graph[made];
  if (node.isPlaced()) {
    if (groups.groupOf(made) != int64_t(index))
      return {};
    Role role = groups.roleOf(made);
    if (role == Role::Joined && group.family != Family::Attention)
      return {Standing::Unfit};
    return {Standing::Inside, role == Role::Joined ? Role::Box : role};
  }
  if (!dependsOnGroup(node))
    return {};
  if (node.clone && node.kind == OpKind::ElementWise)
    return ofElementWise(node.op);
  return {Standing::Unfit};
}

std::optional<Role> Judge::roleOfShape(ArrayRef<int64_t> shape) const {
  if (shape == ArrayRef<int64_t>(group.box))
    return Role::Box;
  if (group.family == Family::Row && group.row > 0 &&
      shape == ArrayRef<int64_t>(group.box).drop_back(group.row))
    return Role::Scalars;
  return std::nullopt;
}

bool Judge::readsInPlace(linalg::GenericOp op, unsigned input, Role from,
                         Role to) const {
  AffineMap map = op.getIndexingMapsArray()[input];
  if (from == to)
    return map.isIdentity();
  AffineMap identity =
      AffineMap::getMultiDimIdentityMap(map.getNumDims(), map.getContext());
  return from == Role::Scalars && to == Role::Box &&
         map == identity.getMajorSubMap(map.getNumResults());
}

Standing Judge::ofElementWise(Operation *op) const {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (group.family == Family::Attention && isNarrowing(op) &&
      standing(op->getOperand(0)).kind == Standing::Inside)
    return {Standing::Inside, Role::Box};
  std::optional<Role> shape = roleOfShape(shapeOf(op->getResult(0)));
  bool inside = false;
  int64_t finished = 0; // elements of the largest value of the finish region
  for (OpOperand &operand : op->getOpOperands()) {
    Standing from = standing(operand.get());
    if (from.kind == Standing::Outside)
      continue;
    if (from.kind == Standing::Unfit || !generic)
      return {Standing::Unfit};
    if (isPartialRole(from.role)) {
      finished = std::max(finished, elementsOf(operand.get()));
      continue;
    }
    inside = true;
    if (group.family == Family::Attention || !shape ||
        !readsInPlace(generic, operand.getOperandNumber(), from.role, *shape))
      return {Standing::Unfit};
  }
  // What spreads a partial over a larger box is not for one thread.
  if (finished > 0)
    return inside || finished < elementsOf(op->getResult(0))
               ? Standing{Standing::Unfit}
               : Standing{Standing::Inside, Role::Finish};
  if (!inside)
    return {};
  return {Standing::Inside, *shape};
}

/// The gradient's norm is a sum of scalars from all over the backward part:
/// they wait for one kernel of their own and do not chain others. The loss does
/// not wait for that.
bool Judge::mayFinish(const Node &node) const {
  Value result = node.op->getResult(0);
  if (elementsOf(result) > kFinishElements)
    return false;
  return !shapeOf(result).empty() || !node.op->hasAttr(kernel::kBackwardAttr) ||
         llvm::all_of(node.sources, [&](Value value) {
           int64_t from = groups.groupOf(value);
           return from < 0 || from == int64_t(index);
         });
}

std::optional<Acceptance> Judge::judgeElementWise(const Node &node) const {
  Standing fit = ofElementWise(node.op);
  if (fit.kind == Standing::Unfit)
    return judgeGrowth(node);
  if (fit.kind == Standing::Outside) {
    std::optional<Role> shape = roleOfShape(shapeOf(node.op->getResult(0)));
    return alone && shape ? std::optional(Acceptance{*shape, group.row, {}})
                          : std::nullopt;
  }
  if (fit.role == Role::Finish && !mayFinish(node))
    return std::nullopt;
  return Acceptance{fit.role, group.row, {}};
}

/// A group of values per row takes what reads them over the row.
std::optional<Acceptance> Judge::judgeGrowth(const Node &node) const {
  auto generic = dyn_cast<linalg::GenericOp>(node.op);
  ArrayRef<int64_t> shape = shapeOf(node.op->getResult(0));
  if (!generic || group.family != Family::Row || group.row >= 0 ||
      group.box.empty() || shape.size() <= group.box.size() ||
      shape.take_front(group.box.size()) != ArrayRef<int64_t>(group.box))
    return std::nullopt;
  for (OpOperand &operand : generic->getOpOperands()) {
    Standing from = standing(operand.get());
    if (from.kind == Standing::Outside)
      continue;
    if (from.kind == Standing::Unfit || from.role != Role::Box ||
        !readsInPlace(generic, operand.getOperandNumber(), Role::Scalars,
                      Role::Box))
      return std::nullopt;
  }
  return Acceptance{Role::Box, int64_t(shape.size() - group.box.size()),
                    llvm::to_vector(shape)};
}

/// The dimensions are the last ones / the first ones of `rank`.
static bool isTrailing(ArrayRef<int64_t> dims, int64_t rank) {
  return !dims.empty() && dims.front() == rank - int64_t(dims.size());
}
static bool isLeading(ArrayRef<int64_t> dims) {
  return !dims.empty() && dims.back() == int64_t(dims.size()) - 1;
}

std::optional<Acceptance> Judge::judgeRowReduction(Operation *op,
                                                   Role input) const {
  SmallVector<int64_t> dims = reducedDims(op);
  int64_t rank = shapeOf(reductionInput(op)).size(), count = dims.size();
  bool mayBePartial = isa<linalg::GenericOp>(op);
  if (input == Role::Scalars)
    return mayBePartial && count == rank
               ? std::optional(Acceptance{Role::Partial, group.row, {}})
               : std::nullopt;
  if (isTrailing(dims, rank) &&
      (group.row == count || (group.row < 0 && count < rank)))
    return Acceptance{Role::Scalars, count, {}};
  if (!mayBePartial)
    return std::nullopt;
  if (count == rank)
    return Acceptance{Role::Partial, group.row, {}};
  if (isLeading(dims) && (group.row == rank - count || group.row < 0) &&
      isSmallPartial(op->getResult(0)))
    return Acceptance{Role::Partial, rank - count, {}};
  return std::nullopt;
}

/// Column sums and sums of everything, in families whose chunks are tiles.
std::optional<Acceptance> Judge::judgePartial(Operation *op,
                                              Value input) const {
  if (!isa<linalg::GenericOp>(op))
    return std::nullopt;
  SmallVector<int64_t> dims = reducedDims(op);
  int64_t rank = shapeOf(input).size(), kept = rank - dims.size();
  bool fits = kept == 0;
  if (group.family == Family::Contraction)
    fits |= isLeading(dims) && kept == loopsOf(groups, group).columns;
  if (group.family == Family::Attention)
    fits |= isLeading(dims);
  if (group.family == Family::Move)
    fits |= isLeading(dims) && kept == rank - 1;
  if (!fits)
    return std::nullopt;
  return Acceptance{Role::Partial, group.row, {}};
}

std::optional<Acceptance> Judge::judgeReduction(const Node &node) const {
  Value input = reductionInput(node.op);
  Standing from = standing(input);
  if (from.kind == Standing::Outside && alone)
    if (std::optional<Role> shape = roleOfShape(shapeOf(input)))
      return judgeRowReduction(node.op, *shape);
  if (from.kind != Standing::Inside)
    return std::nullopt;
  if (isPartialRole(from.role))
    return isa<linalg::GenericOp>(node.op) && mayFinish(node)
               ? std::optional(Acceptance{Role::Finish, group.row, {}})
               : std::nullopt;
  return group.family == Family::Row ? judgeRowReduction(node.op, from.role)
                                     : judgePartial(node.op, input);
}

/// Producers of the parts store what they have; nobody would store the rest of
/// a destination.
static bool startsEmpty(Operation *join) {
  auto insertion = dyn_cast<tensor::InsertSliceOp>(join);
  if (!insertion)
    return true;
  Operation *into = insertion.getDest().getDefiningOp();
  return into && (isa<tensor::EmptyOp>(into) ||
                  (isa<tensor::InsertSliceOp>(into) && startsEmpty(into)));
}

std::optional<Acceptance> Judge::judgeJoin(const Node &node) const {
  if (!startsEmpty(node.op))
    return std::nullopt;
  for (Value source : node.sources) {
    int64_t made = graph.producer(source);
    if (made < 0 || groups.groupOf(made) != int64_t(index) ||
        groups.roleOf(made) != Role::Box)
      return std::nullopt;
  }
  return Acceptance{Role::Joined, group.row, {}};
}

/// Computes each element of its result from elements at the same place.
static bool isInPlace(Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  return generic && kindOf(op) == OpKind::ElementWise &&
         llvm::all_of(generic.getIndexingMapsArray(), [](AffineMap map) {
           return map.isIdentity() || map.getNumResults() == 0;
         });
}

/// Reads what `update` overwrites not itself, but through a view or a clone,
/// which may read it anywhere.
static bool readsThroughOthers(const Graph &graph, const Node &reader,
                               const Node &update) {
  return llvm::any_of(reader.op->getOperands(), [&](Value input) {
    int64_t made = graph.producer(input);
    return made >= 0 && !graph[made].isPlaced() &&
           llvm::any_of(update.overwrites, [&](Value argument) {
             return graph[made].sources.contains(argument);
           });
  });
}

/// `reader` computes an element of a box of `update`'s shape from elements at
/// its place, and reads what `update` overwrites itself.
static bool readsAtPlace(const Graph &graph, const Node &reader,
                         const Node &update) {
  return isInPlace(reader.op) &&
         shapeOf(reader.op->getResult(0)) == shapeOf(update.op->getResult(0)) &&
         !readsThroughOthers(graph, reader, update);
}

bool schedule::readsAtPlaceFor(const Graph &graph, unsigned node,
                               unsigned reader, unsigned update) {
  return isInPlace(graph[reader].op) &&
         llvm::is_contained(graph[reader].op->getOperands(),
                            graph[node].op->getResult(0)) &&
         readsAtPlace(graph, graph[node], graph[update]);
}

/// A next value is written where the old one is: others in the kernel read the
/// old one at the same place, or are done when the finish region runs.
bool Judge::overwritesTooEarly(const Node &node, Role role) const {
  if (role == Role::Finish)
    return false;
  return llvm::any_of(node.after, [&](unsigned other) {
    return groups.groupOf(other) == int64_t(index) &&
           !readsAtPlace(graph, graph[other], node);
  });
}

/// The same, for a reader that comes to an update.
bool Judge::readsOverwritten(unsigned reader) const {
  return llvm::any_of(group.members, [&](unsigned member) {
    return graph[member].updates() && groups.roleOf(member) != Role::Finish &&
           llvm::is_contained(graph[member].after, reader) &&
           !readsAtPlace(graph, graph[reader], graph[member]);
  });
}

std::optional<Acceptance> Judge::judge(unsigned index) {
  const Node &node = graph[index];
  std::optional<Acceptance> acceptance;
  if (node.kind == OpKind::ElementWise)
    acceptance = judgeElementWise(node);
  if (node.kind == OpKind::Reduction)
    acceptance = judgeReduction(node);
  if (node.kind == OpKind::Join)
    acceptance = judgeJoin(node);
  if (acceptance && node.updates() &&
      overwritesTooEarly(node, acceptance->role))
    return std::nullopt;
  if (acceptance && group.updates && readsOverwritten(index))
    return std::nullopt;
  return acceptance;
}

bool schedule::isSmallPartial(Value result) {
  return elementsOf(result) <=
         (shapeOf(result).size() > 1 ? int64_t(1) << 10 : int64_t(1) << 16);
}

ProductLoops schedule::loopsOf(const Groups &groups, const Group &group) {
  return *productLoops(groups.graph[group.anchors.front()].op);
}

std::optional<Acceptance> schedule::accept(const Groups &groups, unsigned group,
                                           unsigned node) {
  return Judge(groups, group, /*alone=*/false).judge(node);
}

std::optional<Acceptance> schedule::acceptAlone(const Groups &groups,
                                                unsigned group, unsigned node) {
  return Judge(groups, group, /*alone=*/true).judge(node);
}

static void reshape(Groups &groups, Group &group,
                    const Acceptance &acceptance) {
  group.row = acceptance.row;
  if (acceptance.box.empty())
    return;
  group.box.assign(acceptance.box.begin(), acceptance.box.end());
  for (unsigned member : group.members)
    if (groups.roleOf(member) == Role::Box)
      groups.setRole(member, Role::Scalars);
}

void schedule::join(Groups &groups, unsigned index, unsigned node,
                    const Acceptance &acceptance) {
  reshape(groups, groups.groups[index], acceptance);
  groups.add(index, node, acceptance.role);
}

void schedule::adopt(Groups &groups, unsigned index, unsigned node,
                     const Acceptance &acceptance) {
  reshape(groups, groups.groups[index], acceptance);
  groups.adopt(index, node, acceptance.role);
}
