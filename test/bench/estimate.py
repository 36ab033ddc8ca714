"""Medians, ratios and how far to trust them.

A side's measurements are one list of step times a round. Rounds, not steps,
are what is drawn again: steps of one round share the machine's state of that
moment, and both sides of a ratio keep the same rounds, because these were
interleaved."""

from dataclasses import dataclass

import numpy as np

Rounds = list[list[float]]  # ms of each step, by round

DRAWS = 2000
HALVINGS = 400


@dataclass(frozen=True)
class Estimate:
    value: float
    low: float
    high: float


def median(rounds: Rounds) -> float:
    return float(np.median(np.concatenate(rounds)))


def interval(values: list[float]) -> tuple[float, float]:
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)


def resampled(count: int) -> np.ndarray:
    """DRAWS selections of rounds with replacement; the same in every run."""
    return np.random.default_rng(0).integers(0, count, (DRAWS, count))


def step_time(rounds: Rounds) -> Estimate:
    """Median step in ms with its 95 % interval."""
    draws = [median([rounds[i] for i in chosen]) for chosen in resampled(len(rounds))]
    return Estimate(median(rounds), *interval(draws))


def ratio(over: Rounds, under: Rounds) -> Estimate:
    """Median of `over` by median of `under`, 95 % interval."""
    if len(over) != len(under):
        raise ValueError("sides of a ratio need the same rounds")
    draws = [
        median([over[i] for i in chosen]) / median([under[i] for i in chosen])
        for chosen in resampled(len(over))
    ]
    return Estimate(median(over) / median(under), *interval(draws))


def spread(rounds: Rounds) -> float:
    """A against A: how far the medians of two random halves of one side's
    rounds lie apart, on average over many halvings. 0.03 is 3 %."""
    if len(rounds) < 2:
        return float("inf")
    random, half = np.random.default_rng(1), len(rounds) // 2
    apart = []
    for _ in range(HALVINGS):
        order = random.permutation(len(rounds))
        first = median([rounds[i] for i in order[:half]])
        second = median([rounds[i] for i in order[half : 2 * half]])
        apart.append(abs(first / second - 1))
    return float(np.mean(apart))
