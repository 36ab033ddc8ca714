// Row groups join whatever takes all their operations, so that what follows
// from a kernel's partials ends in its finish region; products with a common
// operand become one kernel.
#include "lib/Schedule/Accept.h"
#include "lib/Schedule/Assign.h"

#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;
using kernel::Family;

namespace {
/// Moves all nodes of one row group to another group, or none.
class Absorption {
public:
  Absorption(Groups &groups, unsigned into, unsigned from)
      : groups(groups), into(into), from(from), before(groups.groups[into]) {
    for (unsigned group : {into, from})
      for (unsigned node : groups.groups[group].members)
        roles.push_back({node, groups.roleOf(node)});
  }

  bool run() {
    if (!groups.mayMerge(into, from))
      return false;
    if (groups.groups[into].family == Family::Row && !matchBoxes())
      return false;
    Group moved = groups.groups[from];
    for (unsigned node : moved.members)
      groups.release(node);
    for (unsigned node : moved.members) {
      std::optional<Acceptance> acceptance = acceptAlone(groups, into, node);
      if (!acceptance) {
        restore(moved);
        return false;
      }
      adopt(groups, into, node, *acceptance);
    }
    groups.mergeOrder(into, from);
    return true;
  }

private:
  /// Gives the box of the one the row dimensions that the other one needs.
  bool matchBoxes() {
    Group &a = groups.groups[into];
    const Group &b = groups.groups[from];
    if (a.box == b.box)
      return true;
    auto isPrefix = [](const Group &shorter, const Group &longer) {
      return shorter.box.size() < longer.box.size() && shorter.row < 0 &&
             ArrayRef<int64_t>(longer.box).take_front(shorter.box.size()) ==
                 ArrayRef<int64_t>(shorter.box);
    };
    if (isPrefix(b, a)) {
      if (a.row < 0)
        a.row = a.box.size() - b.box.size();
      return true;
    }
    if (!isPrefix(a, b))
      return true;
    for (unsigned node : a.members)
      if (groups.roleOf(node) == Role::Box)
        groups.setRole(node, Role::Scalars);
    a.row = b.box.size() - a.box.size();
    a.box = b.box;
    return true;
  }

  void restore(const Group &moved) {
    for (unsigned node : moved.members)
      if (groups.groupOf(node) == int64_t(into))
        groups.release(node);
    groups.groups[into] = before;
    groups.groups[from] = moved;
    for (auto [node, role] : roles)
      groups.setRole(node, role);
    for (unsigned node : moved.members)
      groups.setOwner(node, from);
  }

  Groups &groups;
  unsigned into, from;
  Group before;
  SmallVector<std::pair<unsigned, Role>> roles;
};

using Pair = std::pair<unsigned, unsigned>;

/// Pairs of groups, at least one of them rows, and the bytes that both touch.
class Candidates {
public:
  explicit Candidates(const Groups &groups) : groups(groups) {}

  SmallVector<Pair> collect() {
    llvm::SmallSetVector<Value, 16> values;
    SmallVector<unsigned> scalars;
    for (auto [index, group] : llvm::enumerate(groups.groups)) {
      if (group.alive && group.family == Family::Row && group.box.empty())
        scalars.push_back(index);
      for (unsigned node : group.members)
        values.insert(groups.graph[node].sources.begin(),
                      groups.graph[node].sources.end());
    }
    for (Value value : values)
      countPairs(value);
    for (auto [i, a] : llvm::enumerate(scalars))
      for (unsigned b : ArrayRef<unsigned>(scalars).drop_front(i + 1))
        shared[{a, b}] += 1;
    SmallVector<std::pair<Pair, int64_t>> sorted(shared.begin(), shared.end());
    llvm::sort(sorted, [](const auto &a, const auto &b) {
      return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    SmallVector<Pair> pairs;
    for (const auto &entry : sorted)
      pairs.push_back(entry.first);
    return pairs;
  }

private:
  /// Groups that read the same scalar have nothing in common for that.
  void countPairs(Value value) {
    int64_t made = groups.groupOf(value);
    if (shapeOf(value).empty()) {
      for (unsigned reader : groups.graph.readers(value))
        if (int64_t other = groups.groupOf(reader); made >= 0 && other != made)
          shared[std::minmax<unsigned>(made, other)] += bytesOf(value);
      return;
    }
    llvm::SmallSetVector<unsigned, 4> touching;
    if (made >= 0)
      touching.insert(made);
    for (unsigned reader : groups.graph.readers(value))
      touching.insert(groups.groupOf(reader));
    for (auto [i, a] : llvm::enumerate(touching))
      for (unsigned b :
           ArrayRef<unsigned>(touching.getArrayRef()).drop_front(i + 1))
        if (groups.groups[a].family == Family::Row ||
            groups.groups[b].family == Family::Row)
          shared[{std::min(a, b), std::max(a, b)}] += bytesOf(value);
  }

  const Groups &groups;
  llvm::MapVector<Pair, int64_t> shared;
};
} // namespace

static bool mergePair(Groups &groups, unsigned a, unsigned b) {
  if (groups.precedes(b, a) ||
      (groups.groups[a].family == Family::Row &&
       groups.groups[b].family != Family::Row && !groups.precedes(a, b)))
    std::swap(a, b);
  if (!groups.groups[a].alive || !groups.groups[b].alive ||
      groups.groups[b].family != Family::Row)
    return false;
  return Absorption(groups, a, b).run();
}

void schedule::mergeGroups(Groups &groups) {
  bool changed = true;
  while (changed) {
    changed = false;
    for (auto [a, b] : Candidates(groups).collect())
      changed |= mergePair(groups, a, b);
  }
}

namespace {
/// What two products must have in common to be siblings.
struct SharedOperand {
  Value operand;
  SmallVector<int64_t> extents;   // of the reduced loops
  SmallVector<int64_t> positions; // of the reduced loops in the operand
  bool operator==(const SharedOperand &) const = default;
};
} // namespace

static SmallVector<SharedOperand> sharedOperands(Operation *op) {
  auto product = cast<linalg::GenericOp>(op);
  ProductLoops loops = *productLoops(op);
  SmallVector<int64_t> ranges = product.getStaticLoopRanges();
  int64_t first = ranges.size() - loops.reduced;
  SmallVector<SharedOperand> result;
  for (unsigned side : {0, 1}) {
    SharedOperand shared;
    shared.operand = product.getInputs()[side];
    AffineMap map = product.getIndexingMapsArray()[side];
    for (int64_t loop = first; loop < int64_t(ranges.size()); ++loop) {
      shared.extents.push_back(ranges[loop]);
      auto position =
          map.getResultPosition(getAffineDimExpr(loop, product.getContext()));
      shared.positions.push_back(position ? int64_t(*position) : -1);
    }
    result.push_back(shared);
  }
  return result;
}

static bool areSiblings(const Groups &groups, const Group &a, const Group &b) {
  const Graph &graph = groups.graph;
  unsigned first = a.anchors.front(), second = b.anchors.front();
  if (!graph.segmentsOf(first).empty() || !graph.segmentsOf(second).empty())
    return false;
  auto left = sharedOperands(graph[first].op),
       right = sharedOperands(graph[second].op);
  return llvm::any_of(left, [&](const SharedOperand &shared) {
    return llvm::is_contained(right, shared);
  });
}

void schedule::mergeSiblings(Groups &groups) {
  llvm::MapVector<Value, SmallVector<unsigned>> products;
  for (auto [index, group] : llvm::enumerate(groups.groups)) {
    if (!group.alive || group.family != Family::Contraction)
      continue;
    auto product =
        cast<linalg::GenericOp>(groups.graph[group.anchors.front()].op);
    for (Value operand : product.getInputs())
      products[operand].push_back(index);
  }
  for (auto &[operand, sharing] : products)
    for (auto [i, a] : llvm::enumerate(sharing))
      for (unsigned b : ArrayRef<unsigned>(sharing).drop_front(i + 1))
        if (a != b && groups.groups[a].alive && groups.groups[b].alive &&
            areSiblings(groups, groups.groups[a], groups.groups[b]) &&
            !groups.precedes(a, b) && !groups.precedes(b, a) &&
            groups.mayMerge(a, b))
          groups.merge(a, b);
}
