"""Column kernels of odd sizes against numpy in f64."""
import sys

import numpy as np

from cases import Cases
from text import Kernel

random = np.random.default_rng(11)
cases = Cases()


def position_gradient(shape, element, tolerance):
    """sum over the batch of dy * g, and its norm."""
    b, t, d = shape
    name = f"position_{element}_{b}_{t}_{d}"
    k = Kernel(name, [("dy", shape, element), ("g", (d,), element)], family="column", box=(t, d))
    total = k.sum("abc->bc", k.apply("abc,c->abc", "arith.mulf", "dy", "g"))
    squares = k.sum("ab->", k.apply("ab,ab->ab", "arith.mulf", total, total), partial=True)
    norm = k.apply("->", "math.sqrt", squares)
    rows = k.sum("ab->b", total, partial=True)
    dy, g = random.standard_normal(shape), random.standard_normal(d)
    want = (dy * g).sum(0)
    cases.add(k, [total, norm, rows], [dy, g], [want, np.sqrt((want**2).sum()), want.sum(0)], tolerance)


def two_columns(element):
    """Two sums with one shape of input, two leading dimensions, an epilogue."""
    shape = (3, 5, 37)
    k = Kernel("two_" + element, [("x", shape, element), ("y", shape, element)], family="column", box=(37,))
    s = k.sum("abc->c", "x")
    m = k.sum("abc->c", "y", "arith.maximumf", "0xFF800000" if element == "f32" else "0xFFF0000000000000")
    ratio = k.apply("a,a->a", "arith.subf", s, m)
    x, y = random.standard_normal(shape), random.standard_normal(shape)
    want = [x.sum((0, 1)), x.sum((0, 1)) - y.max((0, 1))]
    cases.add(k, [s, ratio], [x, y], want, 1e-6 if element == "f32" else 1e-14)


def to_scalar():
    k = Kernel("to_scalar", [("x", (1000,), "f32")], family="column", box=())
    x = random.standard_normal(1000)
    cases.add(k, [k.sum("a->", "x")], [x], [x.sum()], 1e-6)


position_gradient((4, 7, 24), "f32", 1e-6)
position_gradient((3, 37, 72), "f32", 1e-6)
position_gradient((2, 5, 3), "f64", 1e-14)
position_gradient((16, 64, 384), "f32", 3e-6)
two_columns("f32")
two_columns("f64")
to_scalar()
cases.run(sys.argv[1:])
