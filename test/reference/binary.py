"""Builds a zoo model with `ogee build` and runs the binary, for every tool here."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import numpy as np

import data
import tensorfile
from zoo import Config, Gpt, Ngram

ROOT = Path(__file__).resolve().parents[2]
INPUTS = Path(__file__).resolve().parent / "Inputs"
SEED = 1
HOLDOUT = 0.1  # of the tokens or records; lang/std's default

def compiler() -> Path:
    """The first `ogee` of PATH, as in a lit test, else that of the build folder."""
    return Path(shutil.which("ogee") or ROOT / "build" / "bin" / "ogee")


def checked(command: list[str]) -> str:
    """Standard output of the command; a failure shows what it printed."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\nexit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def build(config: Config, source: Path, output: Path, settings: list[str], flags: list[str]) -> None:
    """`source` is a folder of train sections that use the zoo's archs."""
    model = source / config.file
    sizes = config.overrides() + [f"train.batch={config.batch}"]
    checked([str(compiler()), "build", str(model), "-o", str(output), *sizes, *settings, *flags])


@dataclass(frozen=True)
class Trained:
    losses: list[float]
    norms: list[float]
    rates: list[float]
    gradients: dict[str, np.ndarray]


@dataclass(frozen=True)
class Files:
    """What a run reads and writes, in one folder."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def init(self) -> Path:
        return self.folder / "init.safetensors"

    @property
    def gradients(self) -> Path:
        return self.folder / "gradients.safetensors"

    @property
    def log(self) -> Path:
        return self.folder / "log.jsonl"


def write_data(path: Path, config: Config, examples: int, dtype: str) -> None:
    """Enough data for so many examples in order, plus what is held out."""
    if isinstance(config, (Gpt, Ngram)):
        length = int(examples * config.window / (1 - HOLDOUT)) + 4 * config.window + 64
        path.write_bytes(data.pseudo_text(length, SEED))
        return
    records = int(examples / (1 - HOLDOUT)) + config.batch
    classes = getattr(config, "classes", 2)
    data.write_table(path, data.Table(records, config.inputs, classes, config.fields), SEED, dtype)


def batches(path: Path, config: Config) -> Iterator[data.Batch]:
    """The batches that the binary sees with `order = sequential`."""
    if isinstance(config, (Gpt, Ngram)):
        return data.text_batches(path, config.window, config.batch, HOLDOUT)
    return data.record_batches(path, config.fields, config.batch, HOLDOUT)


def logged(files: Files) -> list[dict]:
    """The line of each step."""
    lines = [json.loads(line) for line in files.log.read_text().splitlines()]
    return [line for line in lines if "loss" in line]


def run(binary: Path, files: Files, flags: list[str], gradients: bool) -> Trained:
    extra = ["--gradients", str(files.gradients)] if gradients else []
    places = ["--data", str(files.data), "--init", str(files.init), "--log", str(files.log)]
    checked([str(binary), *places, "--quiet", *flags, *extra])
    steps = logged(files)
    return Trained(
        [line["loss"] for line in steps],
        [line["norm"] for line in steps],
        [line["rate"] for line in steps],
        tensorfile.read(files.gradients) if gradients else {},
    )
