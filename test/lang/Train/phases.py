"""Phases (L8.20, L8.21) against PyTorch: losses, norms and rates of every step, parameters, an
average, evaluations with the loss of their phase; the same bits on three threads."""

import re
import sys

import numpy as np
import torch

from session import Session, agree

BATCH, RECORDS, HELD_OUT = 4, 60, 12
STEPS = 12
torch.set_default_dtype(torch.float64)


def main() -> None:
    torch.manual_seed(4)
    net = torch.nn.ModuleDict({"up": torch.nn.Linear(7, 5), "down": torch.nn.Linear(5, 7)})
    random = np.random.default_rng(0)
    data = {name: random.standard_normal((RECORDS, 7)) for name in ("x", "y")}
    tensors = {name: torch.from_numpy(value) for name, value in data.items()}
    session = Session("phases")
    first = {path: value.detach().numpy().copy() for path, value in net.named_parameters()}
    flags = ["--data", str(session.write("data", data)), "--init", str(session.write("init", first))]
    session.build()
    printed = session.run(*flags, "--threads", "1")
    bits = session.path("saved").read_bytes()
    logged = {key: session.lines(key) for key in ("loss", "norm", "rate")}
    saved = session.saved()

    def model(x):
        return net["down"](torch.tanh(net["up"](x)))

    def plain(x, y, step):
        return ((model(x) - x) ** 2).mean()

    def other(x, y, step):
        return (model(x) - y).abs().mean() + 0.01 * step / STEPS

    def wave(step):
        return 0.2 * 0.5 * (1 + np.cos(np.pi * step / STEPS))

    everything, head = list(net.parameters()), list(net["down"].parameters())
    whole = torch.optim.SGD(everything, 0.2, momentum=0.9)
    adam = torch.optim.Adam(head, 0.05)
    last = torch.optim.SGD(net["up"].parameters(), 0.1)
    phases = [
        (3, plain, adam, head, lambda step: 0.05 * (1 - step / 3), 0.6),
        (4, plain, whole, everything, wave, 0.6),
        (2, other, whole, everything, wave, None),
        (3, plain, last, list(net["up"].parameters()), lambda step: 0.1 * min(1, (step - 9 + 1) / 3), None),
    ]
    average = net["up"].weight.detach().clone()
    evaluations, step = [], 0
    for length, loss, rule, trained, rate, clip in phases:
        for _ in range(length):
            x, y = (tensors[name][step * BATCH : (step + 1) * BATCH] for name in ("x", "y"))
            net.zero_grad()
            value = loss(x, y, step)
            value.backward()
            norm = torch.sqrt(sum((p.grad**2).sum() for p in trained)).item()
            for p in trained:
                p.grad *= min(1, clip / (norm + 1e-6)) if clip else 1
            rule.param_groups[0]["lr"] = rate(step)
            rule.step()
            if trained is not head:
                average.lerp_(net["up"].weight.detach(), 0.2)
            for key, wanted in (("loss", value.item()), ("norm", norm), ("rate", rate(step))):
                if abs(logged[key][step] - wanted) > 1e-12:
                    sys.exit(f"{key} of step {step} is {logged[key][step]}, not {wanted}")
            step += 1
            if (length == 4 and step % 2 == 0) or step == STEPS:
                with torch.no_grad():
                    kept = net["up"].weight.clone()
                    net["up"].weight.copy_(average)
                    held = tensors["x"][RECORDS - HELD_OUT :]
                    evaluations.append(np.mean([plain(held[i : i + 4], None, 0) for i in range(0, HELD_OUT, 4)]))
                    net["up"].weight.copy_(kept)
    found = [float(text) for text in re.findall(r"eval_loss (\S+)", printed)]
    assert np.allclose(found, evaluations, atol=1e-6), (found, evaluations)
    agree(saved, {path: value.detach().numpy() for path, value in net.named_parameters()} | {"average.up.weight": average.numpy()}, 1e-12)
    session.run(*flags, "--threads", "3", "--shuffle-chunks", "--split-all", "--poison")
    assert bits == session.path("saved").read_bytes(), "other bits on three threads"


if __name__ == "__main__":
    main()
