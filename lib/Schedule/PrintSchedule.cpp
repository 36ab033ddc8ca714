#include "lib/Schedule/Report.h"
#include "lib/Schedule/Schedule.h"

#include "llvm/Support/Format.h"

using namespace mlir;
using namespace ogee;

namespace ogee {
#define GEN_PASS_DEF_PRINTSCHEDULE
#include "lib/Schedule/Passes.h.inc"
} // namespace ogee

namespace {
struct PrintSchedule : ogee::impl::PrintScheduleBase<PrintSchedule> {
  using PrintScheduleBase::PrintScheduleBase;

  void runOnOperation() override {
    for (auto program : getOperation().getOps<kernel::ProgramOp>()) {
      ScheduleReport report = reportSchedule(program);
      llvm::outs() << "@" << report.program << ": " << report.distinctKernels
                   << " distinct kernels; ";
      print(report.total);
      for (const auto &[block, costs] : report.blocks) {
        llvm::outs() << "  " << block << ": ";
        print(costs);
      }
    }
    markAllAnalysesPreserved();
  }

private:
  void print(const ScheduleCosts &costs) {
    auto units = [&](int64_t bytes) {
      return llvm::format("%.2f", double(bytes) / double(unit));
    };
    llvm::outs() << costs.launches() << " launches (" << costs.forwardLaunches
                 << " forward, " << costs.backwardLaunches
                 << " backward), saved " << units(costs.savedBytes) << ", read "
                 << units(costs.readBytes) << ", written "
                 << units(costs.writtenBytes) << ", traffic "
                 << units(costs.readBytes + costs.writtenBytes) << "\n";
  }
};
} // namespace
