"""The zoo's models in numpy, gradients written by hand.

A layer is a function that returns its value and a function that maps the
gradient of the value to the gradient of the input; parameter gradients are
added to `grads` under the parameter's path. Everything keeps the dtype of the
parameters, which are f64 wherever the result is used as a reference.
"""

import math
from typing import Callable

import numpy as np

from zoo import Autoencoder, Config, Gpt, Mlp, Ngram

Array = np.ndarray
Tensors = dict[str, Array]
Back = Callable[[Array], Array]
Layer = tuple[Array, Back]


def add_to(grads: Tensors, path: str, value: Array) -> None:
    grads[path] = grads[path] + value if path in grads else value


def flat(x: Array) -> Array:
    return x.reshape(-1, x.shape[-1])


def linear(params: Tensors, grads: Tensors, path: str, x: Array) -> Layer:
    weight = params[path + ".weight"]

    def back(dy: Array) -> Array:
        add_to(grads, path + ".weight", flat(dy).T @ flat(x))
        add_to(grads, path + ".bias", flat(dy).sum(0))
        return dy @ weight

    return x @ weight.T + params[path + ".bias"], back


def embedding(params: Tensors, grads: Tensors, path: str, tokens: Array) -> tuple[Array, Callable[[Array], None]]:
    table = params[path]

    def back(dy: Array) -> None:
        dtable = np.zeros_like(table)
        np.add.at(dtable, tokens, dy)
        add_to(grads, path, dtable)

    return table[tokens], back


def layer_norm(params: Tensors, grads: Tensors, path: str, x: Array, eps: float = 1e-5) -> Layer:
    gain = params[path + ".weight"]
    inverse = 1 / np.sqrt(x.var(-1, keepdims=True) + eps)
    unit = (x - x.mean(-1, keepdims=True)) * inverse

    def back(dy: Array) -> Array:
        add_to(grads, path + ".weight", flat(dy * unit).sum(0))
        add_to(grads, path + ".bias", flat(dy).sum(0))
        d = dy * gain
        along = (d * unit).mean(-1, keepdims=True)
        return inverse * (d - d.mean(-1, keepdims=True) - unit * along)

    return unit * gain + params[path + ".bias"], back


def gelu_tanh(x: Array) -> Layer:
    scale = math.sqrt(2 / math.pi)
    t = np.tanh(scale * (x + 0.044715 * x**3))
    slope = 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * scale * (1 + 3 * 0.044715 * x * x)
    return 0.5 * x * (1 + t), lambda dy: dy * slope


def relu(x: Array) -> Layer:
    return np.maximum(x, 0), lambda dy: dy * (x > 0)


def tanh(x: Array) -> Layer:
    t = np.tanh(x)
    return t, lambda dy: dy * (1 - t * t)


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def cross_entropy(logits: Array, targets: Array) -> tuple[float, Array]:
    """Mean in nats over all targets, and the gradient of the logits."""
    p = softmax(logits)
    chosen = np.take_along_axis(p, targets[..., None], -1)
    slope = p.copy()
    np.put_along_axis(slope, targets[..., None], chosen - 1, -1)
    return float(-np.log(chosen).mean()), slope / targets.size


def split_heads(x: Array, heads: int) -> Array:
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def merge_heads(x: Array) -> Array:
    return x.swapaxes(1, 2).reshape(x.shape[0], x.shape[2], -1)


def attention(params: Tensors, grads: Tensors, path: str, x: Array, heads: int) -> Layer:
    """Causal multi-head attention on [batch, time, width]."""
    names = ("query", "key", "value")
    made = [linear(params, grads, f"{path}.{name}", x) for name in names]
    q, k, v = (split_heads(y, heads) for y, _ in made)
    scale = q.shape[-1] ** -0.5
    later = np.triu(np.ones((x.shape[1], x.shape[1]), bool), 1)
    p = softmax(np.where(later, -np.inf, q @ k.swapaxes(-1, -2) * scale))
    y, out_back = linear(params, grads, path + ".output", merge_heads(p @ v))

    def back(dy: Array) -> Array:
        d = split_heads(out_back(dy), heads)
        dp = d @ v.swapaxes(-1, -2)
        ds = p * (dp - (dp * p).sum(-1, keepdims=True)) * scale
        parts = (ds @ k, ds.swapaxes(-1, -2) @ q, p.swapaxes(-1, -2) @ d)
        dq, dk, dv = (one(merge_heads(part)) for (_, one), part in zip(made, parts))
        return dq + dk + dv

    return y, back


def mlp_block(params: Tensors, grads: Tensors, path: str, x: Array) -> Layer:
    up, up_back = linear(params, grads, path + ".up", x)
    active, active_back = gelu_tanh(up)
    y, down_back = linear(params, grads, path + ".down", active)
    return y, lambda dy: up_back(active_back(down_back(dy)))


def block(params: Tensors, grads: Tensors, path: str, x: Array, heads: int) -> Layer:
    n1, n1_back = layer_norm(params, grads, path + ".norm1", x)
    a, a_back = attention(params, grads, path + ".attend", n1, heads)
    h = x + a
    n2, n2_back = layer_norm(params, grads, path + ".norm2", h)
    m, m_back = mlp_block(params, grads, path + ".mlp", n2)

    def back(dy: Array) -> Array:
        dh = dy + n2_back(m_back(dy))
        return dh + n1_back(a_back(dh))

    return h + m, back


def gpt(config: Gpt, params: Tensors, tokens: Array, targets: Array) -> tuple[float, Tensors]:
    grads: Tensors = {}
    x, embed_back = embedding(params, grads, config.table, tokens)
    time = tokens.shape[1]
    x = x + params["position"][:time]
    backs = []
    for layer in range(config.depth):
        x, back = block(params, grads, f"blocks.{layer}", x, config.heads)
        backs.append(back)
    n, norm_back = layer_norm(params, grads, "norm", x)
    table = params[config.table]
    loss, dlogits = cross_entropy(n @ table.T, targets)
    dx = norm_back(dlogits @ table)
    for back in reversed(backs):
        dx = back(dx)
    embed_back(dx)
    add_to(grads, config.table, flat(dlogits).T @ flat(n))
    grads["position"] = np.zeros_like(params["position"])
    grads["position"][:time] = dx.sum(0)
    return loss, grads


def chain(params: Tensors, grads: Tensors, paths: list[str], x: Array) -> Layer:
    """Linear layers with relu between them."""
    backs: list[Back] = []
    for place, path in enumerate(paths):
        x, back = linear(params, grads, path, x)
        backs.append(back)
        if place + 1 < len(paths):
            x, back = relu(x)
            backs.append(back)

    def backward(d: Array) -> Array:
        for back in reversed(backs):
            d = back(d)
        return d

    return x, backward


def mlp(config: Mlp, params: Tensors, records: Array, labels: Array) -> tuple[float, Tensors]:
    grads: Tensors = {}
    logits, back = chain(params, grads, [path for path, _, _ in config.chain()], records)
    loss, dlogits = cross_entropy(logits, labels)
    back(dlogits)
    return loss, grads


def autoencoder(config: Autoencoder, params: Tensors, records: Array, _: Array) -> tuple[float, Tensors]:
    grads: Tensors = {}
    made, back = chain(params, grads, [path for path, _, _ in config.chain()], records)
    error = made - records
    back(2 * error / error.size)
    return float((error**2).mean()), grads


def ngram(config: Ngram, params: Tensors, tokens: Array, targets: Array) -> tuple[float, Tensors]:
    """Position t sees tokens t, t - 1, .. in this order; 0 stands before the first."""
    grads: Tensors = {}
    rows, time = tokens.shape
    past = np.zeros((rows, time, config.context), tokens.dtype)
    for back in range(min(config.context, time)):
        past[:, back:, back] = tokens[:, : time - back]
    vectors, embed_back = embedding(params, grads, config.table, past)
    joined = vectors.reshape(rows, time, -1)
    h, mix_back = linear(params, grads, "mix", joined)
    active, active_back = tanh(h)
    logits, output_back = linear(params, grads, "output", active)
    loss, dlogits = cross_entropy(logits, targets)
    embed_back(mix_back(active_back(output_back(dlogits))).reshape(vectors.shape))
    return loss, grads


def loss_and_gradients(config: Config, params: Tensors, inputs: Array, targets: Array) -> tuple[float, Tensors]:
    """Loss in the units of the model and its gradient for every parameter."""
    runs: dict[type, Callable[..., tuple[float, Tensors]]]
    runs = {Gpt: gpt, Mlp: mlp, Autoencoder: autoencoder, Ngram: ngram}
    return runs[type(config)](config, params, inputs, targets)
