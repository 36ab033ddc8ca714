"""Scalar functions and reductions in numpy, by the names of the operations.

Values may be complex: then the imaginary part carries a derivative (complex step),
decisions look at the real part alone, and what carries no gradient has none.
Reductions are over the last axis; `keep` says which elements there are."""

import math

import numpy as np

try:
    from scipy.special import erf as _erf
except ImportError:
    _erf = np.vectorize(math.erf, otypes=[np.float64])

INTEGERS = ("i1", "i32", "i64", "index")


def real(value):
    return np.real(value)


def like(element: str, value):
    """The value in the type that `element` is computed in."""
    if element == "i1":
        return np.asarray(value, bool)
    if element in INTEGERS:
        return np.asarray(real(value)).astype(np.int64)
    value = np.asarray(value)
    return value if value.dtype.kind == "c" else value.astype(np.float64)


def split(function, slope):
    """A function that numpy has for reals only, with its slope."""

    def call(a):
        return function(a.real) + 1j * a.imag * slope(a.real) if a.dtype.kind == "c" else function(a)

    return call


def power(a, b):
    """Integer powers of negative numbers have no logarithm."""
    if a.dtype.kind != "c" and b.dtype.kind != "c":
        return np.power(a, b)
    x, y = real(a), real(b)
    value = np.power(x, y)
    slope_a = np.where(y == 0, 0.0, y * np.power(x, y - 1))
    tangent = slope_a * np.imag(a)
    if b.dtype.kind == "c" and np.any(np.imag(b)):
        tangent = tangent + value * np.log(x) * np.imag(b)
    return value + 1j * tangent


def sign_of(a):
    return np.where(real(a) < 0, -1.0, 1.0)


SCALAR = {
    "arith.addf": np.add, "arith.subf": np.subtract, "arith.mulf": np.multiply, "arith.divf": np.divide,
    "arith.negf": np.negative, "arith.addi": np.add, "arith.subi": np.subtract, "arith.muli": np.multiply,
    "arith.maximumf": lambda a, b: np.where(real(a) >= real(b), a, b),
    "arith.minimumf": lambda a, b: np.where(real(a) <= real(b), a, b),
    "arith.maxsi": np.maximum, "arith.minsi": np.minimum,
    "arith.floordivsi": np.floor_divide, "arith.remsi": np.fmod,
    "arith.andi": np.bitwise_and, "arith.ori": np.bitwise_or, "arith.xori": np.bitwise_xor,
    "arith.select": np.where,
    "math.exp": np.exp, "math.log": np.log, "math.sqrt": np.sqrt, "math.rsqrt": lambda a: 1 / np.sqrt(a),
    "math.tanh": np.tanh, "math.sin": np.sin, "math.cos": np.cos, "math.absf": lambda a: a * sign_of(a),
    "math.erf": split(_erf, lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x)),
    "math.floor": lambda a: np.floor(real(a)), "math.powf": power,
}  # fmt: skip
CASTS = ("arith.index_cast", "arith.extf", "arith.truncf", "arith.sitofp", "arith.fptosi")
COMPARE_I = (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)
COMPARE_F = {1: np.equal, 2: np.greater, 3: np.greater_equal, 4: np.less, 5: np.less_equal, 13: np.not_equal}


def logsumexp(x, keep):
    """Over the last axis; -inf on nothing."""
    x = np.where(keep, x, -np.inf)
    top = real(x).max(axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    total = np.exp(x - top).sum(axis=-1)
    none = real(total) == 0
    return np.where(none, -np.inf, np.log(np.where(none, 1, total)) + top[..., 0])


def mean(x, keep):
    count = np.maximum(keep.sum(axis=-1), 1)
    return np.where(keep, x, 0).sum(axis=-1) / count


def variance(x, keep):
    centre = mean(x, keep)[..., None]
    return mean((x - centre) ** 2, keep)


def norm(x, keep):
    square = np.where(keep, x * x, 0).sum(axis=-1)
    none = real(square) == 0
    return np.where(none, 0, np.sqrt(np.where(none, 1, square)))


def first(x, place):
    return np.take_along_axis(x, place[..., None], axis=-1)[..., 0]


def greatest(x, keep):
    x = np.where(keep, x, -np.inf)
    return first(x, real(x).argmax(axis=-1))


def least(x, keep):
    x = np.where(keep, x, np.inf)
    return first(x, real(x).argmin(axis=-1))


def softmax(x, keep):
    total = logsumexp(x, keep)[..., None]
    none = np.isinf(real(total))
    return np.where(keep & ~none, np.exp(np.where(keep, x, 0) - np.where(none, 0, total)), 0)


REDUCE = {
    "sum": lambda x, keep: np.where(keep, x, 0).sum(axis=-1),
    "prod": lambda x, keep: np.where(keep, x, 1).prod(axis=-1),
    "max": greatest,
    "min": least,
    "mean": mean,
    "count": lambda x, keep: (keep & x).sum(axis=-1),
    "any": lambda x, keep: (keep & x).any(axis=-1),
    "all": lambda x, keep: (~keep | x).all(axis=-1),
    "logsumexp": logsumexp,
    "norm": norm,
    "argmax": lambda x, keep: np.where(keep, real(x), -np.inf).argmax(axis=-1),
    "variance": variance,
}
