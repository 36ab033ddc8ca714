// Groups become kernels and launches.
#ifndef OGEE_LIB_SCHEDULE_OUTLINE_H
#define OGEE_LIB_SCHEDULE_OUTLINE_H

#include "lib/Schedule/Groups.h"

#include "mlir/IR/SymbolTable.h"

namespace ogee::schedule {

/// Replaces the groups' function by a kernel.program of the same name and one
/// kernel.func a group, in front of it.
void outline(Groups &groups, mlir::SymbolTable &symbols);

} // namespace ogee::schedule

#endif // OGEE_LIB_SCHEDULE_OUTLINE_H
