"""What `ogee fmt` promises, on every .arch file below some folders.

  format.py layout FOLDER ..   each is in the layout
  format.py same FOLDER ..     the tree and the comments stay; a second time, all stays
  format.py rough FOLDER ..    the same of each with other line breaks and blanks"""

import random
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# A string (kept), or a comment.
LEXEME = re.compile(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*')


def ogee(words: list[str], text: str) -> tuple[int, str]:
    run = subprocess.run(["ogee", *words], input=text, capture_output=True, text=True, timeout=600)
    if run.returncode not in (0, 1):
        sys.exit(f"ogee {' '.join(words)}: exit code {run.returncode}\n{run.stderr}")
    return run.returncode, run.stdout


def tree(text: str) -> str | None:
    """As `ogee dump` prints it, or nothing if the text has an error."""
    code, output = ogee(["dump", "--emit=parse", "/dev/stdin"], text)
    return output if code == 0 else None


def comments(text: str) -> list[str]:
    return [found[0].rstrip() for found in LEXEME.finditer(text) if not found[1]]


def judge(text: str) -> str:
    """What is wrong with the layout of the text, or nothing."""
    before = tree(text)
    if before is None:
        return "" if ogee(["fmt", "-"], text)[0] == 1 else "a text with an error is not refused"
    _, once = ogee(["fmt", "-"], text)
    if tree(once) != before:
        return "the tree is another one"
    if comments(once) != comments(text):
        return "comments differ"
    if any(line != line.rstrip() for line in once.split("\n")) or "\n\n\n" in once:
        return "blanks at the end of a line, or two empty lines"
    return "" if ogee(["fmt", "-"], once)[1] == once else "a second time changes it"


def rough(text: str, seed: int) -> str:
    """Other blanks and line breaks, some of which end statements."""
    draw = random.Random(seed)
    parts = re.split(r'("(?:[^"\\\n]|\\.)*"|//[^\n]*)', text)
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r"([,(\[{=+*]) *", lambda m: m[0] + draw.choice(["", "", " ", "\n", "  "]), parts[i])
        parts[i] = re.sub(r"\n *", lambda m: draw.choice(["\n", "\n  ", "\n\n\n", ";\n"]), parts[i])
    return "".join(parts)


def check(mode: str, path: Path) -> str:
    text = path.read_text()
    if mode == "layout":
        code, output = ogee(["fmt", "-"], text)
        wrong = "" if code or output == text else "is not in the layout"
    elif mode == "same":
        wrong = judge(text)
    else:
        wrong = judge(rough(text, len(text)))
    return wrong and f"{path}: {wrong}"


def main(mode: str, folders: list[str]) -> None:
    paths = sorted(path for folder in folders for path in Path(folder).rglob("*.arch"))
    with ThreadPoolExecutor(2) as pool:
        wrong = list(filter(None, pool.map(lambda path: check(mode, path), paths)))
    print(f"{len(paths) - len(wrong)} of {len(paths)} files: {mode}")
    if wrong or len(paths) < 80:
        sys.exit("\n".join(wrong) or "too few files")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
