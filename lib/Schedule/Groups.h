// Groups of nodes that become kernels, and which of them come before which.
#ifndef OGEE_LIB_SCHEDULE_GROUPS_H
#define OGEE_LIB_SCHEDULE_GROUPS_H

#include "lib/Kernel/Kernel.h"
#include "lib/Schedule/Graph.h"

#include "llvm/ADT/BitVector.h"

namespace ogee::schedule {

/// What a node is inside its group.
enum class Role {
  Box,     // its result has the group's box
  Scalars, // row family: the box without the row dimensions
  Partial, // complete when all chunks are
  Finish,  // depends on a partial
  Joined,  // a result view
};

struct Group {
  kernel::Family family = kernel::Family::Row;
  /// The products, attention, scatter or first reduction that opened it.
  llvm::SmallVector<unsigned> anchors;
  llvm::SmallVector<unsigned> members; // sorted; anchors too
  llvm::SmallVector<int64_t> box;
  int64_t row = -1; // row family: how many dimensions; -1: any number so far
  bool updates = false; // has a node that updates
  bool alive = true;
  /// Not empty: a list launch of these tuples of members, each with the body of
  /// the first.
  llvm::SmallVector<llvm::SmallVector<unsigned>, 0> tuples;
};

class Groups {
public:
  explicit Groups(Graph &graph);

  Graph &graph;
  llvm::SmallVector<Group, 0> groups;

  int64_t groupOf(unsigned node) const { return owner[node]; }
  /// The group that makes `value`; -1 for arguments.
  int64_t groupOf(mlir::Value value) const;
  Role roleOf(unsigned node) const { return roles[node]; }
  void setRole(unsigned node, Role role) { roles[node] = role; }
  void setOwner(unsigned node, unsigned group) { owner[node] = group; }

  /// Takes a node out of its group, whose order relative to others stays.
  void release(unsigned node);
  /// `add` without a change of the order of groups.
  void adopt(unsigned group, unsigned node, Role role);

  unsigned open(unsigned node, kernel::Family family);
  void add(unsigned group, unsigned node, Role role);
  /// No path from `group` through another group to `node`.
  bool mayJoin(unsigned group, unsigned node) const;
  /// No path between the two through a third.
  bool mayMerge(unsigned a, unsigned b) const;
  /// `b`'s members move to `a`.
  void merge(unsigned a, unsigned b);
  bool precedes(unsigned a, unsigned b) const { return before[b].test(a); }
  /// From here on `to` comes after `from`.
  void addEdge(unsigned from, unsigned to);
  /// Computes the order of groups again after members or clones changed.
  void rebuildOrder();
  /// `b`'s members have moved to `a`: so has its place in the order.
  void mergeOrder(unsigned a, unsigned b);
  /// Live groups such that each comes after those it depends on.
  llvm::SmallVector<unsigned> order() const;

  /// Whether a value of `group` must be in memory after it: the function
  /// returns it or another group reads it.
  bool isStored(mlir::Value value) const;

private:
  /// Groups of nodes that must come before `node`.
  llvm::SmallVector<unsigned> groupsBefore(unsigned node) const;
  bool holdsLoss(unsigned group) const;

  llvm::SmallVector<int64_t> owner;
  llvm::SmallVector<Role> roles;
  llvm::SmallVector<llvm::BitVector, 0> before; // ancestors, by group
};

} // namespace ogee::schedule

#endif // OGEE_LIB_SCHEDULE_GROUPS_H
