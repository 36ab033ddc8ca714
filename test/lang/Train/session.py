"""Builds a program of Inputs, runs it and reads what it leaves, for the tests here."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "reference"))
import tensorfile

INPUTS = Path(__file__).parent / "Inputs"
Tensors = dict[str, np.ndarray]


@dataclass
class Session:
    """One program in a folder of its own."""

    name: str
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp()))

    def path(self, name: str) -> Path:
        return self.folder / name

    def write(self, name: str, tensors: Tensors) -> Path:
        tensorfile.write(self.path(name), tensors)
        return self.path(name)

    def build(self, *settings: str) -> None:
        self.checked("ogee", "build", INPUTS / f"{self.name}.arch", "-o", self.path("train"), *settings)

    def run(self, *flags: str) -> str:
        """Standard output; the parameters are in `saved`, the log in `lines` afterwards."""
        places = ["--save", self.path("saved"), "--log", self.path("log")]
        return self.checked(self.path("train"), "--quiet", *places, *flags)

    def saved(self) -> Tensors:
        return tensorfile.read(self.path("saved"))

    def lines(self, key: str) -> list[float]:
        parsed = [json.loads(line) for line in self.path("log").read_text().splitlines()]
        return [line[key] for line in parsed if key in line]

    @staticmethod
    def checked(*command) -> str:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{command}\nexit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout


def agree(made: Tensors, wanted: Tensors, bound: float) -> None:
    """Exits where a tensor that is wanted is not there or differs."""
    for name, value in wanted.items():
        off = float(np.abs(made[name] - value).max() / max(1e-30, np.abs(value).max()))
        print(f"{name:<28} {off:.1e}")
        if not off <= bound:
            sys.exit(f"{name}: differs by {off:.1e} of its largest element, bound {bound:.0e}")
