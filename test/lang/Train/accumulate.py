"""A batch in parts (L8.13) against the whole batch of PyTorch, with the same bits on any number
of threads; how much an evaluation takes (L8.8)."""

import re

import numpy as np
import torch

import average
import groups
from session import Session, agree


def parts_are_the_batch() -> None:
    session = Session("groups")
    x = np.random.default_rng(0).standard_normal((200, 7))
    student, teacher = groups.Net(), groups.Net()
    data = session.write("data", {"x": x})
    init = session.write("init", groups.tensors(student, "student.") | groups.tensors(teacher, "teacher."))
    session.build("train.accumulate=3", "train.clip=100")
    losses = groups.train(student, teacher, x)
    for threads in ("1", "3"):
        session.run("--data", data, "--init", init, "--threads", threads, "--split-all", "--poison")
        agree({"loss": np.array(session.lines("loss"))}, {"loss": np.array(losses)}, 1e-12)
        agree(session.saved(), groups.tensors(student, "student."), 1e-11)
        saved = session.path("saved").read_bytes()
        assert threads == "1" or saved == first, "threads change the bits"
        first = saved


def evaluation_takes_some() -> None:
    session, net = Session("average"), average.Net()
    x = np.random.default_rng(0).standard_normal((average.RECORDS, 7))
    data, init = session.write("data", {"x": x}), session.write("init", average.tensors(net))
    session.build("train.evaluate=every(5, windows = 12)")
    printed = session.run("--data", data, "--init", init)
    found = re.findall(r"eval_loss (\S+) at step (\d+) over 12 of 36 records", printed)
    assert [int(step) for _, step in found] == [5, 10, 15, 20], printed
    held = x[average.RECORDS - average.HELD_OUT :]
    _, evaluated = average.train(net, x)
    expected = average.loss(evaluated, np.concatenate([held[:6], held[18:24]])).item()
    assert abs(float(found[-1][0]) - expected) < 1e-6, (found, expected)
    every = session.run("--data", data, "--init", init, "--eval")
    assert "over 36 records" in every, every


if __name__ == "__main__":
    torch.manual_seed(3)
    parts_are_the_batch()
    evaluation_takes_some()
