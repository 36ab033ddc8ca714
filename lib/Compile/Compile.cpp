// Kernels compile in parallel: each becomes a module nested in one parent, so
// that MLIR's own pass manager lowers them on all threads, and has an LLVM
// context of its own after that.
#include "lib/Compile/Compile.h"

#include "lib/Compile/KernelCache.h"
#include "lib/Generate/Cpu/Emit.h"
#include "lib/Generate/Cpu/Generate.h"
#include "lib/Generate/Cpu/Object.h"
#include "lib/Link/Tables.h"
#include "lib/Nn/Program.h"

#include "mlir/IR/Threading.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Object/ObjectFile.h"

using namespace mlir;
using namespace ogee;

using Objects = std::vector<std::unique_ptr<llvm::MemoryBuffer>>;

namespace {
/// Kernels of a planned module, each in a module of its own.
class KernelModules {
public:
  KernelModules(ModuleOp planned, ArrayRef<kernel::FuncOp> kernels,
                const Target &target)
      : parent(ModuleOp::create(planned.getLoc())), target(target),
        kernels(kernels) {}

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
    buildLowerPipeline(manager.nest<ModuleOp>(), target);
    return manager.run(*parent);
  }

  /// In the order of the kernels.
  FailureOr<Objects> compile() {
    auto modules = llvm::to_vector(parent->getOps<ModuleOp>());
    Objects objects(modules.size());
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

private:
  OwningOpRef<ModuleOp> parent;
  const Target &target;
  ArrayRef<kernel::FuncOp> kernels;
};
} // namespace

/// Objects of all kernels, from the cache where it has them.
static FailureOr<Objects> compileKernels(ModuleOp planned, const Target &target,
                                         const CompileOptions &options) {
  KernelCache cache(options.cache);
  auto kernels = llvm::to_vector(planned.getOps<kernel::FuncOp>());
  Objects objects(kernels.size());
  std::vector<std::string> keys(kernels.size());
  parallelFor(planned.getContext(), 0, kernels.size(), [&](size_t index) {
    keys[index] = cache.keyOf(kernels[index], target, options.debugInfo);
    objects[index] = cache.find(keys[index]);
  });
  SmallVector<kernel::FuncOp> missing;
  for (auto [kernel, object] : llvm::zip_equal(kernels, objects))
    if (!object)
      missing.push_back(kernel);
  if (missing.empty())
    return objects;
  KernelModules modules(planned, missing, target);
  if (failed(modules.emit()) || failed(modules.lower(options)))
    return failure();
  FailureOr<Objects> made = modules.compile();
  if (failed(made))
    return failure();
  auto next = made->begin();
  for (auto [key, object] : llvm::zip_equal(keys, objects)) {
    if (object)
      continue;
    object = std::move(*next++);
    cache.add(key, object->getBuffer());
  }
  cache.prune();
  return objects;
}

/// Names of all functions that the objects define.
static FailureOr<llvm::StringSet<>> functionNames(const Objects &objects) {
  llvm::StringSet<> names;
  for (const auto &buffer : objects) {
    auto object = llvm::object::ObjectFile::createObjectFile(*buffer);
    if (!object) {
      llvm::errs() << toString(object.takeError()) << "\n";
      return failure();
    }
    for (const llvm::object::SymbolRef &symbol : (*object)->symbols())
      if (auto name = symbol.getName())
        names.insert(*name);
      else
        llvm::consumeError(name.takeError());
  }
  return names;
}

static std::unique_ptr<llvm::MemoryBuffer>
compileTables(ModuleOp planned, const Target &target,
              const llvm::StringSet<> &functions) {
  llvm::LLVMContext context;
  TableOptions options;
  options.target = target.name;
  options.features =
      requiredFeatures(target, target.hasTiles && productType(planned));
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

/// Products in a type that the processor lacks cost what they cost in f32.
static void warnOfEmulation(ModuleOp planned, const Target &target) {
  if (productType(planned) && !target.hasBf16)
    planned.emitWarning() << "target `" << target.name
                          << "` does not multiply bf16: products are those of "
                             "f32 on rounded operands, and no faster";
}

FailureOr<Objects> ogee::generateAll(ModuleOp planned,
                                     const CompileOptions &options) {
  std::optional<Target> target = prepareGenerate(planned, options.target);
  if (!target)
    return failure();
  warnOfEmulation(planned, *target);
  FailureOr<Objects> objects = compileKernels(planned, *target, options);
  if (failed(objects))
    return failure();
  auto names = functionNames(*objects);
  if (failed(names))
    return failure();
  auto tables = compileTables(planned, *target, *names);
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
  auto kernels = llvm::to_vector(planned.getOps<kernel::FuncOp>());
  KernelModules modules(planned, kernels, *target);
  if (failed(modules.emit()) || failed(modules.lower(options)))
    return failure();
  return modules.print(form, stream);
}
