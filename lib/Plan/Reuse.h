// Whether a kernel's result may take the place of one of its arguments.
#ifndef OGEE_LIB_PLAN_REUSE_H
#define OGEE_LIB_PLAN_REUSE_H

#include "lib/Kernel/Kernel.h"

namespace ogee::plan {

/// True if the kernel reads each element of argument `argument` for the last
/// time no later than it writes the element of result `result` at the same
/// place, on whatever thread and in whatever order its chunks run.
/// Conservative.
bool mayOverwrite(kernel::FuncOp function, unsigned argument, unsigned result);

/// The same for the next value of a parameter or state, which an epilogue
/// computes from the old one at the same place: an emitter reads all that an
/// element needs before it stores the element's results.
bool mayUpdate(kernel::FuncOp function, unsigned argument, unsigned result);

} // namespace ogee::plan

#endif // OGEE_LIB_PLAN_REUSE_H
