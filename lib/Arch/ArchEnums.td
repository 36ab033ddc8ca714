// The arch dialect's enums; in a file of their own, so that their C++ is made
// once and not again for the enums that the nn dialect brings.
#ifndef OGEE_LIB_ARCH_ARCHENUMS_TD
#define OGEE_LIB_ARCH_ARCHENUMS_TD

include "mlir/IR/EnumAttr.td"

def Arch_ReduceKind : I32EnumAttr<"ReduceKind", "what closes an index", [
  I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Prod", 1, "prod">,
  I32EnumAttrCase<"Max", 2, "max">, I32EnumAttrCase<"Min", 3, "min">,
  I32EnumAttrCase<"Mean", 4, "mean">, I32EnumAttrCase<"Count", 5, "count">,
  I32EnumAttrCase<"Any", 6, "any">, I32EnumAttrCase<"All", 7, "all">,
  I32EnumAttrCase<"LogSumExp", 8, "logsumexp">,
  I32EnumAttrCase<"Norm", 9, "norm">, I32EnumAttrCase<"ArgMax", 10, "argmax">,
  I32EnumAttrCase<"Variance", 11, "variance">]> {
  let cppNamespace = "::ogee::arch";
  let genSpecializedAttr = 0;
}

#endif // OGEE_LIB_ARCH_ARCHENUMS_TD
