// The constants of runtime/Abi.h for a planned module, as an LLVM module that
// defines `ogee_program`.
#ifndef OGEE_LIB_LINK_TABLES_H
#define OGEE_LIB_LINK_TABLES_H

#include "lib/Kernel/Kernel.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/Module.h"

#include <memory>
#include <string>
#include <vector>

namespace ogee {

struct TableOptions {
  std::string target;                // as given to --target
  std::vector<std::string> features; // CPU features, named as in /proc/cpuinfo
  /// Kernels that have a `_finish` function.
  llvm::function_ref<bool(kernel::FuncOp)> hasFinish;
};

/// Emits an error and returns null where the module has no `nn.train` or no
/// plan.
std::unique_ptr<llvm::Module> buildTables(mlir::ModuleOp module,
                                          const TableOptions &options,
                                          llvm::LLVMContext &context);

} // namespace ogee

#endif // OGEE_LIB_LINK_TABLES_H
