// Passes of flatten, in the order in which they run.
#ifndef OGEE_LIB_FLATTEN_PASSES_TD
#define OGEE_LIB_FLATTEN_PASSES_TD

include "mlir/Pass/PassBase.td"

defvar TensorProgramDialects = [
  "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
  "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
  "::mlir::tensor::TensorDialect", "::ogee::nn::NnDialect"];

def InlineCalls : Pass<"ogee-inline-calls", "::mlir::ModuleOp"> {
  let summary = "one function an entry point, with paths resolved";
  let description = [{
    Makes `@forward`, `@evaluate`, `@sample` and `@update` from `arch.train`: calls
    are inlined, `arch.get` becomes an argument, `arch.set` a result, `arch.record`
    joins the loss or becomes a result; all optimizers join in `@update`. Argument
    and result attributes are those of docs/architecture.md. Test:
    `test/Flatten/inline-calls.mlir`.

    ```mlir
    arch.func @Linear(%x: tensor<8x4xf32>) -> tensor<8x2xf32> {
      %w = arch.get "weight" : tensor<2x4xf32> ...
    // becomes, called at "up"
    func.func @forward(%w: tensor<2x4xf32> {nn.class = "param", nn.path = "up.weight", ..
    ```
  }];
  let dependentDialects = TensorProgramDialects;
}

def LowerDefines : Pass<"ogee-lower-defines", "::mlir::ModuleOp"> {
  let summary = "element definitions become generics of one scalar operation";
  let description = [{
    Each `arch.define`, and scalar arithmetic of a function on 0-d tensors. A value
    gets a dimension only for indices that it depends on; products under a sum
    become contractions; subscripts become maps, views, pads, `nn.gather` or a
    selecting sum. Test: `test/Flatten/lower-defines.mlir`.

    ```mlir
    %y = arch.define : tensor<8x2xf32> { // y[b, o] = sum[i](x[b, i] * w[o, i])
    // becomes
    %y = linalg.generic {.. ["parallel", "parallel", "reduction"]} ins(%x, %w) { mulf, addf }
    ```
  }];
  let dependentDialects = TensorProgramDialects;
}

def FoldCopies : Pass<"ogee-fold-copies", "::mlir::ModuleOp"> {
  let summary = "transposed and broadcast copies disappear in their readers' maps";
  let description = [{
    A generic that only copies is read through by the generics that use it; a copy
    that only permutes what one generic makes is written in that order at once. What
    a view, an `nn` operation or a return reads stays. Test:
    `test/Flatten/fold-copies.mlir`.
  }];
  let dependentDialects = TensorProgramDialects;
}

def RaiseMoments : Pass<"ogee-raise-moments", "::mlir::ModuleOp"> {
  let summary = "mean and variance of one tensor become one nn.moments";
  let description = [{
    Matches `mean = sum(x) / n` with `sum((x - mean) * (x - mean))` over the same
    trailing dimensions, which costs one pass over x instead of two. A mean alone
    is left alone. Test: `test/Flatten/raise-moments.mlir`.
  }];
  let dependentDialects = TensorProgramDialects;
}

def RaiseAttention : Pass<"ogee-raise-attention", "::mlir::ModuleOp"> {
  let summary = "softmax of a product, times values, becomes nn.attention";
  let description = [{
    Matches a contraction over k of `nn.softmax(f(contraction of q and k))` with v,
    f element-wise with conditions on indices; f becomes the score region and other
    tensors that it reads captures. A softmax with another reader is left alone.
    Test: `test/Flatten/raise-attention.mlir`.
  }];
  let dependentDialects = TensorProgramDialects;
}

def DecomposeSoftmax : Pass<"ogee-decompose-softmax", "::mlir::ModuleOp"> {
  let summary = "nn.softmax becomes exp(x - logsumexp(x))";
  let description = [{
    What RaiseAttention left. Where a row may be -inf alone, the logsumexp is
    replaced by 0 there, so that the row becomes 0 and not NaN. Test:
    `test/Flatten/decompose-softmax.mlir`.
  }];
  let dependentDialects = TensorProgramDialects;
}

def SinkConstants : Pass<"ogee-sink-constants", "::mlir::ModuleOp"> {
  let summary = "scalar constants go into the bodies that use them";
  let description = [{
    CSE shares a constant between bodies by moving it out of them; a body that has
    all its constants can be cloned into any kernel. Test:
    `test/Flatten/sink-constants.mlir`.
  }];
  let dependentDialects = TensorProgramDialects;
}

def VerifyTensorProgram : Pass<"ogee-verify-tensor-program", "::mlir::ModuleOp"> {
  let summary = "checks the contract of the tensor program";
  let description = [{
    What upstream's verifiers accept and later stages must not see: an output map
    that writes one place twice, a read outside, a dynamic or empty extent, a body
    of more than one scalar operation, an operation that is not listed in
    docs/architecture.md. Test: `test/Flatten/verify-tensor-program.mlir`.
  }];
}

#endif // OGEE_LIB_FLATTEN_PASSES_TD
