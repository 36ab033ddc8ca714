"""A data set written in Arch (L8.19) against numpy: the batches that it draws in training, in
parts of a batch and in evaluations, told by the losses and the weights of a model on them."""

import re
import sys
from pathlib import Path

import numpy as np

from session import Session, agree

sys.path.insert(0, str(Path(__file__).parents[2] / "oracle"))
import philox

BATCH, STEPS, INPUTS, EXAMPLES, SEED = 6, 6, 3, 20, 5


def batch(stream: str, rows: int, number: int):
    def drawn(name: str, distribution: str, a: float, b: float, *shape: int) -> np.ndarray:
        return philox.draw(distribution, a, b, shape, SEED, number, f"{stream}.{name}")

    x = drawn("x", "uniform", -2, 2, rows, INPUTS)
    place = drawn("shift", "uniform", 0, 5, rows, INPUTS).astype(int)
    return x, place, (x * (place - 2)).sum(1) + drawn("error", "uniform", -0.25, 0.25, rows)


class Net:
    def __init__(self, values):
        self.values = {path: value.copy() for path, value in values.items()}

    def loss(self, x, place, y):
        """And its gradients."""
        v = self.values
        off = (x * v["weight"][place]).sum(1) + x @ v["scale.weight"][0] + v["scale.bias"][0] - y
        slope = 2 * off / len(y)
        weight = np.zeros(5)
        np.add.at(weight, place, slope[:, None] * x)
        return (off**2).mean(), {"weight": weight, "scale.weight": (slope @ x)[None], "scale.bias": slope.sum(keepdims=True)}

    def step(self, gradients):
        for path, slope in gradients.items():
            self.values[path] -= 0.05 * slope


def reference(net: Net, parts: int):
    losses, evaluations = [], []
    rows = BATCH // parts
    for step in range(STEPS):
        made = [net.loss(*batch("data", rows, step * parts + part)) for part in range(parts)]
        losses.append(np.mean([loss for loss, _ in made]))
        net.step({path: np.mean([slopes[path] for _, slopes in made], axis=0) for path in made[0][1]})
        if step % 3 == 2:
            evaluations.append(np.mean([net.loss(*batch("evaluation", rows, k))[0] for k in range(EXAMPLES // rows)]))
    return losses, evaluations


def main() -> None:
    random = np.random.default_rng(1)
    shapes = {"weight": (5,), "scale.weight": (1, INPUTS), "scale.bias": (1,)}
    first = {path: random.standard_normal(shape) for path, shape in shapes.items()}
    for parts in (1, 3):
        session, net = Session("drawn"), Net(first)
        session.build(f"train.accumulate={parts}")
        flags = ["--init", session.write("init", first), "--seed", str(SEED)]
        printed = session.run(*flags, "--threads", "1")
        losses, evaluations = reference(net, parts)
        for found, wanted in zip(session.lines("loss"), losses, strict=True):
            assert abs(found - wanted) < 1e-12 * abs(wanted), (parts, found, wanted)
        found = [float(text) for text in re.findall(r"eval_loss (\S+)", printed)]
        assert len(found) == 2 and np.allclose(found, evaluations, atol=1e-6), (found, evaluations)
        bits = session.path("saved").read_bytes()
        agree(session.saved(), net.values, 1e-12)
        session.run(*flags, "--threads", "3", "--shuffle-chunks", "--split-all", "--poison")
        assert bits == session.path("saved").read_bytes(), "other bits on three threads"


if __name__ == "__main__":
    main()
