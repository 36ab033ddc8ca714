"""What an operand or a result may be besides an argument: joined, padded, gathered,
tabulated, drawn at random, masked by its indices, cut into parts."""
import sys

import numpy

from contraction import Suite, elementwise, kernel, maps, product, t, zero

SEED, STEP, PATH = 77, 5, "blocks.0.drop"


def multiply(suite, name, kind, arguments, body, a, n, want_a, arrays, tail=None, results=None):
    """C = A B for an A that `body` computes; tail: (text, values, types, of C)."""
    m, k = want_a.shape
    bt, ct = t(kind, k, n), t(kind, m, n)
    b = suite.array(kind, k, n)
    body = body + zero("z", ct, kind) + product(name, kind, (a, t(kind, m, k), "mk"),
                                                ("b", bt, "kn"), (ct, "mn"), "mnk", "k", "z", "c")
    c = want_a.astype(numpy.float64) @ b
    values, types, want = ["c"], [ct], [c]
    if tail:
        body += tail
        values, types, want = results(c)
    suite.add(kernel(name, arguments + [("b", bt)], types, body, values), name, arrays + [b], want)


def joined(suite, kind):
    parts = [suite.array(kind, 19, n) for n in (5, 20, 9)]
    types = [t(kind, *p.shape) for p in parts]
    text = f"""
  %a = tensor.concat dim(1) %p0, %p1, %p2 : ({', '.join(types)}) -> {t(kind, 19, 34)}"""
    multiply(suite, "joined", kind, [(f"p{i}", ty) for i, ty in enumerate(types)], text, "a", 21,
             numpy.concatenate(parts, 1), parts)


def padded(suite, kind):
    x = suite.array(kind, 9, 20)
    text = f"""
  %edge = arith.constant 2.0 : {kind}
  %a = tensor.pad %x low[2, 3] high[1, 0] {{
  ^bb0(%i: index, %j: index):
    tensor.yield %edge : {kind}
  }} : {t(kind, 9, 20)} to {t(kind, 12, 23)}"""
    multiply(suite, "padded", kind, [("x", t(kind, 9, 20))], text, "a", 18,
             numpy.pad(x, ((2, 1), (3, 0)), constant_values=2), [x])


def gathered(suite, kind):
    table = suite.array(kind, 11, 26)
    indices = suite.random.integers(0, 11, (3, 5)).astype(numpy.int32)
    text = f"""
  %g = nn.gather %table[%indices] : {t(kind, 11, 26)}, tensor<3x5xi32> -> {t(kind, 3, 5, 26)}
  %a = tensor.collapse_shape %g [[0, 1], [2]] : {t(kind, 3, 5, 26)} into {t(kind, 15, 26)}"""
    multiply(suite, "gathered", kind, [("table", t(kind, 11, 26)), ("indices", "tensor<3x5xi32>")],
             text, "a", 17, table[indices.reshape(-1)], [table, indices])


def tabulated(suite, kind):
    x, row = suite.array(kind, 7, 6), [0.5, -1.0, 2.0, 0.25, 3.0, -4.0]
    text = f"""
  %row = arith.constant dense<{row}> : {t(kind, 6)}"""
    text += elementwise("a", "mk", [("x", t(kind, 7, 6), "mk"), ("row", t(kind, 6), "k")],
                        (t(kind, 7, 6), "mk"), kind,
                        f"%r = arith.mulf %i0, %i1 : {kind}\n linalg.yield %r : {kind}")
    multiply(suite, "tabulated", kind, [("x", t(kind, 7, 6))], text, "a", 5,
             x * numpy.array(row, x.dtype), [x])


def cut(suite, kind):
    """One product, three results by columns; the middle one inside a wider tensor."""
    x = suite.array(kind, 13, 10)
    ct, part, wide = t(kind, 13, 50), t(kind, 13, 20), t(kind, 13, 1, 22)
    text = f"""
  %q = tensor.extract_slice %c[0, 0] [13, 20] [1, 1] : {ct} to {part}
  %k = tensor.extract_slice %c[0, 20] [13, 20] [1, 1] : {ct} to {part}
  %v = tensor.extract_slice %c[0, 40] [13, 10] [1, 1] : {ct} to {t(kind, 13, 10)}"""
    results = lambda c: (["q", "k", "v"], [part, part, t(kind, 13, 10)],
                         [c[:, :20], c[:, 20:40], c[:, 40:]])
    multiply(suite, "cut", kind, [("x", t(kind, 13, 10))], "", "x", 50, x, [x], text, results)


def masked(suite, kind):
    """0 above the diagonal."""
    x = suite.array(kind, 21, 8)
    ct = t(kind, 21, 33)
    text = f"""
  %none = arith.constant 0.0 : {kind}""" + elementwise(
        "d", "mn", [("c", ct, "mn")], (ct, "mn"), kind,
        f"""%m = linalg.index 0 : index
    %n = linalg.index 1 : index
    %keep = arith.cmpi sle, %n, %m : index
    %r = arith.select %keep, %i0, %none : {kind}
    linalg.yield %r : {kind}""")
    multiply(suite, "masked", kind, [("x", t(kind, 21, 8))], "", "x", 33, x, [x], text,
             lambda c: (["d"], [ct], [numpy.tril(c)]))


def dropped(suite, kind):
    """Dropout: the same draws as runtime/Random.h, by logical element."""
    x = suite.array(kind, 9, 8)
    ct, flags = t(kind, 9, 37), "tensor<9x37xi1>"
    text = f"""
  %none = arith.constant 0.0 : {kind}
  %keep = nn.random bernoulli(7.500000e-01, 0.000000e+00) "{PATH}", %seed, %step : tensor<i64>, tensor<i64> -> {flags}
  %d_e = tensor.empty() : {ct}
  %d = linalg.generic {{indexing_maps = {maps("mn", "mn", "mn", "mn")}, iterator_types = ["parallel", "parallel"]}}
    ins(%c, %keep : {ct}, {flags}) outs(%d_e : {ct}) {{
  ^bb0(%i: {kind}, %f: i1, %o: {kind}):
    %r = arith.select %f, %i, %none : {kind}
    linalg.yield %r : {kind}
  }} -> {ct}"""
    scalars = [numpy.array(SEED, numpy.int64), numpy.array(STEP, numpy.int64)]
    keep = uniform(9 * 37).reshape(9, 37) < numpy.float32(0.75)
    multiply(suite, "dropped", kind,
             [("x", t(kind, 9, 8)), ("seed", "tensor<i64>"), ("step", "tensor<i64>")], "", "x", 37,
             x, [x] + scalars, text, lambda c: (["d", "keep"], [ct, flags], [numpy.where(keep, c, 0), keep]))


def xxh64(data):
    """XXH64 with seed 0, after its specification; for less than 32 bytes."""
    mask, p = 2 ** 64 - 1, (11400714785074694791, 14029467366897019727, 1609587929392839161,
                            9650029242287828579, 2870177450012600261)
    rotate = lambda v, n: (v << n | v >> (64 - n)) & mask
    h, rest = (p[4] + len(data)) & mask, data
    while len(rest) >= 8:
        word = int.from_bytes(rest[:8], "little") * p[1] & mask
        h = (rotate(h ^ rotate(word, 31) * p[0] & mask, 27) * p[0] + p[3]) & mask
        rest = rest[8:]
    if len(rest) >= 4:
        h = (rotate(h ^ int.from_bytes(rest[:4], "little") * p[0] & mask, 23) * p[1] + p[2]) & mask
        rest = rest[4:]
    for byte in rest:
        h = rotate(h ^ byte * p[4] & mask, 11) * p[0] & mask
    h = (h ^ h >> 33) * p[1] & mask
    h = (h ^ h >> 29) * p[2] & mask
    return h ^ h >> 32


def uniform(count):
    """Philox4x32-10, key seed xor xxh64(path), counter (element, step)."""
    key = SEED ^ xxh64(PATH.encode())
    word = numpy.uint64(0xFFFFFFFF)
    k0, k1 = numpy.uint64(key & 0xFFFFFFFF), numpy.uint64(key >> 32)
    c = [numpy.arange(count, dtype=numpy.uint64), numpy.zeros(count, numpy.uint64),
         numpy.full(count, STEP, numpy.uint64), numpy.zeros(count, numpy.uint64)]
    for _ in range(10):
        a, b = numpy.uint64(0xD2511F53) * c[0], numpy.uint64(0xCD9E8D57) * c[2]
        high = numpy.uint64(32)
        c = [b >> high ^ c[1] ^ k0, b & word, a >> high ^ c[3] ^ k1, a & word]
        k0, k1 = k0 + numpy.uint64(0x9E3779B9) & word, k1 + numpy.uint64(0xBB67AE85) & word
    return ((c[0] >> numpy.uint64(8)).astype(numpy.float32) * numpy.float32(2.0 ** -24))


def main():
    for target in sys.argv[1:]:
        for kind in ("f32", "f64"):
            suite = Suite()
            for case in (joined, padded, gathered, tabulated, cut, masked, dropped):
                case(suite, kind)
            # The evaluator takes more than a kernel may hold.
            suite.run(kind, target, verified=False)


main()
