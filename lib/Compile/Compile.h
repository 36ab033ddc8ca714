// The middle and the back of the compiler as plain functions.
#ifndef OGEE_LIB_COMPILE_COMPILE_H
#define OGEE_LIB_COMPILE_COMPILE_H

#include "lib/Compile/Stages.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/MemoryBuffer.h"

#include <string>
#include <vector>

namespace ogee {

struct CompileOptions {
  std::string target = "native"; // a name of targetNames()
  bool withGradients = false;    // the first step's gradients are results
  bool debugInfo = false;        // lines of the model in DWARF
  bool timing = false;           // print the time of each pass
  bool verify = false;           // MLIR's verifier after each pass, which
                                 // takes as long as the passes
  std::string irDirectory;       // a file of IR a pass goes here, if not empty
  std::string cache;             // the folder of kernels; empty: none
};

/// Appends the passes of one stage between import and generate.
void buildStagePipeline(mlir::OpPassManager &manager, Stage stage,
                        const CompileOptions &options);

/// For ogee-opt: each stage that has passes as `--ogee-NAME`.
void registerStagePipelines();

/// From the arch dialect through `last`, which is Plan or earlier.
llvm::LogicalResult runStages(mlir::ModuleOp module, Stage last,
                              const CompileOptions &options);

/// Machine code of a planned module and the tables of its programs, ready to
/// link.
llvm::FailureOr<std::vector<std::unique_ptr<llvm::MemoryBuffer>>>
generateAll(mlir::ModuleOp planned, const CompileOptions &options);

/// What generate makes of kernels, in the forms that people read.
enum class GeneratedForm { LlvmDialect, LlvmIr, Assembly };

/// Prints the code of all kernels of a planned module.
llvm::LogicalResult printGenerated(mlir::ModuleOp planned, GeneratedForm form,
                                   const CompileOptions &options,
                                   llvm::raw_ostream &stream);

} // namespace ogee

#endif // OGEE_LIB_COMPILE_COMPILE_H
