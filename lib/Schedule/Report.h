// What a scheduled program costs, counted as the targets of the schedule are:
// launches, values that cross from the forward to the backward part, traffic.
#ifndef OGEE_LIB_SCHEDULE_REPORT_H
#define OGEE_LIB_SCHEDULE_REPORT_H

#include "lib/Kernel/Kernel.h"

#include <string>

namespace ogee {

/// Of one block of the model or of a whole program. Traffic is planned: each
/// launch reads each of its operands once and writes each result once. Moments
/// are left out, and old values of what a launch updates, so that the figures
/// do not depend on the optimizer.
struct ScheduleCosts {
  int64_t forwardLaunches = 0, backwardLaunches = 0;
  int64_t savedBytes = 0; // made before the launch of the loss, read after it
  int64_t readBytes = 0, writtenBytes = 0;

  int64_t launches() const { return forwardLaunches + backwardLaunches; }
};

struct ScheduleReport {
  std::string program;
  int64_t distinctKernels = 0;
  /// The size that most saved tensors have: that of the model's stream.
  int64_t streamBytes = 0;
  ScheduleCosts total;
  /// By the path of the list element (`blocks.3`) whose parameters the launch
  /// reads, or whose values if it reads none; in program order.
  llvm::SmallVector<std::pair<std::string, ScheduleCosts>, 0> blocks;
};

/// `program` is what schedule made; a program without a loss is all forward.
ScheduleReport reportSchedule(kernel::ProgramOp program);

} // namespace ogee

#endif // OGEE_LIB_SCHEDULE_REPORT_H
