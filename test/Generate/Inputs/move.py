"""Scatters and copies of odd sizes against numpy in f64."""
import sys

import numpy as np

from cases import Cases
from text import Kernel, tensor

random = np.random.default_rng(13)
cases = Cases()


def scatter(shape, indices, element, init, tolerance):
    """Embedding gradient: rows added at indices, with a sum of squares."""
    updates = indices + shape[1:]
    name = "scatter_" + element + "_" + "_".join(map(str, shape + indices)) + ("_init" if init else "")
    arguments = [("t", indices, "i32"), ("u", updates, element)] + ([("w", shape, element)] if init else [])
    k = Kernel(name, arguments, family="move")
    start = "w" if init else k.fill(shape, element, "0.0")
    text = f"RESULT = nn.scatter_add %{start}[%t], %u : {tensor(shape, element)}, {k.type('t')}, {k.type('u')} -> {tensor(shape, element)}"
    total = k.new(shape, element, text)
    letters = "abc"[: len(shape)]
    square = k.apply(f"{letters},{letters}->{letters}", "arith.mulf", total, total)
    squares = k.sum(f"{letters}->", square, partial=True)
    t = random.integers(0, shape[0], indices)
    u, w = random.standard_normal(updates), random.standard_normal(shape)
    want = w.copy() if init else np.zeros(shape)
    np.add.at(want, t, u)
    shared = [(0, 2)] if init else []
    cases.add(k, [total, squares], [t, u] + ([w] if init else []), [want, (want**2).sum()], tolerance, shared)


def descend(shape, indices, element, tolerance):
    """Sums that only an epilogue reads: the next value over the old one."""
    updates = indices + shape[1:]
    k = Kernel("descend_" + "_".join(map(str, shape)), [("t", indices, "i32"), ("u", updates, element), ("w", shape, element)], family="move")
    start = k.fill(shape, element, "0.0")
    text = f"RESULT = nn.scatter_add %{start}[%t], %u : {tensor(shape, element)}, {k.type('t')}, {k.type('u')} -> {tensor(shape, element)}"
    total = k.new(shape, element, text)
    letters = "abc"[: len(shape)]
    value = k.apply(f"{letters},{letters}->{letters}", "arith.subf", "w", total)
    squares = k.sum(f"{letters}->", k.apply(f"{letters},{letters}->{letters}", "arith.mulf", total, total), partial=True)
    t, u, w = random.integers(0, shape[0], indices), random.standard_normal(updates), random.standard_normal(shape)
    want = np.zeros(shape)
    np.add.at(want, t, u)
    cases.add(k, [value, squares], [t, u, w], [w - want, (want**2).sum()], tolerance, [(0, 2)])


def pad():
    k = Kernel("pad", [("x", (5, 9), "f32")], family="move")
    text = (
        "%zero = arith.constant 0.0 : f32\n    RESULT = tensor.pad %x low[1, 2] high[0, 3] {\n"
        "    ^bb0(%i: index, %j: index):\n      tensor.yield %zero : f32\n    } : "
        "tensor<5x9xf32> to tensor<6x14xf32>"
    )
    padded = k.new((6, 14), "f32", text)
    x = random.standard_normal((5, 9))
    cases.add(k, [padded], [x], [np.pad(x, ((1, 0), (2, 3)))], 1e-7)


def momentum(element, tolerance):
    """A padded gradient, its sum of squares, the next moment over the old one and
    the next value, which reads the old moment too, over the old value."""
    shape, inner = (37, 21), (16, 21)
    k = Kernel("momentum_" + element, [("g", inner, element), ("m", shape, element), ("w", shape, element)], family="move")
    text = (
        f"%zero = arith.constant 0.0 : {element}\n    RESULT = tensor.pad %g low[0, 0] high[21, 0] {{\n"
        f"    ^bb0(%i: index, %j: index):\n      tensor.yield %zero : {element}\n    }} : "
        f"{tensor(inner, element)} to {tensor(shape, element)}"
    )
    padded = k.new(shape, element, text)
    squares = k.sum("ab->", k.apply("ab,ab->ab", "arith.mulf", padded, padded), partial=True)
    moment = k.apply("ab,ab->ab", "arith.addf", "m", padded)
    value = k.apply("ab,ab->ab", "arith.subf", "w", moment)
    g, m, w = (random.standard_normal(s) for s in (inner, shape, shape))
    full = np.pad(g, ((0, 21), (0, 0)))
    want = [m + full, w - (m + full), (full**2).sum()]
    cases.add(k, [moment, value, squares], [g, m, w], want, tolerance, [(0, 1), (1, 2)])


def insert():
    """Rows of an argument replaced, over many chunks."""
    shape, inner = (300, 1030), (97, 1030)
    k = Kernel("insert", [("x", inner, "f32"), ("y", shape, "f32")], family="move")
    text = f"RESULT = tensor.insert_slice %x into %y[101, 0] [97, 1030] [1, 1] : {tensor(inner, 'f32')} into {tensor(shape, 'f32')}"
    inserted = k.new(shape, "f32", text)
    x, y = random.standard_normal(inner), random.standard_normal(shape)
    want = y.copy()
    want[101:198] = x
    cases.add(k, [inserted], [x, y], [want], 1e-7)


def insert_strided():
    """The gradient of every other row and every third column."""
    shape, inner = (9, 50), (4, 17)
    k = Kernel("insert_strided", [("x", inner, "f32")], family="move")
    zero = k.fill(shape, "f32", "0.0")
    text = f"RESULT = tensor.insert_slice %x into %{zero}[1, 1] [4, 17] [2, 3] : {tensor(inner, 'f32')} into {tensor(shape, 'f32')}"
    inserted = k.new(shape, "f32", text)
    x, want = random.standard_normal(inner), np.zeros(shape)
    want[1::2, 1::3] = x
    cases.add(k, [inserted], [x], [want], 1e-7)


def join():
    """Two arguments of different shapes side by side, and a copy of one."""
    k = Kernel("join", [("x", (5, 9), "f64"), ("y", (5, 4), "f64")], family="move")
    both = k.new(
        (5, 13), "f64",
        "RESULT = tensor.concat dim(1) %x, %y : (tensor<5x9xf64>, tensor<5x4xf64>) -> tensor<5x13xf64>",
    )
    flat = k.new((20,), "f64", "RESULT = tensor.collapse_shape %y [[0, 1]] : tensor<5x4xf64> into tensor<20xf64>")
    x, y = random.standard_normal((5, 9)), random.standard_normal((5, 4))
    cases.add(k, [both, flat], [x, y], [np.concatenate([x, y], 1), y.ravel()], 0)


scatter((65, 24), (4, 9), "f32", False, 1e-6)
scatter((11, 5), (7,), "f64", True, 1e-14)
scatter((7, 3, 33), (50,), "f32", True, 1e-6)
scatter((256, 384), (16, 16), "f32", False, 1e-6)
scatter((9,), (40,), "f32", True, 1e-6)
scatter((3001, 40), (7, 9), "f32", False, 1e-5)
scatter((2, 70, 130), (5,), "f64", True, 1e-14)
descend((3001, 40), (7, 9), "f32", 1e-5)
descend((4, 3, 33), (50,), "f64", 1e-14)
descend((9,), (40,), "f64", 1e-14)
pad()
momentum("f32", 1e-6)
momentum("f64", 1e-14)
join()
insert()
insert_strided()
cases.run(sys.argv[1:])
