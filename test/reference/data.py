"""The data of a run as docs of the language fix them: sequential windows over
the bytes of a text, without the held-out tail, and records of a table."""

from pathlib import Path
from typing import Iterator

import numpy as np

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
    number = 0
    while True:
        starts = (number + np.arange(batch)) % count * window
        places = starts[:, None] + np.arange(window)
        yield train[places], train[places + 1]
        number += batch


def text_batches(path: Path, window: int, batch: int, holdout: float) -> Iterator[Batch]:
    tokens = np.frombuffer(path.read_bytes(), np.uint8).astype(np.int64)
    return windows(tokens, window, batch, holdout)


def write_table(path: Path, records: int, inputs: int, classes: int, seed: int) -> None:
    """Records of `inputs` f32 in C order, then one i32 label each: points
    around a centre of their class."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, records).astype(np.int32)
    centres = random.standard_normal((classes, inputs), np.float32)
    values = centres[labels] * np.float32(0.3) + random.standard_normal((records, inputs), np.float32)
    path.write_bytes(values.tobytes() + labels.tobytes())


def table_batches(path: Path, inputs: int, batch: int, holdout: float) -> Iterator[Batch]:
    """Row r of step s is record s * batch + r, wrapping at the training part."""
    size = path.stat().st_size // (4 * (inputs + 1))
    whole = np.memmap(path, np.float32, "r", shape=(size, inputs))
    labels = np.fromfile(path, np.int32, offset=4 * size * inputs).astype(np.int64)
    train = size - int(holdout * size)
    number = 0
    while True:
        chosen = (number + np.arange(batch)) % train
        yield np.array(whole[chosen]), labels[chosen]
        number += batch
