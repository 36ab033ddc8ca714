"""Parameter groups, `frozen`, `copy`, `load` and `none` (L8.9 to L8.12) against PyTorch."""

import numpy as np
import torch

from session import Session, agree

BATCH, STEPS = 6, 20


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up = torch.nn.Linear(7, 5, dtype=torch.float64)
        self.norm = torch.nn.LayerNorm(5, dtype=torch.float64)
        self.down = torch.nn.Linear(5, 7, dtype=torch.float64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down(torch.nn.functional.gelu(self.norm(self.up(x))))


def tensors(net: Net, prefix: str) -> dict[str, np.ndarray]:
    return {prefix + name: value.detach().numpy().copy() for name, value in net.named_parameters()}


def optimizers(net: Net) -> list[torch.optim.Optimizer]:
    gains = torch.optim.SGD([net.norm.weight], lr=0.1, momentum=0.9)
    groups = [
        {"params": [net.up.weight], "lr": 0.01, "weight_decay": 0.1},
        {"params": [net.up.bias, net.norm.bias], "lr": 0.01, "weight_decay": 0},
        {"params": [net.down.weight], "lr": 0.005, "weight_decay": 0.1},
    ]
    return [gains, torch.optim.AdamW(groups)]


def train(student: Net, teacher: Net, x: np.ndarray) -> list[float]:
    anchor = student.up.weight.detach().clone()
    rules, losses = optimizers(student), []
    for step in range(STEPS):
        rows = torch.from_numpy(x[step * BATCH : (step + 1) * BATCH])
        loss = ((student(rows) - teacher(rows).detach()) ** 2).mean() + 0.05 * ((student.up.weight - anchor) ** 2).sum()
        student.zero_grad()
        loss.backward()
        for rule in rules:
            rule.step()
        losses.append(loss.item())
    return losses


def main() -> None:
    torch.manual_seed(1)
    session = Session("groups")
    x = np.random.default_rng(0).standard_normal((200, 7))
    student, teacher = Net(), Net()
    started = tensors(student, "student.")
    data = session.write("data", {"x": x})
    file = session.write("teacher", tensors(teacher, ""))
    # Only the student is given: the copy starts where it starts.
    init = session.write("init", started | tensors(teacher, "teacher."))
    session.build(f"train.file={file}")
    session.run("--data", data, "--steps", "0")
    own = session.saved()
    agree(own, {"start." + name.removeprefix("student."): own[name] for name in started}, 0)
    agree(own, tensors(teacher, "teacher."), 0)

    session.run("--data", data, "--init", init)
    losses = train(student, teacher, x)
    agree({"loss": np.array(session.lines("loss"))}, {"loss": np.array(losses)}, 1e-12)
    kept = {"start." + name.removeprefix("student."): value for name, value in started.items()}
    agree(session.saved(), tensors(student, "student.") | tensors(teacher, "teacher.") | kept, 1e-11)
    agree(session.saved(), {"student.down.bias": started["student.down.bias"]}, 0)


if __name__ == "__main__":
    main()
