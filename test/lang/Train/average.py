"""Averages of weights (L8.14) against PyTorch: their values, under their own paths, and the
loss of an evaluation with them; also where the batch is taken in parts."""

import re

import numpy as np
import torch

from session import Session, Tensors, agree

BATCH, STEPS, RECORDS, HELD_OUT = 6, 20, 200, 40
DECAY, START = 0.9, 6  # 0.3 of 20 steps


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up = torch.nn.Linear(7, 5, dtype=torch.float64)
        self.down = torch.nn.Linear(5, 7, dtype=torch.float64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down(torch.tanh(self.up(x)))


def tensors(net: torch.nn.Module, prefix: str = "") -> Tensors:
    return {prefix + name: value.detach().numpy().copy() for name, value in net.named_parameters()}


def loss(net: torch.nn.Module, x: np.ndarray) -> torch.Tensor:
    rows = torch.from_numpy(x)
    return ((net(rows) - rows) ** 2).mean()


def train(net: Net, x: np.ndarray) -> tuple[Tensors, Net]:
    moving = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(DECAY))
    moving.update_parameters(net)  # the first call copies
    tail = torch.optim.swa_utils.AveragedModel(net)
    rule = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    for step in range(STEPS):
        net.zero_grad()
        loss(net, x[step * BATCH : (step + 1) * BATCH]).backward()
        rule.step()
        moving.update_parameters(net)
        if step >= START:
            tail.update_parameters(net)
    averages = tensors(moving.module) | {"up.bias": tensors(tail.module)["up.bias"]}
    evaluated = Net()
    values = averages | {"down.bias": tensors(net)["down.bias"]}
    evaluated.load_state_dict({name: torch.from_numpy(value) for name, value in values.items()})
    del averages["down.bias"]
    return averages, evaluated


def main() -> None:
    torch.manual_seed(2)
    x = np.random.default_rng(0).standard_normal((RECORDS, 7))
    for parts in (1, 3):
        session, net = Session("average"), Net()
        data, init = session.write("data", {"x": x}), session.write("init", tensors(net))
        session.build(f"train.accumulate={parts}")
        printed = session.run("--data", data, "--init", init)
        averages, evaluated = train(net, x)
        saved = session.saved()
        assert set(saved) == set(tensors(net)) | {"average." + name for name in averages}, sorted(saved)
        agree(saved, tensors(net) | {"average." + name: value for name, value in averages.items()}, 1e-12)
        rows = BATCH // parts
        held = x[RECORDS - HELD_OUT :][: HELD_OUT // rows * rows]
        found = float(re.search(r"eval_loss (\S+)", printed)[1])
        assert abs(found - loss(evaluated, held).item()) < 1e-6, printed


if __name__ == "__main__":
    main()
