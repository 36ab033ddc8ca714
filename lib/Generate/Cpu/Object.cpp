// The pipeline is shorter than -O1 on purpose: loops come out of the emitters
// unrolled, vectorised and blocked, so what is left is folding and hoisting.
#include "lib/Generate/Cpu/Object.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/CodeGen/CodeGenTargetMachineImpl.h"
#include "llvm/CodeGen/MachineModuleInfo.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

#include <mutex>

using namespace llvm;
using namespace ogee;

static constexpr StringLiteral kTriple = "x86_64-unknown-linux-gnu";
static constexpr StringLiteral kPasses =
    "function(sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,"
    "simplifycfg,loop-mssa(licm),early-cse<memssa>,simplifycfg)";

static std::unique_ptr<TargetMachine> makeMachine(const ogee::Target &target) {
  static std::once_flag once;
  std::call_once(once, [] {
    InitializeNativeTarget();
    InitializeNativeTargetAsmPrinter();
  });
  std::string error;
  Triple triple(kTriple);
  const llvm::Target *found = TargetRegistry::lookupTarget(triple, error);
  if (!found) {
    errs() << error << "\n";
    return nullptr;
  }
  TargetOptions options;
  // Sections of their own let the linker drop what no program launches.
  options.FunctionSections = true;
  options.DataSections = true;
  options.AllowFPOpFusion = FPOpFusion::Strict;
  return std::unique_ptr<TargetMachine>(found->createTargetMachine(
      triple, target.cpu, target.features, options, Reloc::PIC_,
      CodeModel::Small, CodeGenOptLevel::Default));
}

/// Layout and triple of the machine, and what functions say about it. Without
/// the triple, LLVM believes in no memcpy and no vector registers.
static void prepare(Module &module, TargetMachine &machine,
                    const ogee::Target &target) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("prefer-vector-width",
                       std::to_string(target.vectorBytes * 8));
    function.addFnAttr("target-cpu", target.cpu);
    if (!target.features.empty())
      function.addFnAttr("target-features", target.features);
    function.addFnAttr(Attribute::NoUnwind);
  }
}

static bool optimise(Module &module, TargetMachine &machine) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  ModulePassManager manager;
  if (Error error = builder.parsePassPipeline(manager, kPasses)) {
    errs() << toString(std::move(error)) << "\n";
    return false;
  }
  manager.run(module, modules);
  return true;
}

/// What addPassesToEmitFile does, without hoisting machine instructions. LLVM
/// would keep the constants of an epilogue in registers throughout the loops
/// before it and rotate the accumulators of the register tile through memory
/// instead; as operands in memory they are free. What is worth hoisting has
/// been hoisted in the IR.
static bool addCodeGeneration(legacy::PassManager &manager,
                              TargetMachine &machine, raw_pwrite_stream &stream,
                              CodeGenFileType type) {
  auto &target = static_cast<CodeGenTargetMachineImpl &>(machine);
  TargetPassConfig *config = target.createPassConfig(manager);
  config->setDisableVerify(true);
  config->disablePass(&EarlyMachineLICMID);
  config->disablePass(&MachineLICMID);
  auto *info = new MachineModuleInfoWrapperPass(&target);
  manager.add(config);
  manager.add(info);
  if (config->addISelPasses())
    return false;
  config->addMachinePasses();
  config->setInitialized();
  return !target.addAsmPrinter(manager, stream, nullptr, type,
                               info->getMMI().getContext());
}

std::unique_ptr<MemoryBuffer> ogee::compileModule(Module &module,
                                                  const ogee::Target &target,
                                                  ObjectKind kind) {
  std::unique_ptr<TargetMachine> machine = makeMachine(target);
  if (!machine)
    return nullptr;
  prepare(module, *machine, target);
  if (!optimise(module, *machine))
    return nullptr;
  SmallVector<char, 0> bytes;
  raw_svector_ostream stream(bytes);
  legacy::PassManager emitter;
  auto type = kind == ObjectKind::Object ? CodeGenFileType::ObjectFile
                                         : CodeGenFileType::AssemblyFile;
  if (!addCodeGeneration(emitter, *machine, stream, type)) {
    errs() << "no object files for " << kTriple << "\n";
    return nullptr;
  }
  emitter.run(module);
  return std::make_unique<SmallVectorMemoryBuffer>(
      std::move(bytes), module.getName(), /*RequiresNullTerminator=*/false);
}

static std::unique_ptr<Module> translate(mlir::ModuleOp module,
                                         LLVMContext &context) {
  std::unique_ptr<Module> translated = mlir::translateModuleToLLVMIR(
      module, context, module.getName().value_or("kernel"));
  if (!translated)
    module.emitError() << "cannot be translated to LLVM IR";
  return translated;
}

std::unique_ptr<MemoryBuffer> ogee::compileModule(mlir::ModuleOp module,
                                                  const ogee::Target &target,
                                                  ObjectKind kind) {
  LLVMContext context;
  std::unique_ptr<Module> translated = translate(module, context);
  return translated ? compileModule(*translated, target, kind) : nullptr;
}

std::string ogee::printLlvm(mlir::ModuleOp module, const ogee::Target &target) {
  LLVMContext context;
  std::string text;
  std::unique_ptr<Module> translated = translate(module, context);
  std::unique_ptr<TargetMachine> machine = makeMachine(target);
  if (!translated || !machine)
    return text;
  prepare(*translated, *machine, target);
  raw_string_ostream stream(text);
  translated->print(stream, nullptr);
  return text;
}
