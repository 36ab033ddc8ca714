"""nn.random against Philox4x32-10 and XXH64 in Python integers."""
import math
import sys

import numpy as np

from cases import Cases
from text import Kernel

MASK32, MASK64 = 2**32 - 1, 2**64 - 1
P1, P2, P3, P4, P5 = (
    0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
SHAPE = (5, 37)
cases = Cases()


def rotate(value, bits):
    return (value << bits | value >> (64 - bits)) & MASK64


def xxh64(data):
    """XXH64 with seed 0 of fewer than 32 bytes."""
    h = P5 + len(data)
    while len(data) >= 8:
        lane = rotate(int.from_bytes(data[:8], "little") * P2 & MASK64, 31) * P1
        h, data = rotate((h ^ lane) & MASK64, 27) * P1 + P4 & MASK64, data[8:]
    if len(data) >= 4:
        h, data = rotate((h ^ int.from_bytes(data[:4], "little") * P1) & MASK64, 23) * P2 + P3 & MASK64, data[4:]
    for byte in data:
        h = rotate((h ^ byte * P5) & MASK64, 11) * P1 & MASK64
    for shift, prime in ((33, P2), (29, P3), (32, 1)):
        h = (h ^ h >> shift) * prime & MASK64
    return h


def philox(key, low, high):
    """Two words of the block; Salmon et al. 2011, table 2."""
    k0, k1 = key & MASK32, key >> 32
    c = [low & MASK32, low >> 32, high & MASK32, high >> 32]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [b >> 32 ^ c[1] ^ k0, b & MASK32, a >> 32 ^ c[3] ^ k1, a & MASK32]
        k0, k1 = k0 + 0x9E3779B9 & MASK32, k1 + 0xBB67AE85 & MASK32
    return c[0], c[1]


def unit(word):
    return (word >> 8) * 2.0**-24


def normal(first, second):
    return math.sqrt(-2 * math.log(((first >> 8) + 1) * 2.0**-24)) * math.cos(2 * math.pi * unit(second))


# How a draw follows from two words, by distribution and its parameters.
DRAWS = {
    "bernoulli": lambda words, a, b: unit(words[0]) < a,
    "uniform": lambda words, a, b: a + (b - a) * unit(words[0]),
    "normal": lambda words, a, b: a + b * normal(*words),
}


def draw(distribution, a, b, element, tolerance, path, seed, step):
    k = Kernel(f"{distribution}_{element}", [("seed", (), "i64"), ("step", (), "i64")], box=SHAPE, row=0)
    kind = "x".join(map(str, SHAPE)) + "x" + element
    text = (
        f'RESULT = nn.random {distribution}({a:.6e}, {b:.6e}) "{path}", %seed, %step : '
        f"tensor<i64>, tensor<i64> -> tensor<{kind}>"
    )
    drawn = k.new(SHAPE, element, text)
    key = seed ^ xxh64(path.encode())
    want = [DRAWS[distribution](philox(key, e, step), a, b) for e in range(math.prod(SHAPE))]
    cases.add(k, [drawn], [seed, step], [np.reshape(want, SHAPE)], tolerance)


draw("bernoulli", 0.25, 0, "i1", 0, "blocks.3.drop", 7, 12)
draw("uniform", -2, 3, "f32", 1e-7, "noise", 1, 0)
draw("uniform", 0, 1, "f64", 0, "blocks.11.attend.noise", 123456789012345, 5000000000)
draw("normal", 0.5, 2, "f32", 5e-7, "noise", 1, 3)
draw("normal", 0, 1, "f64", 5e-7, "n", 2, 3)
cases.run(sys.argv[1:])
