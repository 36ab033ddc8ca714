"""Damages the entries of a cache of kernels: cut, changed and empty in turn."""

import sys
from pathlib import Path

for number, entry in enumerate(sorted(Path(sys.argv[1]).glob("llvmcache-*"))):
    data = bytearray(entry.read_bytes())
    if number % 3 == 0:
        data = data[: len(data) // 2]
    elif number % 3 == 1:
        data[len(data) // 3] ^= 1
    else:
        data = bytearray()
    entry.write_bytes(data)
