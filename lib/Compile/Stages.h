// The compiler's stages, from one table.
#ifndef OGEE_LIB_COMPILE_STAGES_H
#define OGEE_LIB_COMPILE_STAGES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace ogee {

enum class Stage {
#define OGEE_STAGE(Enum, name, folder, input, output, what) Enum,
#include "lib/Compile/Stages.def"
#undef OGEE_STAGE
};

struct StageInfo {
  Stage stage;
  llvm::StringLiteral name, folder, input, output, what;
};

/// All stages in their order.
llvm::ArrayRef<StageInfo> allStages();
std::optional<Stage> stageNamed(llvm::StringRef name);

} // namespace ogee

#endif // OGEE_LIB_COMPILE_STAGES_H
