"""Plants bugs in the compiler, one at a time, and shows what finds them.

    python3 plant.py [--limit PROGRAMS] [--only NAME] [--seconds S]

Each row of PLANTS changes one place of one source file in a copy of the repository
(build/plant/source, with a build of its own); then random programs run until one is
judged wrong that the clean compiler gets right. Prints a line for each plant:
found after so many programs, by which stage, or not found. The clean compiler is
judged first, on --known programs: seeds that fail there are left out. (The seeds 1
to 200 are those of fuzz.test, which are right.)"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "build" / "plant"
SOURCE, BUILD = PLACE / "source", PLACE / "build"


@dataclass(frozen=True)
class Plant:
    name: str
    file: str
    old: str
    new: str


DERIVATIVES = "lib/Differentiate/Derivatives.def"
TAPE = "lib/Differentiate/Tape.cpp"
GENERIC = "lib/Differentiate/Generic.cpp"
SHIFTED = "lib/Differentiate/Shifted.cpp"
STEP = "lib/Differentiate/Step.cpp"
CPU = "lib/Generate/Cpu/"

PLANTS = (
    Plant("sub: sign", DERIVATIVES, "SubFOp, G(g), G(-g)", "SubFOp, G(g), G(g)"),
    Plant("mul: operand", DERIVATIVES, "MulFOp, D(g * b), D(g * a)", "MulFOp, D(g * b), D(g * b)"),
    Plant("div: power", DERIVATIVES, "D(-(g / b * y))", "D(-(g / b))"),
    Plant("min: side", DERIVATIVES, "MinimumFOp, D(where(a <= b, g", "MinimumFOp, D(where(a >= b, g"),
    Plant("select: both", DERIVATIVES, "NONE, D(where(a, g, 0.0))", "NONE, D(g)"),
    Plant("abs: sign", DERIVATIVES, "where(a < 0.0, -g, 0.0)", "where(a < 0.0, g, 0.0)"),
    Plant("erf: factor", DERIVATIVES, "1.1283791670955126", "1.1283791"),
    Plant("pow: exponent", DERIVATIVES, "b * pow(a, b - 1.0)", "b * pow(a, b - 1.5)"),
    Plant("rsqrt: factor", DERIVATIVES, "y * y * y * -0.5", "y * y * -0.5"),
    Plant("cos: sign", DERIVATIVES, "D(-(g * sin(a)))", "D(g * sin(a))"),
    Plant("clip: always", STEP, "MinimumFOp>({ratio", "MaximumFOp>({ratio"),
    Plant("norm: no root", STEP, "tensors.apply<math::SqrtOp>(total)", "total"),
    Plant("slice: offset", TAPE, "low.push_back(place.getIndexAttr(offset));",
          "low.push_back(place.getIndexAttr(0));"),
    Plant("windows: whole", TAPE, "if (end != type.getDimSize(*axis))\n    return nullptr;", ""),
    Plant("stride: lost", TAPE, "high.append({index(0), index(stride - 1)});", "high.append({index(0), index(0)});"),
    Plant("shift: sign", SHIFTED, "rest - solution.loops[loop] * form[loop]", "rest + solution.loops[loop] * form[loop]"),
    Plant("extremum: last", GENERIC, "if (isa<arith::MinimumFOp>(scalar))\n    ranked", "if (isa<arith::MaximumFOp>(scalar))\n    ranked"),
    Plant("plan: lifetime", "lib/Plan/Buffers.cpp", "buffer.end = std::max(buffer.end, phase);", "buffer.end = phase > 1 ? phase - 1 : phase;"),
    Plant("plan: view distance", "lib/Plan/Buffers.cpp", "distance += offset * elements;", "distance += elements > 1 ? offset : 0;"),
    Plant("plan: in place", "lib/Plan/Reuse.cpp", "operand->get() == value && op.getMatchingIndexingMap(operand) != output", "operand->get() == value && !output"),
    Plant("plan: needed at finish", "lib/Plan/Reuse.cpp", "return other != value && isFinished(other) &&", "return other != value && !isFinished(other) &&"),
    Plant("plan: overlap", "lib/Plan/Assign.cpp", "cursor = std::max(cursor, end);", "cursor = std::max(cursor, begin);"),
    Plant("order: readers after", "lib/Schedule/Graph.cpp", "node.after.push_back(reader);", "(void)reader;"),
    Plant("order: backward", "lib/Schedule/Groups.cpp", "return other != group && before[other].test(group);", "return false && before[other].test(group);"),
    Plant("sink: no order", "lib/Schedule/Sink.cpp", "return !orderBeforeUpdates(node);", "return false;"),
    Plant("sink: updates wait", "lib/Schedule/Sink.cpp", "if (wouldPrecede(updating, reading, edges))", "if (wouldPrecede(updating, reading, {}))"),
    Plant("row: kept elsewhere", CPU + "RowStages.cpp", "return any.elsewhere.contains(value);", "return false;"),
    Plant("row: chunk", CPU + "Row.cpp", "frame.mul(frame.chunk(), space.chunkPoints)", "frame.mul(frame.chunk(), space.chunkPoints - (space.chunks > 1))"),
    Plant("row: tail", CPU + "RowLoop.cpp", "if (even && *even % lanes == 0)", "if (even && *even >= lanes)"),
    Plant("row: copies", CPU + "RowLoop.cpp", "frame.add(start, copy * lanes)", "frame.add(start, (copy % 3) * lanes)"),
    Plant("row: tail of partial", CPU + "Partials.cpp", "  if (!mask)\n    return value;", "  return value;"),
    Plant("partial: lanes", CPU + "Partials.cpp", "lanes > 1; lanes /= 2", "lanes > 2; lanes /= 2"),
    Plant("min: neutral", CPU + "Partials.cpp", "isa<arith::MinimumFOp>(combiner)", "isa<arith::MaximumFOp>(combiner)"),
    Plant("box: lane", CPU + "BoxVectors.cpp", "vector % rowVectors * lanes + lane", "vector % rowVectors * lanes"),
    Plant("attention: head", CPU + "AttentionForward.cpp", "headIndex = frame.remainder(outer, shape.heads);", "headIndex = frame.divide(outer, shape.heads);"),
)  # fmt: skip


def run(command: list, **more) -> subprocess.CompletedProcess:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, **more)


def prepare() -> None:
    """The copy is of the last commit."""
    PLACE.mkdir(parents=True, exist_ok=True)
    if not SOURCE.exists():
        run(["git", "clone", "--shared", ROOT, SOURCE], check=True)
    run(["git", "fetch"], cwd=SOURCE, check=True)
    head = run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True).stdout.strip()
    run(["git", "checkout", "--force", head], cwd=SOURCE, check=True)
    if not (BUILD / "build.ninja").exists():
        prefix = run(["llvm-config-22", "--prefix"], check=True).stdout.strip()
        options = ["-DCMAKE_CXX_COMPILER=clang++-22", "-DCMAKE_C_COMPILER=clang-22", f"-DCMAKE_PREFIX_PATH={prefix}",
                   f"-DLLVM_EXTERNAL_LIT={prefix}/bin/lit"]  # fmt: skip
        run(["cmake", "-G", "Ninja", "-S", SOURCE, "-B", BUILD, *options], check=True)


def built() -> str:
    """What the compiler of C++ says, if it refuses."""
    done = run(["ninja", "-C", BUILD, "-j2", "ogee", "ogee-opt"])
    return "" if done.returncode == 0 else done.stdout[-500:]


def failures(limit: int, left_out: set[int], stop: bool, end: float, binary: bool = True) -> list[tuple[int, str]]:
    """(seed, stage) of the programs that fail, the first alone with `stop`."""
    from fuzz import asked, kind
    from generate import generate

    found = []
    for seed in range(1, limit + 1):
        if seed in left_out or time.time() > end:
            continue
        verdict, message, _ = asked(generate(seed), passes=False, binary=binary)
        if verdict in ("wrong", "refused", "broken"):
            found.append((seed, f"{verdict} {kind(verdict, message)}"))
            if stop:
                return found
    return found


def derivatives(limit: int) -> None:
    """The wrong entries that differentiate itself offers need no build."""
    import re

    from case import PRINT, Case, Refused, Wrong, ran
    from generate import generate
    from program import Program

    found: dict[str, int] = {}
    for seed in range(1, limit + 1):
        with tempfile.TemporaryDirectory() as folder:
            try:
                case = Case(generate(seed), Path(folder))
                command = ["ogee-opt", "--ogee-flatten", "--ogee-build-step=mutate-derivative=list"]
                listed = subprocess.run(command, input=case.imported, capture_output=True, text=True).stderr
                clean = case.differentiated()
                given = case.data(0), case.times(0)
                inputs = case.values | given[0] | given[1]
                case.check_gradients(case.values, case.gradients(clean, inputs), given, 0.0)
            except (Refused, Wrong):
                continue
            for mutant in sorted(set(re.findall(r"[\w.]+:(?:sign|factor|swap)", listed))):
                if found.get(mutant):
                    continue
                found.setdefault(mutant, 0)
                option = f"--ogee-build-step=with-gradients=true mutate-derivative={mutant}"
                try:
                    text = ran(["ogee-opt", "--ogee-flatten", option, *PRINT], case.imported)
                    case.check_gradients(case.values, case.gradients(Program(text), inputs), given, 0.0)
                except (Refused, Wrong):
                    found[mutant] = seed
                    print(f"{mutant}: program {seed}", flush=True)
    print(f"{sum(map(bool, found.values()))} of {len(found)} are found; not: {[m for m, s in found.items() if not s]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, default=1000, help="programs for each plant")
    parser.add_argument("--known", type=int, default=60, help="programs that the clean compiler is judged by")
    parser.add_argument("--only", default="", help="plants whose name has this")
    parser.add_argument("--seconds", type=float, default=600, help="for each plant")
    parser.add_argument("--derivatives", action="store_true", help="wrong derivatives instead, without a build")
    chosen = parser.parse_args()
    if chosen.derivatives:
        return derivatives(chosen.limit)
    plants = [plant for plant in PLANTS if chosen.only in plant.name]
    gone = [plant.name for plant in plants if plant.old not in (ROOT / plant.file).read_text()]
    if gone:
        sys.exit(f"the places of these are gone: {', '.join(gone)}")
    os.environ["PATH"] = f"{BUILD / 'bin'}{os.pathsep}{os.environ['PATH']}"
    prepare()
    if wrong := built():
        sys.exit(wrong)
    known = min(chosen.limit, chosen.known)
    clean = {seed for seed, _ in failures(known, set(), False, time.time() + 10 * chosen.seconds)}
    print(f"{len(clean)} of {known} programs fail without a plant and are left out", flush=True)
    count = 0
    for plant in plants:
        path = SOURCE / plant.file
        text = path.read_text()
        path.write_text(text.replace(plant.old, plant.new, 1))
        try:
            if wrong := built():
                print(f"{plant.name}: does not compile: {wrong}", flush=True)
                continue
            # Gradients are judged before anything is built.
            binary = not plant.file.startswith("lib/Differentiate")
            found = failures(chosen.limit, clean, True, time.time() + chosen.seconds, binary)
            count += bool(found)
            print(f"{plant.name}: " + (f"program {found[0][0]}, {found[0][1]}" if found else "not found"), flush=True)
        finally:
            path.write_text(text)
    print(f"{count} of {len(plants)} are found")


if __name__ == "__main__":
    main()
