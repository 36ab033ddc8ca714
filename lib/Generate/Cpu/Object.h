// LLVM dialect to objects in memory, and which processors can run them.
#ifndef OGEE_LIB_GENERATE_CPU_OBJECT_H
#define OGEE_LIB_GENERATE_CPU_OBJECT_H

#include "lib/Generate/Cpu/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ogee {

/// Names that --target takes, for messages.
std::string targetNames();
/// `native` asks the machine that compiles. None: no such target.
std::optional<Target> findTarget(llvm::StringRef name);
/// Features that code for `target` may use, named as in /proc/cpuinfo; tiles,
/// for which a process must ask, if it has products in bf16.
std::vector<std::string> requiredFeatures(const Target &target, bool usesTiles);

/// What machine code is asked for as.
enum class ObjectKind { Object, Assembly };

/// Sets triple, data layout and processor, optimises and emits. The passes are
/// the cheap ones: emitters have decided unrolling, vectors and order. Null
/// with a message on stderr if LLVM has no such target.
std::unique_ptr<llvm::MemoryBuffer>
compileModule(llvm::Module &module, const Target &target,
              ObjectKind kind = ObjectKind::Object);

/// The same from a module of the LLVM dialect, in an LLVMContext of its own, so
/// that modules compile in parallel. Null after a diagnostic.
std::unique_ptr<llvm::MemoryBuffer>
compileModule(mlir::ModuleOp module, const Target &target,
              ObjectKind kind = ObjectKind::Object);

/// The module as LLVM IR before it is optimised, as text.
std::string printLlvm(mlir::ModuleOp module, const Target &target);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_OBJECT_H
