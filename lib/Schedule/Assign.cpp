#include "lib/Schedule/Assign.h"

#include "lib/Schedule/Accept.h"

#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;
using kernel::Family;

namespace {
class Assigner {
public:
  Assigner(Groups &groups, const Bars &bars)
      : groups(groups), graph(groups.graph), bars(bars) {}

  void run() {
    for (unsigned node = 0; node < graph.size(); ++node)
      if (graph[node].isPlaced() && !isEarly(node))
        place(node);
    for (unsigned node = 0; node < graph.size(); ++node)
      if (graph[node].isPlaced() && isEarly(node))
        place(node);
  }

private:
  /// The next value of a state stands before what must come before it, and
  /// nothing reads it.
  bool isEarly(unsigned node) const {
    return llvm::any_of(graph[node].after,
                        [&](unsigned other) { return other > node; });
  }
  void place(unsigned node);
  void open(unsigned node);
  void openReduction(unsigned node);
  bool isBarred(unsigned group, unsigned node) const;

  Groups &groups;
  Graph &graph;
  const Bars &bars;
};
} // namespace

static bool isAnchor(OpKind kind) {
  return kind == OpKind::Product || kind == OpKind::Attention ||
         kind == OpKind::Scatter || kind == OpKind::Other;
}

void Assigner::place(unsigned node) {
  if (isAnchor(graph[node].kind))
    return open(node);
  llvm::MapVector<unsigned, int64_t> candidates;
  for (Value value : graph[node].sources)
    if (int64_t group = groups.groupOf(value); group >= 0)
      candidates[group] += bytesOf(value);
  int64_t best = -1;
  std::optional<Acceptance> chosen;
  for (auto [group, bytes] : candidates) {
    if (best >= 0 && bytes < candidates[best])
      continue;
    if (isBarred(group, node) || !groups.mayJoin(group, node))
      continue;
    if (std::optional<Acceptance> acceptance = accept(groups, group, node)) {
      best = group;
      chosen = acceptance;
    }
  }
  if (chosen)
    return join(groups, best, node, *chosen);
  open(node);
}

bool Assigner::isBarred(unsigned group, unsigned node) const {
  return llvm::any_of(groups.groups[group].anchors, [&](unsigned anchor) {
    return bars.contains({node, anchor});
  });
}

void Assigner::open(unsigned node) {
  switch (graph[node].kind) {
  case OpKind::Product:
    groups.open(node, Family::Contraction);
    return;
  case OpKind::Attention:
    groups.open(node, Family::Attention);
    return;
  case OpKind::Reduction:
    return openReduction(node);
  case OpKind::ElementWise:
    groups.open(node, Family::Row);
    return;
  case OpKind::Join: {
    unsigned group = groups.open(node, Family::Move);
    groups.setRole(groups.groups[group].anchors[0], Role::Joined);
    return;
  }
  case OpKind::Other: {
    auto generic = dyn_cast<linalg::GenericOp>(graph[node].op);
    groups.open(node, generic ? Family::Column : Family::Move);
    return;
  }
  default:
    groups.open(node, Family::Move);
  }
}

/// Over trailing dimensions: rows. Over leading ones: a row kernel's partial if
/// each chunk can hold it, else columns.
void Assigner::openReduction(unsigned node) {
  Operation *op = graph[node].op;
  ArrayRef<int64_t> input = shapeOf(reductionInput(op));
  SmallVector<int64_t> dims = reducedDims(op);
  int64_t rank = input.size(), count = dims.size();
  bool trailing = count > 0 && dims.front() == rank - count;
  bool leading = count > 0 && dims.back() == count - 1;
  bool partial =
      leading && isa<linalg::GenericOp>(op) && isSmallPartial(op->getResult(0));
  if ((!trailing && !partial) || rank == 0) {
    groups.open(node, Family::Column);
    return;
  }
  unsigned index = groups.open(node, Family::Row);
  Group &group = groups.groups[index];
  group.box.assign(input.begin(), input.end());
  if (partial) {
    groups.setRole(node, Role::Partial);
    group.row = count == rank ? -1 : rank - count;
    return;
  }
  groups.setRole(node, Role::Scalars);
  group.row = count;
}

void schedule::assignNodes(Groups &groups, const Bars &bars) {
  Assigner(groups, bars).run();
}
