"""Random programs against the compiler.

    python3 fuzz.py [--count N] [--seed S] [--jobs J] [--keep DIR]

Prints a line for each program that fails, and what the programs covered."""

import argparse
import multiprocessing
import re
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from generate import Program, generate
from judge import Refused, Wrong, judge, ran
from shrink import shrink


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


def verdict_of(program: Program) -> tuple[str, str]:
    """The verdict and a message."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            judge(program, Path(folder))
        except Refused as error:
            return "refused", str(error)
        except Wrong as error:
            return "wrong", str(error)
        except Exception:
            return "broken", traceback.format_exc()
    return "right", ""


def attempt(seed: int) -> tuple[int, str, str, Counter, float]:
    """(seed, verdict, message, what was used, seconds)."""
    started = time.time()
    program = generate(seed)
    return seed, *verdict_of(program), program.used, time.time() - started


def kind(verdict: str, message: str) -> str:
    """What two failures have in common that are the same bug, as far as a message tells."""
    stages = re.match(r"(binary|differentiate|schedule|flatten|check)", message)
    if verdict == "wrong" and stages:
        return stages.group()
    if "Stack dump" in message:
        return "crash " + " ".join(re.findall(r"#\d+ \S+ (?:ogee::|\(anonymous namespace\)::)(\S+?)\(", message)[:3])
    return re.sub(r"[0-9]+|`\w+`", "_", brief(message))[:60]


def reduced(program: Program, verdict: str, message: str, seconds: float) -> str:
    wanted = verdict, kind(verdict, message)
    ask = refusal if message.startswith("ogee ends") else verdict_of

    def fails(text: str) -> bool:
        other = Program(text, program.seed, Counter(), program.precision, program.gradients)
        found, why = ask(other)
        return (found, kind(found, why)) == wanted

    return shrink(program.text, fails, seconds)


def brief(message: str) -> str:
    found = re.search(r"error: .*", message)
    if not message:
        return ""
    return (found.group(0) if found else message.strip().splitlines()[-1])[:200]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--reduce", type=int, default=0, metavar="SECONDS", help="make each failure small")
    chosen = parser.parse_args()
    verdicts: Counter = Counter()
    with multiprocessing.Pool(chosen.jobs) as pool:
        seeds = range(chosen.seed, chosen.seed + chosen.count)
        for seed, verdict, message, used, seconds in pool.imap(attempt, seeds):
            verdicts[verdict] += 1
            if verdict != "right" or chosen.verbose:
                print(f"seed {seed}: {verdict}: {seconds:.1f}s {brief(message)}", flush=True)
            if verdict != "right" and chosen.reduce:
                print(reduced(generate(seed), verdict, message, chosen.reduce), flush=True)
    print(dict(verdicts))


if __name__ == "__main__":
    main()
