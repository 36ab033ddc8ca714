"""The peer: one row's training step in PyTorch, eager or compiled.

Speaks the protocol of a benchmark binary: prints `ready {json}`, then for each
line `N` on standard input runs N steps and prints {"ms": [...], "loss": x}. A batch is made before the step's clock starts, the
optimizer is fused, gradients are set to none: what a careful user does."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Callable

import numpy as np
import torch

import rows  # first: it makes the reference's modules known
import tensorfile
import torch_models
from memory import resident_kb, reset_high_water

Batch = tuple[torch.Tensor, torch.Tensor]


class Trainer:
    """Model, optimizer and batches; `step` returns the loss before the update."""

    def __init__(self, row: rows.Row, mode: str, init: Path, data: Path) -> None:
        self.batches = rows.batches(row, data)
        reset_high_water()
        self.base = resident_kb()
        self.model = torch_models.build(row.config, torch.float32)
        torch_models.load(self.model, tensorfile.each(init))
        groups = torch_models.groups(self.model, rows.DECAY)
        self.optimizer = torch.optim.AdamW(groups, lr=rows.RATE, fused=True)
        self.forward: Callable = torch.compile(self.model) if mode == "compile" else self.model
        self.narrow = row.precision == "bf16"

    def batch(self) -> Batch:
        inputs, targets = next(self.batches)
        return torch.from_numpy(inputs), torch.from_numpy(targets)

    def step(self, batch: Batch) -> float:
        """The loss before the update."""
        loss = self.loss(batch)
        loss.backward()
        self.update()
        return loss.item()

    def loss(self, batch: Batch) -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.narrow):
            return self.forward(*batch)

    def update(self) -> None:
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def timed(self) -> tuple[float, float]:
        """Milliseconds and loss of one step."""
        batch = self.batch()
        begin = time.perf_counter()
        loss = self.step(batch)
        return (time.perf_counter() - begin) * 1e3, loss


def write_gradients(row: rows.Row, init: Path, data: Path, output: Path) -> None:
    """Gradients of the first step, losses of the first two under the name `loss`."""
    trainer = Trainer(row, "eager", init, data)
    loss = trainer.loss(trainer.batch())
    loss.backward()
    found = torch_models.gradients(trainer.model)
    trainer.update()
    losses = np.array([loss.item(), trainer.step(trainer.batch())])
    tensorfile.write(output, found | {"loss": losses})


def serve(trainer: Trainer) -> None:
    print("ready", json.dumps({"base_kb": trainer.base}), flush=True)
    for line in sys.stdin:
        steps = [trainer.timed() for _ in range(int(line))]
        print(json.dumps({"ms": [ms for ms, _ in steps], "loss": steps[-1][1]}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("row", choices=rows.ROWS)
    parser.add_argument("mode", choices=("eager", "compile"))
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--init", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--gradients", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    row = rows.ROWS[options.row]
    if options.gradients:
        write_gradients(row, options.init, options.data, options.gradients)
        return
    serve(Trainer(row, options.mode, options.init, options.data))


if __name__ == "__main__":
    main()
