// Passes of the plan stage.
#ifndef OGEE_LIB_PLAN_PASSES_TD
#define OGEE_LIB_PLAN_PASSES_TD

include "mlir/Pass/PassBase.td"

def PlanArena : Pass<"ogee-plan-arena", "::mlir::ModuleOp"> {
  let summary = "gives every buffer of every program an offset in one arena";
  let description = [{
    Parameters, states and moments come first, at the same offsets in each program;
    what a program makes shares the rest by live range. A result that is the next
    value of a parameter lives where the parameter does; another result may take the
    place of an operand that dies with the launch where the kernel reads each element
    before it writes there. Test: plan-arena.mlir.

    ```mlir
    %0 = kernel.launch @k(%x) : (tensor<16xf32>) -> tensor<16xf32>
    // becomes
    %0 = kernel.launch @k(%x) {offsets = array<i64: 0, 64>} : ...
    ```
  }];
}

def VerifyPlan : Pass<"ogee-verify-plan", "::mlir::ModuleOp"> {
  let summary = "checks that no two live buffers overlap in the arena";
  let description = [{
    The contract at the end of plan: each argument and launch has its offsets, all are
    aligned and inside the arena, and no launch writes what another value still needs.
    Launches that join each other count as one moment: none of them writes what
    another one reads or writes. Changes nothing. Test: verify-plan.mlir.
  }];
}

#endif // OGEE_LIB_PLAN_PASSES_TD
