// The `ogee_tensor`s of a module: what persists, and gradients asked for.
#ifndef OGEE_LIB_LINK_TENSORTABLE_H
#define OGEE_LIB_LINK_TENSORTABLE_H

#include "lib/Link/Constants.h"
#include "lib/Nn/Nn.h"
#include "lib/Plan/Buffers.h"

#include "llvm/ADT/StringSet.h"

namespace ogee {

class TensorTable {
public:
  explicit TensorTable(Constants &constants) : constants(constants) {}

  /// The program's arguments that persist; each path is taken once, whichever
  /// program has it first.
  /// What any program trains is a parameter in all of them: to be called first.
  void addTrained(kernel::ProgramOp program);
  void addArguments(kernel::ProgramOp program);
  /// The program's results `gradient:PATH`.
  void addGradients(plan::ProgramBuffers &buffers);

  llvm::ArrayRef<llvm::Constant *> persistent() const { return tensors; }
  llvm::ArrayRef<llvm::Constant *> gradients() const { return gradientTensors; }
  /// Elements of all parameters.
  int64_t parameters() const { return parameterElements; }

private:
  struct Tensor {
    llvm::StringRef path;
    mlir::RankedTensorType type;
    int64_t offset;
    int32_t kind;                             // OGEE_PARAMETER ..
    nn::InitAttr init;                        // null: 0
    llvm::StringRef copied, file, nameInFile; // empty: not from there
    int32_t copiedIn;                         // phase
  };
  Tensor argument(kernel::ProgramOp program, unsigned index);
  llvm::Constant *record(const Tensor &tensor);

  Constants &constants;
  llvm::SmallVector<llvm::Constant *> tensors, gradientTensors;
  llvm::StringSet<> seenPaths, trained;
  int64_t parameterElements = 0;
};

} // namespace ogee

#endif // OGEE_LIB_LINK_TENSORTABLE_H
