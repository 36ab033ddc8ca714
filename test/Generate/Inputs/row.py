"""Row kernels of odd sizes against numpy in f64."""
import math
import sys

import numpy as np

from cases import Cases
from text import Kernel, tensor

random = np.random.default_rng(7)
cases = Cases()


def case(kernel, results, inputs, want, tolerance=3e-6, shared=()):
    cases.add(kernel, results, inputs, want, tolerance, shared)


def normal(*shape):
    return random.standard_normal(shape)


def moments(kernel, value, shape, element, dimension):
    kernel.count += 1
    mean, m2 = f"mean{kernel.count}", f"m2{kernel.count}"
    small = shape[:dimension]
    for name in (mean, m2):
        kernel.shapes[name] = (tuple(small), element)
    kernel.lines.append(
        f"%{mean}, %{m2} = nn.moments %{value} over [{dimension}] : {tensor(shape, element)} -> "
        f"{tensor(small, element)}, {tensor(small, element)}"
    )
    return mean, m2


def layer_norm(name, shape, element, tolerance):
    b, t, d = shape
    k = Kernel(name, [("x", shape, element), ("g", (d,), element), ("c", (d,), element)], box=shape, row=1)
    mean, m2 = moments(k, "x", shape, element, 2)
    var = k.constant_op("ab->ab", "arith.divf", m2, float(d))
    rstd = k.apply("ab->ab", "math.rsqrt", k.constant_op("ab->ab", "arith.addf", var, 1e-5))
    xhat = k.apply("abc,ab->abc", "arith.mulf", k.apply("abc,ab->abc", "arith.subf", "x", mean), rstd)
    y = k.apply("abc,c->abc", "arith.addf", k.apply("abc,c->abc", "arith.mulf", xhat, "g"), "c")
    x, g, c = normal(*shape) + 3, normal(d), normal(d)
    mu, sd = x.mean(-1), 1 / np.sqrt(x.var(-1) + 1e-5)
    want = [(x - mu[..., None]) * sd[..., None] * g + c, mu, sd]
    case(k, [y, mean, rstd], [x, g, c], want, tolerance, shared=[(0, 0)])


def layer_norm_grad(name, shape, element, tolerance):
    b, t, d = shape
    small = (b, t)
    k = Kernel(
        name,
        [("dy", shape, element), ("x", shape, element), ("m", small, element), ("s", small, element),
         ("g", (d,), element)],
        box=shape, row=1,
    )
    xhat = k.apply("abc,ab->abc", "arith.mulf", k.apply("abc,ab->abc", "arith.subf", "x", "m"), "s")
    h = k.apply("abc,c->abc", "arith.mulf", "dy", "g")
    hx = k.apply("abc,abc->abc", "arith.mulf", h, xhat)
    s1 = k.constant_op("ab->ab", "arith.divf", k.sum("abc->ab", h), float(d))
    s2 = k.constant_op("ab->ab", "arith.divf", k.sum("abc->ab", hx), float(d))
    inner = k.apply("abc,ab->abc", "arith.subf", h, s1)
    inner = k.apply("abc,abc->abc", "arith.subf", inner, k.apply("abc,ab->abc", "arith.mulf", xhat, s2))
    dx = k.apply("abc,ab->abc", "arith.mulf", inner, "s")
    dg = k.sum("abc->c", k.apply("abc,abc->abc", "arith.mulf", "dy", xhat), partial=True)
    dc = k.sum("abc->c", "dy", partial=True)
    squares = k.sum("abc->", k.apply("abc,abc->abc", "arith.mulf", dx, dx), partial=True)
    dy, x, g = normal(*shape), normal(*shape), normal(d)
    mu, sd = x.mean(-1, keepdims=True), 1 / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    hat = (x - mu) * sd
    hh = dy * g
    want = (hh - hh.mean(-1, keepdims=True) - hat * (hh * hat).mean(-1, keepdims=True)) * sd
    wants = [want, (dy * hat).sum((0, 1)), dy.sum((0, 1)), (want**2).sum()]
    inputs = [dy, x, mu[..., 0], sd[..., 0], g]
    case(k, [dx, dg, dc, squares], inputs, wants, tolerance, shared=[(0, 0)])


def cross_entropy(name, rows, classes, element, tolerance):
    shape = (rows, classes)
    k = Kernel(name, [("z", shape, element), ("t", (rows,), "i32")], box=shape, row=1)
    lse = "lse"
    k.shapes[lse] = ((rows,), element)
    k.lines.append(f"%lse = nn.logsumexp %z over [1] : {k.type('z')} -> {tensor((rows,), element)}")
    # The target's logit: the sum over the row of what stands at its place.
    body = (
        "%j = linalg.index 1 : index\n      %j32 = arith.index_cast %j : index to i32\n"
        "      %r = arith.cmpi eq, %j32, %0 : i32"
    )
    start = k.fill(shape, "i1", "0")
    hit = k.generic("a->ab", ["t"], body, "i1", start)
    zero = k.fill((), element, "0.0")
    one = k.fill((), element, "1.0")
    choose = f"%r = arith.select %0, %1, %2 : {element}"
    at = k.sum("ab->a", k.generic("ab,ab,->ab", [hit, "z", zero], choose, element))
    nats = k.apply("a,a->a", "arith.subf", lse, at)
    loss = k.sum("a->", nats, partial=True)
    loss = k.constant_op("->", "arith.divf", loss, float(rows))
    p = k.apply("ab->ab", "math.exp", k.apply("ab,a->ab", "arith.subf", "z", lse))
    target = k.generic("ab,,->ab", [hit, one, zero], choose, element)
    grad = k.constant_op("ab->ab", "arith.divf", k.apply("ab,ab->ab", "arith.subf", p, target), float(rows))
    z, t = normal(*shape) * 5, random.integers(0, classes, rows)
    top = z.max(1, keepdims=True)
    exact = (top + np.log(np.exp(z - top).sum(1, keepdims=True)))[:, 0]
    want = np.exp(z - exact[:, None])
    want[np.arange(rows), t] -= 1
    want /= rows
    case(k, [grad, loss, lse], [z, t], [want, (exact - z[np.arange(rows), t]).mean(), exact], tolerance, [(0, 0)])


def twice(name, shape, element):
    """A costly value that two passes need: softmax of tanh, and its row sum."""
    k = Kernel(name, [("x", shape, element)], box=shape, row=1)
    u = k.apply("ab->ab", "math.tanh", "x")
    total = k.sum("ab->a", u)
    y = k.apply("ab,a->ab", "arith.mulf", u, total)
    x = normal(*shape)
    v = np.tanh(x)
    case(k, [y, total], [x], [v * v.sum(1, keepdims=True), v.sum(1)])


def elementwise(name, shape, element, tolerance):
    letters = "abcd"[: len(shape)]
    k = Kernel(name, [("x", shape, element), ("b", shape[-1:], element)], box=shape, row=0)
    u = k.apply(f"{letters},{letters[-1]}->{letters}", "arith.addf", "x", "b")
    e = k.apply(f"{letters}->{letters}", "math.erf", u)
    y = k.apply(f"{letters},{letters}->{letters}", "arith.mulf", u, e)
    total = k.sum(f"{letters}->", k.apply(f"{letters},{letters}->{letters}", "arith.mulf", y, y), partial=True)
    root = k.apply("->", "math.sqrt", total)
    x, b = normal(*shape), normal(shape[-1])
    v = (x + b) * np.vectorize(math.erf)(x + b)
    case(k, [y, root], [x, b], [v, np.sqrt((v**2).sum())], tolerance, shared=[(0, 0)])


def embedding(name, element):
    k = Kernel(name, [("w", (50, 24), element), ("p", (9, 24), element), ("t", (4, 9), "i32")], box=(4, 9, 24), row=1)
    k.shapes["rows"] = ((4, 9, 24), element)
    k.lines.append(f"%rows = nn.gather %w[%t] : {k.type('w')}, {k.type('t')} -> {tensor((4, 9, 24), element)}")
    x = k.apply("abc,bc->abc", "arith.addf", "rows", "p")
    mean, m2 = moments(k, x, (4, 9, 24), element, 2)
    w, p, t = normal(50, 24), normal(9, 24), random.integers(0, 50, (4, 9))
    v = w[t] + p
    case(k, [x, mean, m2], [w, p, t], [v, v.mean(-1), v.var(-1) * 24])


def argmax(name, shape):
    k = Kernel(name, [("x", shape, "f32")], box=shape, row=1)
    k.shapes["best"] = (shape[:1], "i64")
    k.lines.append(f"%best = nn.argmax %x over 1 : {k.type('x')} -> {tensor(shape[:1], 'i64')}")
    x = random.integers(0, 40, shape).astype(np.float32)
    case(k, ["best"], [x], [x.argmax(1)], 0)


def scalars(name):
    k = Kernel(name, [("step", (), "i64"), ("norm", (), "f32")], box=(), row=0)
    body = "%r = arith.sitofp %0 : i64 to f64"
    rate = k.constant_op("->", "arith.mulf", k.generic("->", ["step"], body, "f64"), 1e-3)
    factor = k.apply("->", "math.sqrt", "norm")
    case(k, [rate, factor], [17, 2.0], [0.017, np.sqrt(2)], 1e-7)


def two_dimensions(name, shape, element):
    """Row of two dimensions; a broadcast of each."""
    b, h, d = shape
    k = Kernel(name, [("x", shape, element), ("u", (h,), element), ("v", (d,), element)], box=shape, row=2)
    y = k.apply("abc,b->abc", "arith.mulf", "x", "u")
    y = k.apply("abc,c->abc", "arith.addf", y, "v")
    peak = k.sum("abc->a", y, "arith.maximumf", "0xFF800000" if element == "f32" else "0xFFF0000000000000")
    z = k.apply("abc,a->abc", "arith.subf", y, peak)
    cols = k.sum("abc->bc", z, partial=True)
    x, u, v = normal(*shape), normal(h), normal(d)
    w = x * u[:, None] + v
    top = w.max((1, 2))
    case(k, [z, peak, cols], [x, u, v], [w - top[:, None, None], top, (w - top[:, None, None]).sum(0)])


def tests(name, shape):
    """Whether all, and any, elements of a row are below a limit, and how many."""
    k = Kernel(name, [("x", shape, "f32")], box=shape, row=1)
    limit = "%k = arith.constant 1.0 : f32\n      %r = arith.cmpf olt, %0, %k : f32"
    below = k.generic("ab->ab", ["x"], limit, "i1")
    results = [k.sum("ab->a", below, "arith.andi", "1"), k.sum("ab->a", below, "arith.ori", "0")]
    each = k.generic("ab->ab", [below], "%r = arith.extui %0 : i1 to i32", "i32")
    results.append(k.sum("ab->a", each, "arith.addi", "0"))
    kinds = ("i1", "i1", "i32")
    numbers = [
        k.generic("a->a", [r], f"%r = arith.uitofp %0 : {kind} to f32", "f32") for r, kind in zip(results, kinds)
    ]
    x = normal(*shape)
    x[0], x[1] = 0, 2
    want = [(x < 1).all(-1), (x < 1).any(-1), (x < 1).sum(-1)]
    case(k, numbers, [x], [w.astype("f8") for w in want], 0)


def main():
    layer_norm("ln_f32", (6, 37, 72), "f32", 3e-6)
    layer_norm("ln_f64", (3, 5, 21), "f64", 1e-13)
    layer_norm("ln_long", (2, 3, 384), "f32", 3e-6)
    layer_norm_grad("ln_grad_f32", (6, 37, 72), "f32", 3e-6)
    layer_norm_grad("ln_grad_f64", (3, 5, 21), "f64", 1e-13)
    layer_norm_grad("ln_grad_many", (16, 64, 130), "f32", 3e-6)
    cross_entropy("ce_f32", 21, 257, "f32", 3e-6)
    cross_entropy("ce_f64", 13, 65, "f64", 1e-13)
    cross_entropy("ce_vocab", 3, 50257, "f32", 3e-6)
    cross_entropy("ce_two", 9, 2, "f32", 3e-6)
    twice("twice_f32", (19, 133), "f32")
    elementwise("e_rows", (40, 130), "f32", 3e-6)
    elementwise("e_small", (3, 5), "f32", 3e-6)
    elementwise("e_flat", (5003,), "f64", 1e-13)
    elementwise("e_flat32", (20011,), "f32", 3e-6)
    elementwise("e_cube", (7, 11, 13, 5), "f32", 3e-6)
    embedding("embedding", "f32")
    argmax("argmax", (9, 133))
    tests("tests", (9, 133))
    scalars("scalars")
    two_dimensions("plane", (11, 5, 16), "f32")
    two_dimensions("odd_plane", (11, 5, 7), "f64")
    cases.run(sys.argv[1:])


if __name__ == "__main__":
    main()
