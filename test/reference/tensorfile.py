"""safetensors files with numpy alone, so that a test needs no package for them.

Format: u64 little-endian length of a JSON header, the header, the bytes of the
tensors in C order. The header maps a name to dtype, shape and [begin, end) in
those bytes; `__metadata__` is no tensor.
"""

import json
from pathlib import Path
from typing import Iterator

import numpy as np

Tensors = dict[str, np.ndarray]

DTYPES = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8"), "I32": np.dtype("<i4"), "I64": np.dtype("<i8")}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def each(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    """The tensors of the file one by one, as arrays of the file's own types;
    only one is in memory at a time."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        for name, entry in header.items():
            if entry["dtype"] not in DTYPES:
                raise ValueError(f"{name}: dtype {entry['dtype']} is not one that this reader knows")
            begin, end = entry["data_offsets"]
            file.seek(8 + length + begin)
            array = np.frombuffer(file.read(end - begin), DTYPES[entry["dtype"]])
            yield name, array.reshape(entry["shape"]).copy()


def read(path: Path) -> Tensors:
    return dict(each(path))


def write(path: Path, tensors: Tensors) -> None:
    """Writes the tensors in the order of their names."""
    header: dict = {"__metadata__": {"format": "pt"}}
    arrays = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
    offset = 0
    for name, array in arrays.items():
        # ascontiguousarray makes a scalar one-dimensional; its shape stays ().
        shape = list(np.shape(tensors[name]))
        end = offset + array.nbytes
        header[name] = {"dtype": NAMES[array.dtype], "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in arrays.values():
            file.write(array.tobytes())
