"""Checks that what schedule makes computes what the tensor program does.

    python3 schedule.py FILE [--passes=PASS,..] [name=value ...]

FILE is a model in Arch or a tensor program. Every function runs in f64 in numpy
before and after the passes (default: the schedule stage); all results must agree
but for the order of sums. Prints how many do."""

import argparse
import sys

import numpy as np

from gradient import PRINT, inputs, ran, sample
from program import Program


def arguments(program: Program, name: str) -> list:
    """Moments are not negative: roots are taken of them."""
    kinds = [attributes.get("nn.class") for _, attributes in program.arguments(name)]
    values = inputs(program, name, sample(program, name))
    return [np.abs(value) if kind == "moment" else value for kind, value in zip(kinds, values)]


def differences(before: Program, after: Program, name: str) -> list[str]:
    values = arguments(before, name)
    expected, found = before.run(name, values), after.run(name, values)
    lines = []
    for index, (a, b, attributes) in enumerate(zip(expected, found, before.results(name), strict=True)):
        if not np.allclose(a, b, rtol=1e-9, atol=1e-9 * np.abs(a).max(initial=1e-300)):
            lines.append(f"@{name}: result {index} {attributes} differs by {np.abs(a - b).max():.3g}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--passes", default="ogee-schedule")
    parser.add_argument("values", nargs="*")
    chosen = parser.parse_args()
    if chosen.file.endswith(".arch"):
        text = ran(["ogee", "dump", chosen.file, "--emit=differentiate", *chosen.values], "")
    else:
        with open(chosen.file) as file:
            text = file.read()
    before = Program(ran(["ogee-opt", *PRINT], text))
    after = Program(ran(["ogee-opt", *(f"--{name}" for name in chosen.passes.split(",")), *PRINT], text))
    names = [name for name in ("step", "evaluate", "sample") if name in before.functions]
    lines = [line for name in names for line in differences(before, after, name)]
    if lines:
        sys.exit("\n".join(lines))
    print(f"{sum(len(before.results(name)) for name in names)} results agree")


if __name__ == "__main__":
    main()
