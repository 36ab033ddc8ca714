"""Same weights, same tokens: loss, every gradient and the loss after one update
of both sides must agree before a clock runs."""

from dataclasses import dataclass
from typing import Sequence

import numpy as np

Tensors = dict[str, np.ndarray]
Losses = Sequence[float]


@dataclass(frozen=True)
class Bounds:
    loss: float  # relative
    updated: float  # of the loss after one update
    gradient: float  # relative L2


# What is rounded to bf16 differs between Ogee, which rounds operands of products
# alone, and PyTorch's autocast: there this only shows that both train the same
# model. compare.py has the close bound, against a reference that rounds alike.
BOUNDS = {"f32": Bounds(3e-6, 1e-5, 1e-4), "bf16": Bounds(3e-3, 5e-3, 1e-1)}


@dataclass(frozen=True)
class Agreement:
    bounds: Bounds
    loss: float  # relative difference
    updated: float  # the same after one update
    gradient: float  # the largest relative L2 distance
    worst: str  # path of that gradient

    def holds(self) -> bool:
        within = self.bounds
        return self.loss <= within.loss and self.updated <= within.updated and self.gradient <= within.gradient

    def __str__(self) -> str:
        return f"loss within {self.loss:.1e}, after an update {self.updated:.1e}, gradients within {self.gradient:.1e} ({self.worst})"


def scale(path: str, expected: Tensors) -> float:
    """Norm that a gradient's error is compared with: its own. The key's bias
    moves every score of a row alike, so its gradient is 0 and what is computed
    is rounding; there the query's bias sets the scale."""
    if path.endswith("key.bias"):
        path = path.removesuffix("key.bias") + "query.bias"
    return max(float(np.linalg.norm(expected[path].astype(np.float64))), 1e-300)


def distances(made: Tensors, expected: Tensors) -> dict[str, float]:
    """Relative L2 distance for each path; the paths and shapes must be the same."""
    if made.keys() != expected.keys():
        raise ValueError(f"gradients on one side only: {sorted(made.keys() ^ expected.keys())}")
    found = {}
    for path, value in expected.items():
        if made[path].shape != value.shape:
            raise ValueError(f"{path}: shape {made[path].shape}, expected {value.shape}")
        found[path] = float(np.linalg.norm(made[path].astype(np.float64) - value)) / scale(path, expected)
    return found


def compare(
    losses: Losses, grads: Tensors, expected_losses: Losses, expected: Tensors, bounds: Bounds = BOUNDS["f32"]
) -> Agreement:
    """`losses` are those of the first two steps."""
    found = distances(grads, expected)
    # A distance that is no number must not lose against one that is.
    worst = max(found, key=lambda path: np.inf if np.isnan(found[path]) else found[path])
    first, updated = (abs(a - b) / abs(b) for a, b in zip(losses, expected_losses))
    return Agreement(bounds, first, updated, found[worst], worst)
