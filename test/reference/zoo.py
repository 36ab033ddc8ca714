"""What the reference knows of each model of lang/zoo: sizes, paths and shapes
of its parameters, and how a size is spelled as an override of `ogee build`.

The one place to change when a zoo file renames something."""

from dataclasses import dataclass
from typing import Callable, Union

import numpy as np

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Gpt:
    vocab: int = 256
    width: int = 384
    depth: int = 6
    heads: int = 6
    context: int = 256  # rows of the table of positions
    window: int = 256  # tokens of an example
    batch: int = 16
    file = "gpt.arch"
    table = "embed.weight"

    def shapes(self) -> Shapes:
        width = self.width
        shapes: Shapes = {self.table: (self.vocab, width), "position": (self.context, width)}
        for layer in range(self.depth):
            at = f"blocks.{layer}."
            shapes |= norm(at + "norm1", width) | norm(at + "norm2", width)
            for name in ("query", "key", "value", "output"):
                shapes |= linear(at + "attend." + name, width, width)
            shapes |= linear(at + "mlp.up", width, 4 * width) | linear(at + "mlp.down", 4 * width, width)
        return shapes | norm("norm", width)

    def overrides(self) -> list[str]:
        names = ("vocab", "width", "depth", "heads", "context")
        return [f"{name}={getattr(self, name)}" for name in names] + [f"train.window={self.window}"]


@dataclass(frozen=True)
class Mlp:
    """Linear layers with relu between, mean cross-entropy at the end."""

    inputs: int = 784
    hidden: int = 2048
    classes: int = 10
    batch: int = 128
    file = "mlp.arch"
    fields = ("image", "label")

    def chain(self) -> list[tuple[str, int, int]]:
        sizes = (self.inputs, self.hidden, self.hidden, self.classes)
        return [(f"layers.{i}", a, b) for i, (a, b) in enumerate(zip(sizes, sizes[1:]))]

    def shapes(self) -> Shapes:
        return chain_shapes(self.chain())

    def overrides(self) -> list[str]:
        return [f"{name}={getattr(self, name)}" for name in ("inputs", "hidden", "classes")]


@dataclass(frozen=True)
class Autoencoder:
    """Linear layers down to a code and up again, mean squared error."""

    inputs: int = 784
    hidden: int = 256
    code: int = 32
    batch: int = 64
    file = "autoencoder.arch"
    fields = ("image", "label")

    def chain(self) -> list[tuple[str, int, int]]:
        return [
            ("encode.0", self.inputs, self.hidden),
            ("encode.1", self.hidden, self.code),
            ("decode.0", self.code, self.hidden),
            ("decode.1", self.hidden, self.inputs),
        ]

    def shapes(self) -> Shapes:
        return chain_shapes(self.chain())

    def overrides(self) -> list[str]:
        return [f"{name}={getattr(self, name)}" for name in ("inputs", "hidden", "code")]


@dataclass(frozen=True)
class Ngram:
    """At each position the last `context` bytes, embedded and joined, one tanh
    layer, logits."""

    vocab: int = 256
    width: int = 32
    hidden: int = 256
    context: int = 8
    batch: int = 16
    window: int = 64
    file = "ngram.arch"
    table = "embed.weight"

    def shapes(self) -> Shapes:
        joined = self.context * self.width
        shapes: Shapes = {self.table: (self.vocab, self.width)}
        return shapes | linear("mix", joined, self.hidden) | linear("output", self.hidden, self.vocab)

    def overrides(self) -> list[str]:
        names = ("vocab", "width", "hidden", "context")
        return [f"{name}={getattr(self, name)}" for name in names] + [f"train.window={self.window}"]


@dataclass(frozen=True)
class Probe:
    """A test's own model: parameters of one shape under the given names,
    weighted by records of `inputs` numbers."""

    file: str
    paths: tuple[str, ...]
    shape: tuple[int, ...]
    inputs: int = 11
    batch: int = 5
    fields = ("image", "label")

    def shapes(self) -> Shapes:
        return {path: self.shape for path in self.paths}

    def overrides(self) -> list[str]:
        return [f"inputs={self.inputs}"]


Config = Union[Gpt, Mlp, Autoencoder, Ngram, Probe]


def linear(path: str, inputs: int, outputs: int) -> Shapes:
    return {path + ".weight": (outputs, inputs), path + ".bias": (outputs,)}


def norm(path: str, width: int) -> Shapes:
    return {path + ".weight": (width,), path + ".bias": (width,)}


def chain_shapes(chain: list[tuple[str, int, int]]) -> Shapes:
    shapes: Shapes = {}
    for path, inputs, outputs in chain:
        shapes |= linear(path, inputs, outputs)
    return shapes


def is_gain(path: str) -> bool:
    return path.endswith(".weight") and path.rsplit(".", 2)[-2].startswith("norm")


def initial(shapes: Shapes, seed: int, dtype: str) -> dict[str, np.ndarray]:
    """Values for a comparison: no bias is 0 and no gain is 1, so that a wrong
    path, a transposed weight or a lost term shows. Drawn in f32, widened."""
    random = np.random.default_rng(seed)
    values: dict[str, np.ndarray] = {}
    for path, shape in sorted(shapes.items()):
        draw = random.standard_normal(shape).astype(np.float32)
        if is_gain(path):
            value = 1 + np.float32(0.1) * draw
        elif path.endswith(".weight") and not path.startswith("blocks."):
            value = draw / np.float32(np.sqrt(shape[-1]))
        else:
            value = np.float32(0.02) * draw
        values[path] = value.astype(dtype)
    return values


MODELS: dict[str, Callable[..., Config]] = {
    "gpt": Gpt,
    "mlp": Mlp,
    "autoencoder": Autoencoder,
    "ngram": Ngram,
}
