"""Draws as docs/language.md keys them: Philox4x32-10 (Salmon et al. 2011, table 2)
on vectors of counters, with the XXH64 of the path in the key."""

import numpy as np

MASK32, MASK64 = 2**32 - 1, 2**64 - 1
P1, P2, P3, P4, P5 = (
    0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)  # fmt: skip


def rotate(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & MASK64


def lane(value: int) -> int:
    return rotate(value * P2 & MASK64, 31) * P1 & MASK64


def xxh64(data: bytes) -> int:
    """XXH64 with seed 0."""
    h = P5
    if len(data) >= 32:
        state = [P1 + P2 & MASK64, P2, 0, -P1 & MASK64]
        rest = data
        while len(rest) >= 32:
            words = (int.from_bytes(rest[i : i + 8], "little") for i in range(0, 32, 8))
            state = [rotate(s + w * P2 & MASK64, 31) * P1 & MASK64 for s, w in zip(state, words)]
            rest = rest[32:]
        h = sum(rotate(s, bits) for s, bits in zip(state, (1, 7, 12, 18))) & MASK64
        for s in state:
            h = (h ^ lane(s)) * P1 + P4 & MASK64
    else:
        rest = data
    h = h + len(data) & MASK64
    while len(rest) >= 8:
        h, rest = rotate(h ^ lane(int.from_bytes(rest[:8], "little")), 27) * P1 + P4 & MASK64, rest[8:]
    if len(rest) >= 4:
        h = rotate(h ^ int.from_bytes(rest[:4], "little") * P1 & MASK64, 23) * P2 + P3 & MASK64
        rest = rest[4:]
    for byte in rest:
        h = rotate(h ^ byte * P5 & MASK64, 11) * P1 & MASK64
    for shift, prime in ((33, P2), (29, P3), (32, 1)):
        h = (h ^ h >> shift) * prime & MASK64
    return h


def words(key: int, count: int, step: int) -> list[np.ndarray]:
    """Two words of each block with the counter (element, step)."""
    low = np.uint64(32)
    k0, k1 = key & MASK32, key >> 32
    zero = np.zeros(count, np.uint64)
    c = [np.arange(count, dtype=np.uint64), zero, zero + np.uint64(step & MASK32), zero + np.uint64(step >> 32)]
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        mask = np.uint64(MASK32)
        c = [b >> low ^ c[1] ^ np.uint64(k0), b & mask, a >> low ^ c[3] ^ np.uint64(k1), a & mask]
        k0, k1 = k0 + 0x9E3779B9 & MASK32, k1 + 0xBB67AE85 & MASK32
    return c[:2]


def unit(word) -> np.ndarray:
    return (word >> np.uint64(8)).astype(np.float64) * 2.0**-24


def draw(distribution: str, a: float, b: float, shape, seed: int, step: int, path: str) -> np.ndarray:
    """Element e, row-major, by the block e of the step."""
    one, two = words(seed ^ xxh64(path.encode()), int(np.prod(shape)), step)
    return DRAWS[distribution](one, two, a, b).reshape(shape)


def normal(one, two, a, b):
    radius = np.sqrt(-2 * np.log(((one >> np.uint64(8)).astype(np.float64) + 1) * 2.0**-24))
    return a + b * radius * np.cos(2 * np.pi * unit(two))



# How a draw follows from two words.
DRAWS = {
    "bernoulli": lambda one, two, a, b: unit(one) < a,
    "uniform": lambda one, two, a, b: a + (b - a) * unit(one),
    "normal": normal,
}
