"""A program, its data and first values, and what it computes in numpy.

The reference is the model as import gives it, evaluated in f64 by model.py. Its
gradient along a random direction, one for each parameter, is taken by complex step,
which must agree with what differentiate makes; training steps are then computed
with these gradients, clipping in numpy and the optimizer's own functions as import
gives them."""

import re
import subprocess
import sys
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
    after: dict[str, np.ndarray] = field(default_factory=dict)  # what the first step makes new
    values: dict[str, np.ndarray] = field(default_factory=dict)  # after the last


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
        # Constants of a derivative have the precision of the program.
        self.slope_bound = {"f64": 1e-9, "f32": 1e-6}[program.precision]
        text = ran(["ogee", "dump", self.source, "--emit=import"])
        self.imported = text
        # Normal draws are series in f32.
        self.exactness = "f32" if re.search(r"arch\.draw .* normal\(", text) else program.precision
        self.bound = BOUND[self.exactness]
        printed = ran(["ogee-opt", *PRINT], text)
        self.model, self.updater = Model(printed), Model(printed)
        self.objectives = self.model.objectives()
        self.several = '"arch.minimise"' in printed
        self.train = self.model.train.attributes
        self.seed = self.train["seed"]
        self.parts = self.train.get("accumulate", 1)
        self.make_data()
        self.make_values()

    def rounded(self, value: np.ndarray) -> np.ndarray:
        return value.astype(NUMPY[self.program.precision]).astype(np.float64)

    # Data and first values

    def make_data(self) -> None:
        """None where the program draws them."""
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
        self.arrays: dict[str, np.ndarray] = {}
        for name, (kind, bound) in fields.items():
            shape = (records, *kind.shape[1:])
            if kind.element[0] == "f":
                self.arrays[name] = self.rounded(self.random.standard_normal(shape))
            else:
                self.arrays[name] = self.random.integers(0, bound, shape).astype(np.int32)
        stored = {n: a.astype(NUMPY[self.program.precision]) if a.dtype.kind == "f" else a for n, a in self.arrays.items()}
        tensorfile.write(path, stored)
        self.records = records - int(self.train["data"].get("holdout", 0) * records)

    def data(self, step: int, part: int = 0) -> dict[str, np.ndarray]:
        """A part of the batch of a step in sequential order, as docs/language.md has it."""
        size = self.train["batch"] // self.parts
        rows = (step * self.parts + part) * size + np.arange(size)
        if self.train["data"]["source"] == "text":
            tokens, window = self.windows
            starts = rows % ((len(tokens) - 1) // window) * window
            places = starts[:, None] + np.arange(window)
            return {"tokens": tokens[places], "targets": tokens[places + 1]}
        return {name: array[rows % self.records] for name, array in self.arrays.items()}

    def make_values(self) -> None:
        """Parameters and states are random; moments start as the optimizer says, averages as
        their parameters."""
        self.values: dict[str, np.ndarray] = {}
        self.moments = {p for p in self.model.states() if p.split(".")[0] in ("optimizer", "average")}
        for path, kind in (self.model.parameters() | self.model.states()).items():
            value = 0.7 * self.random.standard_normal(kind.shape)
            self.values[path] = np.zeros(kind.shape) if path in self.moments else self.rounded(np.asarray(value))
        first = {p: v.astype(NUMPY[self.program.precision]) for p, v in self.values.items() if p not in self.moments}
        tensorfile.write(self.folder / "init", first)
        self.values |= {f"average.{p}": self.values[p] for p in self.model.averages()}

    # The reference

    def times(self, step: int, part: int = 0) -> dict[str, int]:
        draw = {"draw": step * self.parts + part} if self.parts > 1 else {}
        return {"step": step, "steps": STEPS, "seed": self.seed} | draw

    def differentiated(self) -> Program:
        passes = ["--ogee-flatten", "--ogee-build-step=with-gradients=true"]
        return Program(ran(["ogee-opt", *passes, *PRINT], self.imported))

    def gradients(self, program: Program, inputs: dict) -> dict[str, np.ndarray]:
        if self.parts == 1:
            results = run_named(program, "step", inputs)
            return {n.removeprefix("gradient:"): r for n, r in results.items() if n.startswith("gradient:")}
        results = run_named(program, "accumulate", inputs | self.nothing())
        return {n.removeprefix("accumulated."): r for n, r in results.items() if n.startswith("accumulated.")}

    def nothing(self) -> dict[str, np.ndarray]:
        """The accumulators of no part."""
        return {f"accumulated.{path}": np.zeros_like(self.values[path]) for path in self.model.parameters()}

    def reference(self, program: Program, values: dict, checked: bool = True, steps: int = STEPS) -> Run:
        run = Run()
        for step in range(steps):
            form = self.minimised if self.several else self.descended
            one, after = form(program, values, step, checked and step in (0, steps - 1))
            run.steps.append(one)
            run.after = run.after or after
            values = values | after
        run.values = values
        return run

    def clipped(self, gradients: dict) -> tuple[float, dict]:
        """The norm, and the gradients that the optimizer gets."""
        norm = float(np.sqrt(sum((g * g).sum() for g in gradients.values())))
        clip = self.train.get("clip")
        factor = min(1.0, clip / (norm + 1e-6)) if clip is not None else 1.0
        return norm, {path: g * factor for path, g in gradients.items()}

    def descended(self, program: Program, values: dict, step: int, checked: bool) -> tuple[Step, dict]:
        """One objective: a step, and what is new after it."""
        part_of, states = [], {}
        for part in range(self.parts):
            part_of.append(self.part(program, values | states, step, part, checked))
            states |= part_of[-1][3]
        loss, metrics, gradients = (mean([found[i] for found in part_of]) for i in range(3))
        norm, clipped = self.clipped(gradients)
        rate, after = self.updater.update(values, clipped, self.times(step))
        return Step(float(loss), norm, None if rate is None else float(rate), metrics, gradients, clipped), states | after

    def minimised(self, program: Program, values: dict, step: int, checked: bool) -> tuple[Step, dict]:
        """Several objectives, each of which updates what the next ones read."""
        data, times = self.data(step), self.times(step)
        gradients = self.gradients(program, values | data | times)
        norms, rates, updated = [], [], {}

        def between(objective: int, current: dict) -> dict:
            norm, mine = self.clipped({p: g for p, g in gradients.items() if self.objectives[p] == objective})
            rate, updated[objective] = self.updater.update(current, mine, times, objective)
            norms.append(norm)
            rates.append(rate)
            return {path: updated[objective][path] for path in mine}

        loss, metrics, states = self.model.forward(values, data, times, between=between)
        if not np.isfinite(loss):
            raise Refused(f"the loss of the reference is {loss}")
        if checked:
            self.check_gradients(values, gradients, (data, times), float(loss), updated)
        after = {path: value for new in updated.values() for path, value in new.items()}
        rate = None if rates[0] is None else float(rates[0])
        return Step(float(loss), norms[0], rate, metrics, gradients), states | after

    def part(self, program: Program, values: dict, step: int, part: int, checked: bool):
        """(loss, metrics, gradients, next states) of one part of a batch."""
        data, times = self.data(step, part), self.times(step, part)
        try:
            loss, metrics, states = self.model.forward(values, data, times)
        except Outside as error:
            raise Wrong(f"check admits a read outside: {error}") from None
        if not np.isfinite(loss):
            raise Refused(f"the loss of the reference is {loss}")
        gradients = self.gradients(program, values | data | times)
        if checked:
            self.check_gradients(values, gradients, (data, times), float(loss))
        return loss, metrics, gradients, states

    def check_gradients(
        self, values: dict, gradients: dict, given: tuple[dict, dict], loss: float, updated: dict | None = None
    ) -> None:
        """By complex step, along one direction for each parameter. `updated`: what the
        objectives made of the values, through which no gradient flows."""
        for path, gradient in gradients.items():
            along = self.random.standard_normal(values[path].shape)
            nudged = values | {path: values[path] + 1j * TINY * along}
            between = (lambda objective, _: updated[objective]) if updated else None
            moved, _, _ = self.model.forward(nudged, *given, between=between)
            if updated:
                moved = self.model.minimised[self.objectives[path]]
            slope = float(np.imag(moved)) / TINY
            found = float((gradient * along).sum())
            scale = max(np.abs(gradient * along).sum(), 1e-3 * max(1.0, abs(loss)))
            if not abs(found - slope) <= self.slope_bound * scale:
                raise Wrong(f"differentiate: slope of {path} is {found:.12g}, by complex step {slope:.12g}")


def mean(values: list):
    """Of numbers, or of what has the same names."""
    if isinstance(values[0], dict):
        return {name: mean([value[name] for value in values]) for name in values[0]}
    return sum(values) / len(values)


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
