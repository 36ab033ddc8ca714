"""Compares the loss of a flattened model with one written by hand in Python.

    python3 forward.py MODEL.arch EXPECTED.py

EXPECTED.py has `loss(values)`, values by parameter path and field name, in plain
Python or numpy; it must not look at the compiler's output."""

import importlib.util
import sys

import numpy as np

from gradient import compiled, inputs, sample, source
from program import Program


def main() -> None:
    model, expected = sys.argv[1:]
    module, passes = source(model)
    forward = Program(compiled(module, passes))
    values = sample(forward, "forward")
    found = float(forward.run("forward", inputs(forward, "forward", values))[0])
    spec = importlib.util.spec_from_file_location("expected", expected)
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    wanted = float(reference.loss(values))
    if not np.isclose(found, wanted, rtol=1e-12, atol=0):
        sys.exit(f"{found!r} instead of {wanted!r}")
    print("the loss agrees")


if __name__ == "__main__":
    main()
