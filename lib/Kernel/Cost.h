// Predicted work of a kernel, for reports and the roofline.
#ifndef OGEE_LIB_KERNEL_COST_H
#define OGEE_LIB_KERNEL_COST_H

#include "lib/Kernel/Kernel.h"

namespace ogee::kernel {

struct Cost {
  int64_t flops = 0; // a multiply-add counts two
  int64_t bytes = 0; // each argument read once, each result written once
};

Cost costOf(FuncOp function);

} // namespace ogee::kernel

#endif // OGEE_LIB_KERNEL_COST_H
