// The `nn` dialect: what a tensor program needs and linalg cannot say. A tensor
// program is a `func.func` of `linalg.generic` (one scalar operation each),
// tensor views and these operations; see docs/architecture.md for its contract.
#ifndef OGEE_LIB_NN_NNOPS_TD
#define OGEE_LIB_NN_NNOPS_TD

include "lib/Nn/NnAttrs.td"
include "lib/Nn/NnInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Nn_Op<string mnemonic, list<Trait> traits = []>
    : Op<Nn_Dialect, mnemonic, traits> {
  let hasVerifier = 1;
}

def Nn_GatherOp : Nn_Op<"gather",
    [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "rows of a table chosen by integers";
  let description = [{
    `result[i.., d..] = table[indices[i..], d..]`: the result's shape is that of
    `indices` followed by the table's without its first dimension. Indices lie
    inside (checked where data enter). Its gradient is `nn.scatter_add`.
  }];
  let arguments = (ins AnyRankedTensor:$table, AnyRankedTensor:$indices);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$table `[` $indices `]` attr-dict `:` "
    "type($table) `,` type($indices) `->` type($result)";
}

def Nn_ScatterAddOp : Nn_Op<"scatter_add",
    [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "adds rows to a table at places given by integers";
  let description = [{
    `result = init`, then for each i in row-major order
    `result[indices[i..], d..] += updates[i.., d..]`: the order of additions is
    fixed, so the result does not depend on the number of threads.
  }];
  let arguments = (ins AnyRankedTensor:$init, AnyRankedTensor:$indices,
    AnyRankedTensor:$updates);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$init `[` $indices `]` `,` $updates attr-dict `:` "
    "type($init) `,` type($indices) `,` type($updates) `->` type($result)";
}

def Nn_ScatterOp : Nn_Op<"scatter",
    [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "writes rows of a table at places given by integers";
  let description = [{
    `result = init`, then for each i in row-major order with `indices[i..] >= 0`
    `result[indices[i..], d..] = updates[i.., d..]`: of several writes to a place the
    last one stays, and a negative place is no write.
  }];
  let arguments = (ins AnyRankedTensor:$init, AnyRankedTensor:$indices,
    AnyRankedTensor:$updates);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$init `[` $indices `]` `,` $updates attr-dict `:` "
    "type($init) `,` type($indices) `,` type($updates) `->` type($result)";
}

def Nn_MomentsOp : Nn_Op<"moments",
    [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "mean and sum of squared deviations over some dimensions";
  let description = [{
    `mean = sum(x) / n`, `m2 = sum((x - mean)^2)` over `dimensions` (sorted), n
    their extent's product. One pass over the data: Chan, Golub, LeVeque 1983.
  }];
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$dimensions);
  let results = (outs AnyRankedTensor:$mean, AnyRankedTensor:$m2);
  let assemblyFormat = "$input `over` $dimensions attr-dict `:` "
    "type($input) `->` type($mean) `,` type($m2)";
}

def Nn_LogSumExpOp : Nn_Op<"logsumexp",
    [Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "log of the sum of exponentials over some dimensions";
  let description = [{
    Computed from the maximum, so that nothing overflows; -inf where every
    element is -inf.
  }];
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$dimensions);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `over` $dimensions attr-dict `:` "
    "type($input) `->` type($result)";
}

def Nn_SoftmaxOp : Nn_Op<"softmax", [Pure]> {
  let summary = "exp(x - logsumexp(x)) over one dimension";
  let description = [{
    Lives inside flatten only: raised into `nn.attention` or decomposed into
    `nn.logsumexp` and element-wise operations before flatten ends. A row of -inf
    alone gives 0. -inf stands for elements that a `where` left out.
  }];
  let arguments = (ins AnyRankedTensor:$input, I64Attr:$dimension);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `over` $dimension attr-dict `:` "
    "type($input) `->` type($result)";
}

def Nn_ArgMaxOp : Nn_Op<"argmax", [Pure]> {
  let summary = "position of the first maximum over one dimension";
  let arguments = (ins AnyRankedTensor:$input, I64Attr:$dimension);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `over` $dimension attr-dict `:` "
    "type($input) `->` type($result)";
}

def Nn_StopGradientOp : Nn_Op<"stop_gradient",
    [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "the value, without its gradient; gone after differentiate";
  let arguments = (ins AnyRankedTensor:$input);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
  let hasVerifier = 0;
}

def Nn_MinimiseOp : Nn_Op<"minimise"> {
  let summary = "next values of parameters; gone after differentiate";
  let description = [{
    The function `update` with the gradient of `loss` by `parameters`, the current
    values of the parameters at `paths`. The results are their next values, and
    carry no gradient.
  }];
  let arguments = (ins AnyRankedTensor:$loss,
    Variadic<AnyRankedTensor>:$parameters, FlatSymbolRefAttr:$update,
    StrArrayAttr:$paths);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = "$loss `over` $paths `(` $parameters `)` `by` $update "
    "attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 0;
}

def Nn_RandomOp : Nn_Op<"random", [Pure]> {
  let summary = "counter-based random numbers";
  let description = [{
    Element e (row-major) of the result is drawn by Philox4x32-10 with key
    `seed xor xxh64(path)` and counter (e, step): no state, so it may be computed
    again anywhere. `bernoulli` gives i1 (true with probability a), the rest
    floats; a and b as in `#nn.init`.
  }];
  let arguments = (ins AnyRankedTensor:$seed, AnyRankedTensor:$step,
    StrAttr:$path, Nn_DistributionAttr:$distribution, F64Attr:$a, F64Attr:$b);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$distribution `(` $a `,` $b `)` $path `,` $seed `,` "
    "$step attr-dict `:` type($seed) `,` type($step) `->` type($result)";
}

def Nn_YieldOp : Nn_Op<"yield", [Pure, Terminator]> {
  let summary = "ends the score region of an attention";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "$values attr-dict `:` type($values)";
  let hasVerifier = 0;
}

def Nn_AttentionOp : Nn_Op<"attention",
    [Pure, SingleBlock, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "softmax of a score, times values; no T x T tensor";
  let description = [{
    `q: [B, T, H, D]`, `k: [B, S, G, D]`, `v: [B, S, G, E]`, H a multiple of G
    (head h reads group h div (H / G)). With `s = sum_d q[b,i,h,d] k[b,j,g,d]`
    the region maps `(s, b, h, i, j, captured elements..)` to `(score, keep)`;
    `p = softmax over kept j of score`, `out[b,i,h,e] = sum_j p v[b,j,g,e]`,
    `lse[b,h,i] = logsumexp over kept j of score`. A row that keeps nothing gives
    out 0 and lse -inf. Captures are tensors read through `capture_maps`, affine
    in (b, h, i, j). `causal` says that the region keeps j <= i only, so blocks
    above the diagonal are skipped; `dropout`, if there, is applied by the region
    of `p` later and not here.
  }];
  let arguments = (ins AnyRankedTensor:$q, AnyRankedTensor:$k,
    AnyRankedTensor:$v, Variadic<AnyRankedTensor>:$captures,
    AffineMapArrayAttr:$capture_maps, UnitAttr:$causal);
  let results = (outs AnyRankedTensor:$out, AnyRankedTensor:$lse);
  let regions = (region SizedRegion<1>:$score);
  let assemblyFormat = "$q `,` $k `,` $v (`captures` $captures^)? attr-dict "
    "`:` functional-type(operands, results) $score";
}

def Nn_AttentionGradOp : Nn_Op<"attention_grad",
    [Pure, SingleBlock]> {
  let summary = "gradient of nn.attention";
  let description = [{
    From the forward op's operands and results and the gradient of `out`:
    gradients of q, k, v, and of those captures that have floats, in order. The
    scores are computed again from q, k and lse; nothing of T x T is stored:
    FlashAttention-2 (Dao 2023), section 3.1.2. The first region is the score of
    the forward op. The second one, the score's gradient, maps `(s, b, h, i, j,
    captured elements.., g)`, g the gradient of the score, to the gradient of s
    and then of each float capture element; the driver sums the latter.
  }];
  let arguments = (ins AnyRankedTensor:$q, AnyRankedTensor:$k,
    AnyRankedTensor:$v, AnyRankedTensor:$out, AnyRankedTensor:$lse,
    AnyRankedTensor:$grad, Variadic<AnyRankedTensor>:$captures,
    AffineMapArrayAttr:$capture_maps, UnitAttr:$causal);
  let results = (outs AnyRankedTensor:$dq, AnyRankedTensor:$dk,
    AnyRankedTensor:$dv, Variadic<AnyRankedTensor>:$dcaptures);
  let regions = (region SizedRegion<1>:$score, SizedRegion<1>:$score_grad);
  let assemblyFormat = "$q `,` $k `,` $v `,` $out `,` $lse `,` $grad "
    "(`captures` $captures^)? attr-dict "
    "`:` functional-type(operands, results) $score `grad` $score_grad";
}

#endif // OGEE_LIB_NN_NNOPS_TD
