"""Judges one program: what the compiler makes of it against numpy.

The reference is the model as import gives it, evaluated in f64 by model.py. Its
gradient along a random direction, one for each parameter, is taken by complex step,
which must agree with what differentiate makes; training steps are then computed
with these gradients, clipping in numpy and the optimizer's own functions as import
gives them. Tensor programs and kernels are evaluated by program.py. In the binary
losses, norms, rates, metrics of each step, all parameters and states after the
last and, where it was built with them, gradients must agree, on one thread and on
three with the same bits."""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "reference"))
import tensorfile

from generate import Program as Generated
from model import Model, Outside
from program import Program

PRINT = ["--mlir-print-op-generic", "--mlir-print-local-scope"]
STEPS = 3
TINY = 1e-30  # of a complex step
BOUND = {"f64": 1e-9, "f32": 2e-4}
NUMPY = {"f64": np.float64, "f32": np.float32}
EPSILON = {"f64": 1e-13, "f32": 1e-5}  # relative change that a result's condition is asked with
CONDITION = 20


class Refused(Exception):
    """The compiler does not take the program."""


class Wrong(Exception):
    """The compiler takes the program and makes something else of it."""


@dataclass
class Step:
    loss: float
    norm: float
    rate: float | None
    metrics: dict[str, float]
    gradients: dict[str, np.ndarray]
    clipped: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass
class Run:
    steps: list[Step] = field(default_factory=list)
    values: dict[str, np.ndarray] = field(default_factory=dict)


def ran(command: list, text: str = "", limit: int = 300, output: str = "stdout") -> str:
    try:
        done = subprocess.run(list(map(str, command)), input=text, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        raise Wrong(f"{Path(command[0]).name} takes more than {limit} seconds") from None
    if done.returncode:
        raise Refused(f"{Path(command[0]).name} ends with {done.returncode}: {done.stderr or done.stdout}")
    return getattr(done, output)


class Case:
    """A program, its data and first values, and the compiler's forms of it."""

    def __init__(self, program: Generated, folder: Path):
        self.program, self.folder = program, folder
        self.source = folder / "program.arch"
        self.source.write_text(program.text)
        self.random = np.random.default_rng(program.seed)
        self.bound = BOUND[program.precision]
        # Constants of a derivative have the precision of the program.
        self.slope_bound = {"f64": 1e-9, "f32": 1e-6}[program.precision]
        text = ran(["ogee", "dump", self.source, "--emit=import"])
        self.imported = text
        self.model = Model(ran(["ogee-opt", *PRINT], text))
        self.train = self.model.train.attributes
        self.seed = self.train["seed"]
        self.make_data()
        self.make_values()

    def rounded(self, value: np.ndarray) -> np.ndarray:
        return value.astype(NUMPY[self.program.precision]).astype(np.float64)

    # Data and first values

    def make_data(self) -> None:
        batch = self.train["batch"]
        fields = self.model.fields()
        path = self.folder / "data"
        if self.train["data"]["source"] == "text":
            window = self.train["data"]["window"]
            bound = min(bound for _, bound in fields.values())
            tokens = self.random.integers(0, bound, 3 * batch * window + window + 1)
            path.write_bytes(tokens.astype(np.uint8).tobytes())
            training = len(tokens) - int(self.train["data"]["holdout"] * len(tokens))
            self.windows = tokens[:training], window
            return
        records = 3 * batch + 2
        self.arrays = {}
        for name, (kind, bound) in fields.items():
            shape = (records, *kind.shape[1:])
            if kind.element[0] == "f":
                self.arrays[name] = self.rounded(self.random.standard_normal(shape))
            else:
                self.arrays[name] = self.random.integers(0, bound, shape).astype(np.int32)
        stored = {n: a.astype(NUMPY[self.program.precision]) if a.dtype.kind == "f" else a for n, a in self.arrays.items()}
        tensorfile.write(path, stored)
        self.records = records - int(self.train["data"]["holdout"] * records)

    def data(self, step: int) -> dict[str, np.ndarray]:
        """The batch of a step in sequential order, as docs/language.md has it."""
        rows = step * self.train["batch"] + np.arange(self.train["batch"])
        if self.train["data"]["source"] == "text":
            tokens, window = self.windows
            starts = rows % ((len(tokens) - 1) // window) * window
            places = starts[:, None] + np.arange(window)
            return {"tokens": tokens[places], "targets": tokens[places + 1]}
        return {name: array[rows % self.records] for name, array in self.arrays.items()}

    def make_values(self) -> None:
        """Parameters and states are random; moments start as the optimizer says."""
        self.values: dict[str, np.ndarray] = {}
        self.moments = {p for p in self.model.states() if p.split(".")[0] == "optimizer"}
        for path, kind in (self.model.parameters() | self.model.states()).items():
            value = 0.7 * self.random.standard_normal(kind.shape)
            self.values[path] = np.zeros(kind.shape) if path in self.moments else self.rounded(np.asarray(value))
        first = {p: v.astype(NUMPY[self.program.precision]) for p, v in self.values.items() if p not in self.moments}
        tensorfile.write(self.folder / "init", first)

    # The reference

    def times(self, step: int) -> dict[str, int]:
        return {"step": step, "steps": STEPS, "seed": self.seed}

    def differentiated(self) -> Program:
        passes = ["--ogee-flatten", "--ogee-build-step=with-gradients=true"]
        return Program(ran(["ogee-opt", *passes, *PRINT], self.imported))

    def gradients(self, program: Program, values: dict, step: int) -> dict[str, np.ndarray]:
        results = run_named(program, "step", values | self.data(step) | self.times(step))
        return {n.removeprefix("gradient:"): r for n, r in results.items() if n.startswith("gradient:")}

    def reference(self, program: Program, values: dict, checked: bool = True, steps: int = STEPS) -> Run:
        run = Run()
        for step in range(steps):
            data, times = self.data(step), self.times(step)
            try:
                loss, metrics, states = self.model.forward(values, data, times)
            except Outside as error:
                raise Wrong(f"check admits a read outside: {error}") from None
            if not np.isfinite(loss):
                raise Refused(f"the loss of the reference is {loss}")
            gradients = self.gradients(program, values, step)
            if checked and step in (0, steps - 1):
                self.check_gradients(values, gradients, step, float(loss))
            norm = float(np.sqrt(sum((g * g).sum() for g in gradients.values())))
            clip = self.train.get("clip")
            factor = min(1.0, clip / (norm + 1e-6)) if clip is not None else 1.0
            clipped = {path: g * factor for path, g in gradients.items()}
            rate, after = self.model.update(values, clipped, times)
            run.steps.append(Step(float(loss), norm, None if rate is None else float(rate), metrics, gradients, clipped))
            values = values | states | after
        run.values = values
        return run

    def check_gradients(self, values: dict, gradients: dict, step: int, loss: float) -> None:
        """By complex step, along one direction for each parameter."""
        for path, gradient in gradients.items():
            along = self.random.standard_normal(values[path].shape)
            moved, _, _ = self.model.forward(values | {path: values[path] + 1j * TINY * along}, self.data(step), self.times(step))
            slope = float(np.imag(moved)) / TINY
            found = float((gradient * along).sum())
            scale = max(np.abs(gradient * along).sum(), 1e-3 * max(1.0, abs(loss)))
            if not abs(found - slope) <= self.slope_bound * scale:
                raise Wrong(f"differentiate: slope of {path} is {found:.12g}, by complex step {slope:.12g}")

    # Every pass

    PIPELINES = ("--ogee-flatten", "--ogee-differentiate", "--ogee-schedule", "--ogee-size-kernels")

    def dumps(self) -> list[tuple[str, str]]:
        """(pass, module after it), verified between passes."""
        after = ["--mlir-print-ir-after-all", "--mlir-print-ir-module-scope", "--mlir-disable-threading"]
        printed = ran(["ogee-opt", *self.PIPELINES, *after, *PRINT, "-o", "/dev/null"], self.imported, output="stderr")
        parts = re.split(r"// -----// IR Dump After (\S+).*? //----- //\n", printed)
        return list(zip(parts[1::2], parts[2::2]))

    def judge_passes(self, expected: Run, last: bool) -> str:
        """Evaluates what each pass makes, or the last one; returns the kernels."""
        if last:
            dumps = [("schedule", ran(["ogee-opt", *self.PIPELINES, *PRINT], self.imported))]
        else:
            dumps = self.dumps()
        wanted = self.wanted(expected)
        seen = ""
        for name, text in dumps:
            if text == seen or '"arch.' in text or '"func.' not in text and '"kernel.' not in text:
                continue
            seen = text
            program = Program(text)
            for function in wanted.keys() & program.functions.keys():
                self.judge_function(program, function, wanted[function], name)
        return dumps[-1][1]

    def wanted(self, expected: Run) -> dict[str, tuple[dict, dict]]:
        """For each function its values and results, of the first step."""
        first = expected.steps[0]
        values = self.values | self.data(0) | self.times(0)
        loss, metrics, states = self.model.forward(self.values, self.data(0), self.times(0))
        forward = {"loss": loss} | metrics | states
        found = {"forward": (values, forward)}
        if "evaluate" in self.train:
            loss, metrics, states = self.model.forward(self.values, self.data(0), self.times(0), "evaluate")
            found["evaluate"] = values, {"loss": loss} | metrics | states
        rate, after = self.model.update(self.values, first.clipped, self.times(0))
        rates = {} if rate is None else {"rate": rate}
        found["update"] = values | {f"gradient:{p}": g for p, g in first.clipped.items()}, rates | after
        found["step"] = values, forward | {"norm": first.norm} | rates | after
        return found

    def judge_function(self, program: Program, function: str, wanted: tuple[dict, dict], name: str) -> None:
        values, results = wanted
        found = run_named(program, function, values)
        for key, value in results.items():
            if key not in found:
                continue  # a state that nothing writes
            by = distance(found[key], value)
            if not by <= self.slope_bound * 10:
                raise Wrong(f"{name}: @{function} gives {key} off by {by:.3g}")

    # The binary

    def build(self) -> Path:
        binary = self.folder / "program"
        flags = ["--with=gradients"] if self.program.gradients else []
        ran(["ogee", "build", self.source, "-o", binary, *flags])
        return binary

    def trained(self, binary: Path, name: str, flags: list[str]) -> tuple[Run, bytes]:
        log, saved, gradients = (self.folder / f"{name}.{end}" for end in ("log", "saved", "gradients"))
        command = [binary, "--data", self.folder / "data", "--init", self.folder / "init", "--log", log]
        command += ["--save", saved, "--quiet", *flags]
        command += ["--gradients", gradients] if self.program.gradients else []
        ran(command)
        run = Run()
        for line in map(json.loads, log.read_text().splitlines()[1:]):
            if "loss" in line:
                known = ("step", "loss", "norm", "rate", "seconds")
                metrics = {k: v for k, v in line.items() if k not in known}
                run.steps.append(Step(line["loss"], line["norm"], line["rate"], metrics, {}))
        run.values = tensorfile.read(saved)
        if self.program.gradients:
            run.steps[0].gradients = tensorfile.read(gradients)
        return run, saved.read_bytes()

    def judge_binary(self, program: Program, expected: Run) -> None:
        binary = self.build()
        one, bits = self.trained(binary, "one", ["--threads", "1", "--poison"])
        three, other = self.trained(binary, "three", ["--threads", "3", "--split-all", "--shuffle-chunks"])
        self.compare(program, one, expected)
        if bits != other or [s.loss for s in one.steps] != [s.loss for s in three.steps]:
            raise Wrong("binary: three threads give other bits than one")

    def compare(self, program: Program, found: Run, expected: Run) -> None:
        wrong = differences(found, expected, self.moments, self.bound)
        if not wrong:
            return
        # An ill-conditioned program may differ as much as its results move with its inputs.
        nudge = {p: v * (1 + EPSILON[self.program.precision] * self.random.standard_normal(v.shape)) for p, v in self.values.items()}
        moved = self.reference(program, nudge, checked=False)
        worst = max(wrong, key=lambda line: line[1])
        allowed = {name: CONDITION * by for name, by in differences(moved, expected, self.moments, 0.0)}
        left = [(name, by) for name, by in wrong if not by <= allowed.get(name, 0)]
        if left:
            name, by = max(left, key=lambda line: line[1])
            raise Wrong(f"binary: {name} is off by {by:.3g} ({len(wrong)} differ, worst {worst[0]})")


def distance(a, b) -> float:
    """The largest difference by the size of what was expected."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape:
        return np.inf
    if b.size == 0:
        return 0.0
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(all="ignore"):
        by = np.abs(a - b) / max(np.abs(np.where(np.isfinite(b), b, 0)).max(), 1e-3)
    by = np.where(same, 0, np.where(np.isfinite(by), by, np.inf))
    return float(by.max())


def differences(found: Run, expected: Run, moments: set, bound: float) -> list[tuple[str, float]]:
    """(what, by how much) for all that is farther away than `bound`."""
    lines = []

    def ask(name, a, b):
        by = distance(a, b)
        if not by <= bound:
            lines.append((name, by))

    if len(found.steps) != len(expected.steps):
        return [(f"{len(found.steps)} steps", np.inf)]
    for number, (a, b) in enumerate(zip(found.steps, expected.steps)):
        ask(f"loss of step {number}", a.loss, b.loss)
        ask(f"norm of step {number}", a.norm, b.norm)
        if b.rate is not None:
            ask(f"rate of step {number}", a.rate, b.rate)
        for name, value in b.metrics.items():
            if name not in a.metrics:
                lines.append((f"metric {name} is not logged", np.inf))
            else:
                ask(f"metric {name} of step {number}", a.metrics[name] if a.metrics[name] is not None else np.nan, value)
        for path, gradient in a.gradients.items():
            ask(f"gradient of {path}", gradient, b.gradients[path])
    for path, value in expected.values.items():
        if path in found.values:
            ask(f"{path} at the end", found.values[path], value)
        elif path not in moments:
            lines.append((f"{path} is not saved", np.inf))
    return lines


def run_named(program: Program, name: str, values: dict) -> dict[str, np.ndarray]:
    """Results by name, or by the path of what they update."""
    arguments = []
    for _, attributes in program.arguments(name):
        key = attributes.get("nn.path") or attributes["nn.name"]
        if attributes.get("nn.class") == "gradient":
            key = "gradient:" + key
        arguments.append(values[key])
    results = program.run(name, arguments)
    keys = [a.get("nn.updates") or a.get("nn.name") or str(i) for i, a in enumerate(program.results(name))]
    return dict(zip(keys, results, strict=True))


def judge(program: Generated, folder: Path, passes: bool = True, binary: bool = True) -> str:
    """Raises Refused or Wrong; returns the kernels as text. `passes`: evaluate after
    each pass and not after schedule alone."""
    case = Case(program, folder)
    differentiated = case.differentiated()
    expected = case.reference(differentiated, case.values, steps=STEPS if binary else 1)
    kernels = case.judge_passes(expected, last=not passes)
    if binary:
        case.judge_binary(differentiated, expected)
    return kernels


def main() -> None:
    parser = argparse.ArgumentParser(description="Judges a program in Arch.")
    parser.add_argument("file", type=Path)
    chosen = parser.parse_args()
    text = chosen.file.read_text()
    precision = re.search(r"precision = (\w+)", text)
    program = Generated(text, 1, Counter(), precision.group(1) if precision else "f32", True)
    with tempfile.TemporaryDirectory() as folder:
        try:
            judge(program, Path(folder))
        except (Refused, Wrong) as error:
            sys.exit(str(error))
    print("right")


if __name__ == "__main__":
    main()
