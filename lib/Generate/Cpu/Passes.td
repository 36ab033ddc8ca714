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

#endif // OGEE_LIB_GENERATE_CPU_PASSES_TD
