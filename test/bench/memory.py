"""Resident memory of a process, from /proc, in KiB."""

import re
from pathlib import Path
from typing import Union


def status_kb(field: str, process: Union[int, str] = "self") -> int:
    text = Path(f"/proc/{process}/status").read_text()
    found = re.search(rf"^{field}:\s+(\d+) kB$", text, re.MULTILINE)
    if not found:
        raise RuntimeError(f"no {field} in the status of process {process}")
    return int(found.group(1))


def resident_kb(process: Union[int, str] = "self") -> int:
    return status_kb("VmRSS", process)


def high_water_kb(process: Union[int, str] = "self") -> int:
    return status_kb("VmHWM", process)


def reset_high_water() -> None:
    """Makes the high-water mark the present value, where the kernel lets us."""
    Path("/proc/self/clear_refs").write_text("5")
