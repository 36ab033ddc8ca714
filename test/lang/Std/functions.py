"""The functions of lang/std in f64 against numpy: functions.py BINARY

The binary trains Inputs/functions.arch for one step; its log holds, for each
function f, mean(sin(3 f(x)) + f(x)) over the first batch."""

import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "reference"))
import tensorfile

BATCH = 5
erf = np.vectorize(math.erf)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def layer_norm(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)


FUNCTIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "gelu": lambda x: x * 0.5 * (1 + erf(x / math.sqrt(2))),
    "gelu_tanh": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "gelu_sigmoid": lambda x: x * sigmoid(1.702 * x),
    "layer": layer_norm,
    "rms": lambda x: x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6),
}


def expected(x: np.ndarray, label: np.ndarray) -> dict[str, float]:
    values = {f"{name}_": float((np.sin(3 * f(x)) + f(x)).mean()) for name, f in FUNCTIONS.items()}
    values["error_"] = float(((x - np.maximum(x, 0)) ** 2).mean())
    # Targets below 0 are masked and do not count.
    kept = label >= 0
    log_sum = np.log(np.exp(x).sum(-1))
    values["loss"] = float((log_sum - x[np.arange(len(x)), label])[kept].mean())
    return values


def main(binary: str) -> None:
    random = np.random.default_rng(0)
    x = 2 * random.standard_normal((40, 6))
    label = random.integers(-1, 6, 40).astype(np.int32)
    label[:2] = (-1, 3)
    with tempfile.TemporaryDirectory() as folder:
        data, log = Path(folder, "data.safetensors"), Path(folder, "log.jsonl")
        tensorfile.write(data, {"x": x, "label": label})
        subprocess.run([binary, "--data", data, "--log", log, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        step = json.loads(log.read_text().splitlines()[1])
    for name, value in expected(x[:BATCH], label[:BATCH]).items():
        off = abs(step[name] - value)
        print(f"{name:<14} {off:.1e}")
        if not off < 1e-13:
            sys.exit(f"{name}: {step[name]}, not {value}")


if __name__ == "__main__":
    main(sys.argv[1])
