"""The zoo's models in PyTorch, written as its users write them: nn.Module,
query, key and value in one product, scaled_dot_product_attention. They serve as
the reference of the tests and as the peer of the benchmark.

`load` and `gradients` translate between Ogee's paths and the modules' own."""

from dataclasses import dataclass
from typing import Any, Iterable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zoo import Autoencoder, Config, Gpt, Mlp, Ngram

Arrays = dict[str, np.ndarray]
PARTS = ("query", "key", "value")


class RoundedProduct(torch.autograd.Function):
    """x w^T of operands rounded to bf16, sums in x's type; so are its gradients'
    products. To nearest, ties to even, by way of f32."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor) -> Tensor:
        x, w = rounded(x), rounded(w)
        ctx.save_for_backward(x, w)
        return x @ w.T

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        x, w = ctx.saved_tensors
        gradient = rounded(gradient)
        return gradient @ w, gradient.flatten(0, -2).T @ x.flatten(0, -2)


def rounded(value: Tensor) -> Tensor:
    return value.float().bfloat16().to(value.dtype)


class Linear(nn.Linear):
    """`narrow`: operands of its products are rounded to bf16."""

    narrow = False

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.narrow) + self.bias if self.narrow else super().forward(x)


def linear(x: Tensor, weight: Tensor, narrow: bool) -> Tensor:
    return RoundedProduct.apply(x, weight) if narrow else F.linear(x, weight)


def round_products(model: nn.Module) -> None:
    """As `precision = bf16` does: all but those of attention."""
    for module in model.modules():
        module.narrow = True


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.joined = Linear(width, 3 * width)
        self.output = Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, time, width = x.shape
        parts = self.joined(x).split(width, dim=-1)
        q, k, v = (p.view(batch, time, self.heads, -1).transpose(1, 2) for p in parts)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.output(mixed.transpose(1, 2).reshape(batch, time, width))


class Feedforward(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.up = Linear(width, 4 * width)
        self.down = Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.gelu(self.up(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attend = Attention(width, heads)
        self.mlp = Feedforward(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attend(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class GptModel(nn.Module):
    narrow = False

    def __init__(self, config: Gpt) -> None:
        super().__init__()
        self.embed = nn.Embedding(config.vocab, config.width)
        self.position = nn.Parameter(torch.empty(config.context, config.width))
        self.blocks = nn.ModuleList(Block(config.width, config.heads) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.width)

    def forward(self, tokens: Tensor, targets: Tensor) -> Tensor:
        x = self.embed(tokens) + self.position[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x)
        logits = linear(self.norm(x), self.embed.weight, self.narrow)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


class Chain(nn.Module):
    """Linear layers under given paths, relu between them."""

    def __init__(self, layers: list[tuple[str, int, int]]) -> None:
        super().__init__()
        self.paths = [path for path, _, _ in layers]
        self.layers = nn.ModuleList(Linear(a, b) for _, a, b in layers)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


class MlpModel(nn.Module):
    def __init__(self, config: Mlp) -> None:
        super().__init__()
        self.chain = Chain(config.chain())

    def forward(self, records: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self.chain(records), labels)


class AutoencoderModel(nn.Module):
    def __init__(self, config: Autoencoder) -> None:
        super().__init__()
        self.chain = Chain(config.chain())

    def forward(self, records: Tensor, _: Tensor) -> Tensor:
        return F.mse_loss(self.chain(records), records)


class NgramModel(nn.Module):
    def __init__(self, config: Ngram) -> None:
        super().__init__()
        self.embed = nn.Embedding(config.vocab, config.width)
        self.context = config.context
        self.mix = Linear(config.context * config.width, config.hidden)
        self.output = Linear(config.hidden, config.vocab)

    def forward(self, tokens: Tensor, targets: Tensor) -> Tensor:
        time = tokens.shape[1]
        padded = F.pad(tokens, (self.context - 1, 0))
        past = [padded[:, self.context - 1 - j : self.context - 1 - j + time] for j in range(self.context)]
        h = torch.tanh(self.mix(self.embed(torch.stack(past, -1)).flatten(2)))
        return F.cross_entropy(self.output(h).flatten(0, 1), targets.flatten())


def build(config: Config, dtype: torch.dtype) -> nn.Module:
    kinds: dict[type, Any] = {Gpt: GptModel, Mlp: MlpModel, Autoencoder: AutoencoderModel, Ngram: NgramModel}
    return kinds[type(config)](config).to(dtype)


@dataclass(frozen=True)
class Place:
    """Where a parameter of Ogee lies: rows of a tensor of the module."""

    tensor: Tensor
    begin: int
    end: int

    def gradient(self) -> np.ndarray:
        if self.tensor.grad is None:
            raise ValueError("a parameter has no gradient")
        return self.tensor.grad[self.begin : self.end].numpy().copy()


def places(model: nn.Module) -> dict[str, Place]:
    """Ogee's path of every parameter. An embedding's table has the name that
    lang/std gives it; the joined product of attention is three parameters."""
    found: dict[str, Place] = {}
    for name, tensor in model.named_parameters():
        rows = tensor.shape[0]
        if ".joined." in name:
            third = rows // 3
            for part, each in enumerate(PARTS):
                found[name.replace("joined", each)] = Place(tensor, part * third, (part + 1) * third)
        else:
            found[ogee_name(model, name)] = Place(tensor, 0, rows)
    return found


def ogee_name(model: Any, name: str) -> str:
    if name == "embed.weight":
        return Gpt.table
    if name.startswith("chain.layers."):
        number, kind = name.split(".")[2:]
        return f"{model.chain.paths[int(number)]}.{kind}"
    return name


def load(model: nn.Module, values: Iterable[tuple[str, np.ndarray]]) -> None:
    """Copies the values, one at a time, to where their paths say."""
    found = places(model)
    left = set(found)
    with torch.no_grad():
        for path, value in values:
            if path not in left:
                raise ValueError(f"{path} is no parameter of the model, or came twice")
            left.remove(path)
            place = found[path]
            place.tensor[place.begin : place.end].copy_(torch.from_numpy(value))
    if left:
        raise ValueError(f"no value for {sorted(left)}")


def gradients(model: nn.Module) -> Arrays:
    """After backward: the gradient of every parameter under Ogee's path."""
    return {path: place.gradient() for path, place in places(model).items()}


def groups(model: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Parameter groups: decay for tensors of two or more dimensions only."""
    parameters = list(model.parameters())
    return [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": decay},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]
