"""Attention, forward and backward, against numpy in f64: odd sizes, grouped
queries, keys that no row keeps, captured slopes, operands that are slices of one
tensor and gradients that leave as one."""
import sys

import numpy

from contraction import Suite, kernel, maps, reduction, t


def region(kind, scale, causal, slopes, window):
    """Score: s * scale (+ slope * (j - i)), kept where j <= i and i - j < window."""
    arguments = f"%s: {kind}, %b: index, %h: index, %i: index, %j: index"
    arguments += f", %slope: {kind}" if slopes else ""
    text = f"""
      %scale = arith.constant {scale} : {kind}
      %score0 = arith.mulf %s, %scale : {kind}"""
    value = "score0"
    if slopes:
        text += f"""
      %i64 = arith.index_cast %i : index to i64
      %j64 = arith.index_cast %j : index to i64
      %away = arith.subi %j64, %i64 : i64
      %far = arith.sitofp %away : i64 to {kind}
      %bias = arith.mulf %far, %slope : {kind}
      %score1 = arith.addf %score0, %bias : {kind}"""
        value = "score1"
    text += """
      %keep0 = arith.cmpi sle, %j, %i : index""" if causal else """
      %keep0 = arith.constant true"""
    keep = "keep0"
    if window:
        text += f"""
      %near = arith.constant {window} : index
      %last = arith.addi %j, %near : index
      %in = arith.cmpi slt, %i, %last : index
      %keep1 = arith.andi %keep0, %in : i1"""
        keep = "keep1"
    return arguments, text, value, keep


def operands(kind, shape, fused):
    """Arguments and text that makes %q, %k and %v of them."""
    b, rows, keys, heads, groups, d, e = shape
    types = t(kind, b, rows, heads, d), t(kind, b, keys, groups, d), t(kind, b, keys, groups, e)
    if not fused:
        return [("q", types[0]), ("k", types[1]), ("v", types[2])], ""
    wide = heads * 3
    flat, full = t(kind, b * rows, wide * d), t(kind, b, rows, wide, d)
    text = f"""
  %split = tensor.expand_shape %qkv [[0, 1], [2, 3]] output_shape [{b}, {rows}, {wide}, {d}] : {flat} into {full}"""
    for n, name in enumerate("qkv"):
        text += f"""
  %{name} = tensor.extract_slice %split[0, 0, {n * heads}, 0] [{b}, {rows}, {heads}, {d}] [1, 1, 1, 1] : {full} to {types[0]}"""
    return [("qkv", flat)], text


def case(suite, kind, shape, causal=False, slopes=False, window=0, fused=False):
    b, rows, keys, heads, groups, d, e = shape
    scale = 0.37
    arguments, body = operands(kind, shape, fused)
    arrays = [suite.array(kind, b, rows, heads, d), suite.array(kind, b, keys, groups, d),
              suite.array(kind, b, keys, groups, e)]
    inputs = arrays
    if fused:
        inputs = [numpy.concatenate(arrays, 2).reshape(b * rows, 3 * heads * d)]
    if slopes:
        arguments.append(("slopes", t(kind, heads)))
        slope = suite.array(kind, heads)
        inputs = inputs + [slope]
    else:
        slope = numpy.zeros(heads)
    types = (t(kind, b, rows, heads, d), t(kind, b, keys, groups, d), t(kind, b, keys, groups, e),
             t(kind, b, rows, heads, e), t(kind, b, heads, rows))
    capture = " captures %slopes" if slopes else ""
    attributes = "{capture_maps = " + ("[affine_map<(b, h, i, j) -> (h)>]" if slopes else "[]")
    attributes += ", causal}" if causal else "}"
    head, text, value, keep = region(kind, scale, causal, slopes, window)
    name = f"attention_{'x'.join(map(str, shape))}_{int(causal)}{int(slopes)}{window}{int(fused)}"
    captured = f", {t(kind, heads)}" if slopes else ""

    forward = body + f"""
  %o, %l = nn.attention %q, %k, %v{capture} {attributes} : ({types[0]}, {types[1]}, {types[2]}{captured}) -> ({types[3]}, {types[4]}) {{
    ^bb0({head}):{text}
      nn.yield %{value}, %{keep} : {kind}, i1
  }}"""
    want = reference(arrays, slope, scale, causal, window)
    suite.add(kernel(name, arguments, [types[3], types[4]], forward, ["o", "l"], "attention"),
              name, inputs, want[:2])

    grad = suite.array(kind, b, rows, heads, e)
    backward_arguments = arguments + [("o", types[3]), ("l", types[4]), ("g", types[3])]
    dslopes = f", {t(kind, heads)}" if slopes else ""
    gradient_yield = "%ds, %dslope" if slopes else "%ds"
    gradient_types = f"{kind}, {kind}" if slopes else kind
    dslope = f"\n      %dslope = arith.mulf %gs, %far : {kind}" if slopes else ""
    names = "%dq, %dk, %dv" + (", %dc" if slopes else "")
    backward = body + f"""
  {names} = nn.attention_grad %q, %k, %v, %o, %l, %g{capture} {attributes} : ({', '.join(types[:3])}, {types[3]}, {types[4]}, {types[3]}{captured}) -> ({', '.join(types[:3])}{dslopes}) {{
    ^bb0({head}):{text}
      nn.yield %{value}, %{keep} : {kind}, i1
  }} grad {{
    ^bb0({head}, %gs: {kind}):{text}
      %ds = arith.mulf %gs, %scale : {kind}{dslope}
      nn.yield {gradient_yield} : {gradient_types}
  }}"""
    gradients = gradient(arrays, want, grad, scale)
    cast = {"f32": numpy.float32, "f64": numpy.float64}[kind]
    operands_ = inputs + [want[0].astype(cast), want[1].astype(cast), grad]
    results, values = list(types[:3]), ["dq", "dk", "dv"]
    if fused:
        full, flat = t(kind, b, rows, 3 * heads, d), t(kind, b * rows, 3 * heads * d)
        backward += f"""
  %all = tensor.concat dim(2) %dq, %dk, %dv : ({', '.join(types[:3])}) -> {full}
  %flat = tensor.collapse_shape %all [[0, 1], [2, 3]] : {full} into {flat}"""
        backward += reduction("bias", "mn", "m", ("flat", flat, "mn"),
                              (t(kind, 3 * heads * d), "n"), kind)
        joined = numpy.concatenate(gradients, 2).reshape(b * rows, -1)
        results, values = [flat, t(kind, 3 * heads * d)], ["flat", "bias"]
        gradients = [joined, joined.sum(0)]
    suite.add(kernel(name + "_grad", backward_arguments, results, backward, values, "attention"),
              name + "_grad", operands_, gradients)


def reference(arrays, slope, scale, causal, window):
    q, k, v = (a.astype(numpy.float64) for a in arrays)
    share = q.shape[2] // k.shape[2]
    k, v = (numpy.repeat(a, share, 2) for a in (k, v))
    i, j = numpy.arange(q.shape[1])[:, None], numpy.arange(k.shape[1])[None, :]
    keep = numpy.ones((q.shape[1], k.shape[1]), bool)
    if causal:
        keep &= j <= i
    if window:
        keep &= i - j < window
    s = numpy.einsum("bihd,bjhd->bhij", q, k) * scale
    s = s + slope.astype(numpy.float64)[None, :, None, None] * (j - i)
    s = numpy.where(keep, s, -numpy.inf)
    top = s.max(-1, keepdims=True)
    top = numpy.where(numpy.isfinite(top), top, 0)
    p = numpy.exp(s - top)
    total = p.sum(-1, keepdims=True)
    with numpy.errstate(divide="ignore", invalid="ignore"):
        lse = (top + numpy.log(total))[..., 0]
        p = numpy.where(total > 0, p / total, 0)
    return [numpy.einsum("bhij,bjhe->bihe", p, v), lse, p]


def gradient(arrays, want, grad, scale):
    q, k, v = (a.astype(numpy.float64) for a in arrays)
    b, rows, heads, d = q.shape
    groups = k.shape[2]
    share = heads // groups
    wide_k, wide_v = (numpy.repeat(a, share, 2) for a in (k, v))
    out, _, p = want
    g = grad.astype(numpy.float64)
    dp = numpy.einsum("bihe,bjhe->bhij", g, wide_v)
    delta = (g * out).sum(-1).transpose(0, 2, 1)[..., None]
    ds = p * (dp - delta) * scale
    fold = lambda a: a.reshape(b, -1, groups, share, a.shape[-1]).sum(3)
    return [numpy.einsum("bhij,bjhd->bihd", ds, wide_k),
            fold(numpy.einsum("bhij,bihd->bjhd", ds, q)),
            fold(numpy.einsum("bhij,bihe->bjhe", p, g))]


def main():
    for target in sys.argv[1:]:
        for kind in ("f32", "f64"):
            suite = Suite()
            case(suite, kind, (1, 1, 1, 1, 1, 1, 1))
            case(suite, kind, (2, 3, 5, 2, 1, 7, 4))
            case(suite, kind, (1, 37, 37, 3, 3, 24, 24), causal=True)
            case(suite, kind, (2, 65, 65, 4, 2, 16, 20), causal=True, slopes=True)
            case(suite, kind, (1, 130, 70, 2, 2, 65, 33), window=20)
            case(suite, kind, (1, 200, 200, 2, 2, 80, 80), causal=True, window=9)
            case(suite, kind, (2, 37, 37, 3, 3, 24, 24), causal=True, fused=True)
            suite.run(kind, target)


if __name__ == "__main__":
    main()
