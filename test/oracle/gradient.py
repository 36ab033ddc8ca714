"""Checks gradients that differentiate makes against differences of the loss.

    python3 gradient.py FILE [--mutants]

FILE is a model in Arch, a module of the arch dialect, or a tensor program with
@forward. Both @forward and @step run in f64 in numpy; each parameter's gradient is
compared along random directions with a five-point difference of the loss. With
--mutants every entry of the derivative table that FILE reaches is made wrong in
turn, and the check must fail; prints `survived: NAME:KIND` and exits 1 where it
does not."""

import argparse
import re
import subprocess
import sys

import numpy as np

from program import Program

PRINT = ["--mlir-print-op-generic", "--mlir-print-local-scope"]
STEP = 2e-4
TOLERANCE = 1e-7


def ran(command: list[str], text: str) -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def source(path: str) -> tuple[str, list[str]]:
    """The module to start from, and the passes that make it a tensor program."""
    if path.endswith(".arch"):
        return ran(["ogee", "dump", path, "--emit=import"], ""), ["--ogee-flatten"]
    with open(path) as file:
        text = file.read()
    return text, ["--ogee-flatten"] if "arch.train" in text else []


def compiled(text: str, passes: list[str]) -> str:
    return ran(["ogee-opt", *passes, *PRINT], text)


def sample(program: Program, name: str) -> dict[str, np.ndarray]:
    """Values by path or name: floats normal, integers below `nn.bound`."""
    random = np.random.default_rng(7)
    values = {}
    for index, (kind, attributes) in enumerate(program.arguments(name)):
        key = attributes.get("nn.path") or attributes.get("nn.name") or str(index)
        if kind.element.startswith("f"):
            value = random.standard_normal(kind.shape)
            if attributes.get("nn.role") == "gain":
                value = 1 + 0.2 * value
            values[key] = np.asarray(value)
        elif kind.element == "i1":
            values[key] = random.random(kind.shape) < 0.5
        else:
            values[key] = random.integers(0, attributes.get("nn.bound", 3), kind.shape)
    return values


def inputs(program: Program, name: str, values: dict) -> list:
    return [
        values.get(attributes.get("nn.path") or attributes.get("nn.name") or str(index), np.zeros(kind.shape))
        for index, (kind, attributes) in enumerate(program.arguments(name))
    ]


def slopes(program: Program, values: dict) -> list[tuple[str, np.ndarray, float, float]]:
    """(path, direction, slope of the loss, its rounding) for a few directions a
    parameter."""
    random = np.random.default_rng(11)

    def loss(path, value):
        return float(program.run("forward", inputs(program, "forward", values | {path: value}))[0])

    found = []
    for _, attributes in program.arguments("forward"):
        if attributes.get("nn.class") != "param":
            continue
        path = attributes["nn.path"]
        for _ in range(3):
            along = random.standard_normal(values[path].shape)
            at = {k: loss(path, values[path] + k * STEP * along) for k in (-2, -1, 1, 2)}
            slope = (8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * STEP)
            rounding = 8e-16 * max(map(abs, at.values())) / STEP
            found.append((path, along, slope, rounding))
    return found


def gradients(text: str, values: dict) -> dict[str, np.ndarray]:
    step = Program(text)
    results = step.run("step", inputs(step, "step", values))
    names = [attributes.get("nn.name", "") for attributes in step.results("step")]
    return {n.removeprefix("gradient:"): r for n, r in zip(names, results) if n.startswith("gradient:")}


def wrong(expected, found: dict[str, np.ndarray]) -> list[str]:
    lines = []
    for path, along, slope, rounding in expected:
        value = float((found[path] * along).sum())
        scale = max(abs(slope), np.abs(found[path] * along).max(initial=0.0), 1e-3)
        if not abs(value - slope) <= TOLERANCE * scale + rounding:
            lines.append(f"{path}: {value:.12g}, by differences {slope:.12g}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--mutants", action="store_true")
    chosen = parser.parse_args()
    module, before = source(chosen.file)
    forward = Program(compiled(module, before))
    values = sample(forward, "forward")
    expected = slopes(forward, values)

    def stepped(mutant: str = "") -> str:
        options = "with-gradients=true" + (f" mutate-derivative={mutant}" if mutant else "")
        after = ["--cse", "--ogee-fold-copies", "--cse", "--ogee-sink-constants", "--ogee-verify-tensor-program"]
        return compiled(module, before + [f"--ogee-build-step={options}", *after])

    text = stepped()
    lines = wrong(expected, gradients(text, values))
    if lines:
        sys.exit("\n".join(lines))
    print(f"{len(expected)} slopes agree")
    if not chosen.mutants:
        return
    listed = subprocess.run(
        ["ogee-opt", *before, "--ogee-build-step=mutate-derivative=list"],
        input=module, capture_output=True, text=True,
    )
    mutants = re.findall(r"[\w.]+:(?:sign|factor|swap)", listed.stderr)
    survivors = [m for m in mutants if not wrong(expected, gradients(stepped(m), values))]
    print(f"{len(mutants) - len(survivors)} of {len(mutants)} mutants are noticed")
    if survivors:
        sys.exit("survived: " + " ".join(survivors))


if __name__ == "__main__":
    main()
