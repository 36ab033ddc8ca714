"""What someone writes who comes from PyTorch, and what the first message says.

  habits.py TABLE

A table holds programs behind lines `== LINE | text | text ..`: the first message stands in
that line and holds the first text, the notes that belong to it the others."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

TRAIN = """
train T {
  let net = M(6)
  data = fn (count: int) { let x: [count, 6] ~ normal(0, 1); (x = x) }
  fn loss(x: [B, 6]) { let y = net(x); mean[..](y[..] ** 2) }
  optimizer = SGD(0.1)
  batch = 4; steps = 3
}
"""


def wrong(line: str, wanted: list[str], program: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m.arch")
        path.write_text(program + ("" if "train " in program else TRAIN))
        run = subprocess.run(["ogee", "check", str(path)], capture_output=True, text=True, timeout=600)
    messages = re.findall(r"^\S*?:(\d+):\d+: (\w+): (.*)$", run.stderr, re.M)
    errors = [at for at, message in enumerate(messages) if message[1] == "error"]
    if not errors:
        return "no error"
    first = messages[errors[0]:errors[1] if len(errors) > 1 else None]
    if first[0][0] != line:
        return f"line {first[0][0]}, not {line}: {first[0][2]}"
    if wanted[0] not in first[0][2]:
        return f"not `{wanted[0]}`: {first[0][2]}"
    missing = [text for text in wanted[1:] if not any(text in message[2] for message in first[1:])]
    return f"no `{missing[0]}` in {first}" if missing else ""


def main(table: Path) -> None:
    failed = []
    rows = re.split(r"^== ", table.read_text(), flags=re.M)[1:]
    for row in rows:
        head, program = row.split("\n", 1)
        line, *wanted = [part.strip() for part in head.split(" | ")]
        if why := wrong(line, wanted, program):
            failed.append(f"== {head}\n{why}")
    print(f"{len(rows)} habits, {len(failed)} not met")
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
