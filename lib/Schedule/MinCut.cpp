#include "lib/Schedule/MinCut.h"

#include <algorithm>

using namespace ogee::schedule;

unsigned MinCut::addVertex() {
  edgesOf.emplace_back();
  return edgesOf.size() - 1;
}

void MinCut::addEdge(unsigned from, unsigned to, int64_t capacity) {
  if (capacity <= 0 || from == to)
    return;
  edgesOf[from].push_back(edges.size());
  edges.push_back({to, std::min(capacity, kInfinite)});
  edgesOf[to].push_back(edges.size());
  edges.push_back({from, 0});
}

bool MinCut::findLevels() {
  level.assign(edgesOf.size(), -1);
  level[kSource] = 0;
  llvm::SmallVector<unsigned, 0> queue{kSource};
  for (size_t head = 0; head < queue.size(); ++head)
    for (unsigned index : edgesOf[queue[head]]) {
      const Edge &edge = edges[index];
      if (edge.capacity == 0 || level[edge.to] >= 0)
        continue;
      level[edge.to] = level[queue[head]] + 1;
      queue.push_back(edge.to);
    }
  return level[kSink] >= 0;
}

/// Depth-first along levels. Paths are as long as the graph is deep, so the
/// stack is explicit.
int64_t MinCut::push(unsigned start, int64_t limit) {
  llvm::SmallVector<unsigned, 0> path; // edges
  unsigned vertex = start;
  while (vertex != kSink) {
    bool advanced = false;
    for (; next[vertex] < edgesOf[vertex].size(); ++next[vertex]) {
      unsigned index = edgesOf[vertex][next[vertex]];
      const Edge &edge = edges[index];
      if (edge.capacity == 0 || level[edge.to] != level[vertex] + 1)
        continue;
      path.push_back(index);
      vertex = edge.to;
      advanced = true;
      break;
    }
    if (advanced)
      continue;
    if (path.empty())
      return 0;
    vertex = edges[path.pop_back_val() ^ 1].to;
    ++next[vertex];
  }
  int64_t flow = limit;
  for (unsigned index : path)
    flow = std::min(flow, edges[index].capacity);
  for (unsigned index : path) {
    edges[index].capacity -= flow;
    edges[index ^ 1].capacity += flow;
  }
  return flow;
}

/// What can still reach the sink is on its side, all else on the source's.
void MinCut::findSides() {
  sourceSide.assign(edgesOf.size(), true);
  sourceSide[kSink] = false;
  llvm::SmallVector<unsigned, 0> queue{kSink};
  for (size_t head = 0; head < queue.size(); ++head)
    for (unsigned index : edgesOf[queue[head]]) {
      unsigned from = edges[index].to;
      if (edges[index ^ 1].capacity == 0 || !sourceSide[from])
        continue;
      sourceSide[from] = false;
      queue.push_back(from);
    }
}

int64_t MinCut::solve() {
  int64_t total = 0;
  while (findLevels()) {
    next.assign(edgesOf.size(), 0);
    while (int64_t flow = push(kSource, kInfinite))
      total += flow;
  }
  findSides();
  return total;
}
