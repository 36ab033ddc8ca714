// The `kernel` dialect: a step as kernels and a launch program. A `kernel.func`
// is one group of the schedule with its operations kept as they were (linalg and
// nn on tensors), so that it still says what it computes; how it runs are
// attributes. `kernel.program` is one entry point: launches in order. Plan adds
// offsets to it; generate turns each `kernel.func` into machine code.
#ifndef OGEE_LIB_KERNEL_KERNELOPS_TD
#define OGEE_LIB_KERNEL_KERNELOPS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Kernel_Dialect : Dialect {
  let name = "kernel";
  let cppNamespace = "::ogee::kernel";
  let summary = "kernels and the program that launches them";
  let useDefaultAttributePrinterParser = 1;
}

def Kernel_Family : I32EnumAttr<"Family", "which emitter makes the kernel", [
  I32EnumAttrCase<"Contraction", 0, "contraction">,
  I32EnumAttrCase<"Row", 1, "row">,
  I32EnumAttrCase<"Column", 2, "column">,
  I32EnumAttrCase<"Attention", 3, "attention">,
  I32EnumAttrCase<"Move", 4, "move">]> {
  let cppNamespace = "::ogee::kernel";
  let genSpecializedAttr = 0;
}
def Kernel_FamilyAttr : EnumAttr<Kernel_Dialect, Kernel_Family, "family"> {
  let assemblyFormat = "`<` $value `>`";
}

def Kernel_TileAttr : AttrDef<Kernel_Dialect, "Tile"> {
  let mnemonic = "tile";
  let summary = "how a contraction runs: chosen by schedule, obeyed by generate";
  let description = [{
    Register tile of `mr` rows by `nr` columns; K in blocks of `kc`; `np` panels of
    `nr` columns packed together; `rows` of the result a chunk.
  }];
  let parameters = (ins "int64_t":$mr, "int64_t":$nr, "int64_t":$kc,
    "int64_t":$np, "int64_t":$rows);
  let assemblyFormat = "`<` struct(params) `>`";
}

class Kernel_Op<string mnemonic, list<Trait> traits = []>
    : Op<Kernel_Dialect, mnemonic, traits>;

def Kernel_FuncOp : Kernel_Op<"func", [FunctionOpInterface, IsolatedFromAbove]> {
  let summary = "a group of operations that runs as one launch";
  let description = [{
    Arguments and results are tensors; each result is a new buffer unless plan lets
    it share an argument's (`reuse`). The work is cut into `chunks` by shapes and
    target constants alone. An operation with the unit attribute `kernel.partial`
    is a reduction over the chunks: each chunk writes its part into a workspace,
    and the last chunk to arrive combines the parts over a fixed tree and computes
    whatever follows from them (the finish region: all operations that depend on
    a partial). Views (`tensor.extract_slice`, `expand_shape`, `collapse_shape`,
    and `tensor.insert_slice` on the way to a result) cost nothing.

    `box`: the extents that a row or column kernel runs over; `row`: how many
    trailing dimensions of a row kernel's box are complete in a chunk.
    `workspaces`: bytes of buffers that chunks share; `scratch`: bytes a thread.
    `list`: the function is element-wise on one-dimensional tensors of dynamic
    length and is launched once for many tuples of operands. What each family
    may hold: docs/architecture.md, section Kernels.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
    TypeAttrOf<FunctionType>:$function_type, Kernel_FamilyAttr:$family,
    OptionalAttr<DenseI64ArrayAttr>:$box, OptionalAttr<I64Attr>:$row,
    OptionalAttr<Kernel_TileAttr>:$tile,
    OptionalAttr<I64Attr>:$chunks,
    OptionalAttr<DenseI64ArrayAttr>:$workspaces,
    OptionalAttr<I64Attr>:$scratch,
    UnitAttr:$list,
    OptionalAttr<DictArrayAttr>:$arg_attrs,
    OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region MinSizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name,
      "::mlir::FunctionType":$type, "Family":$family), [{
    $_state.addRegion();
    auto &properties = $_state.getOrAddProperties<Properties>();
    properties.sym_name = $_builder.getStringAttr(name);
    properties.function_type = ::mlir::TypeAttr::get(type);
    properties.family = FamilyAttr::get($_builder.getContext(), family);
  }]>];
  let extraClassDeclaration = [{
    ::mlir::Region *getCallableRegion() { return &getBody(); }
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() {
      return getFunctionType().getInputs();
    }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() {
      return getFunctionType().getResults();
    }
  }];
}

def Kernel_YieldOp : Kernel_Op<"yield",
    [Pure, Terminator, ParentOneOf<["FuncOp", "ProgramOp"]>]> {
  let summary = "the results of a kernel or of a program";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let hasVerifier = 1;
}

def Kernel_ProgramOp : Kernel_Op<"program",
    [FunctionOpInterface, IsolatedFromAbove]> {
  let summary = "an entry point: launches in the order in which they run";
  let description = [{
    Argument and result attributes are those of the tensor program (`nn.class`,
    `nn.path`, `nn.name`, `nn.updates`). After plan: each argument has
    `kernel.offset`, and `arena_bytes` is the arena's size. Views between launches
    (`tensor.expand_shape`, `collapse_shape`, contiguous `extract_slice`) alias.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
    TypeAttrOf<FunctionType>:$function_type,
    OptionalAttr<I64Attr>:$arena_bytes,
    OptionalAttr<DictArrayAttr>:$arg_attrs,
    OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region MinSizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name,
      "::mlir::FunctionType":$type), [{
    $_state.addRegion();
    auto &properties = $_state.getOrAddProperties<Properties>();
    properties.sym_name = $_builder.getStringAttr(name);
    properties.function_type = ::mlir::TypeAttr::get(type);
  }]>];
  let extraClassDeclaration = [{
    ::mlir::Region *getCallableRegion() { return &getBody(); }
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() {
      return getFunctionType().getInputs();
    }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() {
      return getFunctionType().getResults();
    }
  }];
}

def Kernel_LaunchOp : Kernel_Op<"launch",
    [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a kernel";
  let description = [{
    After plan, `offsets` holds the arena offsets in bytes of the operands, then of
    the results, then of the workspaces. `joins`: independent of the launch before
    it, so that no barrier is needed between the two. For a `list` kernel the
    operands and results are those of all tuples, tuple by tuple, and `table` has
    for each chunk the tuple, the first element and the number of elements.
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<AnyType>:$inputs,
    OptionalAttr<DenseI64ArrayAttr>:$offsets,
    OptionalAttr<DenseI64ArrayAttr>:$table, UnitAttr:$joins);
  let results = (outs Variadic<AnyType>:$results);
  let builders = [OpBuilder<(ins "::mlir::TypeRange":$results,
      "::llvm::StringRef":$callee, "::mlir::ValueRange":$inputs), [{
    build($_builder, $_state, results,
          ::mlir::FlatSymbolRefAttr::get($_builder.getContext(), callee), inputs,
          nullptr, nullptr, nullptr);
  }]>];
  let assemblyFormat = "$callee `(` $inputs `)` attr-dict `:` "
    "functional-type($inputs, $results)";
}

#endif // OGEE_LIB_KERNEL_KERNELOPS_TD
