// Minimum cut of a graph with capacities: Dinic 1970.
#ifndef OGEE_LIB_SCHEDULE_MINCUT_H
#define OGEE_LIB_SCHEDULE_MINCUT_H

#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <limits>

namespace ogee::schedule {

class MinCut {
public:
  static constexpr int64_t kInfinite = std::numeric_limits<int64_t>::max() / 4;
  static constexpr unsigned kSource = 0, kSink = 1;

  MinCut() : edgesOf(2) {}

  unsigned addVertex();
  /// A directed edge: costs `capacity` if `from` is on the source's side and
  /// `to` is not.
  void addEdge(unsigned from, unsigned to, int64_t capacity);
  /// The cost of the cut; afterwards `onSourceSide` answers. Of all minimum
  /// cuts it is the one with the most vertices on the source's side.
  int64_t solve();
  bool onSourceSide(unsigned vertex) const { return sourceSide[vertex]; }

private:
  struct Edge {
    unsigned to;
    int64_t capacity; // what is left of it
  };

  bool findLevels();
  int64_t push(unsigned start, int64_t limit);
  void findSides();

  llvm::SmallVector<Edge, 0> edges; // edge e ^ 1 is the reverse of edge e
  llvm::SmallVector<llvm::SmallVector<unsigned, 4>, 0> edgesOf;
  llvm::SmallVector<int64_t, 0> level;
  llvm::SmallVector<unsigned, 0> next;
  llvm::SmallVector<bool, 0> sourceSide;
};

} // namespace ogee::schedule

#endif // OGEE_LIB_SCHEDULE_MINCUT_H
