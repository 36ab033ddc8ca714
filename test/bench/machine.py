"""What is known of the machine, and whether others use it."""

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def cpu_model() -> str:
    found = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found.group(1) if found else "unknown"


def describe() -> str:
    text = Path("/proc/cpuinfo").read_text()
    numbers = [re.search(rf"^{key}\s*:\s*(.*)$", text, re.MULTILINE) for key in ("cpu family", "model", "stepping")]
    detail = "-".join(found.group(1) for found in numbers if found)
    return f"{cpu_model()} ({detail}), {len(os.sched_getaffinity(0))} cores"


def busy_seconds() -> float:
    """Time that all cores together have worked or been stolen since the start."""
    first = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    user, nice, system, _, _, irq, softirq, steal = map(int, first)
    return (user + nice + system + irq + softirq + steal) / TICK


def process_seconds(process: int) -> float:
    """Processor time of a process and its ended children."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / TICK


@dataclass
class Watch:
    """Share of a core that went to none of the given processes, or to a
    neighbour of the virtual machine, since the watch was made."""

    processes: list[int]

    def __post_init__(self) -> None:
        self.begin = time.monotonic()
        self.busy = busy_seconds()
        self.own = self.used()

    def used(self) -> float:
        return sum(process_seconds(each) for each in [*self.processes, os.getpid()])

    def others(self) -> float:
        others = busy_seconds() - self.busy - (self.used() - self.own)
        return max(0.0, others) / max(1e-9, time.monotonic() - self.begin)


def wait_for_quiet(limit: float, seconds: float) -> float:
    """Waits, at most so many seconds, until others use less than `limit` of a
    core; returns what they used last."""
    end = time.monotonic() + seconds
    while True:
        watch = Watch([])
        time.sleep(1)
        others = watch.others()
        if others < limit or time.monotonic() > end:
            return others
