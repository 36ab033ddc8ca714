"""Several objectives in a step (L8.16 to L8.18) against PyTorch: losses and norms of each step,
the first gradients, parameters and averages after the last one; the same bits on three threads."""

import sys

import numpy as np
import torch

from session import Session, Tensors, agree
import tensorfile

RECORDS, HELD_OUT = 60, 12
torch.set_default_dtype(torch.float64)


def linear(inputs: int, outputs: int) -> dict[str, torch.Tensor]:
    return {"weight": torch.randn(outputs, inputs) / inputs**0.5, "bias": 0.1 * torch.randn(outputs)}


def nested(**parts) -> dict[str, torch.Tensor]:
    """Parameters by path, as leaves."""
    flat = {}
    for name, part in parts.items():
        for inner, value in (part if isinstance(part, dict) else {"": part}).items():
            flat[f"{name}.{inner}".rstrip(".")] = value.clone().requires_grad_()
    return flat


def apply(net: dict[str, torch.Tensor], path: str, x: torch.Tensor) -> torch.Tensor:
    return x @ net[path + ".weight"].T + net[path + ".bias"]


class Objective:
    """One `minimise`: its parameters, its optimizer, what it logs."""

    def __init__(self, net, paths, optimizer, clip=None, schedule=None):
        self.leaves = {path: net[path] for path in paths}
        self.rule = optimizer(list(self.leaves.values()))
        self.clip, self.schedule, self.updates = clip, schedule, 0
        self.gradients: Tensors = {}

    def minimise(self, loss: torch.Tensor) -> tuple[float, float]:
        """Loss and norm."""
        slopes = torch.autograd.grad(loss, list(self.leaves.values()))
        norm = torch.sqrt(sum((slope**2).sum() for slope in slopes)).item()
        factor = min(1.0, self.clip / (norm + 1e-6)) if self.clip else 1.0
        for (path, leaf), slope in zip(self.leaves.items(), slopes):
            self.gradients.setdefault(path, slope.numpy().copy())
            leaf.grad = slope * factor
        for group in self.rule.param_groups:
            group["lr"] = self.schedule(self.updates) if self.schedule else group["lr"]
        self.rule.step()
        self.updates += 1
        return loss.item(), norm


def gan(net, data, batch: int, steps: int):
    def maker(z):
        return apply(net, "maker.down", torch.tanh(apply(net, "maker.up", z)))

    def critic(x):
        return torch.nn.functional.silu(apply(net, "critic.up", x)) @ net["critic.weigh"]

    def rate(update: int) -> float:
        return 0.001 + 0.019 * 0.5 * (1 + np.cos(np.pi * update / (2 * steps)))

    trained = [path for path in net if path.startswith("maker") and path != "maker.down.bias"]
    first = Objective(net, [path for path in net if path.startswith("critic")],
                      lambda leaves: torch.optim.AdamW(leaves, 0.02, weight_decay=0.1), 0.5, rate)
    second = Objective(net, trained, lambda leaves: torch.optim.SGD(leaves, 0.1, momentum=0.9), 0.5)
    averages = {path: net[path].detach().clone() for path in trained}
    lines = []
    for step in range(steps):
        z, x = (data[name][step * batch : (step + 1) * batch] for name in ("z", "x"))
        made = maker(z).detach()
        rounds = [first.minimise(torch.nn.functional.softplus(critic(made) - critic(x)).mean()) for _ in range(2)]
        last = second.minimise(-critic(maker(z)).mean())
        for path, value in averages.items():
            value.lerp_(net[path].detach(), 0.3)
        losses = {"critic.loss": rounds[0][0] + rounds[1][0], "maker.loss": last[0]}
        lines.append(losses | {"loss": sum(losses.values()), "norm": rounds[0][1], "rate": rate(2 * step)})
    return lines, first.gradients | second.gradients, {"average." + path: value.numpy() for path, value in averages.items()}


def heads(net, data, batch: int, steps: int):
    def trunk(x):
        h = apply(net, "trunk.up", x)
        return torch.tanh(h), 0.1 * (h**2).mean()

    shared = ["trunk.up.weight", "trunk.up.bias"]
    first = Objective(net, shared + ["first.weight", "first.bias"], lambda leaves: torch.optim.SGD(leaves, 0.1))
    second = Objective(net, shared + ["second.weight", "second.bias"], lambda leaves: torch.optim.Adam(leaves, 0.01))
    lines = []
    for step in range(steps):
        x, y = (data[name][step * batch : (step + 1) * batch] for name in ("x", "y"))
        h, size = trunk(apply(net, "fixed", x))
        one, norm = first.minimise(((apply(net, "first", h) - y) ** 2).mean() + size)
        h, again = trunk(x)
        level = apply(net, "second", h).max(dim=1).values
        two, _ = second.minimise((level**2).mean() + again)
        lines.append({"loss": one + two, "second.loss": None, "norm": norm, "rate": 0.1,
                      "trunk.size": size.item() + again.item()})
        del lines[-1]["second.loss"]
    return lines, second.gradients | first.gradients, {}


def check(name: str, net, data: Tensors, reference, batch: int, steps: int) -> None:
    session = Session(name)
    places = [str(session.write(kind, tensors)) for kind, tensors in
              (("data", data), ("init", {path: value.detach().numpy() for path, value in net.items()}))]
    session.build("--with=gradients")
    flags = ["--data", places[0], "--init", places[1], "--gradients", str(session.path("gradients"))]
    session.run(*flags, "--threads", "1")
    bits = session.path("saved").read_bytes()
    logged = {key: session.lines(key) for key in ("loss", "norm", "rate")}
    lines, gradients, averages = reference(net, {key: torch.from_numpy(value) for key, value in data.items()}, batch, steps)
    for step, line in enumerate(lines):
        for key, wanted in line.items():
            found = session.lines(key)[step]
            if abs(found - wanted) > 1e-11 * max(1, abs(wanted)):
                sys.exit(f"{name}: {key} of step {step} is {found}, not {wanted}")
    agree(tensorfile.read(session.path("gradients")), gradients, 1e-10)
    saved = session.saved()
    wanted = {path: value.detach().numpy() for path, value in net.items()} | averages
    if set(saved) != set(wanted):
        sys.exit(f"{name}: saves {sorted(saved)}")
    agree(saved, wanted, 1e-10)
    session.run(*flags, "--threads", "3", "--shuffle-chunks", "--split-all", "--poison")
    if bits != session.path("saved").read_bytes() or logged["loss"] != session.lines("loss"):
        sys.exit(f"{name}: other bits on three threads")


def main() -> None:
    torch.manual_seed(3)
    random = np.random.default_rng(0)
    data = {name: random.standard_normal((RECORDS, width)) for name, width in (("z", 5), ("x", 7), ("y", 3))}
    check("gan", nested(**{"maker.up": linear(5, 11), "maker.down": linear(11, 7),
                           "critic.up": linear(7, 13), "critic.weigh": 0.3 * torch.randn(13)}),
          {name: data[name] for name in ("z", "x")}, gan, 6, 5)
    check("heads", nested(**{"trunk.up": linear(7, 7), "first": linear(7, 3), "second": linear(7, 4), "fixed": linear(7, 7)}),
          {name: data[name] for name in ("x", "y")}, heads, 4, 4)


if __name__ == "__main__":
    main()
