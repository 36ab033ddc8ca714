"""A side of the benchmark: a process that lives through all rounds and works
only when a line on its standard input asks for it.

It prints `ready {json}`, then answers a line `N` with one line of JSON:
{"ms": [N step times], "loss": of the last}."""

import json
import os
import subprocess
import time
from pathlib import Path

import memory


class Worker:
    def __init__(self, command: list[str], errors: Path, environment: dict[str, str] | None = None) -> None:
        self.command, self.errors = command, errors
        self.begin = time.monotonic()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors.open("w"),
            text=True,
            env=os.environ | (environment or {}),
        )
        assert self.process.stdin and self.process.stdout
        self.input, self.output = self.process.stdin, self.process.stdout
        self.ready = json.loads(self._line().removeprefix("ready"))

    def _line(self) -> str:
        line = self.output.readline()
        if line:
            return line
        code = self.process.wait()
        text = self.errors.read_text()[-2000:]
        raise RuntimeError(f"{' '.join(self.command)}\nended with {code}\n{text}")

    def ask(self, steps: int) -> dict:
        self.input.write(f"{steps}\n")
        self.input.flush()
        return json.loads(self._line())

    def first_step(self) -> tuple[float, float]:
        """Runs one step: seconds from the start of the process to its end, and
        seconds of the step itself."""
        step = self.ask(1)["ms"][0] / 1e3
        return time.monotonic() - self.begin, step

    def peak_mb(self) -> float | None:
        """High-water resident memory above the process's own before the model,
        in MiB; None where the process does not say what that was."""
        if "base_kb" not in self.ready:
            return None
        return (memory.high_water_kb(self.process.pid) - self.ready["base_kb"]) / 1024

    def close(self) -> None:
        self.input.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
