// Offsets for buffers with live ranges: interval colouring with sizes.
#ifndef OGEE_LIB_PLAN_ASSIGN_H
#define OGEE_LIB_PLAN_ASSIGN_H

#include "lib/Plan/Buffers.h"

namespace ogee::plan {

/// Gives an offset of at least `base` to every buffer that has none; returns
/// the first byte past the last one. NP-hard, so several greedy orders are
/// tried and the best is kept: Pisarchyk and Lee 2020, "Efficient Memory
/// Management for Deep Neural Net Inference", sections 5.1 and 5.2.
int64_t assignOffsets(llvm::MutableArrayRef<Buffer> buffers, int64_t base);

/// The largest sum of bytes that live in one phase, persistent buffers left
/// out: what no assignment can go below.
int64_t largestLiveSum(llvm::ArrayRef<Buffer> buffers);

} // namespace ogee::plan

#endif // OGEE_LIB_PLAN_ASSIGN_H
