// The table of targets. A level of x86-64 is a set of features that LLVM knows
// by that name; `native` is what the compiling machine reports.
#include "lib/Generate/Cpu/Object.h"

#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#include <sys/syscall.h>
#include <unistd.h>

using namespace llvm;
using namespace ogee;

namespace {
struct Level {
  StringLiteral name;
  int64_t vectorBytes, registers, l2Bytes;
  bool hasBf16, hasTiles;
};
constexpr Level kLevels[] = {
    {"x86-64-v3", 32, 16, 512 << 10, false, false},
    {"x86-64-v4", 64, 32, 1280 << 10, false, false},
    {"cooperlake", 64, 32, 1280 << 10, true, false},
    {"znver4", 64, 32, 1280 << 10, true, false},
    {"sapphirerapids", 64, 32, 2560 << 10, true, true},
};
constexpr StringLiteral kNative = "native";

/// Features by LLVM's name and by the kernel's, where code may depend on them.
struct Feature {
  StringLiteral llvm, linux;
};
constexpr Feature kFeatures[] = {
    {"sse3", "pni"},
    {"ssse3", "ssse3"},
    {"sse4.1", "sse4_1"},
    {"sse4.2", "sse4_2"},
    {"popcnt", "popcnt"},
    {"cx16", "cx16"},
    {"avx", "avx"},
    {"avx2", "avx2"},
    {"bmi", "bmi1"},
    {"bmi2", "bmi2"},
    {"f16c", "f16c"},
    {"fma", "fma"},
    {"lzcnt", "abm"},
    {"movbe", "movbe"},
    {"avx512f", "avx512f"},
    {"avx512dq", "avx512dq"},
    {"avx512cd", "avx512cd"},
    {"avx512bw", "avx512bw"},
    {"avx512vl", "avx512vl"},
    {"avx512ifma", "avx512ifma"},
    {"avx512vbmi", "avx512vbmi"},
    {"avx512vbmi2", "avx512_vbmi2"},
    {"avx512vnni", "avx512_vnni"},
    {"avx512bitalg", "avx512_bitalg"},
    {"avx512vpopcntdq", "avx512_vpopcntdq"},
    {"avx512bf16", "avx512_bf16"},
    {"amx-tile", "amx_tile"},
    {"amx-bf16", "amx_bf16"},
    {"avx512fp16", "avx512_fp16"},
    {"avxvnni", "avx_vnni"},
    {"gfni", "gfni"},
};
} // namespace

std::string ogee::targetNames() {
  std::string names;
  for (const Level &level : kLevels)
    names += (level.name + ", ").str();
  return names + kNative.str();
}

/// Whether the operating system would save tile registers (arch_prctl(2)).
static bool hasTileState() {
  constexpr int kSupported = 0x1021, kTileData = 18;
  uint64_t states = 0;
  return syscall(SYS_arch_prctl, kSupported, &states) == 0 &&
         (states >> kTileData & 1);
}

static ogee::Target nativeTarget() {
  ogee::Target target;
  target.name = kNative;
  target.cpu = sys::getHostCPUName();
  StringMap<bool> features = sys::getHostCPUFeatures();
  for (const auto &feature : features) {
    target.features += target.features.empty() ? "" : ",";
    target.features += feature.getValue() ? "+" : "-";
    target.features += feature.getKey();
  }
  const Level &level = kLevels[features.lookup("avx512vl") ? 1 : 0];
  target.vectorBytes = level.vectorBytes;
  target.registers = level.registers;
  long l2Bytes = sysconf(_SC_LEVEL2_CACHE_SIZE); // 0 or less: it does not say
  target.l2Bytes = l2Bytes > 0 ? l2Bytes : level.l2Bytes;
  target.hasBf16 = features.lookup("avx512bf16");
  target.hasTiles =
      target.hasBf16 && features.lookup("amx-bf16") && hasTileState();
  return target;
}

std::optional<ogee::Target> ogee::findTarget(StringRef name) {
  if (name == kNative)
    return nativeTarget();
  for (const Level &level : kLevels) {
    if (name != level.name)
      continue;
    ogee::Target target;
    target.name = target.cpu = name;
    target.vectorBytes = level.vectorBytes;
    target.registers = level.registers;
    target.l2Bytes = level.l2Bytes;
    target.hasBf16 = level.hasBf16;
    target.hasTiles = level.hasTiles;
    return target;
  }
  return std::nullopt;
}

std::vector<std::string> ogee::requiredFeatures(const ogee::Target &target,
                                                bool usesTiles) {
  InitializeNativeTarget();
  std::string error;
  Triple triple("x86_64-unknown-linux-gnu");
  const llvm::Target *llvmTarget = TargetRegistry::lookupTarget(triple, error);
  std::vector<std::string> required;
  if (!llvmTarget)
    return required;
  std::unique_ptr<MCSubtargetInfo> info(
      llvmTarget->createMCSubtargetInfo(triple, target.cpu, target.features));
  for (const Feature &feature : kFeatures)
    if (info->checkFeatures(("+" + feature.llvm).str()) &&
        (usesTiles || !feature.llvm.starts_with("amx")))
      required.push_back(feature.linux.str());
  return required;
}
