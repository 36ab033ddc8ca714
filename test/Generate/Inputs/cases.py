"""Kernels with inputs and expected results, run on several targets."""
import random

import numpy as np

from kernels import DTYPES, Kernels, check
from text import module


class Cases:
    def __init__(self):
        self.cases = []

    def add(self, kernel, results, inputs, want, tolerance, shared=()):
        """`want` in f64; `shared`: (result, operand) that may lie in one buffer."""
        operands = []
        for name, value in zip(kernel.arguments, inputs, strict=True):
            operands.append(np.asarray(value, DTYPES[kernel.shapes[name][1]]))
        self.cases.append((kernel.name, kernel.text(results), operands, want, tolerance, shared))

    def run(self, targets):
        text = module(case[1] for case in self.cases)
        for target in targets:
            kernels = Kernels(text, target)
            for name, _, operands, want, tolerance, shared in self.cases:
                order = list(range(kernels.sizes[name]["chunks"]))
                random.shuffle(order)
                for share in [(), shared]:
                    got = kernels(name, *operands, order=order, share=share)
                    for index, (mine, exact) in enumerate(zip(got, want, strict=True)):
                        check(f"{name} result {index}", mine, exact, tolerance)
            print(f"{len(self.cases)} kernels right on {target}")
