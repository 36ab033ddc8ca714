"""Writes a kernel for each function of --ogee-expand-math; checks its errors.

f32 results are compared with numpy's f64 over every 2039th float, f64 results
with numpy's long double on random samples.
"""
import ctypes
import math
import sys

import numpy as np

# Function, its reference, and the most ulp allowed in f32 and f64.
ROWS = [
    ("exp", np.exp, 1, 1.1),
    ("exp2", np.exp2, 1, 1.1),
    ("expm1", np.expm1, 1.5, 2),
    ("tanh", np.tanh, 1.5, 1.5),
    ("log", np.log, 1, 1),
    ("log1p", np.log1p, 1, 1),
    ("erf", np.vectorize(math.erf, otypes=[float]), 1, 2),
    ("sin", np.sin, 1, 2),
    ("cos", np.cos, 1, 2),
    ("rsqrt", lambda x: 1 / np.sqrt(x), 1.5, 1.5),
    ("powf", np.power, 1, 3),
]
TYPES = {"f32": (np.float32, 16), "f64": (np.float64, 8)}

KERNEL = """
llvm.func @{op}_{ty}(%a: !llvm.ptr, %b: !llvm.ptr, %out: !llvm.ptr, %n: i64) {{
  %c0 = arith.constant 0 : i64
  %step = arith.constant {lanes} : i64
  scf.for %i = %c0 to %n step %step : i64 {{
    %pa = llvm.getelementptr %a[%i] : (!llvm.ptr, i64) -> !llvm.ptr, {ty}
    %pb = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, {ty}
    %po = llvm.getelementptr %out[%i] : (!llvm.ptr, i64) -> !llvm.ptr, {ty}
    %x = llvm.load %pa {{alignment = 4 : i64}} : !llvm.ptr -> {v}
    %z = llvm.load %pb {{alignment = 4 : i64}} : !llvm.ptr -> {v}
    %y = math.{op} {operands} : {v}
    llvm.store %y, %po {{alignment = 4 : i64}} : {v}, !llvm.ptr
  }}
  llvm.return
}}"""


def write():
    for ty, (_, lanes) in TYPES.items():
        for op, *_ in ROWS:
            operands = "%x, %z" if op == "powf" else "%x"
            vector = f"vector<{lanes}x{ty}>"
            print(KERNEL.format(op=op, ty=ty, lanes=lanes, operands=operands, v=vector))


def run(library, name, x, y):
    count = -(-len(x) // 16) * 16
    a, b = np.ones((2, count), x.dtype)
    a[: len(x)], b[: len(x)] = x, y
    out = np.empty_like(a)
    pointers = [ctypes.c_void_p(v.ctypes.data) for v in (a, b, out)]
    getattr(library, name)(*pointers, ctypes.c_int64(count))
    return out[: len(x)]


def errors(got, want, dtype):
    """Ulp of each result; infinite where a special value differs."""
    tiny = np.finfo(dtype).tiny
    rounded = want.astype(dtype)
    unit = np.spacing(np.maximum(np.abs(rounded), tiny)).astype(want.dtype)
    error = np.abs(got.astype(want.dtype) - want) / unit
    special = ~np.isfinite(rounded)
    same = (got == rounded) | (np.isnan(got) & np.isnan(rounded))
    error = np.where(special, np.where(same, 0, np.inf), error)
    flushed = (np.abs(want) < tiny) & (np.abs(got) <= tiny)
    return np.where(flushed, 0, error)


def floats():
    x = np.arange(0, 2**32, 2039, dtype=np.uint64).astype(np.uint32).view(np.float32)
    return x[(np.abs(x) >= np.finfo(np.float32).tiny) | (x == 0) | np.isnan(x)]


def doubles(random):
    n = 20000
    return np.concatenate([
        random.standard_normal(n),
        random.uniform(-750, 750, n),
        random.uniform(-6, 6, n),
        np.exp(random.uniform(-300, 300, n)) * random.choice([-1, 1], n),
        1 + np.exp(random.uniform(-30, 0, n)),
        [0, np.inf, -np.inf, np.nan, 1, -1],
    ])


def powers(random, dtype):
    """Bases and exponents: random ones, then all pairs of special values."""
    n = 100000
    special = np.array([0, -0.0, 1, -1, 2, -2, 0.5, -0.5, 3, np.inf, -np.inf, np.nan])
    bases, exponents = (v.ravel() for v in np.meshgrid(special, special))
    x = np.concatenate([np.exp(random.uniform(-3, 3, n)), bases])
    y = np.concatenate([random.uniform(-5, 5, n), exponents])
    return x.astype(dtype), y.astype(dtype)


def check(path):
    library = ctypes.CDLL(path)
    random = np.random.default_rng(1)
    np.seterr(all="ignore")
    done = 0
    for ty, (dtype, _) in TYPES.items():
        wide = np.float64 if ty == "f32" else np.longdouble
        for op, reference, single, double in ROWS:
            x = floats() if ty == "f32" else doubles(random)
            if op in ("sin", "cos"):
                x = x[np.abs(x) < (2**30 if ty == "f32" else 2**20)]
            if op == "erf":
                x = x[::8]
            x, y = powers(random, dtype) if op == "powf" else (x, x)
            operands = (x.astype(wide), y.astype(wide))[: 1 + (op == "powf")]
            want = np.asarray(reference(*operands))
            error = errors(run(library, f"{op}_{ty}", x, y), want, dtype)
            worst = error.argmax()
            verdict = "ok" if error[worst] <= (single if ty == "f32" else double) else "wrong"
            print(f"{op} {ty}: {error[worst]:.3f} ulp at {x[worst]} {y[worst]}: {verdict}")
            done += 1
    print(f"{done} functions")


if __name__ == "__main__":
    write() if sys.argv[1] == "write" else check(sys.argv[2])
