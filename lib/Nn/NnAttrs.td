// The nn dialect and its attributes; apart from the operations, so that another
// dialect can use the attributes without defining the operations again.
#ifndef OGEE_LIB_NN_NNATTRS_TD
#define OGEE_LIB_NN_NNATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Nn_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::ogee::nn";
  let summary = "operations of neural networks that linalg cannot say";
  let useDefaultAttributePrinterParser = 1;
}

//===-- Attributes --------------------------------------------------------===//

def Nn_Distribution : I32EnumAttr<"Distribution", "how an element is drawn", [
  I32EnumAttrCase<"Constant", 0, "constant">,
  I32EnumAttrCase<"Normal", 1, "normal">,
  I32EnumAttrCase<"Uniform", 2, "uniform">,
  I32EnumAttrCase<"TruncNormal", 3, "trunc_normal">,
  I32EnumAttrCase<"Table", 4, "table">,
  I32EnumAttrCase<"Bernoulli", 5, "bernoulli">]> {
  let cppNamespace = "::ogee::nn";
  let genSpecializedAttr = 0;
}
def Nn_DistributionAttr : EnumAttr<Nn_Dialect, Nn_Distribution, "distribution">;

def Nn_InitAttr : AttrDef<Nn_Dialect, "Init"> {
  let mnemonic = "init";
  let summary = "first value of a parameter or state";
  let description = [{
    `constant`: a; `normal`: mean a, standard deviation b; `uniform`: from a up
    to b; `trunc_normal`: normal(a, b) cut at two standard deviations; `table`:
    the elements of `table`, whose shape is that of the tensor.

    ```mlir
    #nn.init<normal, 0.0, 0.02>
    #nn.init<table, 0.0, 0.0, dense<[0.0, 1.0]> : tensor<2xf64>>
    ```
  }];
  let parameters = (ins EnumParameter<Nn_Distribution>:$kind,
    "::mlir::FloatAttr":$a, "::mlir::FloatAttr":$b,
    OptionalParameter<"::mlir::DenseElementsAttr">:$table);
  let assemblyFormat = "`<` $kind `,` $a `,` $b (`,` $table^)? `>`";
}

#endif // OGEE_LIB_NN_NNATTRS_TD
