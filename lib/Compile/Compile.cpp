// Kernels compile in parallel: each becomes a module nested in one parent, so
// that MLIR's own pass manager lowers them on all threads, and has an LLVM
// context of its own after that.
#include "lib/Compile/Compile.h"

#include "lib/Generate/Cpu/Emit.h"
#include "lib/Generate/Cpu/Generate.h"
#include "lib/Generate/Cpu/Object.h"
#include "lib/Link/Tables.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Threading.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace ogee;

namespace {
/// The kernels of a planned module, each in a module of its own.
class KernelModules {
public:
  KernelModules(ModuleOp planned, const Target &target)
      : parent(ModuleOp::create(planned.getLoc())), target(target) {
    for (auto kernel : planned.getOps<kernel::FuncOp>())
      kernels.push_back(kernel);
  }

  LogicalResult emit() {
    SmallVector<OwningOpRef<ModuleOp>> modules(kernels.size());
    if (failed(failableParallelForEachN(
            parent->getContext(), 0, kernels.size(), [&](size_t index) {
              auto emitted = emitKernel(kernels[index], target);
              if (succeeded(emitted))
                modules[index] = std::move(*emitted);
              return failure(failed(emitted));
            })))
      return failure();
    for (OwningOpRef<ModuleOp> &module : modules)
      parent->push_back(module.release());
    return success();
  }

  LogicalResult lower(const CompileOptions &options) {
    if (options.verify && failed(verify(*parent)))
      return failure();
    PassManager manager(parent->getContext());
    manager.enableVerifier(options.verify);
    if (options.timing)
      manager.enableTiming();
    buildLowerPipeline(manager.nest<ModuleOp>());
    return manager.run(*parent);
  }

  FailureOr<std::vector<std::unique_ptr<llvm::MemoryBuffer>>> compile() {
    auto modules = llvm::to_vector(parent->getOps<ModuleOp>());
    std::vector<std::unique_ptr<llvm::MemoryBuffer>> objects(modules.size());
    if (failed(failableParallelForEachN(
            parent->getContext(), 0, modules.size(), [&](size_t index) {
              objects[index] = compileModule(modules[index], target);
              return success(objects[index] != nullptr);
            })))
      return failure();
    return objects;
  }

  LogicalResult print(GeneratedForm form, llvm::raw_ostream &stream) {
    if (form == GeneratedForm::LlvmDialect) {
      parent->print(stream);
      return success();
    }
    for (auto module : parent->getOps<ModuleOp>()) {
      if (form == GeneratedForm::LlvmIr) {
        stream << printLlvm(module, target);
        continue;
      }
      auto text = compileModule(module, target, ObjectKind::Assembly);
      if (!text)
        return failure();
      stream << text->getBuffer();
    }
    return success();
  }

  /// Names of all functions that the kernels define.
  llvm::StringSet<> functionNames() {
    llvm::StringSet<> names;
    parent->walk([&](LLVM::LLVMFuncOp function) {
      if (!function.isExternal())
        names.insert(function.getName());
    });
    return names;
  }

private:
  OwningOpRef<ModuleOp> parent;
  const Target &target;
  SmallVector<kernel::FuncOp> kernels;
};
} // namespace

static std::unique_ptr<llvm::MemoryBuffer>
compileTables(ModuleOp planned, const Target &target,
              const llvm::StringSet<> &functions) {
  llvm::LLVMContext context;
  TableOptions options;
  options.target = target.name;
  options.features = requiredFeatures(target);
  auto hasFinish = [&](kernel::FuncOp kernel) {
    return functions.contains((kernel.getName() + "_finish").str());
  };
  options.hasFinish = hasFinish;
  std::unique_ptr<llvm::Module> tables = buildTables(planned, options, context);
  return tables ? compileModule(*tables, target) : nullptr;
}

/// What lowering needs to know of dialects; all are loaded before anything runs
/// in parallel. Nothing after an error, if there is no such target.
static std::optional<Target> prepareGenerate(ModuleOp planned,
                                             StringRef targetName) {
  DialectRegistry registry;
  registerLowering(registry);
  planned.getContext()->appendDialectRegistry(registry);
  planned.getContext()->loadAllAvailableDialects();
  std::optional<Target> target = findTarget(targetName);
  if (!target)
    planned.emitError() << "no target `" << targetName << "`; there are "
                        << targetNames();
  return target;
}

FailureOr<std::vector<std::unique_ptr<llvm::MemoryBuffer>>>
ogee::generateAll(ModuleOp planned, const CompileOptions &options) {
  std::optional<Target> target = prepareGenerate(planned, options.target);
  if (!target)
    return failure();
  KernelModules kernels(planned, *target);
  if (failed(kernels.emit()) || failed(kernels.lower(options)))
    return failure();
  auto objects = kernels.compile();
  if (failed(objects))
    return failure();
  auto tables = compileTables(planned, *target, kernels.functionNames());
  if (!tables)
    return failure();
  objects->push_back(std::move(tables));
  return objects;
}

LogicalResult ogee::printGenerated(ModuleOp planned, GeneratedForm form,
                                   const CompileOptions &options,
                                   llvm::raw_ostream &stream) {
  std::optional<Target> target = prepareGenerate(planned, options.target);
  if (!target)
    return failure();
  KernelModules kernels(planned, *target);
  if (failed(kernels.emit()) || failed(kernels.lower(options)))
    return failure();
  return kernels.print(form, stream);
}
