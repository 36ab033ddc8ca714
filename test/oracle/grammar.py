"""What random programs are made of: one row for each thing that the language says.

Texts have `{0}`, `{1}` for operands, which stand in brackets already. `grow` bounds
the result from the bounds of the operands, so that no value leaves the range in
which f32 means something; domains are kept by the texts themselves."""

import math
from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class Row:
    name: str
    text: str
    weight: float = 1
    grow: Callable[..., float] = max


def one(*_) -> float:
    return 1.0


SCALARS = (
    Row("add", "({0} + {1})", 4, lambda a, b: a + b),
    Row("sub", "({0} - {1})", 4, lambda a, b: a + b),
    Row("mul", "({0} * {1})", 6, lambda a, b: a * b),
    Row("div", "({0} / (1.5 + {1} ** 2))", 1, lambda a, b: a),
    Row("divide by a number", "({0} / 3)", 1, lambda a: a / 3),
    Row("negate", "(-{0})", 1, lambda a: a),
    Row("square", "({0} ** 2)", 2, lambda a: a * a),
    Row("cube", "({0} ** 3)", 1, lambda a: a**3),
    Row("power", "((1.5 + sin({0})) ** tanh({1}))", 1, lambda a, b: 2.5),
    Row("power of a number", "(2.0 ** tanh({0}))", 1, lambda a: 2),
    Row("tanh", "tanh({0})", 3, one),
    Row("sin", "sin({0})", 2, one),
    Row("cos", "cos({0})", 1, one),
    Row("erf", "erf({0})", 2, one),
    Row("exp", "exp(0.5 * tanh({0}))", 2, lambda a: 1.7),
    Row("log", "log(1.5 + {0} ** 2)", 1, lambda a: math.log(1.5 + a * a)),
    Row("sqrt", "sqrt(0.3 + {0} ** 2)", 1, lambda a: a + 0.6),
    Row("rsqrt", "rsqrt(0.3 + {0} ** 2)", 2, lambda a: 1.9),
    Row("abs", "abs({0} - 0.21)", 2, lambda a: a + 0.3),
    Row("floor", "floor(2.3 * {0})", 0.5, lambda a: 2.3 * a + 1),
    Row("max", "max({0}, {1})", 2),
    Row("min", "min({0}, {1})", 3),
    Row("relu", "max(0, {0})", 1, lambda a: a),
    Row("of a function", "relu({0})", 0.5, lambda a: a),
    Row("of another function", "silu({0})", 0.5, lambda a: a),
    Row("of a function with erf", "gelu({0})", 0.5, lambda a: a),
    Row("with a wide number", "({0} * (1 - 0.1 ** (step + 1)))", 0.3, lambda a: a),
)

# Reductions: `{0}` is the bracket with its brackets, `{1}` the body. `n` is the
# number of elements.
REDUCTIONS = (
    Row("sum", "sum{0}({1})", 8, lambda a, n: a * math.sqrt(n)),
    Row("mean", "mean{0}({1})", 3, lambda a, n: a),
    Row("max", "max{0}({1})", 1, lambda a, n: a),
    Row("min", "min{0}({1})", 1, lambda a, n: a),
    Row("prod", "prod{0}(1 + 0.2 * sin({1}))", 1, lambda a, n: 1.2**n),
    Row("logsumexp", "logsumexp{0}({1})", 1, lambda a, n: a + math.log(n)),
    Row("norm", "norm{0}(1.2 + sin({1}))", 1, lambda a, n: 2.2 * math.sqrt(n)),
    Row("variance", "variance{0}({1})", 1, lambda a, n: a * a),
)
# -inf and inf on nothing are no values to go on with.
ON_NOTHING = {"max": "max(-9, {0})", "min": "min(9, {0})", "logsumexp": "max(-9, {0})"}

COUNTS = (
    Row("count", "count{0}({1})", 1, lambda n: n),
    Row("any", "(if any{0}({1}) {{ 1.5 }} else {{ 0.5 }})", 1, lambda n: 1.5),
    Row("all", "(if all{0}({1}) {{ 1.5 }} else {{ 0.5 }})", 1, lambda n: 1.5),
)

LAYERS = (
    # The arch and its hyper-parameters from the last dimension `{n}`, another `{m}`.
    Row("Linear", "Linear({n}, {m})", 4),
    Row("Linear without bias", "Linear({n}, {m}, biased = false)", 1),
    Row("LayerNorm", "LayerNorm({n})", 2),
    Row("RMSNorm", "RMSNorm({n})", 2),
    Row("MLP", "MLP({n}, {m})", 2),
    Row("MLP with a function", "MLP({n}, {m}, {function})", 2),
)

FUNCTIONS = ("relu", "sigmoid", "silu", "gelu", "gelu_tanh", "gelu_sigmoid")

SCHEDULES = (
    Row("number", "0.03", 2),
    Row("constant", "constant(0.02, warmup = 2)", 1),
    Row("linear", "linear(0.03, warmup = 0.3, last = 0.01)", 1),
    Row("cosine", "cosine(0.05, warmup = 2, last = 0.001)", 1),
)

OPTIMIZERS = (
    Row("SGD", "SGD({0})", 2),
    Row("momentum", "SGD({0}, momentum = 0.9)", 2),
    Row("decay", "SGD({0}, momentum = 0.8, decay = 0.1)", 1),
    Row("Adam", "Adam({0}, eps = 1e-2)", 1),
    Row("Adam with decay", "Adam({0}, decay = 0.1, beta1 = 0.8, eps = 1e-3)", 1),
    Row("AdamW", "AdamW({0}, eps = 1e-3)", 2),
    Row("AdamW with decay", "AdamW({0}, decay = 0.1, beta2 = 0.9, eps = 1e-2)", 2),
    Row("by the number of dimensions", "AdamW({0}, decay = if len(p.shape) < 2 {{ 0 }} else {{ 0.2 }}, eps = 1e-2)", 2),
    Row("two", "if len(p.shape) < 2 {{ SGD({0}, momentum = 0.5) }} else {{ Adam({0}, eps = 1e-2) }}", 2),
)

# Of parameters by path and role; the first parameter of a model is never frozen.
GROUPS = (
    Row("by path", "if matches(p.path, \"*{{1,3,5}}\") {{ SGD({0}, momentum = 0.5) }} else {{ AdamW({0}, eps = 1e-2) }}", 1),
    Row("some frozen", "if matches(p.path, \"*w2\") {{ none }} else {{ SGD({0}) }}", 1),
    Row("by role", "SGD({0}, momentum = 0.7, decay = if p.role == \"bias\" {{ 0 }} else {{ 0.1 }})", 1),
)

AVERAGES = (
    Row("none", "", 6),
    Row("moving", "  average = fn (p) { EMA(0.9) }\n", 1),
    Row("tail", "  average = fn (p) { TailAverage(0.3) }\n", 1),
    Row("of some", "  average = fn (p) { if len(p.shape) < 2 { none } else { EMA(0.7) } }\n", 1),
)

# What is known while compiling, of the indices `{0}` and `{1}`.
TABLES = (
    Row("wave", "cos(0.7 * {0} + {1})", 2),
    Row("power", "2.0 ** (-({0} + 1.0) / ({1} + 1))", 1),
    Row("share", "({0} + 1.0) / ({1} + 2)", 1),
    Row("choice", "if {0} > {1} {{ 1.5 }} else {{ -0.5 }}", 1),
    Row("sum", "sum[k in 0..3](0.2 * k * ({0} + {1}))", 1),
)

# Functions of the file: of `x`, closed or kept along the last index.
CLOSERS = (
    Row("sum", "sum[i](tanh(x[.., i]))", 2, lambda a, n: n),
    Row("mean", "mean[i](x[.., i] ** 2)", 2, lambda a, n: a * a),
    Row("max", "max[i](x[.., i])", 1, lambda a, n: a),
    Row("logsumexp", "logsumexp[i](x[.., i])", 1, lambda a, n: a + math.log(n)),
    Row("weighted", "sum[i](sin(x[.., i]) * cos(0.3 * i))", 1, lambda a, n: n),
)
KEEPERS = (
    Row("centred", "x[.., i] - mean[j](x[.., j])", 2, lambda a: 2 * a),
    Row("scaled", "x[.., i] / (1.5 + sum[j](x[.., j] ** 2))", 1, lambda a: a),
    Row("softmax", "softmax[i](x[.., i])", 1, one),
    Row("by place", "sin(x[.., i]) * (0.5 + 0.1 * i)", 1, lambda a: 3),
)

DRAWS = (
    Row("normal", "~ normal(0, 0.5)", 2),
    Row("uniform", "~ uniform(-1, 1)", 2),
)

SIZES = (1, 1, 2, 3, 3, 4, 5, 5, 6, 7, 8, 8, 9, 11, 12, 13, 16, 17)
LARGE = (31, 33, 64, 67, 96, 129, 257)
