// The `arch` dialect: the model as it was written. Instances of archs form a tree
// whose paths name every parameter; functions are bodies of archs for one set of
// hyper-parameters and shapes, shared by all instances that agree in these; an
// index expression is one `arch.define`. Everything is static.
#ifndef OGEE_LIB_ARCH_ARCHOPS_TD
#define OGEE_LIB_ARCH_ARCHOPS_TD

include "lib/Arch/ArchEnums.td"
include "lib/Nn/NnAttrs.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Arch_Dialect : Dialect {
  let name = "arch";
  let cppNamespace = "::ogee::arch";
  let summary = "a model as it was written";
  let dependentDialects = ["::ogee::nn::NnDialect"];
  let useDefaultAttributePrinterParser = 1;
}

class Arch_Op<string mnemonic, list<Trait> traits = []>
    : Op<Arch_Dialect, mnemonic, traits>;

//===-- The tree of instances ---------------------------------------------===//

def Arch_InstanceOp : Arch_Op<"instance",
    [NoTerminator, NoRegionArguments, SingleBlock]> {
  let summary = "an instance of an arch, with its parameters and sub-instances";
  let description = [{
    The path of what it holds is the names on the way joined by dots. The model's
    root has the empty name; a root named `optimizer` holds the optimizer's
    instances, each under the path of the parameter that it updates.

    ```mlir
    arch.instance "" of "GPT" {
      arch.param "position" : tensor<256x384xf32> init <normal, 0.0, 0.02>
      arch.instance "embed" of "Embedding" { ... }
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, StrAttr:$of);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$name `of` $of attr-dict-with-keyword $body";
}

def Arch_ParamOp : Arch_Op<"param", [HasParent<"InstanceOp">]> {
  let summary = "a trained tensor of the instance";
  let description = [{
    Its first value is that of the tensor at the path `copied`, or the tensor of a
    file, `file = ["path", "name"]`; else `init`. With `copied_in` it is copied again at
    the start of that phase. `frozen`: it is kept as it is.
  }];
  let arguments = (ins StrAttr:$name, TypeAttrOf<AnyRankedTensor>:$type,
    Nn_InitAttr:$init, DefaultValuedStrAttr<StrAttr, "weight">:$role,
    OptionalAttr<StrAttr>:$copied, OptionalAttr<StrArrayAttr>:$file,
    OptionalAttr<I64Attr>:$copied_in, UnitAttr:$frozen);
  let assemblyFormat = "$name `:` $type `init` $init attr-dict";
}

def Arch_StateOp : Arch_Op<"state", [HasParent<"InstanceOp">]> {
  let summary = "a kept tensor of the instance that is not trained";
  let arguments = (ins StrAttr:$name, TypeAttrOf<AnyRankedTensor>:$type,
    Nn_InitAttr:$init, OptionalAttr<StrAttr>:$copied,
    OptionalAttr<StrArrayAttr>:$file, OptionalAttr<I64Attr>:$copied_in);
  let assemblyFormat = "$name `:` $type `init` $init attr-dict";
}

//===-- Functions ---------------------------------------------------------===//

def Arch_FuncOp : Arch_Op<"func", [FunctionOpInterface, IsolatedFromAbove]> {
  let summary = "a fn of an arch or of the library, for one set of shapes";
  let description = [{
    `component` is the name that a study or a report uses (`Block`, `skip`).
    Paths inside are relative to the instance that the call names.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
    TypeAttrOf<FunctionType>:$function_type, StrAttr:$component,
    OptionalAttr<DictArrayAttr>:$arg_attrs,
    OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region MinSizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
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

def Arch_ReturnOp : Arch_Op<"return", [Pure, Terminator, HasParent<"FuncOp">]> {
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let hasVerifier = 1;
}

def Arch_CallOp : Arch_Op<"call",
    [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "calls a function on an instance";
  let description = [{
    `path` is relative to the caller's instance; empty for the same instance; a
    leading `/` starts at the root (a shared instance).

    ```mlir
    %y = arch.call @Block.1 at "blocks.3"(%x) : (tensor<..>) -> tensor<..>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, StrAttr:$path,
    Variadic<AnyType>:$inputs);
  let results = (outs Variadic<AnyType>:$results);
  let assemblyFormat = "$callee `at` $path `(` $inputs `)` attr-dict `:` "
    "functional-type($inputs, $results)";
}

def Arch_GetOp : Arch_Op<"get", []> {
  let summary = "reads a parameter or state of the instance, by relative path";
  let arguments = (ins StrAttr:$path);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$path attr-dict `:` type($result)";
}

def Arch_SetOp : Arch_Op<"set", []> {
  let summary = "gives a state of the instance its next value";
  let arguments = (ins StrAttr:$path, AnyRankedTensor:$value);
  let assemblyFormat = "$path `,` $value attr-dict `:` type($value)";
}

def Arch_RunTimeOp : Arch_Op<"run_time", [Pure]> {
  let summary = "a scalar known when a step runs: step, steps (i64) or seed (i64)";
  let arguments = (ins StrAttr:$name);
  let results = (outs I64:$result);
  let assemblyFormat = "$name attr-dict";
  let hasVerifier = 1;
}

def Arch_RecordOp : Arch_Op<"record", []> {
  let summary = "a value that joins the loss, or is logged, under a name";
  let arguments = (ins StrAttr:$name, StrAttr:$kind, AnyType:$value);
  let assemblyFormat = "$kind $name `,` $value attr-dict `:` type($value)";
}

def Arch_MinimiseOp : Arch_Op<"minimise", []> {
  let summary = "an objective of the step; from here on its parameters are updated";
  let description = [{
    `loss` joins the loss of the step. With an `objective` the parameters that the
    `arch.optimize`s of this number name get their next values, by the gradient of
    `loss` and of the terms recorded since the objective before. This is round
    `round` of `rounds` that the objective has in a step.
  }];
  let arguments = (ins AnyRankedTensor:$loss, OptionalAttr<I64Attr>:$objective,
    DefaultValuedAttr<I64Attr, "0">:$round,
    DefaultValuedAttr<I64Attr, "1">:$rounds);
  let assemblyFormat = "$loss (`objective` $objective^)? attr-dict `:` type($loss)";
}

//===-- Index notation ----------------------------------------------------===//

def Arch_ReduceKindAttr : EnumAttr<Arch_Dialect, Arch_ReduceKind, "reduce_kind">;

def Arch_DefineOp : Arch_Op<"define", [SingleBlock]> {
  let summary = "an element definition: a tensor by index expression";
  let description = [{
    The block's arguments are the indices (`index`), from 0 to the result's
    extents. The block holds scalar arith/math operations, `arch.read`,
    `arch.reduce`, `arch.softmax`, `arch.if` and yields one element.

    ```mlir
    // let y[b, o] = sum[i](x[b, i] * weight[o, i]) + bias[o]
    %y = arch.define : tensor<8x4xf32> {
    ^bb0(%b: index, %o: index):
      %s = arch.reduce sum [16] : f32 {
      ^bb0(%i: index):
        %0 = arch.read %x[%b, %i] : tensor<8x16xf32>
        %1 = arch.read %weight[%o, %i] : tensor<4x16xf32>
        %2 = arith.mulf %0, %1 : f32
        arch.yield %2 : f32
      }
      %3 = arch.read %bias[%o] : tensor<4xf32>
      %4 = arith.addf %s, %3 : f32
      arch.yield %4 : f32
    }
    ```
    Index arithmetic (`arith.addi`, `muli`, `subi`, `divsi`/`floordivsi`,
    `remsi` on `index` with constants) stays affine where the text is affine.
  }];
  let results = (outs AnyRankedTensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict `:` type($result) $body";
  let hasVerifier = 1;
}

def Arch_YieldOp : Arch_Op<"yield", [Pure, Terminator]> {
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

def Arch_ReadOp : Arch_Op<"read", [Pure, AttrSizedOperandSegments]> {
  let summary = "an element of a tensor";
  let description = [{
    One `index` a dimension. Without `else` the place is inside (the checker has
    proved it). With it the value outside is `otherwise`.
  }];
  let arguments = (ins AnyRankedTensor:$tensor, Variadic<Index>:$indices,
    Optional<AnyType>:$otherwise);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$tensor `[` $indices `]` (`else` $otherwise^ `:` "
    "type($otherwise))? attr-dict `:` type($tensor) `->` type($result)";
  let hasVerifier = 1;
}

def Arch_ReduceOp : Arch_Op<"reduce", [SingleBlock]> {
  let summary = "closes indices: sum, mean, max, logsumexp, ...";
  let description = [{
    The block's arguments are new indices, from 0 to `extents`. It yields the
    element and, where the notation has a `where`, an i1 that keeps it. Values on
    nothing: docs/language.md.
  }];
  let arguments = (ins Arch_ReduceKindAttr:$kind, DenseI64ArrayAttr:$extents);
  let results = (outs AnyType:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$kind $extents attr-dict `:` type($result) $body";
  let hasVerifier = 1;
}

def Arch_SoftmaxOp : Arch_Op<"softmax", [SingleBlock]> {
  let summary = "softmax over an index, read at one place of it";
  let description = [{
    The block's argument is the new index, from 0 to `extent`; it yields the
    element and optionally an i1 that keeps it. The result is the softmax's value
    at `at`. `arch.softmax %k [256] : f32 { ^bb0(%j: index): ... }`.
  }];
  let arguments = (ins Index:$at, I64Attr:$extent);
  let results = (outs AnyType:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$at `[` $extent `]` attr-dict `:` type($result) $body";
  let hasVerifier = 1;
}

def Arch_IfOp : Arch_Op<"if", []> {
  let summary = "an element condition; the branch not taken counts for nothing";
  let arguments = (ins I1:$condition);
  let results = (outs AnyType:$result);
  let regions = (region SizedRegion<1>:$then_body, SizedRegion<1>:$else_body);
  let assemblyFormat = "$condition attr-dict `:` type($result) $then_body "
    "`else` $else_body";
}

def Arch_DrawOp : Arch_Op<"draw", []> {
  let summary = "a tensor drawn at each step, keyed by seed, path and step";
  let arguments = (ins StrAttr:$path, Nn_DistributionAttr:$distribution,
    F64Attr:$a, F64Attr:$b);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$path $distribution `(` $a `,` $b `)` attr-dict `:` "
    "type($result)";
}

def Arch_ScatterOp : Arch_Op<"scatter", [Pure]> {
  let summary = "writes elements at places given by integers";
  let description = [{
    The last dimensions of `values` are those of `init`; those before are the
    dimensions of `places`. A place is the row-major number of an element of the
    other dimensions of `init`; a negative one is no write. Of several writes to a
    place the last one in row-major order stays; with `adds` all are added.
  }];
  let arguments = (ins AnyRankedTensor:$init, AnyRankedTensor:$places,
    AnyRankedTensor:$values, UnitAttr:$adds);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$init `[` $places `]` `,` $values attr-dict `:` "
    "type($init) `,` type($places) `,` type($values) `->` type($result)";
}

def Arch_StopGradientOp : Arch_Op<"stop_gradient", [Pure]> {
  let summary = "the value, a tensor or an element, without its gradient";
  let arguments = (ins AnyType:$input);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

//===-- Training ----------------------------------------------------------===//

def Arch_TrainOp : Arch_Op<"train",
    [NoTerminator, SingleBlock, NoRegionArguments]> {
  let summary = "how the model is trained";
  let description = [{
    `step`, `evaluate` name functions from the batch's fields to the loss (train
    and evaluate are two instantiations), `sample` one from tokens [1, T] to
    logits. `data`: kind, path, window, holdout, order, tokens. The body holds
    one `arch.optimize` a parameter. A batch is taken in `accumulate` parts, whose
    size the fields have. Several of these are phases, in order: one begins before
    the step `first` and takes `steps`. An evaluation takes `evaluate_most` examples, 0: all.
    Operands of matrix products are rounded to `products`, if that is there.
  }];
  let arguments = (ins StrAttr:$model, FlatSymbolRefAttr:$step,
    OptionalAttr<FlatSymbolRefAttr>:$evaluate,
    OptionalAttr<FlatSymbolRefAttr>:$sample, DictionaryAttr:$data,
    I64Attr:$batch, I64Attr:$steps, I64Attr:$evaluate_every, I64Attr:$seed,
    DefaultValuedAttr<I64Attr, "1">:$accumulate,
    DefaultValuedAttr<I64Attr, "0">:$evaluate_most, OptionalAttr<F64Attr>:$clip,
    DefaultValuedAttr<I64Attr, "0">:$first,
    OptionalAttr<TypeAttr>:$products);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$model attr-dict-with-keyword $body";
}

def Arch_OptimizeOp : Arch_Op<"optimize", [HasParent<"TrainOp">]> {
  let summary = "the function (w, g) -> w that updates a parameter";
  let description = [{
    `instance` is the root-relative path of the optimizer's instance; `rate`, if
    there, names a function () -> f64 that gives the logged learning rate. g is the
    gradient of the `arch.minimise` of the number `objective`, if there is one. What
    is `of_phase` counts steps from the start of its phase.
  }];
  let arguments = (ins StrAttr:$parameter, FlatSymbolRefAttr:$callee,
    StrAttr:$instance, OptionalAttr<FlatSymbolRefAttr>:$rate,
    DefaultValuedAttr<I64Attr, "0">:$objective, UnitAttr:$of_phase);
  let assemblyFormat = "$parameter `by` $callee `at` $instance "
    "(`rate` $rate^)? attr-dict";
}

def Arch_AverageOp : Arch_Op<"average", [HasParent<"TrainOp">]> {
  let summary = "the function (average, w) -> average of a parameter's values";
  let description = [{
    `instance` is the root-relative path of the average's instance, and that of the
    average itself. `@evaluate` and `@sample` read it in place of the parameter.
  }];
  let arguments = (ins StrAttr:$parameter, FlatSymbolRefAttr:$callee,
    StrAttr:$instance);
  let assemblyFormat = "$parameter `by` $callee `at` $instance attr-dict";
}

#endif // OGEE_LIB_ARCH_ARCHOPS_TD
