"""The models of this folder against PyTorch, both in f64: the loss of each step and
every gradient of the first one, within 1e-9 relative.

  trial.py MODEL

A module has the names of the `.arch` file, so that paths are the same on both sides."""

import math
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "reference"))

import binary
import numpy as np
import tensorfile
import torch
import torch.nn.functional as F
from torch import Tensor, nn

BOUND = 1e-9
STEPS = 20
HELD_OUT = 0.1


class Mlp(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.gelu(self.up(x)))


class MixerBlock(nn.Module):
    def __init__(self, patches: int, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.tokens, self.channels = Mlp(patches, 2 * width), Mlp(width, 4 * width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channels(self.norm2(x))


class Mixer(nn.Module):
    def __init__(self, size: int = 8, patch: int = 2, channels: int = 3, width: int = 16) -> None:
        super().__init__()
        self.cut = nn.Unfold(patch, stride=patch)
        self.embed = nn.Linear(channels * patch * patch, width)
        self.blocks = nn.ModuleList(MixerBlock((size // patch) ** 2, width) for _ in range(2))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = self.embed(self.cut(image).transpose(1, 2))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x).mean(1))


class Highway(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.transform = nn.Linear(width, width)
        self.gate = nn.Parameter(torch.randn(width, width) / math.sqrt(width))
        self.gate_bias = nn.Parameter(torch.full((width,), -2.0))

    def forward(self, x: Tensor) -> Tensor:
        t = torch.sigmoid(F.linear(x, self.gate, self.gate_bias))
        return t * torch.relu(self.transform(x)) + (1 - t) * x


class HighwayNet(nn.Module):
    def __init__(self, inputs: int = 20, width: int = 32, depth: int = 8, classes: int = 4) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(inputs, width), nn.Linear(width, classes)
        self.layers = nn.ModuleList(Highway(width) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        h = torch.tanh(self.first(x))
        for layer in self.layers:
            h = layer(h)
        return self.last(h)


class Hopfield(nn.Module):
    def __init__(self, inputs: int, memories: int, width: int, heads: int, updates: int) -> None:
        super().__init__()
        self.heads, self.updates = heads, updates
        self.query, self.project = nn.Linear(inputs, width), nn.Linear(width, width)
        shape = (heads, memories, width // heads)
        self.stored, self.value = (nn.Parameter(0.5 * torch.randn(shape)) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        state = self.query(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        beta = 1 / math.sqrt(self.stored.shape[-1])
        for _ in range(self.updates):
            state = torch.softmax(beta * state @ self.stored.mT, -1) @ self.stored
        out = torch.softmax(beta * state @ self.stored.mT, -1) @ self.value
        return self.project(out.transpose(1, 2).flatten(2))


class Pooling(nn.Module):
    def __init__(self, inputs: int = 12, width: int = 16, classes: int = 3) -> None:
        super().__init__()
        self.norm, self.head = nn.LayerNorm(inputs), nn.Linear(width, classes)
        self.hopfield = Hopfield(inputs, 24, width, heads=2, updates=3)

    def forward(self, bag: Tensor) -> Tensor:
        return self.head(self.hopfield(self.norm(bag)).amax(1))


@dataclass(frozen=True)
class Trial:
    model: Callable[[], nn.Module]
    field: str
    shape: tuple[int, ...]  # of a record
    label: str
    classes: int
    batch: int
    optimizer: Callable[[nn.Module], torch.optim.Optimizer]
    rate: Callable[[int], float]  # a factor, by step
    clip: float


def decayed(model: nn.Module) -> torch.optim.Optimizer:
    groups = [
        {"params": [p for p in model.parameters() if p.ndim >= 2], "weight_decay": 0.05},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=1e-3)


def warmed_cosine(step: int) -> float:
    progress = max(0.0, min(1.0, (step - 10) / (STEPS - 10)))
    return min(1.0, (step + 1) / 10) * 0.5 * (1 + math.cos(math.pi * progress))


TRIALS = {
    "mixer": Trial(Mixer, "image", (3, 8, 8), "label", 10, 16, decayed, lambda step: 1.0, 1.0),
    "highway": Trial(
        HighwayNet, "x", (20,), "y", 4, 32, lambda m: torch.optim.SGD(m.parameters(), 0.1, 0.9), lambda step: 1.0, math.inf
    ),
    "hopfield": Trial(
        Pooling, "bag", (5, 12), "label", 3, 8, lambda m: torch.optim.AdamW(m.parameters(), 1e-3), warmed_cosine, math.inf
    ),
}


def reference(trial: Trial, model: nn.Module, values: np.ndarray, labels: np.ndarray) -> tuple[list[float], dict]:
    """The loss of each step, and the gradients of the first before clipping."""
    optimizer = trial.optimizer(model)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, trial.rate)
    train = len(values) - int(HELD_OUT * len(values))
    losses, gradients = [], {}
    for step in range(STEPS):
        chosen = np.arange(step * trial.batch, (step + 1) * trial.batch) % train
        logits = model(torch.from_numpy(values[chosen]))
        loss = F.cross_entropy(logits, torch.from_numpy(labels[chosen]).long())
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        if not gradients:
            gradients = {name: p.grad.numpy().copy() for name, p in model.named_parameters()}
        if math.isfinite(trial.clip):
            torch.nn.utils.clip_grad_norm_(model.parameters(), trial.clip)
        optimizer.step()
        schedule.step()
    return losses, gradients


def distances(made: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> dict[str, float]:
    """Relative L2 distance for each path. What is left of a gradient that is 0, as of
    a bias before a norm, is rounding: all gradients together set its scale."""
    if made.keys() != expected.keys():
        sys.exit(f"gradients on one side only: {sorted(made.keys() ^ expected.keys())}")
    least = 1e-6 * max(np.linalg.norm(value) for value in expected.values())
    return {
        path: float(np.linalg.norm(made[path] - value) / max(np.linalg.norm(value), least))
        for path, value in expected.items()
    }


def main(name: str, folder: Path) -> None:
    trial = TRIALS[name]
    torch.manual_seed(1)
    torch.set_default_dtype(torch.float64)
    model = trial.model()
    random = np.random.default_rng(1)
    values = random.normal(size=(77, *trial.shape))
    labels = random.integers(0, trial.classes, 77).astype(np.int32)
    files = binary.Files(folder)
    tensorfile.write(files.data, {trial.field: values, trial.label: labels})
    tensorfile.write(files.init, {path: p.detach().numpy() for path, p in model.named_parameters()})
    program = folder / "train"
    settings = ["train.precision=f64", "train.data.order=sequential", f"train.steps={STEPS}"]
    subprocess.run(
        [binary.compiler(), "build", HERE / f"{name}.arch", "-o", program, *settings, "--with=gradients"], check=True
    )
    made = binary.run(program, files, ["--steps", str(STEPS)], gradients=True)
    losses, gradients = reference(trial, model, values, labels)
    loss = max(abs(a - b) / abs(b) for a, b in zip(made.losses, losses, strict=True))
    found = distances(made.gradients, gradients)
    worst = max(found, key=lambda path: found[path])
    print(f"{name}: losses of {STEPS} steps within {loss:.1e}, gradients within {found[worst]:.1e} ({worst})")
    if not (loss <= BOUND and found[worst] <= BOUND):
        sys.exit(f"{name}: Ogee and PyTorch differ by more than {BOUND:.0e}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(sys.argv[1], Path(folder))
