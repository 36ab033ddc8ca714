"""The data of a run as docs of the language fix them: sequential windows over
the bytes of a text, without the held-out tail, and records of a table."""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import numpy as np

import tensorfile

Batch = tuple[np.ndarray, np.ndarray]


def pseudo_text(length: int, seed: int) -> bytes:
    """Bytes with structure to learn: a random walk over the printable
    characters, frequent ones first, each depending on the one before."""
    random = np.random.default_rng(seed)
    steps = np.minimum(random.geometric(0.15, length), 60)
    resets = random.random(length) < 0.2
    values, last = np.empty(length, np.uint8), 0
    for place, (step, reset) in enumerate(zip(steps, resets)):
        last = int(step) if reset else (last * 3 + int(step)) % 61
        values[place] = last
    return values.tobytes()


def windows(tokens: np.ndarray, window: int, batch: int, holdout: float) -> Iterator[Batch]:
    """Row r of step s is window number s * batch + r, wrapping at the number of
    whole windows; targets are the tokens one place later. [batch, window] each."""
    train = tokens[: len(tokens) - int(holdout * len(tokens))]
    count = (len(train) - 1) // window
    if count < 1:
        raise ValueError(f"{len(train)} training tokens are too few for a window of {window}")
    starts = (np.arange(first, first + batch) % count * window for first in itertools.count(0, batch))
    places = (start[:, None] + np.arange(window) for start in starts)
    return ((train[place], train[place + 1]) for place in places)


def text_batches(path: Path, window: int, batch: int, holdout: float) -> Iterator[Batch]:
    tokens = np.frombuffer(path.read_bytes(), np.uint8).astype(np.int64)
    return windows(tokens, window, batch, holdout)


@dataclass(frozen=True)
class Table:
    """Records of a safetensors file: [records, inputs] of floats, points around a
    centre of their class, and the class in i32."""

    records: int
    inputs: int
    classes: int
    fields: tuple[str, str]  # their names


def write_table(path: Path, table: Table, seed: int, dtype: str) -> None:
    """Half of the labels are drawn anew, so that no loss comes near 0 and no
    gradient becomes denormal. Values are drawn in f32 and widened."""
    records, inputs, classes = table.records, table.inputs, table.classes
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, records).astype(np.int32)
    centres = random.standard_normal((classes, inputs), np.float32)
    values = centres[labels] * np.float32(0.3) + random.standard_normal((records, inputs), np.float32)
    noise = random.integers(0, classes, records).astype(np.int32)
    labels = np.where(random.random(records) < 0.5, noise, labels)
    tensorfile.write(path, dict(zip(table.fields, (values.astype(dtype), labels))))


def record_batches(path: Path, fields: tuple[str, str], batch: int, holdout: float) -> Iterator[Batch]:
    """Row r of step s is record s * batch + r, wrapping at the training part."""
    arrays = tensorfile.read(path)  # now, not at the first batch
    values, labels = arrays[fields[0]], arrays[fields[1]].astype(np.int64)
    train = len(values) - int(holdout * len(values))
    order = (np.arange(start, start + batch) % train for start in itertools.count(0, batch))
    return ((values[chosen], labels[chosen]) for chosen in order)
