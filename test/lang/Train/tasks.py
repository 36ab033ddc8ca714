"""Phases with data and copies of their own, changed from the command line (L8.20, L8.22),
against PyTorch: losses and norms of every step, parameters and copies at the end."""

import sys

import numpy as np
import torch

from session import Session, agree

BATCH = 5
torch.set_default_dtype(torch.float64)


def waves(shift: float) -> tuple[torch.Tensor, torch.Tensor]:
    b = torch.arange(BATCH)[:, None]
    return torch.sin(b + 2 * torch.arange(4) + shift), torch.cos(shift * (b + 1) + torch.arange(3))


def main() -> None:
    torch.manual_seed(1)
    net = torch.nn.Linear(4, 3)
    session = Session("tasks")
    first = {f"net.{path}": value.detach().numpy().copy() for path, value in net.named_parameters()}
    session.build("train.second.steps=5", "train.second.strength=0.3", "train.phase2.clip=0.3")
    session.run("--init", str(session.write("init", first)), "--threads", "1")
    bits = session.path("saved").read_bytes()
    logged = {key: session.lines(key) for key in ("loss", "norm")}

    rule = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
    wanted, step = {}, 0
    for name, shift, strength, steps, clip in (("", 0.0, 0, 4, None), ("old", 1.0, 0.3, 5, None), ("old@1", 2.0, 0.5, 2, 0.3)):
        old = [value.detach().clone() for value in net.parameters()]
        if name:
            wanted |= {f"{name}.{path}": value.numpy() for (path, _), value in zip(net.named_parameters(), old)}
        x, y = waves(shift)
        for _ in range(steps):
            rule.zero_grad()
            far = sum(((p - q) ** 2).sum() for p, q in zip(net.parameters(), old))
            loss = ((net(x) - y) ** 2).mean() + strength * far
            loss.backward()
            norm = torch.sqrt(sum((p.grad**2).sum() for p in net.parameters())).item()
            for p in net.parameters():
                p.grad *= min(1, clip / (norm + 1e-6)) if clip else 1
            rule.step()
            for key, value in (("loss", loss.item()), ("norm", norm)):
                if not abs(logged[key][step] - value) <= 1e-12:
                    sys.exit(f"{key} of step {step} is {logged[key][step]}, not {value}")
            step += 1
    assert len(logged["loss"]) == step, logged["loss"]
    agree(session.saved(), wanted | {f"net.{path}": value.detach().numpy() for path, value in net.named_parameters()}, 1e-12)
    session.run("--init", str(session.path("init")), "--threads", "3", "--shuffle-chunks", "--split-all", "--poison")
    assert bits == session.path("saved").read_bytes(), "other bits on three threads"


if __name__ == "__main__":
    main()
