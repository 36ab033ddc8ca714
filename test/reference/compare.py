"""Trains a zoo model with Ogee and with the reference, step by step.

    python3 test/reference/compare.py gpt [--dtype f64] [--steps 50]

The reference always computes in f64. Bounds: the loss of every step within 3e-6
relative for f32, at the first step every gradient within 1e-4 relative L2 for
f32; for f64 1e-9 for both. Without clip the update joins the kernel of the
gradient, which is other code than with it. Exits 1, with what differs, where a bound is broken."""

import argparse
import dataclasses
import math
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import agree
import binary
import numpy_models
import optimizers
import tensorfile
from odd import ODD
from zoo import Config, initial

LOSS_BOUNDS = {"f32": 3e-6, "f64": 1e-9, "bf16": 3e-4}
GRADIENT_BOUNDS = {"f32": 1e-4, "f64": 1e-9, "bf16": 5e-3}
NUMPY = {"f32": "f4", "f64": "f8", "bf16": "f4"}
RATE, DECAY = 1e-3, 0.1
UNCLIPPED = binary.ROOT / "test" / "bench"  # its train sections have no clip


@dataclass(frozen=True)
class Reference:
    losses: list[float]
    norms: list[float]
    gradients: dict[str, np.ndarray]  # of the first step, before clipping

    def add(self, loss: float, norm: float, grads: dict[str, np.ndarray]) -> None:
        """Joins one step; gradients are kept of the first alone."""
        if not self.losses:
            self.gradients.update(grads)
        self.losses.append(loss)
        self.norms.append(norm)


def with_numpy(config: Config, files: binary.Files, steps: int, clip: float) -> Reference:
    params = {path: value.astype("f8") for path, value in tensorfile.each(files.init)}
    optimizer = optimizers.AdamW(decay=DECAY)
    expected = Reference([], [], {})
    for _, (inputs, targets) in zip(range(steps), binary.batches(files.data, config)):
        inputs = inputs if inputs.dtype.kind == "i" else inputs.astype("f8")
        loss, grads = numpy_models.loss_and_gradients(config, params, inputs, targets)
        expected.add(loss, optimizers.norm(grads), grads)
        optimizer.update(params, optimizers.clipped(grads, clip), RATE)
    return expected


def with_torch(config: Config, files: binary.Files, steps: int, clip: float, narrow: bool) -> Reference:
    import torch
    import torch_models

    model = torch_models.build(config, torch.float64)
    if narrow:
        torch_models.round_products(model)
    torch_models.load(model, tensorfile.each(files.init))
    optimizer = torch.optim.AdamW(torch_models.groups(model, DECAY), lr=RATE)
    expected = Reference([], [], {})
    for _, (inputs, targets) in zip(range(steps), binary.batches(files.data, config)):
        inputs = inputs if inputs.dtype.kind == "i" else inputs.astype("f8")
        loss = model(torch.from_numpy(inputs), torch.from_numpy(targets))
        optimizer.zero_grad()
        loss.backward()
        grads = torch_models.gradients(model)
        expected.add(loss.item(), float(torch.nn.utils.clip_grad_norm_(model.parameters(), clip)), grads)
        optimizer.step()
    return expected


def reference(kind: str, config: Config, files: binary.Files, steps: int, clip: float, narrow: bool) -> Reference:
    if kind == "torch":
        return with_torch(config, files, steps, clip, narrow)
    if narrow:
        sys.exit("bf16 needs PyTorch for a reference")
    return with_numpy(config, files, steps, clip)


def with_ogee(config: Config, files: binary.Files, dtype: str, steps: int, clip: float, parts: int) -> binary.Trained:
    program = files.folder / "train"
    settings = [f"train.precision={dtype}", f"train.rate={RATE}", f"train.accumulate={parts}"]
    clipped = math.isfinite(clip)
    source = binary.INPUTS if clipped else UNCLIPPED
    settings += [f"train.clip={clip}"] if clipped else []
    binary.build(config, source, program, settings, ["--with=gradients"])
    return binary.run(program, files, ["--steps", str(steps)], gradients=True)


def differences(made: list[float], expected: list[float]) -> np.ndarray:
    if len(made) != len(expected):
        sys.exit(f"{len(made)} steps in the log, expected {len(expected)}")
    return np.abs(np.array(made) - expected) / np.abs(expected)


def judge(made: binary.Trained, expected: Reference, dtype: str) -> bool:
    """Prints each figure with its bound."""
    loss = differences(made.losses, expected.losses)
    norm = differences(made.norms[:1], expected.norms[:1])
    found = agree.distances(made.gradients, expected.gradients)
    bound = GRADIENT_BOUNDS[dtype]
    worst = sorted(found, key=lambda path: -found[path])[:3]
    print(f"loss: {loss.max():.2e} at step {loss.argmax()}, bound {LOSS_BOUNDS[dtype]:.0e}; last {made.losses[-1]:.6f}")
    print(f"norm of the first gradient: {norm[0]:.2e}, bound {bound:.0e}")
    print("gradients: " + ", ".join(f"{path} {found[path]:.2e}" for path in worst) + f", bound {bound:.0e}")
    # Written so that a figure that is no number fails.
    return bool(loss.max() <= LOSS_BOUNDS[dtype] and norm[0] <= bound and all(d <= bound for d in found.values()))


def has_torch() -> bool:
    try:
        import torch  # noqa: F401
    except ImportError:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", choices=ODD)
    parser.add_argument("--dtype", choices=GRADIENT_BOUNDS, default="f32")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--clip", type=float, default=1.0, help="inf: none, for gpt and mlp")
    parser.add_argument("--accumulate", type=int, default=1, help="parts of a batch, for Ogee alone")
    parser.add_argument("--window", type=int, help="tokens of an example, for gpt; by default all that its table of positions has")
    parser.add_argument("--reference", choices=("torch", "numpy"), default="torch" if has_torch() else "numpy")
    chosen = parser.parse_args()
    config = ODD[chosen.model]
    if chosen.window:
        config = dataclasses.replace(config, window=chosen.window)
    with tempfile.TemporaryDirectory() as name:
        files = binary.Files(Path(name))
        binary.write_data(files.data, config, config.batch * chosen.steps, NUMPY[chosen.dtype])
        tensorfile.write(files.init, initial(config.shapes(), 1, NUMPY[chosen.dtype]))
        expected = reference(chosen.reference, config, files, chosen.steps, chosen.clip, chosen.dtype == "bf16")
        made = with_ogee(config, files, chosen.dtype, chosen.steps, chosen.clip, chosen.accumulate)
    if not judge(made, expected, chosen.dtype):
        sys.exit(f"{chosen.model} in {chosen.dtype}: Ogee and the reference differ")


if __name__ == "__main__":
    main()
