"""Random programs against the compiler.

    python3 fuzz.py [--count N] [--seed S] [--jobs J] [--reduce SECONDS] [--light]

Prints a line for each program that fails and, with --reduce, a small program that
fails alike; what a failure was becomes a test in Found/. Then what the programs
covered. --light, for the tests: every pass is evaluated in one program of eight
and schedule alone in the others, and one program of four is built and run. Exits 1
if a program fails."""

import argparse
import multiprocessing
import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import coverage
from case import Refused, Wrong, ran
from generate import Program, generate
from judge import judge
from shrink import shrink

# A program that grew beyond what numbers can hold says nothing about the compiler.
WILD = ("the loss of the reference is", "overflowed")


@dataclass
class Answer:
    seed: int
    verdict: str = "right"
    message: str = ""
    seconds: float = 0.0
    covered: Counter = field(default_factory=Counter)


def asked(program: Program, passes: bool = True, binary: bool = True) -> tuple[str, str, str]:
    """The verdict, a message and the kernels."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return "right", "", judge(program, Path(folder), passes, binary)
        except Refused as error:
            wild = any(text in str(error) for text in WILD)
            return "wild" if wild else "refused", str(error), ""
        except Wrong as error:
            return "wrong", str(error), ""
        except Exception:
            return "broken", traceback.format_exc(), ""


def attempt(task: tuple[int, bool]) -> Answer:
    seed, light = task
    started = time.time()
    program = generate(seed)
    passes = not light or seed % 8 == 0
    binary = not light or seed % 4 == 1
    verdict, message, kernels = asked(program, passes, binary)
    covered = coverage.of_source(program.used) + coverage.of_kernels(kernels)
    return Answer(seed, verdict, message, time.time() - started, covered)


def brief(message: str) -> str:
    found = re.search(r"error: .*", message)
    return (found.group(0) if found else (message.strip() or " ").splitlines()[-1])[:200]


def kind(verdict: str, message: str) -> str:
    """What two failures have in common that are the same bug, as far as a message tells."""
    stage = re.match(r"[\w-]+(?=:)", message)
    if verdict == "wrong" and stage:
        return stage.group()
    if "Stack dump" in message:
        return "crash " + " ".join(re.findall(r"(?:ogee::|\(anonymous namespace\)::)([\w:]+)\(", message)[:3])
    return re.sub(r"[0-9]+|`\w+`", "_", brief(message))[:60]


def refusal(program: Program) -> tuple[str, str]:
    """The verdict of the compiler alone."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "program.arch"
        source.write_text(program.text)
        try:
            ran(["ogee", "build", source, "-o", Path(folder) / "program"])
        except Refused as error:
            return "refused", str(error)
    return "right", ""


def reduced(seed: int, answer: Answer, seconds: float) -> str:
    program = generate(seed)
    wanted = answer.verdict, kind(answer.verdict, answer.message)
    stage = wanted[1]
    verdict, message = refusal(program)
    alone = (verdict, kind(verdict, message)) == wanted

    def fails(text: str) -> bool:
        other = Program(text, seed, Counter(), program.precision, program.gradients)
        if alone:
            verdict, message = refusal(other)
        else:
            verdict, message, _ = asked(other, stage != "binary", stage == "binary")
        return (verdict, kind(verdict, message)) == wanted

    return shrink(program.text, fails, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1, help="of the first program; the next ones count up")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--reduce", type=int, default=0, metavar="SECONDS", help="make each failure small")
    parser.add_argument("--light", action="store_true")
    parser.add_argument("--known", nargs="*", default=(), help="seeds that may fail")
    chosen = parser.parse_args()
    verdicts: Counter = Counter()
    covered: Counter = Counter()
    known = set(map(int, chosen.known))
    failed = False
    tasks = [(seed, chosen.light) for seed in range(chosen.seed, chosen.seed + chosen.count)]
    with multiprocessing.Pool(chosen.jobs) as pool:
        for answer in pool.imap(attempt, tasks):
            verdicts[answer.verdict] += 1
            covered += answer.covered
            if answer.verdict in ("right", "wild"):
                continue
            failed |= answer.seed not in known
            print(f"seed {answer.seed}: {answer.verdict}: {brief(answer.message)}", flush=True)
            if chosen.reduce:
                print(reduced(answer.seed, answer, chosen.reduce), flush=True)
    coverage.show(covered, chosen.count)
    print(", ".join(f"{count} {name}" for name, count in verdicts.items()))
    sys.exit(failed)


if __name__ == "__main__":
    main()
