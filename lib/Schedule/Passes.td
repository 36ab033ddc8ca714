// Passes of the schedule stage, in the order in which they run.
#ifndef OGEE_LIB_SCHEDULE_PASSES_TD
#define OGEE_LIB_SCHEDULE_PASSES_TD

include "mlir/Pass/PassBase.td"

def PrepareStep : Pass<"ogee-prepare-step", "::mlir::ModuleOp"> {
  let summary = "spells each operation of a tensor program in one way";
  let description = [{
    Folds what depends on constants alone, orders loops (products: batch, rows,
    columns, reduced; the rest: as the result, or as a reduction's input), makes a sum
    of products one chain of segments, a sum of disjoint pads one `tensor.concat`.
    Rounds the operands of products to the type `products` of `nn.train`, if it has one.
    Marks with `kernel.backward` what neither the loss, a metric nor a next state
    needs. Test: prepare-step.mlir.

    ```mlir
    %s = linalg.generic {addf} ins(%xw, %hu) ...    // two products
    // becomes
    %s = linalg.generic {mulf, addf} ins(%h, %u) outs(%xw)
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def CutGraph : Pass<"ogee-cut-graph", "::mlir::ModuleOp"> {
  let summary = "saves or recomputes what the backward part reads";
  let description = [{
    A minimum cut over the values of the forward part, in bytes of traffic (docs/architecture.md, Save or recompute). What is not saved
    becomes an operation with `kernel.recompute`, which the backward part reads.
    Leaves functions without a backward part alone. Test: cut-graph.mlir.

    ```mlir
    %t = tanh %h            // forward; %h is stored
    %d = mulf %t, %g {kernel.backward}
    // becomes
    %t = tanh %h
    %u = tanh %h {kernel.backward, kernel.recompute}
    %d = mulf %u, %g {kernel.backward}
    ```
  }];
}

def GroupKernels : Pass<"ogee-group-kernels", "::mlir::ModuleOp"> {
  let summary = "makes kernels of a tensor program and a program of launches";
  let description = [{
    Every operation joins a group of one family (docs/architecture.md, Kernels); each
    group becomes a `kernel.func`, each function a `kernel.program`. Test:
    group-kernels.mlir.
  }];
  let dependentDialects = ["::ogee::kernel::KernelDialect"];
}

def DedupeKernels : Pass<"ogee-dedupe-kernels", "::mlir::ModuleOp"> {
  let summary = "keeps one of each set of identical kernels";
  let description = [{
    Two kernels are identical if they are up to names of values: types, constants and
    attributes included. Launches of the others call the one that is kept. Test:
    dedupe-kernels.mlir.
  }];
}

def JoinLaunches : Pass<"ogee-join-launches", "::mlir::ModuleOp"> {
  let summary = "marks launches that need no barrier before them";
  let description = [{
    A launch gets `joins` if it neither reads what the launches since the last barrier
    make nor overwrites what they read. The launch that makes the loss, and the first
    one that updates, keep their barriers, because the loss is checked between. Test:
    join-launches.mlir.
  }];
}

def VerifyKernels : Pass<"ogee-verify-kernels", "::mlir::ModuleOp"> {
  let summary = "checks that each kernel holds what its family may hold";
  let description = [{
    The contract at the end of schedule: docs/architecture.md, Kernels. Changes nothing.
    Test: verify-kernels.mlir.
  }];
}

def PrintSchedule : Pass<"ogee-print-schedule", "::mlir::ModuleOp"> {
  let summary = "prints launches, saved values and traffic of each program";
  let description = [{
    To standard output, a line a program and a line a list element of the model
    (lib/Schedule/Report.h). Changes nothing. Test: print-schedule.mlir.
  }];
  let options = [Option<"unit", "unit", "int64_t", /*default=*/"1",
    "bytes that count as one">];
}

#endif // OGEE_LIB_SCHEDULE_PASSES_TD
