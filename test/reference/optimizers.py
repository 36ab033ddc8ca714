"""Optimizers, schedules and clipping from the formulas of the papers, in numpy.

Decay goes to tensors of two or more dimensions, as the zoo files ask."""

import math
from dataclasses import dataclass, field
from typing import Callable, Protocol

import numpy as np

Tensors = dict[str, np.ndarray]
Schedule = Callable[[int], float]


def constant(rate: float) -> Schedule:
    return lambda step: rate


def warmed(step: int, warmup: int) -> float:
    return min(1.0, (step + 1) / warmup) if warmup else 1.0


def cosine(rate: float, steps: int, warmup: int = 0, last: float = 0.0) -> Schedule:
    """Warm-up times nothing: the cosine begins where the warm-up ends and
    reaches `last` at `steps`."""

    def at(step: int) -> float:
        if step < warmup:
            return rate * warmed(step, warmup)
        share = min(1.0, (step - warmup) / max(1, steps - warmup))
        return last + (rate - last) * 0.5 * (1 + math.cos(math.pi * share))

    return at


def linear(rate: float, steps: int, warmup: int = 0, last: float = 0.0) -> Schedule:
    def at(step: int) -> float:
        if step < warmup:
            return rate * warmed(step, warmup)
        share = min(1.0, (step - warmup) / max(1, steps - warmup))
        return rate + (last - rate) * share

    return at


def norm(grads: Tensors) -> float:
    """L2 norm over all gradients."""
    return math.sqrt(sum(float((g.astype(np.float64) ** 2).sum()) for g in grads.values()))


def clipped(grads: Tensors, clip: float) -> Tensors:
    factor = min(1.0, clip / (norm(grads) + 1e-6))
    return {path: g * factor for path, g in grads.items()}


class Optimizer(Protocol):
    def update(self, params: Tensors, grads: Tensors, rate: float) -> None: ...


@dataclass
class AdamW:
    """Loshchilov and Hutter 2019; eps outside the root, after bias correction."""

    decay: float = 0.01
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    step: int = 0
    first: Tensors = field(default_factory=dict)
    second: Tensors = field(default_factory=dict)

    def update(self, params: Tensors, grads: Tensors, rate: float) -> None:
        self.step += 1
        for path, g in grads.items():
            decay = self.decay if g.ndim > 1 else 0.0
            m = self.beta1 * self.first.get(path, 0.0) + (1 - self.beta1) * g
            v = self.beta2 * self.second.get(path, 0.0) + (1 - self.beta2) * g * g
            self.first[path], self.second[path] = m, v
            unbiased = m / (1 - self.beta1**self.step)
            root = np.sqrt(v / (1 - self.beta2**self.step))
            params[path] = params[path] * (1 - rate * decay) - rate * unbiased / (root + self.eps)


@dataclass
class Adam(AdamW):
    """Kingma and Ba 2015; the decay joins the gradient."""

    decay: float = 0.0

    def update(self, params: Tensors, grads: Tensors, rate: float) -> None:
        decay, self.decay = self.decay, 0.0
        joined = {path: g + decay * params[path] if g.ndim > 1 else g for path, g in grads.items()}
        super().update(params, joined, rate)
        self.decay = decay


@dataclass
class Sgd:
    """buffer = momentum * buffer + g; w = w - rate * buffer."""

    momentum: float = 0.0
    buffers: Tensors = field(default_factory=dict)

    def update(self, params: Tensors, grads: Tensors, rate: float) -> None:
        for path, g in grads.items():
            buffer = self.momentum * self.buffers.get(path, 0.0) + g
            self.buffers[path] = buffer
            params[path] = params[path] - rate * buffer
