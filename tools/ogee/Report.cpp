#include "tools/ogee/Report.h"
#include "lib/Kernel/Cost.h"
#include "lib/Plan/Buffers.h"
#include "lib/Plan/Plan.h"
#include "lib/Schedule/Report.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace ogee;

static std::string withUnit(double value, ArrayRef<StringRef> units,
                            double base) {
  size_t unit = 0;
  while (value >= base && unit + 1 < units.size()) {
    value /= base;
    ++unit;
  }
  return llvm::formatv("{0:f2} {1}", value, units[unit]).str();
}

static std::string bytesText(int64_t bytes) {
  return withUnit(bytes, {"B", "KiB", "MiB", "GiB"}, 1024);
}

static std::string flopsText(int64_t flops) {
  return withUnit(flops, {"FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP"}, 1000);
}

static int64_t attributeOf(ModuleOp module, StringRef name) {
  auto attribute = module->getAttrOfType<IntegerAttr>(name);
  return attribute ? attribute.getInt() : 0;
}

/// A frozen parameter is a state with the role that it has in the model. What
/// it saves for certain is its gradient; its optimizer's state comes on top.
static void printFrozen(kernel::ProgramOp program, llvm::raw_ostream &stream) {
  int64_t scalars = 0, tensors = 0, bytes = 0;
  for (unsigned index = 0; index < program.getNumArguments(); ++index) {
    auto kind = program.getArgAttrOfType<StringAttr>(index, "nn.class");
    auto role = program.getArgAttrOfType<StringAttr>(index, "nn.role");
    if (!kind || kind != "state" || !role || role == "state")
      continue;
    Type type = program.getArgumentTypes()[index];
    ++tensors;
    scalars += cast<ShapedType>(type).getNumElements();
    bytes += plan::byteSize(type);
  }
  if (tensors)
    stream << "frozen      " << scalars << " in " << tensors
           << " tensors, without gradients (" << bytesText(bytes)
           << " less) and without moments\n";
}

/// The program of training that takes the data.
static bool takesBatch(kernel::ProgramOp program) {
  auto module = program->getParentOfType<ModuleOp>();
  bool inParts = module.lookupSymbol("accumulate") != nullptr;
  return program.getName() == (inParts ? "accumulate" : "step");
}

static void printParameters(kernel::ProgramOp program,
                            llvm::raw_ostream &stream) {
  int64_t scalars = 0, tensors = 0;
  for (unsigned index = 0; index < program.getNumArguments(); ++index) {
    auto kind = program.getArgAttrOfType<StringAttr>(index, "nn.class");
    if (!kind || kind != "param")
      continue;
    ++tensors;
    scalars +=
        cast<ShapedType>(program.getArgumentTypes()[index]).getNumElements();
  }
  stream << "parameters  " << scalars << " in " << tensors << " tensors\n";
}

static void printMemory(ModuleOp module, llvm::raw_ostream &stream) {
  int64_t arena = attributeOf(module, kArenaBytesAttr);
  int64_t live = attributeOf(module, kLiveBytesAttr);
  stream << "memory      " << bytesText(arena) << " in one arena, of which "
         << bytesText(attributeOf(module, kPersistentBytesAttr))
         << " persist; the largest sum of live bytes is " << bytesText(live)
         << llvm::format(" (plan / live %.3f)\n",
                         live ? double(arena) / live : 1.0);
}

namespace {
struct KernelUse {
  int64_t launches = 0;
  kernel::Cost cost;
  kernel::FuncOp function;
};
} // namespace

static void printLaunches(kernel::ProgramOp program,
                          llvm::raw_ostream &stream) {
  llvm::MapVector<StringRef, KernelUse> uses;
  int64_t launches = 0, flops = 0, bytes = 0;
  program.walk([&](kernel::LaunchOp launch) {
    auto callee = SymbolTable::lookupNearestSymbolFrom<kernel::FuncOp>(
        launch, launch.getCalleeAttr());
    KernelUse &use = uses[callee.getName()];
    use.function = callee;
    use.cost = kernel::costOf(callee);
    ++use.launches;
    ++launches;
    flops += use.cost.flops;
    bytes += use.cost.bytes;
  });
  stream << "\n"
         << program.getName() << ": " << launches << " launches of "
         << uses.size() << " distinct kernels, " << flopsText(flops) << ", "
         << bytesText(bytes) << " read and written\n"
         << "  launches  family       work each        bytes each   kernel\n";
  for (auto &[name, use] : uses)
    stream << "  " << llvm::right_justify(std::to_string(use.launches), 8)
           << "  "
           << llvm::left_justify(
                  kernel::stringifyFamily(use.function.getFamily()), 12)
           << " " << llvm::left_justify(flopsText(use.cost.flops), 16) << " "
           << llvm::left_justify(bytesText(use.cost.bytes), 12) << " " << name
           << "\n";
}

/// Bytes, and how many tensors of the model's stream they are.
static std::string streamsText(int64_t bytes, int64_t stream) {
  return llvm::formatv("{0} ({1:f2})", bytesText(bytes),
                       stream ? double(bytes) / double(stream) : 0.0);
}

static void printCosts(StringRef name, const ScheduleCosts &costs, int64_t unit,
                       llvm::raw_ostream &stream) {
  int64_t traffic = costs.readBytes + costs.writtenBytes;
  stream << "  " << llvm::left_justify(name, 12) << " "
         << llvm::formatv("{0,8} = {1} + {2}", costs.launches(),
                          costs.forwardLaunches, costs.backwardLaunches)
         << "    saved "
         << llvm::left_justify(streamsText(costs.savedBytes, unit), 20)
         << " read and written " << streamsText(traffic, unit) << "\n";
}

static void printBlocks(kernel::ProgramOp program, llvm::raw_ostream &stream) {
  ScheduleReport report = reportSchedule(program);
  if (report.blocks.empty())
    return;
  stream << "\n"
         << program.getName()
         << " by block: launches = forward + backward, bytes saved for the "
            "backward part, planned traffic\n  (in tensors of "
         << bytesText(report.streamBytes)
         << ", the size most saved ones have; moments and what updates "
            "overwrite are left out)\n";
  for (auto &[path, costs] : report.blocks)
    printCosts(path, costs, report.streamBytes, stream);
}

void ogee::printReport(ModuleOp planned, llvm::raw_ostream &stream) {
  for (auto program : planned.getOps<kernel::ProgramOp>()) {
    if (program.getName() == "step")
      printParameters(program, stream);
    if (takesBatch(program))
      printFrozen(program, stream);
  }
  printMemory(planned, stream);
  for (auto program : planned.getOps<kernel::ProgramOp>()) {
    printLaunches(program, stream);
    if (takesBatch(program))
      printBlocks(program, stream);
  }
}
