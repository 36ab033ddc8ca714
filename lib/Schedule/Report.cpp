#include "lib/Schedule/Report.h"

#include "lib/Schedule/Ops.h"
#include "lib/Schedule/Updates.h"

#include "llvm/ADT/StringSet.h"

#include <map>

using namespace mlir;
using namespace ogee;

namespace {
class Counter {
public:
  explicit Counter(kernel::ProgramOp program) : program(program) {
    for (Operation &op : program.getBody().front())
      if (auto launch = dyn_cast<kernel::LaunchOp>(op))
        launches.push_back(launch);
    findUpdates();
    if (Value value = schedule::lossOf(program))
      loss = value.getDefiningOp<kernel::LaunchOp>();
  }

  ScheduleReport run();

private:
  void findUpdates();
  StringAttr argumentAttr(Value value, StringRef name) const {
    auto argument = dyn_cast<BlockArgument>(value);
    return argument ? program.getArgAttrOfType<StringAttr>(
                          argument.getArgNumber(), name)
                    : StringAttr();
  }
  bool isMoment(StringRef path) const { return moments.contains(path); }
  std::string blockOf(kernel::LaunchOp launch);
  int64_t readBytes(kernel::LaunchOp launch) const;
  int64_t writtenBytes(kernel::LaunchOp launch) const;
  int64_t savedBytes(kernel::LaunchOp launch);

  mutable kernel::ProgramOp program; // MLIR operations are not const-correct
  SmallVector<kernel::LaunchOp> launches;
  llvm::DenseMap<Value, StringRef> updates; // next value -> path
  llvm::StringSet<> moments;
  kernel::LaunchOp loss;
  llvm::DenseMap<Operation *, std::string> blocks;
  std::map<int64_t, int64_t> sizes; // bytes -> saved tensors
};
} // namespace

void Counter::findUpdates() {
  for (BlockArgument argument : program.getArguments()) {
    StringAttr kind = argumentAttr(argument, "nn.class");
    StringAttr path = argumentAttr(argument, "nn.path");
    if (kind && path && kind.getValue() == "moment")
      moments.insert(path.getValue());
  }
  for (const schedule::Update &update : schedule::updatesOf(program))
    updates[update.next] = update.path;
}

/// The path up to its first number: `blocks.3` of `blocks.3.norm1.weight`.
static std::string listElement(StringRef path) {
  size_t end = 0;
  while (end < path.size()) {
    size_t next = std::min(path.find('.', end), path.size());
    StringRef part = path.substr(end, next - end);
    if (llvm::all_of(part, llvm::isDigit))
      return path.take_front(next).str();
    end = next + 1;
  }
  return "";
}

std::string Counter::blockOf(kernel::LaunchOp launch) {
  for (Value input : launch.getInputs()) {
    StringAttr kind = argumentAttr(input, "nn.class");
    if (kind && kind.getValue() == "param")
      return listElement(argumentAttr(input, "nn.path").getValue());
  }
  // Sums over columns and scatters end the gradients of what stands outside the
  // blocks (positions, embeddings).
  auto callee = SymbolTable::lookupNearestSymbolFrom<kernel::FuncOp>(
      launch, launch.getCalleeAttr());
  if (callee.getFamily() == kernel::Family::Column ||
      callee.getFamily() == kernel::Family::Move)
    return "";
  // A saved value tells better than a gradient, which a later block makes.
  Operation *nearest = nullptr;
  for (Value input : launch.getInputs()) {
    Operation *made = schedule::base(input).getDefiningOp();
    if (made && (!nearest || made->isBeforeInBlock(nearest)))
      nearest = made;
  }
  return nearest ? blocks[nearest] : "";
}

int64_t Counter::readBytes(kernel::LaunchOp launch) const {
  llvm::StringSet<> updated;
  for (Value result : launch.getResults())
    if (auto found = updates.find(result); found != updates.end())
      updated.insert(found->second);
  int64_t bytes = 0;
  for (Value input : launch.getInputs()) {
    StringAttr path = argumentAttr(input, "nn.path");
    if (!path ||
        (!isMoment(path.getValue()) && !updated.contains(path.getValue())))
      bytes += schedule::bytesOf(input);
  }
  return bytes;
}

int64_t Counter::writtenBytes(kernel::LaunchOp launch) const {
  int64_t bytes = 0;
  for (Value result : launch.getResults())
    if (auto found = updates.find(result);
        found == updates.end() || !isMoment(found->second))
      bytes += schedule::bytesOf(result);
  return bytes;
}

int64_t Counter::savedBytes(kernel::LaunchOp launch) {
  if (!loss || !launch->isBeforeInBlock(loss))
    return 0;
  int64_t bytes = 0;
  for (Value result : launch.getResults()) {
    bool saved = llvm::any_of(result.getUsers(), [&](Operation *user) {
      return isa<kernel::LaunchOp>(user) && loss->isBeforeInBlock(user);
    });
    if (!saved)
      continue;
    bytes += schedule::bytesOf(result);
    // Statistics of rows are as many, but no stream.
    if (schedule::shapeOf(result).size() > 2)
      ++sizes[schedule::bytesOf(result)];
  }
  return bytes;
}

static ScheduleCosts &costsOf(ScheduleReport &report, StringRef block) {
  for (auto &[known, costs] : report.blocks)
    if (known == block)
      return costs;
  report.blocks.push_back({block.str(), {}});
  return report.blocks.back().second;
}

ScheduleReport Counter::run() {
  ScheduleReport report;
  report.program = program.getSymName().str();
  llvm::StringSet<> kernels;
  for (kernel::LaunchOp launch : launches) {
    kernels.insert(launch.getCallee());
    std::string &block = blocks[launch] = blockOf(launch);
    bool backward = loss && loss->isBeforeInBlock(launch);
    int64_t saved = savedBytes(launch);
    for (ScheduleCosts *costs : {&report.total, &costsOf(report, block)}) {
      ++(backward ? costs->backwardLaunches : costs->forwardLaunches);
      costs->savedBytes += saved;
      costs->readBytes += readBytes(launch);
      costs->writtenBytes += writtenBytes(launch);
    }
  }
  report.distinctKernels = kernels.size();
  int64_t most = 0;
  for (auto [bytes, count] : sizes)
    if (count > most) {
      most = count;
      report.streamBytes = bytes;
    }
  llvm::erase_if(report.blocks,
                 [](const auto &entry) { return entry.first.empty(); });
  return report;
}

ScheduleReport ogee::reportSchedule(kernel::ProgramOp program) {
  return Counter(program).run();
}
