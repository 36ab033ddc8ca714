"""Products of odd sizes in all four layouts, with epilogues, prologues, partials,
siblings and segments, against numpy in f64."""
import sys

import numpy

from kernels import Kernels, check, tensor_type


def maps(loops, *operands):
    return "[" + ", ".join(
        f"affine_map<({', '.join(loops)}) -> ({', '.join(operand)})>"
        for operand in operands) + "]"


def rounded(value, kind, operand):
    """An operand (value, type, coordinates) by way of bf16."""
    source, type, coordinates = operand
    narrow = type.replace("f32", "bf16")
    conversions = [("n", source, type, narrow, "arith.truncf %i0 : f32 to bf16"),
                   ("w", f"{value}_n", narrow, type, "arith.extf %i0 : bf16 to f32")]
    text = ""
    for letter, read, have, want, operation in conversions:
        kinds = ("f32", "bf16") if letter == "n" else ("bf16", "f32")
        text += elementwise(f"{value}_{letter}", coordinates, [(read, have, coordinates)], (want, coordinates),
                            kinds[1], f"%r = {operation}\n linalg.yield %r : {kinds[1]}").replace(
                                f"^bb0(%i0: {kinds[1]}", f"^bb0(%i0: {kinds[0]}")
    return text, (f"{value}_w", type, coordinates)


def product(name, kind, a, b, out, loops, reduced, start, value, narrow=False):
    """Text of one product; a, b: (value, type, coordinates)."""
    before = ""
    if narrow:
        first, a = rounded(value + "_a", kind, a)
        second, b = rounded(value + "_b", kind, b)
        before = first + second
    iterators = ", ".join('"reduction"' if l in reduced else '"parallel"' for l in loops)
    return before + f"""
  %{value} = linalg.generic {{indexing_maps = {maps(loops, a[2], b[2], out[1])}, iterator_types = [{iterators}]}}
    ins(%{a[0]}, %{b[0]} : {a[1]}, {b[1]}) outs(%{start} : {out[0]}) {{
  ^bb0(%xx: {kind}, %yy: {kind}, %ss: {kind}):
    %pp = arith.mulf %xx, %yy : {kind}
    %qq = arith.addf %ss, %pp : {kind}
    linalg.yield %qq : {kind}
  }} -> {out[0]}"""


def zero(name, type, kind):
    return f"""
  %{name}_c = arith.constant 0.0 : {kind}
  %{name}_e = tensor.empty() : {type}
  %{name} = linalg.fill ins(%{name}_c : {kind}) outs(%{name}_e : {type}) -> {type}"""


def elementwise(value, loops, inputs, out, kind, body):
    """inputs: (value, type, coordinates); body: text that ends with a yield."""
    iterators = ", ".join('"parallel"' for _ in loops)
    arguments = ", ".join(f"%i{n}: {kind}" for n in range(len(inputs)))
    return f"""
  %{value}_e = tensor.empty() : {out[0]}
  %{value} = linalg.generic {{indexing_maps = {maps(loops, *[i[2] for i in inputs], out[1])}, iterator_types = [{iterators}]}}
    ins({', '.join('%' + i[0] for i in inputs)} : {', '.join(i[1] for i in inputs)}) outs(%{value}_e : {out[0]}) {{
  ^bb0({arguments}, %o: {kind}):
    {body}
  }} -> {out[0]}"""


def reduction(value, loops, reduced, source, out, kind, partial=True):
    iterators = ", ".join('"reduction"' if l in reduced else '"parallel"' for l in loops)
    attribute = "attrs = {kernel.partial} " if partial else ""
    return zero(value + "_0", out[0], kind) + f"""
  %{value} = linalg.generic {{indexing_maps = {maps(loops, source[2], out[1])}, iterator_types = [{iterators}]}}
    ins(%{source[0]} : {source[1]}) outs(%{value}_0 : {out[0]}) {attribute}{{
  ^bb0(%xx: {kind}, %ss: {kind}):
    %qq = arith.addf %ss, %xx : {kind}
    linalg.yield %qq : {kind}
  }} -> {out[0]}"""


def kernel(name, arguments, results, body, values, family="contraction"):
    arguments = ", ".join(f"%{n}: {t}" for n, t in arguments)
    return f"""kernel.func @{name}({arguments}) -> ({', '.join(results)}) attributes {{family = #kernel.family<{family}>}} {{{body}
  kernel.yield {', '.join('%' + v for v in values)} : {', '.join(results)}
}}
"""


def t(kind, *shape):
    return "tensor<" + "".join(f"{n}x" for n in shape) + kind + ">"


class Suite:
    """`narrow`: operands of products are rounded to bf16, and are such that this
    changes nothing, which leaves the order of sums as the only difference."""

    def __init__(self, narrow=False, seed=1):
        self.text, self.cases, self.narrow = "", [], narrow
        self.random = numpy.random.default_rng(seed)

    def array(self, kind, *shape):
        if self.narrow:
            return self.random.integers(-8, 9, shape).astype(numpy.float32) / 4
        return self.random.standard_normal(shape).astype(
            {"f32": numpy.float32, "f64": numpy.float64}[kind])

    def add(self, text, name, operands, want):
        self.text += text
        self.cases.append((name, operands, want))

    def run(self, kind, target, verified=True):
        kernels = Kernels(self.text, target, verified)
        tolerance = 3e-6 if kind == "f32" else 1e-13
        for name, operands, want in self.cases:
            got = kernels(name, *operands)
            again = kernels(name, *operands,
                            order=list(reversed(range(kernels.sizes[name]["chunks"]))))
            for index, (g, a, w) in enumerate(zip(got, again, want)):
                check(f"{target} {kind} {name} result {index}", g, w, tolerance)
                assert g.tobytes() == a.tobytes(), f"{name}: order of chunks shows"


LAYOUTS = {"nn": ("mk", "kn"), "nt": ("mk", "nk"), "tn": ("km", "kn"), "tt": ("km", "nk")}


def plain(suite, kind, layout, m, n, k):
    """C = A B + bias by column, and its column sums and sum of squares."""
    extent = dict(m=m, n=n, k=k)
    left, right = LAYOUTS[layout]
    name = f"plain_{layout}_{m}_{n}_{k}"
    at, bt = t(kind, *[extent[l] for l in left]), t(kind, *[extent[l] for l in right])
    ct, nt = t(kind, m, n), t(kind, n)
    body = zero("z", ct, kind) + product(name, kind, ("a", at, left), ("b", bt, right),
                                         (ct, "mn"), "mnk", "k", "z", "c", suite.narrow)
    body += elementwise("d", "mn", [("c", ct, "mn"), ("bias", nt, "n")], (ct, "mn"), kind,
                        f"%r = arith.addf %i0, %i1 : {kind}\n linalg.yield %r : {kind}")
    body += reduction("sums", "mn", "m", ("d", ct, "mn"), (nt, "n"), kind)
    body += elementwise("square", "mn", [("d", ct, "mn")], (ct, "mn"), kind,
                        f"%r = arith.mulf %i0, %i0 : {kind}\n linalg.yield %r : {kind}")
    body += reduction("all", "mn", "mn", ("square", ct, "mn"), (t(kind), ""), kind)
    body += reduction("rows", "mn", "n", ("d", ct, "mn"), (t(kind, m), "m"), kind)
    body += elementwise("norm", "", [("all", t(kind), "")], (t(kind), ""), kind,
                        f"%r = math.sqrt %i0 : {kind}\n linalg.yield %r : {kind}")
    text = kernel(name, [("a", at), ("b", bt), ("bias", nt)],
                  [ct, nt, t(kind), t(kind, m)], body, ["d", "sums", "norm", "rows"])
    a = suite.array(kind, *[extent[l] for l in left])
    b = suite.array(kind, *[extent[l] for l in right])
    bias = suite.array(kind, n)
    a64 = a.astype(numpy.float64).T if left == "km" else a.astype(numpy.float64)
    b64 = b.astype(numpy.float64).T if right == "nk" else b.astype(numpy.float64)
    d = a64 @ b64 + bias
    suite.add(text, name, [a, b, bias], [d, d.sum(0), numpy.sqrt((d * d).sum()), d.sum(1)])


def segments(suite, kind, m, n, depths, tile=None):
    """C = sum of A_i B_i^T over segments, times a factor; k in blocks by the tile."""
    name = f"segments_{m}_{n}_{'_'.join(map(str, depths))}"
    ct = t(kind, m, n)
    body, value, arguments, arrays = zero("z", ct, kind), "z", [], []
    want = numpy.zeros((m, n))
    for i, k in enumerate(depths):
        at, bt = t(kind, m, k), t(kind, n, k)
        body += product(name, kind, (f"a{i}", at, "mk"), (f"b{i}", bt, "nk"),
                        (ct, "mn"), "mnk", "k", value, f"c{i}", suite.narrow)
        value = f"c{i}"
        arguments += [(f"a{i}", at), (f"b{i}", bt)]
        a, b = suite.array(kind, m, k), suite.array(kind, n, k)
        arrays += [a, b]
        want += a.astype(numpy.float64) @ b.astype(numpy.float64).T
    body += elementwise("d", "mn", [(value, ct, "mn")], (ct, "mn"), kind,
                        f"%r = arith.addf %i0, %i0 : {kind}\n linalg.yield %r : {kind}")
    text = kernel(name, arguments, [ct], body, ["d"])
    if tile:
        text = text.replace("attributes {", f"attributes {{tile = #kernel.tile<{tile}>, ")
    suite.add(text, name, arrays, [2 * want])


def siblings(suite, kind, m, n, k):
    """q, k, v of one normalised input: three products, a prologue on A, each
    result split into heads."""
    name = f"siblings_{m}_{n}_{k}"
    xt, wt, ct = t(kind, m, k), t(kind, n, k), t(kind, m, n)
    mt, kt, split = t(kind, m), t(kind, k), t(kind, m, 2, n // 2)
    body = elementwise("u", "mk", [("x", xt, "mk"), ("mean", mt, "m")], (xt, "mk"), kind,
                       f"%r = arith.subf %i0, %i1 : {kind}\n linalg.yield %r : {kind}")
    body += elementwise("y", "mk", [("u", xt, "mk"), ("gain", kt, "k")], (xt, "mk"), kind,
                        f"%r = arith.mulf %i0, %i1 : {kind}\n linalg.yield %r : {kind}")
    x, mean, gain = suite.array(kind, m, k), suite.array(kind, m), suite.array(kind, k)
    arrays, want, values, arguments = [x, mean, gain], [], [], []
    y = (x.astype(numpy.float64) - mean.astype(numpy.float64)[:, None]) * gain
    for i in range(3):
        body += zero(f"z{i}", ct, kind)
        body += product(name, kind, ("y", xt, "mk"), (f"w{i}", wt, "nk"), (ct, "mn"),
                        "mnk", "k", f"z{i}", f"c{i}", suite.narrow)
        body += f"""
  %h{i} = tensor.expand_shape %c{i} [[0], [1, 2]] output_shape [{m}, 2, {n // 2}] : {ct} into {split}"""
        w = suite.array(kind, n, k)
        arrays.append(w)
        arguments.append((f"w{i}", wt))
        want.append((y @ w.astype(numpy.float64).T).reshape(m, 2, n // 2))
    text = kernel(name, [("x", xt), ("mean", mt), ("gain", kt)] + arguments, [split] * 3,
                  body, ["h0", "h1", "h2"])
    suite.add(text, name, arrays, want)


def gelu(suite, kind, m, n, k):
    """dX of a layer times the derivative of what lies before it, which is long
    enough to be rolled, with column sums; the operand has two row dimensions."""
    name = f"rolled_{m}_{n}_{k}"
    b = 3
    gt, wt, ct = t(kind, b, m, k), t(kind, k, n), t(kind, b, m, n)
    body = zero("z", ct, kind)
    body += product(name, kind, ("g", gt, "bmk"), ("w", wt, "kn"), (ct, "bmn"), "bmnk", "k",
                    "z", "c", suite.narrow)
    body += elementwise("s", "bmn", [("h", ct, "bmn")], (ct, "bmn"), kind,
                        f"%r = math.tanh %i0 : {kind}\n linalg.yield %r : {kind}")
    body += elementwise("d", "bmn", [("s", ct, "bmn"), ("c", ct, "bmn")], (ct, "bmn"), kind,
                        f"%r = arith.mulf %i0, %i1 : {kind}\n linalg.yield %r : {kind}")
    body += reduction("sums", "bmn", "bm", ("d", ct, "bmn"), (t(kind, n), "n"), kind)
    text = kernel(name, [("g", gt), ("w", wt), ("h", ct)], [ct, t(kind, n)], body, ["d", "sums"])
    g, w, h = suite.array(kind, b, m, k), suite.array(kind, k, n), suite.array(kind, b, m, n)
    d = (g.astype(numpy.float64) @ w) * numpy.tanh(h.astype(numpy.float64))
    suite.add(text, name, [g, w, h], [d, d.sum((0, 1))])


def batched(suite, kind, b, m, n, k):
    """A product for each of b examples, weights shared by none."""
    name = f"batched_{b}_{m}_{n}_{k}"
    at, bt, ct = t(kind, b, k, m), t(kind, b, n, k), t(kind, b, m, n)
    body = zero("z", ct, kind) + product(name, kind, ("a", at, "bkm"), ("b", bt, "bnk"),
                                         (ct, "bmn"), "bmnk", "k", "z", "c", suite.narrow)
    a, w = suite.array(kind, b, k, m), suite.array(kind, b, n, k)
    want = numpy.einsum("bkm,bnk->bmn", a.astype(numpy.float64), w.astype(numpy.float64))
    suite.add(kernel(name, [("a", at), ("b", bt)], [ct], body, ["c"]), name, [a, w], [want])


def check_all(target, kind, narrow=False):
    suite = Suite(narrow)
    for layout in LAYOUTS:
        for m, n, k in [(1, 1, 1), (3, 5, 7), (65, 65, 65), (7, 127, 33),
                        (127, 96, 40), (300, 200, 31), (13, 16, 700)]:
            plain(suite, kind, layout, m, n, k)
    segments(suite, kind, 37, 70, (24, 24, 24))
    segments(suite, kind, 50, 33, (100,), "mr = 4, nr = 32, kc = 24, np = 1, rows = 10")
    segments(suite, kind, 29, 65, (7, 40), "mr = 3, nr = 16, kc = 16, np = 2, rows = 12")
    segments(suite, kind, 75, 65, (96, 40), "mr = 32, nr = 32, kc = 32, np = 2, rows = 64")
    siblings(suite, kind, 45, 34, 50)
    gelu(suite, kind, 11, 70, 19)
    batched(suite, kind, 3, 13, 18, 21)
    suite.run(kind, target)


def main():
    """Targets; one of them may be followed by `:bf16`."""
    for argument in sys.argv[1:]:
        target, _, narrow = argument.partition(":")
        for kind in ("f32",) if narrow else ("f32", "f64"):
            check_all(target, kind, bool(narrow))


if __name__ == "__main__":
    main()
