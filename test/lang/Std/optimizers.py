"""Optimizers and schedules of lang/std against numpy in f64: optimizers.py BINARY

The binary trains Inputs/optimizers.arch; its parameters after the last step are
compared with the formulas of the papers."""

import math
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "reference"))
import tensorfile

BATCH, STEPS = 5, 12


def share(step: int, warmup: float) -> float:
    return max(0.0, (step - warmup) / (STEPS - warmup))


def warmed(step: int, warmup: float) -> float:
    return min(1.0, (step + 1) / warmup)


def cosine(step: int, rate: float, warmup: float, last: float) -> float:
    return warmed(step, warmup) * (last + (rate - last) * 0.5 * (1 + math.cos(math.pi * share(step, warmup))))


class Moments:
    def __init__(self, beta1: float, beta2: float, eps: float) -> None:
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.first = self.second = np.zeros(6)

    def direction(self, g: np.ndarray, step: int) -> np.ndarray:
        self.first = self.beta1 * self.first + (1 - self.beta1) * g
        self.second = self.beta2 * self.second + (1 - self.beta2) * g**2
        mean = self.first / (1 - self.beta1 ** (step + 1))
        return mean / (np.sqrt(self.second / (1 - self.beta2 ** (step + 1))) + self.eps)


def train(x: np.ndarray) -> dict[str, np.ndarray]:
    plain, heavy, adam, adamw = (np.full(6, 0.5) for _ in range(4))
    buffer = np.zeros(6)
    of_adam, of_adamw = Moments(0.9, 0.999, 1e-8), Moments(0.8, 0.99, 1e-4)
    for step in range(STEPS):
        rows = x[(step * BATCH + np.arange(BATCH)) % len(x)]
        g = -2 * (rows - plain - heavy - adam - adamw).sum(0) / (6 * BATCH)
        plain = plain - 0.1 * warmed(step, 3) * g
        buffer = 0.9 * buffer + g + 0.02 * heavy
        heavy = heavy - (0.05 + (0.01 - 0.05) * step / STEPS) * buffer
        adam = adam - cosine(step, 0.02, 4, 0.001) * of_adam.direction(g + 0.1 * adam, step)
        rate = cosine(step, 0.03, 0.25 * STEPS, 0)
        adamw = adamw * (1 - rate * 0.2) - rate * of_adamw.direction(g, step)
    return {"plain": plain, "heavy": heavy, "adam": adam, "adamw": adamw}


def main(binary: str) -> None:
    x = np.random.default_rng(0).standard_normal((200, 6))
    with tempfile.TemporaryDirectory() as folder:
        data, saved = Path(folder, "data.safetensors"), Path(folder, "saved.safetensors")
        tensorfile.write(data, {"x": x})
        subprocess.run([binary, "--data", data, "--save", saved, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        values = tensorfile.read(saved)
    for name, wanted in train(x).items():
        off = float(np.abs(values[name] - wanted).max())
        print(f"{name:<6} {off:.1e}")
        if not off < 1e-12:
            sys.exit(f"{name}: {values[name]}, not {wanted}")


if __name__ == "__main__":
    main(sys.argv[1])
