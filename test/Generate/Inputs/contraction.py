"""Products of odd sizes in all four layouts, with epilogues, prologues, partials,
siblings and segments, against numpy in f64."""
import sys

import numpy

from kernels import Kernels, check, tensor_type


def maps(loops, *operands):
    return "[" + ", ".join(
        f"affine_map<({', '.join(loops)}) -> ({', '.join(operand)})>"
        for operand in operands) + "]"


def product(name, kind, a, b, out, loops, reduced, start, value, batch=""):
    """Text of one product; a, b: (value, type, coordinates)."""
    iterators = ", ".join('"reduction"' if l in reduced else '"parallel"' for l in loops)
    return f"""
  %{value} = linalg.generic {{indexing_maps = {maps(loops, a[2], b[2], out[1])}, iterator_types = [{iterators}]}}
    ins(%{a[0]}, %{b[0]} : {a[1]}, {b[1]}) outs(%{start} : {out[0]}) {{
  ^bb0(%x: {kind}, %y: {kind}, %s: {kind}):
    %pp = arith.mulf %x, %y : {kind}
    %qq = arith.addf %s, %pp : {kind}
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
  ^bb0(%x: {kind}, %s: {kind}):
    %qq = arith.addf %s, %x : {kind}
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
    def __init__(self, seed=1):
        self.text, self.cases = "", []
        self.random = numpy.random.default_rng(seed)

    def array(self, kind, *shape):
        return self.random.standard_normal(shape).astype(
            {"f32": numpy.float32, "f64": numpy.float64}[kind])

    def add(self, text, name, operands, want):
        self.text += text
        self.cases.append((name, operands, want))

    def run(self, kind, target):
        kernels = Kernels(self.text, target)
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
                                         (ct, "mn"), "mnk", "k", "z", "c")
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


def main():
    for target in sys.argv[1:]:
        for kind in ("f32", "f64"):
            suite = Suite()
            for layout in LAYOUTS:
                for m, n, k in [(1, 1, 1), (3, 5, 7), (65, 65, 65), (7, 127, 33),
                                (127, 96, 40), (300, 200, 31), (13, 16, 700)]:
                    plain(suite, kind, layout, m, n, k)
            suite.run(kind, target)


if __name__ == "__main__":
    main()
