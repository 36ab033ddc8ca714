"""Medians, ratios and how far to trust them.

A side's measurements are one list of step times a round. Rounds, not steps,
are what is drawn again: steps of one round share the machine's state of that
moment, and both sides of a ratio keep the same rounds, because these were
interleaved."""

from dataclasses import dataclass

import numpy as np

Rounds = list[list[float]]  # ms of each step, by round; as many in each

DRAWS = 2000
HALVINGS = 400


@dataclass(frozen=True)
class Estimate:
    value: float
    low: float
    high: float


def median(rounds: Rounds) -> float:
    return float(np.median(rounds))


def redrawn(rounds: Rounds) -> np.ndarray:
    """Medians of DRAWS selections of rounds with replacement; the selections
    depend on the number of rounds alone, so both sides of a ratio share them."""
    chosen = np.random.default_rng(0).integers(0, len(rounds), (DRAWS, len(rounds)))
    return np.median(np.array(rounds)[chosen], axis=(1, 2))


def interval(value: float, draws: np.ndarray) -> Estimate:
    low, high = np.percentile(draws, (2.5, 97.5))
    return Estimate(value, float(low), float(high))


def step_time(rounds: Rounds) -> Estimate:
    """Median step in ms with its 95 % interval."""
    return interval(median(rounds), redrawn(rounds))


def ratio(over: Rounds, under: Rounds) -> Estimate:
    """Median of `over` by median of `under`, 95 % interval."""
    if len(over) != len(under):
        raise ValueError("sides of a ratio need the same rounds")
    return interval(median(over) / median(under), redrawn(over) / redrawn(under))


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
