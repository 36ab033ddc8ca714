#!/usr/bin/env python3
"""Fits the polynomials of lib/Generate/Cpu/Math*.cpp: prints each table with its error.

Remez exchange in 200-bit arithmetic (mpmath): the error times a weight takes its
largest size, with alternating signs, in two points more than the degree. A weight
is kept away from 0, where the exchange would have no point.
"""
import numpy
from mpmath import cos, erf, erfc, exp, expm1, fabs, log, lu_solve, matrix, mp, mpf, nstr, pi, sin, sqrt, tanh

mp.prec = 200
TINY = mpf(2) ** -120
GRID = 1200


def nodes(low, high, count):
    return [(low + high) / 2 - (high - low) / 2 * cos(pi * mpf(i) / (count - 1)) for i in range(count)]


def solve(f, weight, points, degree):
    """Coefficients whose weighted errors in the points are equal but for the sign."""
    size = degree + 2
    system, right = matrix(size, size), matrix(size, 1)
    for i, x in enumerate(points):
        for j in range(degree + 1):
            system[i, j] = x**j
        system[i, degree + 1] = (-1) ** i / weight(x)
        right[i] = f(x)
    return list(lu_solve(system, right))[: degree + 1]


def extrema(errors):
    """Indices of the largest error of each run of one sign."""
    best = []
    for i, error in enumerate(errors):
        if best and errors[best[-1]] * error > 0:
            if fabs(error) > fabs(errors[best[-1]]):
                best[-1] = i
        else:
            best.append(i)
    return best


def remez(f, weight, low, high, degree):
    grid = nodes(mpf(low), mpf(high), GRID + 1)
    values = [(x, f(x), weight(x)) for x in grid]
    points = nodes(mpf(low), mpf(high), degree + 2)
    for _ in range(8):
        coefficients = solve(f, weight, points, degree)
        errors = []
        for x, value, factor in values:
            total = mpf(0)
            for coefficient in reversed(coefficients):
                total = total * x + coefficient
            errors.append((total - value) * factor)
        chosen = extrema(errors)
        while len(chosen) > degree + 2:
            chosen.pop(0 if fabs(errors[chosen[0]]) < fabs(errors[chosen[-1]]) else -1)
        if len(chosen) < degree + 2:
            break
        points = [grid[i] for i in chosen]
    return coefficients, max(fabs(error) for error in errors)


def near_zero(f):
    """The quotient f(x), whose numerator cancels: more digits, and 0 avoided."""

    def guarded(x):
        with mp.workprec(700):
            return f(x if x else TINY)

    return guarded


def at_least(bound, power=1):
    return lambda x: max(fabs(x), mpf(bound)) ** power


def of_square(f):
    return near_zero(lambda z: f(sqrt(z)))


def gauss_factor(t):
    a = (2 + 2 * t) / (1 - t)
    return exp(a * a) * erfc(a)


def gauss_weight(t):
    a = (2 + 2 * t) / (1 - t)
    return exp(-a * a)


HALF_LN2 = log(2) / 2 * mpf("1.0001")
QUARTER = (pi / 4) ** 2 * mpf("1.001")
EXP = near_zero(lambda r: (expm1(r) - r) / r**2)
ERF = of_square(lambda x: erf(x) / x)
# Table, element type, function, weight, interval, degree.
ROWS = [
    ("kExpFloat", 32, EXP, lambda r: at_least("0.03", 2)(r) / exp(r), (-HALF_LN2, HALF_LN2), 4),
    ("kExpDouble", 64, EXP, lambda r: at_least("0.03", 2)(r) / exp(r), (-HALF_LN2, HALF_LN2), 9),
    ("kExpm1Float", 32, EXP, at_least("0.03"), (-HALF_LN2, HALF_LN2), 5),
    ("kExpm1Double", 64, EXP, at_least("0.03"), (-HALF_LN2, HALF_LN2), 10),
    ("kExp2Float", 32, near_zero(lambda r: expm1(r * log(2)) / r), at_least("0.03"), (-0.5, 0.5), 5),
    ("kExp2Double", 64, near_zero(lambda r: expm1(r * log(2)) / r), at_least("0.03"), (-0.5, 0.5), 10),
    ("kTanhFloat", 32, of_square(lambda x: (tanh(x) - x) / x**3), at_least("0.002"), (0, "0.3025"), 4),
    ("kTanhDouble", 64, of_square(lambda x: (tanh(x) - x) / x**3), at_least("0.002"), (0, "0.3025"), 10),
    ("kLogFloat", 32, near_zero(lambda f: (log(1 + f) - f + f * f / 2) / f**3), at_least("0.03", 2),
     (sqrt(mpf(1) / 2) - 1, sqrt(mpf(2)) - 1), 8),
    ("kLogDouble", 64, of_square(lambda s: (log((1 + s) / (1 - s)) / s - 2) / s**2), at_least("0.0005"),
     (0, "0.02945"), 6),
    ("kSin", 64, of_square(lambda r: (sin(r) - r) / r**3), at_least("0.0005"), (0, QUARTER), 5),
    ("kCos", 64, of_square(lambda r: (cos(r) - 1 + r * r / 2) / r**4), at_least("0.005", 2), (0, QUARTER), 5),
    ("kSmallFloat", 32, lambda z: ERF(z) - 1, lambda z: 1 / ERF(z), (0, 1), 6),
    ("kSmallDouble", 64, lambda z: ERF(z) - 1, lambda z: 1 / ERF(z), (0, 1), 12),
    ("kLargeFloat", 32, lambda a: -log(erfc(a)) / a, lambda a: a * erfc(a), (1, 4), 6),
    ("kLargeDouble", 64, gauss_factor, gauss_weight, (mpf(-1) / 3, 0.5), 13),
]


def main():
    for name, bits, f, weight, interval, degree in ROWS:
        coefficients, error = remez(f, weight, *interval, degree)
        kind = numpy.float32 if bits == 32 else numpy.float64
        numbers = ", ".join(float(kind(nstr(c, 30))).hex() for c in coefficients)
        print(f"{name}: error 2^{nstr(log(error, 2), 4)}\n  {{{numbers}}}", flush=True)


if __name__ == "__main__":
    main()
