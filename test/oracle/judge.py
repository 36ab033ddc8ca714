"""Judges one program: what the compiler makes of it against numpy.

The reference is that of case.py. Tensor programs and kernels are evaluated by
program.py. In the binary losses, norms, rates, metrics of each step, all parameters
and states after the last and, where it was built with them, gradients must agree, on
one thread and on three with the same bits."""

import argparse
import json
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from case import PRINT, STEPS, Case, Refused, Run, Step, Wrong, ran, run_named, tensorfile
from generate import Program as Generated
from program import Program

EPSILON = {"f64": 1e-13, "f32": 1e-5}  # relative change that a result's condition is asked with
CONDITION = 20


class Judge(Case):
    """Asks every form that the compiler gives the program."""

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
        """For each function its values and results, of the first step or part."""
        first = expected.steps[0]
        if self.several:
            return self.wanted_of_several(expected)
        values = self.values | self.data(0) | self.times(0)
        loss, metrics, states = self.model.forward(self.values, self.data(0), self.times(0))
        forward = {"loss": loss} | metrics | states
        found = {"forward": (values, forward)}
        if "evaluate" in self.train:
            found["evaluate"] = self.wanted_in_evaluation()
        rate, after = self.updater.update(self.values, first.clipped, self.times(0))
        rates = {} if rate is None else {"rate": rate}
        found["update"] = values | {f"gradient:{p}": g for p, g in first.clipped.items()}, rates | after
        step = {"norm": first.norm} | rates | after
        if self.parts == 1:
            found["step"] = values, forward | step
        else:
            found["accumulate"] = values | self.nothing(), forward
            found["step"] = values | {f"accumulated.{p}": g * self.parts for p, g in first.gradients.items()}, step
        return found

    def wanted_of_several(self, expected: Run) -> dict[str, tuple[dict, dict]]:
        """The forward part alone has no values between the objectives."""
        first = expected.steps[0]
        rates = {} if first.rate is None else {"rate": first.rate}
        step = {"loss": first.loss, "norm": first.norm} | first.metrics | rates | expected.after
        found = {"step": (self.values | self.data(0) | self.times(0), step)}
        return found | ({"evaluate": self.wanted_in_evaluation()} if "evaluate" in self.train else {})

    def wanted_in_evaluation(self) -> tuple[dict, dict]:
        """Averages stand for their parameters; here they are other values."""
        averages = {p: self.random.standard_normal(self.values[p].shape) for p in self.model.averages()}
        times = {name: time for name, time in self.times(0).items() if name != "draw"}
        if self.train["data"]["source"] == "examples":
            times["draw"] = 2  # the number of the batch
        loss, metrics, states = self.model.forward(self.values | averages, self.data(0), times, "evaluate")
        values = self.values | {f"average.{p}": value for p, value in averages.items()}
        return values | self.data(0) | times, {"loss": loss} | metrics | states

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
        command = [binary, "--init", self.folder / "init", "--log", log]
        command += ["--data", self.folder / "data"] if self.model.fields() else []
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
        nudge = {p: v * (1 + EPSILON[self.exactness] * self.random.standard_normal(v.shape)) for p, v in self.values.items()}
        moved = self.reference(program, nudge, checked=False)
        worst = max(wrong, key=lambda line: line[1])
        allowed = {name: CONDITION * by for name, by in differences(moved, expected, self.moments, 0.0)}
        left = [(name, by) for name, by in wrong if not by <= allowed.get(name, 0)]
        if left:
            name, by = max(left, key=lambda line: line[1])
            raise Wrong(f"binary: {name} is off by {by:.3g} ({len(wrong)} differ, worst {worst[0]})")


def distance(a, b, least: float = 1e-3) -> float:
    """The largest difference by the size of what was expected, or by `least`."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape:
        return np.inf
    if b.size == 0:
        return 0.0
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(all="ignore"):
        by = np.abs(a - b) / max(np.abs(np.where(np.isfinite(b), b, 0)).max(), least)
    by = np.where(same, 0, np.where(np.isfinite(by), by, np.inf))
    return float(by.max())


def differences(found: Run, expected: Run, moments: set, bound: float) -> list[tuple[str, float]]:
    """(what, by how much) for all that is farther away than `bound`."""
    lines = []

    def ask(name, a, b, least=1e-3):
        by = distance(a, b, least)
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
            # A key's bias has a gradient of rounding errors alone.
            ask(f"gradient of {path}", gradient, b.gradients[path], max(b.norm, 1e-3))
    for path, value in expected.values.items():
        if path in found.values:
            ask(f"{path} at the end", found.values[path], value)
        elif path not in moments:
            lines.append((f"{path} is not saved", np.inf))
    return lines


def judge(program: Generated, folder: Path, passes: bool = True, binary: bool = True) -> str:
    """Raises Refused or Wrong; returns the kernels as text. `passes`: evaluate after
    each pass and not after schedule alone."""
    case = Judge(program, folder)
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
