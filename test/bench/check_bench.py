"""Judges the benchmark's arithmetic on rounds whose truth is known."""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

import estimate
import machine
import rows  # makes the reference's modules known
import agree
from worker import Worker

TRIALS = 200


def drawn(random: np.random.Generator, ms: float, noise: float, count: int) -> estimate.Rounds:
    """Rounds of four steps; noise of the round beside noise of the step."""
    levels = ms * (1 + noise * random.standard_normal(count))
    return [list(level * (1 + 0.01 * random.standard_normal(4))) for level in levels]


def demand(name: str, holds: bool, seen: object) -> None:
    print(f"{name}: {seen}")
    if not holds:
        sys.exit(f"{name} does not hold: {seen}")


def check_interval() -> None:
    """The interval of a ratio of 1.5 holds it nearly as often as it promises."""
    random, held = np.random.default_rng(0), 0
    for _ in range(TRIALS):
        found = estimate.ratio(drawn(random, 150, 0.03, 9), drawn(random, 100, 0.03, 9))
        held += found.low <= 1.5 <= found.high
    demand("interval holds the truth", 0.88 <= held / TRIALS <= 1, held / TRIALS)


def check_shared_noise() -> None:
    """A machine that is slow for whole rounds does not move a ratio."""
    random = np.random.default_rng(1)
    state = 1 + 0.5 * (random.random(12) < 0.3)
    sides = [[[ms * level] * 4 for level in state] for ms in (150.0, 100.0)]
    found = estimate.ratio(*sides)
    exact = abs(found.low - 1.5) < 1e-12 and abs(found.high - 1.5) < 1e-12
    demand("noise that both share", exact, found)


def check_spread() -> None:
    random = np.random.default_rng(2)
    quiet, loud = (estimate.spread(drawn(random, 100, noise, 9)) for noise in (0.005, 0.1))
    demand("spread of a quiet side", quiet < 0.01, quiet)
    demand("spread of a noisy side", loud > 0.03, loud)
    demand("spread of one round", estimate.spread([[1.0]]) == float("inf"), "unknown")


def check_agreement() -> None:
    two = (1.0, 1.0)
    expected = {"a": np.ones(3), "b": np.full(2, 2.0)}
    demand("same", agree.compare(two, expected, two, expected).holds(), "agrees")
    for name, wrong in (("nan", np.array([1, np.nan, 1])), ("off", np.array([1, 1, 1.001]))):
        found = agree.compare(two, expected | {"a": wrong}, two, expected)
        demand(f"gradient {name}", not found.holds() and found.worst == "a", found)
    for name, losses in (("nan", (float("nan"), 1.0)), ("after an update", (1.0, 1.0006))):
        demand(f"loss {name}", not agree.compare(losses, expected, two, expected).holds(), "refused")


def check_worker() -> None:
    """Protocol and error of a side that is no trainer."""
    program = "print('ready {}', flush=True)\nfor n in map(int, open(0)): print('{\"ms\": [1.0], \"loss\": %d}' % n, flush=True)"
    with tempfile.TemporaryDirectory() as name:
        errors = Path(name, "errors")
        worker = Worker([sys.executable, "-c", program], errors)
        answer = worker.ask(3)
        worker.close()
        demand("worker", answer == {"ms": [1.0], "loss": 3} and worker.process.returncode == 0, json.dumps(answer))
        try:
            Worker([sys.executable, "-c", "import sys; sys.exit('no such tensor')"], errors)
        except RuntimeError as error:
            demand("worker that fails", "no such tensor" in str(error), "told")
            return
    sys.exit("a worker that fails was taken for ready")


def check_flops() -> None:
    """The decoder's products of one token, counted by hand for GPT-2 124M."""
    per_token = rows.ROWS["gpt2-b1t512"].flops / 512
    expected = 6 * (12 * 12 * 768**2 + 50257 * 768 + 12 * 768 * 513)
    demand("operations of a token", per_token == expected, per_token)


def main() -> None:
    check_interval()
    check_shared_noise()
    check_spread()
    check_agreement()
    check_worker()
    check_flops()
    demand("machine", machine.busy_seconds() > 0, machine.describe())


if __name__ == "__main__":
    main()
