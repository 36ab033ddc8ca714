// The order of groups is kept as a transitive closure in bit sets: a step has a
// few hundred groups, and each question about a path is then one bit.
#include "lib/Schedule/Groups.h"

#include <queue>

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;

Groups::Groups(Graph &graph)
    : graph(graph), owner(graph.size(), -1), roles(graph.size(), Role::Box) {}

int64_t Groups::groupOf(Value value) const {
  int64_t node = graph.producer(value);
  return node < 0 ? -1 : owner[node];
}

unsigned Groups::open(unsigned node, kernel::Family family) {
  unsigned index = groups.size();
  groups.emplace_back();
  groups.back().family = family;
  groups.back().anchors.push_back(node);
  groups.back().box.assign(shapeOf(graph[node].op->getResult(0)).begin(),
                           shapeOf(graph[node].op->getResult(0)).end());
  for (llvm::BitVector &set : before)
    set.resize(groups.size());
  before.emplace_back(groups.size());
  add(index, node, Role::Box);
  return index;
}

void Groups::adopt(unsigned group, unsigned node, Role role) {
  owner[node] = group;
  roles[node] = role;
  groups[group].updates |= graph[node].updates();
  SmallVector<unsigned> &members = groups[group].members;
  members.insert(llvm::upper_bound(members, node), node);
}

void Groups::release(unsigned node) {
  Group &group = groups[owner[node]];
  owner[node] = -1;
  llvm::erase(group.members, node);
  llvm::erase(group.anchors, node);
  if (group.anchors.empty() && !group.members.empty())
    group.anchors.push_back(group.members.front());
  group.alive = !group.members.empty();
}

void Groups::add(unsigned group, unsigned node, Role role) {
  adopt(group, node, role);
  for (unsigned other : groupsBefore(node))
    if (other != group)
      addEdge(other, group);
}

SmallVector<unsigned> Groups::groupsBefore(unsigned node) const {
  SmallVector<unsigned> result;
  for (Value value : graph[node].sources)
    if (int64_t group = groupOf(value); group >= 0)
      result.push_back(group);
  for (unsigned other : graph[node].after)
    if (owner[other] >= 0)
      result.push_back(owner[other]);
  return result;
}

void Groups::addEdge(unsigned from, unsigned to) {
  if (before[to].test(from))
    return;
  llvm::BitVector added = before[from];
  added.set(from);
  for (unsigned group = 0; group < groups.size(); ++group)
    if (group == to || before[group].test(to))
      before[group] |= added;
}

bool Groups::holdsLoss(unsigned group) const {
  return graph.loss() >= 0 && owner[graph.loss()] == int64_t(group);
}

bool Groups::mayJoin(unsigned group, unsigned node) const {
  // The loss is checked between the launch that makes it and any update.
  if ((graph[node].updates() && holdsLoss(group)) ||
      (int64_t(node) == graph.loss() && groups[group].updates))
    return false;
  return llvm::none_of(groupsBefore(node), [&](unsigned other) {
    return other != group && before[other].test(group);
  });
}

bool Groups::mayMerge(unsigned a, unsigned b) const {
  if ((groups[a].updates && holdsLoss(b)) ||
      (groups[b].updates && holdsLoss(a)))
    return false;
  for (unsigned other = 0; other < groups.size(); ++other) {
    if (other == a || other == b || !groups[other].alive)
      continue;
    if ((before[other].test(a) && before[b].test(other)) ||
        (before[other].test(b) && before[a].test(other)))
      return false;
  }
  return true;
}

void Groups::merge(unsigned a, unsigned b) {
  for (unsigned node : groups[b].members)
    owner[node] = a;
  SmallVector<unsigned> members;
  std::merge(groups[a].members.begin(), groups[a].members.end(),
             groups[b].members.begin(), groups[b].members.end(),
             std::back_inserter(members));
  groups[a].members = members;
  llvm::append_range(groups[a].anchors, groups[b].anchors);
  groups[a].updates |= groups[b].updates;
  groups[b].members.clear();
  mergeOrder(a, b);
}

void Groups::mergeOrder(unsigned a, unsigned b) {
  groups[b].alive = false;
  llvm::BitVector both = before[a];
  both |= before[b];
  both.reset(a);
  both.reset(b);
  before[a] = both;
  both.set(a);
  for (unsigned other = 0; other < groups.size(); ++other)
    if (other != a && (before[other].test(a) || before[other].test(b))) {
      before[other].reset(b);
      before[other] |= both;
    }
}

SmallVector<unsigned> Groups::order() const {
  SmallVector<llvm::SmallSetVector<unsigned, 4>> after(groups.size());
  SmallVector<unsigned> waiting(groups.size(), 0);
  for (unsigned group = 0; group < groups.size(); ++group)
    for (unsigned node : groups[group].members)
      for (unsigned other : groupsBefore(node))
        if (other != group && after[other].insert(group))
          ++waiting[group];
  // Of those that may run, the one whose first member the program has first.
  using Entry = std::pair<unsigned, unsigned>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<Entry>> ready;
  auto enqueue = [&](unsigned group) {
    if (groups[group].alive && waiting[group] == 0)
      ready.emplace(groups[group].members.front(), group);
  };
  for (unsigned group = 0; group < groups.size(); ++group)
    enqueue(group);
  SmallVector<unsigned> result;
  while (!ready.empty()) {
    unsigned group = ready.top().second;
    ready.pop();
    result.push_back(group);
    for (unsigned next : after[group])
      if (--waiting[next] == 0)
        enqueue(next);
  }
  return result;
}

void Groups::rebuildOrder() {
  for (llvm::BitVector &set : before)
    set.reset();
  for (unsigned group : order())
    for (unsigned node : groups[group].members)
      for (unsigned other : groupsBefore(node))
        if (other != group) {
          before[group] |= before[other];
          before[group].set(other);
        }
}

bool Groups::isStored(Value value) const {
  int64_t group = groupOf(value);
  return graph.isReturned(value) ||
         llvm::any_of(graph.readers(value),
                      [&](unsigned reader) { return owner[reader] != group; });
}
