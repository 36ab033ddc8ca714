"""Values and gradients of one part of the language against PyTorch in f64.

    python3 test/reference/feature.py windows [--dtype f64] [--steps 1]

Inputs/NAME.arch is built and makes steps by plain gradient descent at a rate of 0.1 from random
parameters. The class of that name in feature_models.py says what the data
are, and what the loss and the metrics of a step must be; gradients are PyTorch's own.
The last step counts as much as the first, so that states are compared too."""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

import binary
import feature_models
import tensorfile

BOUNDS = {"f32": 2e-5, "f64": 1e-11}
NUMPY = {"f32": "f4", "f64": "f8"}
RATE = 0.1


def far(made, expected) -> float:
    made, expected = np.asarray(made, "f8"), np.asarray(expected, "f8")
    if made.shape != expected.shape:
        return float("inf")
    off = np.abs(made - expected).max(initial=0.0)
    return float(off / max(np.abs(expected).max(initial=0.0), 1.0))


def initial(program: Path, files: binary.Files, model, dtype: str) -> dict[str, np.ndarray]:
    """Random values for each parameter that the binary has; states keep their own."""
    binary.checked([str(program), "--steps", "0", "--save", str(files.init), "--quiet"])
    random = np.random.default_rng(3)
    keeps = getattr(model, "keeps", ())
    values = {}
    given = dict(tensorfile.each(files.init))
    for path, value in getattr(model, "first", lambda _: {})(given).items():
        if not far(given[path], value) <= BOUNDS[dtype]:
            sys.exit(f"first value of {path}: {given[path]}")
    for path, value in given.items():
        kept = value.dtype.kind != "f" or any(part in path for part in keeps) or path.startswith("optimizer.")
        values[path] = value if kept else random.standard_normal(value.shape).astype(NUMPY[dtype])
    return values


def compare(name: str, dtype: str) -> list[str]:
    """What differs, a line each."""
    model = getattr(feature_models, name)()
    steps = getattr(model, "steps", 1)
    batch = model.batch
    with tempfile.TemporaryDirectory() as folder:
        files = binary.Files(Path(folder))
        random = np.random.default_rng(7)
        fields = model.fields(random, 2 * batch * steps)
        tensorfile.write(files.data, {
            key: value.astype(NUMPY[dtype]) if value.dtype.kind == "f" else value.astype("i4")
            for key, value in fields.items()
        })
        program = files.folder / "train"
        source = binary.INPUTS / f"{name}.arch"
        binary.checked([str(binary.compiler()), "build", str(source), "-o", str(program),
                        f"train.precision={dtype}", f"train.batch={batch}", "--with=gradients"])
        params = initial(program, files, model, dtype)
        own = hasattr(model, "check")
        tensorfile.write(files.init, params)
        made = binary.run(program, files, ["--steps", str(steps)], gradients=True)
        log = binary.logged(files)
        if own:
            return model.check(params, log, made.gradients)
        return differences(model, params, fields, made, log, steps, dtype)


def differences(model, params, fields, made, log, steps, dtype) -> list[str]:
    wrong = []
    weights = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) if v.dtype.kind == "f" else torch.tensor(v)
               for k, v in params.items()}
    for step in range(steps):
        rows = slice(step * model.batch, (step + 1) * model.batch)
        data = {k: torch.tensor(v[rows]) for k, v in fields.items()}
        expected = model.run(weights, data)
        loss = expected.pop("loss")
        loss.backward()
        for key, value in {"loss": loss, **expected}.items():
            off = far(log[step].get(key, float("nan")), value.detach().item())
            print(f"step {step} {key:<24} {off:.1e}")
            if not off <= BOUNDS[dtype]:
                wrong.append(f"{key} of step {step}: {log[step].get(key)}, not {value.detach().item()}")
        with torch.no_grad():
            for path, value in weights.items():
                if step == 0 and path in made.gradients:
                    gradient = torch.zeros_like(value) if value.grad is None else value.grad
                    off = far(made.gradients[path], gradient.numpy())
                    print(f"gradient of {path:<18} {off:.1e}")
                    if not off <= BOUNDS[dtype]:
                        wrong.append(f"gradient of {path}: off by {off}")
                if path in made.gradients and value.grad is not None:
                    value -= RATE * value.grad
                    value.grad = None
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("feature")
    parser.add_argument("--dtype", choices=BOUNDS, default="f64")
    chosen = parser.parse_args()
    wrong = compare(chosen.feature, chosen.dtype)
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
