"""Ogee and PyTorch, side by side in one run on one machine.

Every side is a process that lives through all rounds; in a round each works in
turn, in an order that rotates, and so does a program that measures what the
processor gives. See docs/performance.md for what the figures mean."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Iterator

import machine
import report
import rows
from sides import SIDES, Bench, Side
from worker import Worker

MOST = 4  # times the rounds asked for


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/dev bench", description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(rows.ROWS)}; default: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="one object a line")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=7, help="at least; more while a side's spread is above 3 %%")
    parser.add_argument("--sides", default=",".join(SIDES), help=f"of {','.join(SIDES)}")
    chosen = parser.parse_args()
    chosen.sides = chosen.sides.split(",")
    for given, known in ((chosen.rows, rows.ROWS), (chosen.sides, SIDES)):
        for name in given:
            if name not in known:
                parser.error(f"{name} is none of {', '.join(known)}")
    if not 1 <= chosen.threads <= len(os.sched_getaffinity(0)):
        parser.error(f"--threads {chosen.threads}: this process may use {len(os.sched_getaffinity(0))} cores")
    if chosen.rounds < 1:
        parser.error("--rounds takes a positive number")
    return chosen


def build_peak(folder: Path) -> Path:
    """With the project's compiler: the figure depends on it."""
    source, program = Path(__file__).with_name("peak.cpp"), folder / "peak"
    flags = ["-std=c++20", "-O2", "-march=native", "-pthread"]
    subprocess.run(["clang++-22", *flags, str(source), "-o", str(program)], check=True)
    return program


def one_round(sides: list[Side], peak: Worker, rates: report.Peak, row: rows.Row, number: int) -> None:
    turn = number % len(sides)
    for side in sides[turn:] + sides[:turn]:
        side.run(row.steps)
    rates.add(peak.ask(1))


def measure(bench: Bench, sides: list[Side], peak: Worker, least: int) -> Iterator[report.Result]:
    """What is known after each round; at least `least` rounds, then more until
    every side agrees with itself."""
    watch = machine.Watch([side.worker.process.pid for side in sides] + [peak.process.pid])
    rates = report.Peak()
    for number in range(MOST * least):
        one_round(sides, peak, rates, bench.row, number)
        result = report.Result(bench.row, bench.threads, sides, rates, watch.others())
        print(f"\r{bench.row.name}: round {number + 1}", end="", file=sys.stderr, flush=True)
        yield result
        if number + 1 >= least and result.steady():
            return


def check(bench: Bench) -> float:
    """Seconds that compiling took; ends the run where the sides disagree."""
    built_s = bench.compile()
    found = bench.agreement()
    print(f"{bench.row.name}: {found}")
    if not found.holds():
        sys.exit(f"{bench.row.name}: Ogee and PyTorch do not compute the same; nothing was timed")
    return built_s


def run_row(bench: Bench, chosen: argparse.Namespace, program: Path) -> None:
    bench.prepare()
    built_s = check(bench) if "ogee" in chosen.sides else None
    with ExitStack() as stack:
        sides = []
        for name in chosen.sides:
            sides.append(bench.start(name, built_s))
            stack.callback(sides[-1].worker.close)
        peak = Worker([str(program), str(bench.threads)], bench.folder / "peak.txt")
        stack.callback(peak.close)
        result = None
        try:
            for result in measure(bench, sides, peak, chosen.rounds):
                pass
        finally:  # a run that is stopped tells what it knows
            if result:
                publish(result, chosen.json)


def publish(result: report.Result, path: Path | None) -> None:
    result.drop_unfinished()
    print(report.text(result), flush=True)
    if path:
        with path.open("a") as file:
            report.write_json(result, file)


def stop(*_: object) -> None:
    """A terminated run, too, tells what it knows, ends its processes and removes
    its files; a second signal does not keep it from that."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(143)


def main() -> None:
    signal.signal(signal.SIGTERM, stop)
    chosen = options()
    print(machine.describe())
    others = machine.wait_for_quiet(report.OTHERS, 60)
    if others > report.OTHERS:
        print(f"warning: others use {others:.2f} of a core", file=sys.stderr)
    if chosen.json:
        chosen.json.write_text("")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = build_peak(folder)
        for row in chosen.rows or list(rows.ROWS):
            run_row(Bench(rows.ROWS[row], chosen.threads, folder / row), chosen, program)


if __name__ == "__main__":
    main()
