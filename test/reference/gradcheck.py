"""Gradients of a binary against differences of its own loss, in f64.

    python3 test/reference/gradcheck.py gpt [--elements 3]

For each parameter: the slope along a random direction and along single
elements, by central differences of the loss of the first step, from runs that
differ in --init alone. Nothing of the gradient's code is used for the loss, and
no other implementation is needed. Exits 1 where one differs."""

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import binary
import tensorfile
from odd import PROBES, TINY, values

EPS = 1e-5
RELATIVE, ABSOLUTE = 1e-6, 1e-9

MODELS = TINY | PROBES

Tensors = dict[str, np.ndarray]


@dataclass(frozen=True)
class Slope:
    path: str
    along: np.ndarray  # direction in the parameter's space
    what: str


def probes(params: Tensors, elements: int) -> list[Slope]:
    random = np.random.default_rng(5)
    found = []
    for path, value in params.items():
        found.append(Slope(path, random.standard_normal(value.shape), "direction"))
        for place in random.choice(value.size, min(elements, value.size), replace=False):
            along = np.zeros(value.size)
            along[place] = 1
            found.append(Slope(path, along.reshape(value.shape), f"element {place}"))
    return found


@dataclass(frozen=True)
class Model:
    program: Path
    files: binary.Files

    def run(self, params: Tensors, gradients: bool) -> binary.Trained:
        tensorfile.write(self.files.init, params)
        return binary.run(self.program, self.files, ["--steps", "1", "--threads", "1"], gradients)

    def slope(self, params: Tensors, probe: Slope) -> float:
        """Central difference of the loss along the probe."""
        moved = [params | {probe.path: params[probe.path] + sign * EPS * probe.along} for sign in (1, -1)]
        high, low = (self.run(each, gradients=False).losses[0] for each in moved)
        return (high - low) / (2 * EPS)


def check(model: Model, params: Tensors, elements: int) -> list[str]:
    """What differs, a line each."""
    gradients = model.run(params, gradients=True).gradients
    if gradients.keys() != params.keys():
        return [f"paths differ: {sorted(gradients.keys() ^ params.keys())}"]
    wrong = []
    for probe in probes(params, elements):
        expected = float((gradients[probe.path] * probe.along).sum())
        slope = model.slope(params, probe)
        if not abs(slope - expected) <= ABSOLUTE + RELATIVE * abs(slope):
            wrong.append(f"{probe.path}, {probe.what}: gradient {expected:.10e}, differences {slope:.10e}")
    return wrong


def differences(name: str, elements: int) -> list[str]:
    """Builds the model; what differs in its gradients."""
    config = MODELS[name]
    with tempfile.TemporaryDirectory() as folder:
        files = binary.Files(Path(folder))
        binary.write_data(files.data, config, 4 * config.batch, "f8")
        program = files.folder / "train"
        binary.build(config, binary.INPUTS, program, ["train.precision=f64"], ["--with=gradients"])
        return check(Model(program, files), values(config, "f8"), elements)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--elements", type=int, default=3, help="of each parameter")
    chosen = parser.parse_args()
    wrong = differences(chosen.model, chosen.elements)
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
