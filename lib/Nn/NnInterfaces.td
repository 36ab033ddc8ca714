// The interface by which an operation of `nn` brings its gradient.
#ifndef OGEE_LIB_NN_NNINTERFACES_TD
#define OGEE_LIB_NN_NNINTERFACES_TD

include "mlir/IR/OpBase.td"

def DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::ogee::nn";
  let description = [{
    An operation without it has results that carry no gradient.
  }];
  let methods = [InterfaceMethod<
    "Adds to the gradients of the operands what the results' gradients give.",
    "::llvm::LogicalResult", "differentiate",
    (ins "::ogee::Reverse &":$reverse)>];
}

#endif // OGEE_LIB_NN_NNINTERFACES_TD
