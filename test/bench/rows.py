"""The rows of the benchmark and what both sides read: sizes, data, values."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterator

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "reference"))

import data
from zoo import Gpt, Mlp

RATE = 1e-3
DECAY = 0.1  # of tensors of two or more dimensions
HOLDOUT = 0.0  # nothing is evaluated

GPT2 = dict(vocab=50257, width=768, depth=12, heads=12, context=1024)


@dataclass(frozen=True)
class Row:
    name: str
    config: Gpt | Mlp
    steps: int  # in one block of one round
    flops: float  # of the contractions of one training step
    precision: str = "f32"  # or bf16: operands of products, in PyTorch those that autocast rounds

    @property
    def elements(self) -> int:
        return sum(prod(shape) for shape in self.config.shapes().values())


def prod(shape: tuple[int, ...]) -> int:
    result = 1
    for size in shape:
        result *= size
    return result


def gpt_flops(config: Gpt) -> float:
    """2 a multiply-add; forward, and twice that backward. Attention counts the
    half below the diagonal."""
    tokens = config.batch * config.window
    weights = config.depth * 12 * config.width**2 + config.vocab * config.width
    attention = config.depth * 2 * config.width * (config.window + 1) / 2
    return 6 * tokens * (weights + attention)


def mlp_flops(config: Mlp) -> float:
    """The first layer has no gradient for its input."""
    sizes = [a * b for _, a, b in config.chain()]
    return 2 * config.batch * (3 * sum(sizes) - sizes[0])


def row(name: str, config: Gpt | Mlp, steps: int) -> Row:
    flops = gpt_flops(config) if isinstance(config, Gpt) else mlp_flops(config)
    return Row(name, config, steps, flops)


WIDE = (
    row("gpt10m", Gpt(256, 384, 6, 6, 256, 256, 16), 4),
    row("gpt2-b4t64", Gpt(**GPT2, window=64, batch=4), 3),
    row("gpt2-b1t512", Gpt(**GPT2, window=512, batch=1), 2),
    row("mlp", Mlp(784, 2048, 10, 128), 20),
)
NARROW = tuple(replace(wide, name=f"{wide.name}-bf16", precision="bf16") for wide in WIDE)
ROWS = {each.name: each for each in WIDE + NARROW}


def write_data(row: Row, path: Path) -> None:
    config = row.config
    if isinstance(config, Gpt):
        path.write_bytes(data.pseudo_text(1 << 20, seed=1))
    else:
        data.write_table(path, data.Table(1 << 15, config.inputs, config.classes, config.fields), 1, "f4")


def batches(row: Row, path: Path) -> Iterator[data.Batch]:
    config = row.config
    if isinstance(config, Gpt):
        return data.text_batches(path, config.window, config.batch, HOLDOUT)
    return data.record_batches(path, config.fields, config.batch, HOLDOUT)
