// Steps of grouping; each numbered as in docs/architecture.md.
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

} // namespace ogee::schedule

#endif // OGEE_LIB_SCHEDULE_ASSIGN_H
