"""A list kernel, momentum over tensors of any length, launched once for all of them."""
import ctypes
import sys

import numpy as np

from kernels import Kernels, check
from text import Kernel, module

LENGTHS = [1, 16, 33, 5000, 64, 777]
CHUNK = 300  # elements a chunk at most

random = np.random.default_rng(3)


def momentum(element):
    """m' = 0.9 m + g; w' = w - rate m'"""
    vector, scalar = ("?",), ()
    arguments = [("w", vector, element), ("g", vector, element), ("m", vector, element), ("rate", scalar, element)]
    k = Kernel("momentum_" + element, arguments, list=True)
    m = k.apply("a,a->a", "arith.addf", k.constant_op("a->a", "arith.mulf", "m", 0.9), "g")
    w = k.apply("a,a->a", "arith.subf", "w", k.apply("a,->a", "arith.mulf", m, "rate"))
    return k.text([w, m])


def chunks_of(lengths):
    """(tuple, first element, count) of each chunk."""
    return [(t, first, min(CHUNK, n - first)) for t, n in enumerate(lengths) for first in range(0, n, CHUNK)]


def launch(kernel, dtype, in_place):
    """Runs all chunks in a random order; arena and tuples' offsets as plan makes them."""
    arena = np.zeros(1 << 16, dtype)
    arena[:] = np.nan
    used = 0

    def take(values):
        nonlocal used
        used += 16
        place = arena[used : used + len(values)]
        place[:] = values
        offset = used * arena.itemsize
        used += -(-len(values) // 8) * 8
        return offset, place

    operands, results, want, places = [], [], [], []
    for n in LENGTHS:
        w, g, m, rate = (random.standard_normal(k).astype(dtype) for k in (n, n, n, 1))
        taken = [take(v) for v in (w, g, m, rate)]
        operands += [offset for offset, _ in taken]
        after = [taken[0], taken[2]] if in_place else [take(np.zeros(n)), take(np.zeros(n))]
        results += [offset for offset, _ in after]
        places += [place for _, place in after]
        m64 = 0.9 * m.astype(np.float64) + g
        want += [w - rate.astype(np.float64) * m64, m64]
    table = chunks_of(LENGTHS)
    header = 4 * len(table)
    offsets = []
    for t, first, count in table:
        offsets += [header + 4 * t, header + len(operands) + 2 * t, first, count]
    offsets = (ctypes.c_int64 * (header + len(operands + results)))(*offsets, *operands, *results)
    between = np.isnan(arena).sum()
    for chunk in random.permutation(len(table)):
        kernel(ctypes.c_void_p(arena.ctypes.data), offsets, ctypes.c_int64(chunk), None)
    assert np.isnan(arena).sum() == between, "a store between buffers"
    return places, want


def main():
    for target in sys.argv[1:]:
        kernels = Kernels(module([momentum("f32"), momentum("f64")]), target)
        for element, dtype, tolerance in (("f32", np.float32, 3e-7), ("f64", np.float64, 1e-15)):
            for in_place in (False, True):
                got, want = launch(getattr(kernels.library, "momentum_" + element), dtype, in_place)
                for index, (mine, exact) in enumerate(zip(got, want, strict=True)):
                    check(f"tuple {index // 2} result {index % 2}", mine, exact, tolerance)
        print(f"list kernels right on {target}")


if __name__ == "__main__":
    main()
