#include "lib/Compile/Stages.h"

using namespace ogee;

llvm::ArrayRef<StageInfo> ogee::allStages() {
  static constexpr StageInfo stages[] = {
#define OGEE_STAGE(Enum, name, folder, input, output, what)                    \
  {Stage::Enum, name, folder, input, output, what},
#include "lib/Compile/Stages.def"
#undef OGEE_STAGE
  };
  return stages;
}

std::optional<Stage> ogee::stageNamed(llvm::StringRef name) {
  for (const StageInfo &info : allStages())
    if (info.name == name)
      return info.stage;
  return std::nullopt;
}
