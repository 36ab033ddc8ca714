// Which nodes a group of each family takes: docs/architecture.md, Kernels.
#ifndef OGEE_LIB_SCHEDULE_ACCEPT_H
#define OGEE_LIB_SCHEDULE_ACCEPT_H

#include "lib/Schedule/Groups.h"

namespace ogee::schedule {

/// Elements that the thread which ends a kernel may compute alone.
inline constexpr int64_t kFinishElements = 1 << 20;
/// A partial that each chunk of a row kernel may hold: one dimension, or
/// little.
bool isSmallPartial(mlir::Value result);

/// What becomes of the node and of the group if the node joins.
struct Acceptance {
  Role role = Role::Box;
  int64_t row = -1;
  /// Not empty: the row group grows to this box, its values become scalars of
  /// rows.
  llvm::SmallVector<int64_t> box;
};

/// Shapes alone decide here, not the order of groups (Groups::mayJoin).
std::optional<Acceptance> accept(const Groups &groups, unsigned group,
                                 unsigned node);
/// The same for a node that may read nothing of the group, in a row group over
/// a box of the same shape.
std::optional<Acceptance> acceptAlone(const Groups &groups, unsigned group,
                                      unsigned node);
/// The node becomes a member of the group, which takes the shape that it asks
/// for.
void join(Groups &groups, unsigned index, unsigned node,
          const Acceptance &acceptance);

/// `join` without a change of the order of groups.
void adopt(Groups &groups, unsigned index, unsigned node,
           const Acceptance &acceptance);

/// If `reader`, in the kernel of `update`, computes `node` for itself, that
/// reads what `update` overwrites only at the place that is written next.
bool readsAtPlaceFor(const Graph &graph, unsigned node, unsigned reader,
                     unsigned update);

/// Loops of a contraction group's products; those of the first one.
ProductLoops loopsOf(const Groups &groups, const Group &group);

} // namespace ogee::schedule

#endif // OGEE_LIB_SCHEDULE_ACCEPT_H
