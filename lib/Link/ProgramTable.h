// The `ogee_entry`s of a module: its programs, each with its launches.
#ifndef OGEE_LIB_LINK_PROGRAMTABLE_H
#define OGEE_LIB_LINK_PROGRAMTABLE_H

#include "lib/Link/Constants.h"
#include "lib/Plan/Buffers.h"

namespace ogee {

class ProgramTable {
public:
  /// `hasFinish`: kernels that have a `_finish` function. Outlives the table.
  ProgramTable(Constants &constants,
               llvm::function_ref<bool(kernel::FuncOp)> hasFinish,
               int64_t persistentBytes)
      : constants(constants), hasFinish(hasFinish),
        persistentBytes(persistentBytes) {}

  /// Adds a program whose buffers have their offsets.
  void add(plan::ProgramBuffers &buffers);

  llvm::ArrayRef<llvm::Constant *> programs() const { return entries; }
  /// Bytes of scratch that a thread needs for any launch.
  int64_t scratch() const { return mostScratch; }

private:
  llvm::Constant *slot(llvm::StringRef name, mlir::Type type, int64_t offset,
                       int64_t bound = 0);
  llvm::Constant *launch(const plan::LaunchBuffers &launch,
                         llvm::ArrayRef<int64_t> dead);
  llvm::SmallVector<llvm::Constant *> launches(plan::ProgramBuffers &buffers);
  llvm::SmallVector<llvm::Constant *> inputs(kernel::ProgramOp program);
  llvm::SmallVector<llvm::Constant *> outputs(plan::ProgramBuffers &buffers);

  Constants &constants;
  llvm::function_ref<bool(kernel::FuncOp)> hasFinish;
  int64_t persistentBytes;
  llvm::SmallVector<llvm::Constant *> entries;
  int64_t mostScratch = 0;
};

} // namespace ogee

#endif // OGEE_LIB_LINK_PROGRAMTABLE_H
