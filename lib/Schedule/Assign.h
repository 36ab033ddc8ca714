// Steps of grouping, in the order in which they run: docs/architecture.md,
// Grouping.
#ifndef OGEE_LIB_SCHEDULE_ASSIGN_H
#define OGEE_LIB_SCHEDULE_ASSIGN_H

#include "lib/Schedule/Groups.h"

#include "llvm/ADT/DenseSet.h"

namespace ogee::schedule {

/// Pairs of a node and an anchor whose group it must not join.
using Bars = llvm::DenseSet<std::pair<unsigned, unsigned>>;

/// Each placed node joins the group that makes most of what it reads and takes
/// it, or opens one.
void assignNodes(Groups &groups, const Bars &bars);

/// Bars the members that a product's group is better without; true if there
/// are new ones, and nodes should be assigned again.
bool cutFrontiers(const Groups &groups, Bars &bars);

/// Row groups join other groups that take all their nodes, those that share
/// most first.
void mergeGroups(Groups &groups);

/// Products that share an operand and what they reduce become one kernel.
void mergeSiblings(Groups &groups);

/// Values that readers had better compute themselves become clones in them;
/// true if there are any.
bool sinkValues(Groups &groups);

/// Element-wise updates with the same body become one list launch.
void makeLists(Groups &groups);

/// All of these.
Groups groupNodes(Graph &graph);

} // namespace ogee::schedule

#endif // OGEE_LIB_SCHEDULE_ASSIGN_H
