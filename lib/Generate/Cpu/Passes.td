// Passes of the generate stage for CPUs.
#ifndef OGEE_LIB_GENERATE_CPU_PASSES_TD
#define OGEE_LIB_GENERATE_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandMath : Pass<"ogee-expand-math"> {
  let summary = "transcendental functions as branch-free arithmetic";
  let description = [{
    Rewrites `math` functions of f32 and f64, scalars and vectors of any shape, into
    `arith` operations, `math.fma`, `math.sqrt`, `math.absf`, `math.roundeven` and
    `math.copysign`, which are instructions. No libm is called, no fast-math flag is
    set. Fails at a function that it does not know, so that no call slips through.
    Errors are in MathFunctions.h. Test: expand-math.mlir.

    ```mlir
    %y = math.rsqrt %x : vector<16xf32>
    // becomes
    %one = arith.constant dense<1.0> : vector<16xf32>
    %root = math.sqrt %x : vector<16xf32>
    %y = arith.divf %one, %root : vector<16xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect"];
}

def ExpandBf16 : Pass<"ogee-expand-bf16"> {
  let summary = "conversions from and to bf16 as integer arithmetic";
  let description = [{
    For processors that have no instruction for it: LLVM would call a function for
    each element. Rounds to nearest, ties to even. Test: expand-bf16.mlir.

    ```mlir
    %y = arith.truncf %x : vector<16xf32> to vector<16xbf16>
    // becomes shifts, additions and a selection over vector<16xi32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def GenerateKernels : Pass<"ogee-generate-kernels", "::mlir::ModuleOp"> {
  let summary = "kernels as functions of the LLVM dialect";
  let description = [{
    Sizes each `kernel.func` (chunks, workspaces, scratch, a contraction's tile) and
    puts the functions that run it in its place, in the LLVM dialect. With `objects`
    each kernel is compiled as well, into `NAME.o` of that folder. The same path as
    in the driver, for tests and for a look at one kernel. Test: generate-kernels.mlir.
  }];
  let options = [
    Option<"target", "target", "std::string", "\"native\"", "a name of --target">,
    Option<"objects", "objects", "std::string", "\"\"", "folder for objects">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def SizeKernels : Pass<"ogee-size-kernels", "::mlir::ModuleOp"> {
  let summary = "how many chunks, which workspaces and scratch each kernel needs";
  let description = [{
    Asks the emitters and sets `chunks`, `workspaces`, `scratch` on each
    `kernel.func`, from shapes and target alone: plan needs them, generate obeys
    them. A list kernel's launches carry the chunks and get their `table`.
    Test: size-kernels.mlir.
  }];
  let options = [
    Option<"target", "target", "std::string", "\"native\"", "a name of --target">];
}

#endif // OGEE_LIB_GENERATE_CPU_PASSES_TD
