"""The sides of a row, each made ready to run: files, binaries, processes."""

import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import agree
import binary
import estimate
import rows
import tensorfile
from worker import Worker
from zoo import initial

HERE = Path(__file__).resolve().parent
SIDES = ("ogee", "torch-eager", "torch-compile")


@dataclass
class Side:
    """One competitor and what its rounds gave."""

    name: str
    worker: Worker
    begun_s: float  # from process start to the end of the first step
    first_s: float  # of it, the step
    built_s: float | None = None  # where the compiler is a command of its own
    compiles: bool = False  # where the first step compiles
    rounds: list[list[float]] = field(default_factory=list)
    loss: float = float("nan")

    @property
    def compile_s(self) -> float | None:
        """Of the command, or the first step less a later one."""
        return self.first_s - estimate.median(self.rounds) / 1e3 if self.compiles else self.built_s

    @property
    def start_s(self) -> float:
        """Process start to the end of the first step, compiling left out."""
        return self.begun_s - ((self.compile_s or 0.0) if self.compiles else 0.0)

    def run(self, steps: int) -> None:
        """One block; its first step wakes threads and caches and is not counted."""
        answer = self.worker.ask(steps + 1)
        self.rounds.append(answer["ms"][1:])
        self.loss = answer["loss"]


@dataclass(frozen=True)
class Bench:
    """One row on so many threads, with its files in a folder of its own."""

    row: rows.Row
    threads: int
    folder: Path

    @property
    def files(self) -> binary.Files:
        return binary.Files(self.folder)

    def prepare(self) -> None:
        self.folder.mkdir()
        rows.write_data(self.row, self.files.data)
        tensorfile.write(self.files.init, initial(self.row.config.shapes(), 1, "f4"))

    @property
    def settings(self) -> list[str]:
        return [f"train.precision={self.row.precision}"]

    def places(self) -> list[str]:
        return ["--threads", str(self.threads), "--data", str(self.files.data), "--init", str(self.files.init)]

    def torch_command(self, mode: str) -> list[str]:
        return [sys.executable, str(HERE / "torch_worker.py"), self.row.name, mode, *self.places()]

    def agreement(self) -> agree.Agreement:
        """Ogee's first steps against PyTorch's, from the same weights and tokens.
        Gradients come from a binary that keeps them, losses from the very one
        that is timed: its updates are other code."""
        program = self.folder / "with-gradients"
        binary.build(self.row.config, HERE, program, self.settings, ["--with=gradients"])
        flags = ["--threads", str(self.threads), "--steps"]
        made = binary.run(program, self.files, [*flags, "1"], gradients=True)
        timed = binary.run(self.program, self.files, [*flags, "2"], gradients=False)
        output = self.folder / "torch.safetensors"
        binary.checked([*self.torch_command("eager"), "--gradients", str(output)])
        expected = tensorfile.read(output)
        losses = list(expected.pop("loss"))
        bounds = agree.BOUNDS[self.row.precision]
        return agree.compare(timed.losses, made.gradients, losses, expected, bounds)

    @property
    def program(self) -> Path:
        """Ogee's timed binary."""
        return self.folder / "train"

    def compile(self) -> float:
        """Seconds, from nothing: the kernel cache is an empty folder."""
        os.environ["OGEE_CACHE"] = str(self.folder / "cache")
        begin = time.monotonic()
        binary.build(self.row.config, HERE, self.program, self.settings, [])
        return time.monotonic() - begin

    def start(self, name: str, built_s: float | None) -> Side:
        return self.start_ogee(built_s) if name == "ogee" else self.start_torch(name.removeprefix("torch-"))

    def start_ogee(self, built_s: float | None) -> Side:
        worker = Worker([str(self.program), "--bench", *self.places()], self.folder / "ogee.txt")
        return Side("ogee", worker, *worker.first_step(), built_s=built_s)

    def start_torch(self, mode: str) -> Side:
        cache = {"TORCHINDUCTOR_CACHE_DIR": str(self.folder / "inductor")}
        worker = Worker(self.torch_command(mode), self.folder / f"{mode}.txt", cache)
        return Side(f"torch-{mode}", worker, *worker.first_step(), compiles=mode == "compile")
