"""What `ogee fmt` promises, on every .arch file below some folders.

  format.py layout FOLDER ..   each is in the layout
  format.py same FOLDER ..     the tree and the comments stay; a second time, all stays
  format.py rough FOLDER ..    the same of each with other line breaks and blanks"""

import random
import re
import subprocess
import sys
import tempfile
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


def judge(before: str, after: str) -> str:
    """What is wrong with `after` as the layout of `before`, or nothing."""
    expected = tree(before)
    if expected is None:
        return "" if after == before else "a text with an error is changed"
    if tree(after) != expected:
        return "the tree is another one"
    if comments(after) != comments(before):
        return "comments differ"
    if any(line != line.rstrip() for line in after.split("\n")) or "\n\n\n" in after:
        return "blanks at the end of a line, or two empty lines"
    return ""


def rough(text: str, seed: int) -> str:
    """Other blanks and line breaks, some of which end statements."""
    draw = random.Random(seed)
    parts = re.split(r'("(?:[^"\\\n]|\\.)*"|//[^\n]*)', text)
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r"([,(\[{=+*]) *", lambda m: m[0] + draw.choice(["", "", " ", "\n", "  "]), parts[i])
        parts[i] = re.sub(r"\n *", lambda m: draw.choice(["\n", "\n  ", "\n\n\n", ";\n"]), parts[i])
    return "".join(parts)


def copies(texts: list[str], folder: Path) -> list[Path]:
    paths = [folder / f"{number}.arch" for number in range(len(texts))]
    for path, text in zip(paths, texts):
        path.write_text(text)
    return paths


def formatted(texts: list[str]) -> tuple[list[str], str]:
    """The texts after `ogee fmt`, and what a second time would change of them."""
    with tempfile.TemporaryDirectory() as folder:
        paths = copies(texts, Path(folder))
        ogee(["fmt", *map(str, paths)], "")
        _, changed = ogee(["fmt", "--check", *map(str, paths)], "")
        return [path.read_text() for path in paths], changed


def main(mode: str, folders: list[str]) -> None:
    paths = sorted(path for folder in folders for path in Path(folder).rglob("*.arch"))
    before = [path.read_text() for path in paths]
    if mode == "rough":
        before = [rough(text, seed) for seed, text in enumerate(before)]
    after, changed = formatted(before)
    if mode == "layout":
        found = ["" if old == new else "is not in the layout" for old, new in zip(before, after)]
    else:
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(judge, before, after))
    wrong = [f"{path}: {text}" for path, text in zip(paths, found) if text] + changed.splitlines()
    print(f"{len(paths)} files, {len(wrong)} wrong: {mode}")
    if wrong or len(paths) < 70:
        sys.exit("\n".join(wrong) or "too few files")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
