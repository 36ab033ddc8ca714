// The pass of differentiate.
#ifndef OGEE_LIB_DIFFERENTIATE_PASSES_TD
#define OGEE_LIB_DIFFERENTIATE_PASSES_TD

include "mlir/Pass/PassBase.td"

def BuildStep : Pass<"ogee-build-step", "::mlir::ModuleOp"> {
  let summary = "@forward and @update become one training step";
  let description = [{
    Reverse mode of `@forward` on primitives, nothing fused: rule 1 of a generic
    (permute the maps, differentiate the scalar body, sum over the dimensions that
    an operand lacks), rule 2 of shifted reads (gather form), and the rules that
    `nn` operations bring. Then the gradient's norm, clipping, and the update.
    Test: build-step.mlir.

    ```mlir
    %y = linalg.generic { mulf, addf } ins(%x, %w)   // y[b, o] += x[b, i] * w[o, i]
    // gives
    %dw = linalg.generic { mulf, addf } ins(%dy, %x) // dw[o, i] += dy[b, o] * x[b, i]
    ```
  }];
  let options = [
    Option<"withGradients", "with-gradients", "bool", /*default=*/"false",
           "every parameter's gradient is a result too">,
    Option<"mutateDerivative", "mutate-derivative", "std::string",
           /*default=*/"", "an entry of the derivative table to make wrong">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect", "::ogee::nn::NnDialect"];
}

#endif // OGEE_LIB_DIFFERENTIATE_PASSES_TD
