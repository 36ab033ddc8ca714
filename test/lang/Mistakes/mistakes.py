"""What users get wrong, and what they are told: each row of a table changes one
place of a zoo file and names texts that the messages hold, in this order.

  mistakes.py ZOO TABLE

A table holds paragraphs: `FILE: old => new` or `FILE override`, then the lines
that are looked for, the first of them in the first message."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path


def check(text: str, overrides: list[str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m.arch")
        path.write_text(text)
        run = subprocess.run(["ogee", "check", str(path), *overrides], capture_output=True, text=True, timeout=600)
    if run.returncode != 1:
        return f"exit code {run.returncode}, not 1\n{run.stderr}"
    return run.stderr


def run_row(zoo: Path, row: list[str]) -> str:
    """What is wrong with the messages, or nothing."""
    name, colon, change = row[0].partition(": ")
    name, *overrides = name.split()
    text = (zoo / f"{name}.arch").read_text()
    if colon:
        old, new = change.split(" => ")
        if text.count(old) != 1:
            return f"`{old}` occurs {text.count(old)} times"
        text = text.replace(old, new)
    messages = check(text, overrides)
    if row[1] not in messages.splitlines()[0]:
        return f"first message is not about `{row[1]}`:\n{messages}"
    rest = messages
    for wanted in row[1:]:
        if wanted not in rest:
            return f"no `{wanted}` in\n{messages}"
        rest = rest.split(wanted, 1)[1]
    return ""


def main(zoo: Path, table: Path) -> None:
    rows = [block.splitlines() for block in re.split(r"\n\n+", table.read_text().strip())]
    failed = [f"{row[0]}: {wrong}" for row in rows if row[0][0] != "#" and (wrong := run_row(zoo, row))]
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
