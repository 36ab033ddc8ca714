// A barrier after each launch costs what its last chunk runs alone. Neighbours
// that do not need each other share one.
#include "lib/Schedule/Ops.h"
#include "lib/Schedule/Schedule.h"
#include "lib/Schedule/Updates.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace ogee;

namespace ogee {
#define GEN_PASS_DEF_JOINLAUNCHES
#include "lib/Schedule/Passes.h.inc"
} // namespace ogee

namespace {
class Joiner {
public:
  explicit Joiner(kernel::ProgramOp program)
      : program(program), loss(schedule::lossOf(program)) {
    for (const schedule::Update &update : schedule::updatesOf(program))
      overwrites[update.next] = update.old;
  }

  void run() {
    for (Operation &op : program.getBody().front())
      if (auto launch = dyn_cast<kernel::LaunchOp>(op)) {
        bool joins = mayJoin(launch);
        launch.setJoins(joins);
        if (!joins) {
          made.clear();
          read.clear();
        }
        add(launch);
      }
  }

private:
  bool mayJoin(kernel::LaunchOp launch);
  void add(kernel::LaunchOp launch);

  kernel::ProgramOp program;
  llvm::DenseMap<Value, Value> overwrites; // next value -> the argument
  Value loss;
  llvm::DenseSet<Value> made, read; // by the launches since the last barrier
  bool updating = false;            // a launch before this one updates
};
} // namespace

bool Joiner::mayJoin(kernel::LaunchOp launch) {
  if (made.empty())
    return false;
  for (Value input : launch.getInputs())
    if (made.contains(schedule::base(input)))
      return false;
  for (Value result : launch.getResults()) {
    Value old = overwrites.lookup(result);
    // The loss is checked at a barrier before the first update.
    if (old && (read.contains(old) || !updating))
      return false;
  }
  return !made.contains(loss);
}

void Joiner::add(kernel::LaunchOp launch) {
  made.insert(launch.getResults().begin(), launch.getResults().end());
  for (Value input : launch.getInputs())
    read.insert(schedule::base(input));
  for (Value result : launch.getResults())
    updating |= overwrites.contains(result);
}

namespace {
struct JoinLaunches : ogee::impl::JoinLaunchesBase<JoinLaunches> {
  void runOnOperation() override {
    for (auto program : getOperation().getOps<kernel::ProgramOp>())
      Joiner(program).run();
  }
};
} // namespace
