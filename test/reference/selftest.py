"""Judges the reference itself: numpy against PyTorch and against differences.

Without PyTorch the first part is left out. Prints a line a check, exits 1 at
the first that fails."""

import math
import sys
import tempfile
from pathlib import Path
from typing import Callable

import numpy as np

import agree
import data
import numpy_models
import optimizers
import tensorfile
from odd import ODD
from zoo import Config, Gpt, Ngram, initial

try:
    import torch
    import torch_models
except ImportError:
    torch = None

OPTIMIZERS: dict[str, tuple[Callable[[], optimizers.Optimizer], str, dict]] = {
    "adamw": (lambda: optimizers.AdamW(decay=0.1), "AdamW", {"lr": 1e-3}),
    "adam": (lambda: optimizers.Adam(decay=0.1), "Adam", {"lr": 1e-3}),
    "sgd": (lambda: optimizers.Sgd(momentum=0.9), "SGD", {"lr": 1e-3, "momentum": 0.9}),
}


def example(config: Config, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    if isinstance(config, (Gpt, Ngram)):
        text = np.frombuffer(data.pseudo_text(4000, seed), np.uint8).astype(np.int64)
        return next(data.windows(text, config.window, config.batch, 0.1))
    records = random.standard_normal((config.batch, config.inputs))
    return records, random.integers(0, getattr(config, "classes", 1), config.batch)


def demand(name: str, value: float, bound: float) -> None:
    print(f"{name:<44} {value:.2e}  bound {bound:.0e}")
    if not value <= bound:
        sys.exit(f"{name}: {value} is above {bound}")


def check_files() -> None:
    values = {"a.b": np.arange(6, dtype=np.float32).reshape(2, 3), "c": np.array(2.5), "d": np.zeros((0, 4))}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.safetensors")
        tensorfile.write(path, values)
        back = tensorfile.read(path)
    same = all(np.array_equal(back[n], values[n]) and back[n].shape == values[n].shape for n in values)
    demand("safetensors round trip", 0.0 if same and back.keys() == values.keys() else 1.0, 0)


def check_differences(name: str, config: Config) -> None:
    """Central differences along one random direction for each parameter."""
    params = initial(config.shapes(), 1, "f8")
    batch = example(config, 2)
    _, grads = numpy_models.loss_and_gradients(config, params, *batch)
    random, worst, eps = np.random.default_rng(3), 0.0, 1e-5
    for path, value in params.items():
        along = random.standard_normal(value.shape)
        sides = [
            numpy_models.loss_and_gradients(config, params | {path: value + sign * eps * along}, *batch)[0]
            for sign in (1, -1)
        ]
        slope, expected = (sides[0] - sides[1]) / (2 * eps), float((grads[path] * along).sum())
        worst = max(worst, abs(slope - expected) / (abs(expected) + 1e-3))
    demand(f"{name}: differences", worst, 1e-6)


def check_gradients(name: str, config: Config) -> None:
    params = initial(config.shapes(), 1, "f8")
    batch = example(config, 2)
    loss, grads = numpy_models.loss_and_gradients(config, params, *batch)
    model = torch_models.build(config, torch.float64)
    torch_models.load(model, params.items())
    made = model(*map(torch.from_numpy, batch))
    made.backward()
    others = torch_models.gradients(model)
    demand(f"{name}: loss", abs(made.item() - loss) / loss, 1e-13)
    demand(f"{name}: gradients", max(agree.distances(grads, others).values()), 1e-11)


def check_optimizer(name: str, config: Config) -> None:
    """Ten steps with clipping on both sides."""
    make, torch_name, options = OPTIMIZERS[name]
    params, optimizer = initial(config.shapes(), 1, "f8"), make()
    model = torch_models.build(config, torch.float64)
    torch_models.load(model, params.items())
    groups = torch_models.groups(model, getattr(optimizer, "decay", 0.0))
    other = getattr(torch.optim, torch_name)(groups, **options)
    worst = 0.0
    for step in range(10):
        batch = example(config, step)
        loss, grads = numpy_models.loss_and_gradients(config, params, *batch)
        optimizer.update(params, optimizers.clipped(grads, 1.0), 1e-3)
        other.zero_grad()
        made = model(*map(torch.from_numpy, batch))
        made.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        other.step()
        worst = max(worst, abs(made.item() - loss) / loss)
    demand(f"{name}: ten steps", worst, 1e-11)


def check_schedules() -> None:
    half = optimizers.cosine(1.0, 100)(50)
    demand("cosine: half at the middle", abs(half - 0.5), 1e-15)
    demand("cosine: 0 at the end", abs(optimizers.cosine(1.0, 100)(100)), 1e-15)
    demand("linear: a quarter left", abs(optimizers.linear(1.0, 100)(75) - 0.25), 1e-15)
    demand("warm-up: first step", abs(optimizers.cosine(1.0, 100, 10)(0) - 0.1), 1e-15)
    demand("warm-up: last step", abs(optimizers.linear(1.0, 100, 10)(9) - 1), 1e-15)
    grads = {"a": np.array([3.0]), "b": np.array([4.0])}
    demand("clip: norm after", abs(optimizers.norm(optimizers.clipped(grads, 1.0)) - 1), 1e-6)
    demand("norm", abs(optimizers.norm(grads) - math.hypot(3, 4)), 1e-15)


def main() -> None:
    check_files()
    check_schedules()
    for name, config in ODD.items():
        check_differences(name, config)
        if torch:
            check_gradients(name, config)
    if torch:
        for name in OPTIMIZERS:
            check_optimizer(name, ODD["mlp"])


if __name__ == "__main__":
    main()
