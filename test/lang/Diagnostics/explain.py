"""A page of lang/explain is a test: its wrong program gives its code, and no
other error, on the line marked `// <--`; its right program does not give it.

  explain.py ROOT CODE    checks one page
  explain.py ROOT         checks that table, pages and tests name the same codes"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

MARK = "// <--"
# How a page's `arch Model` is trained where it does not say so itself.
TRAIN = """train Model {
  data = arrays("data.safetensors")
  fn loss(x: [B, 4]) {
    let y = model(x)
    mean[..](y[..] ** 2)
  }
  optimizer = fn (p) { SGD(0.1) }
  batch = 8; steps = 1
}
"""


def table(root: Path) -> dict[str, str]:
    rows = re.findall(r'^OGEE_DIAGNOSTIC\(\w+, *(\w+), *"([EW]\d+)"', (root / "lang/Diagnostics.def").read_text(), re.M)
    return {code: name for name, code in rows}


def diagnose(program: str) -> list[tuple[str, int, str]]:
    """Severity, line and code of each diagnostic but the notes, each once."""
    if "arch Model" in program and "\ntrain " not in program:
        program += TRAIN
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "page.arch")
        path.write_text(program)
        run = subprocess.run(["ogee", "check", str(path)], capture_output=True, text=True, timeout=600)
    found = re.findall(r"^\S*?(?::(\d+):\d+)?: (error|warning): .*\[([EW]\d+)\]$", run.stderr, re.M)
    errors = [each for each in found if each[1] == "error"]
    if bool(errors) != (run.returncode == 1):
        sys.exit(f"exit code {run.returncode} with {len(errors)} errors:\n{run.stderr}")
    return list(dict.fromkeys((severity, int(line or 0), code) for line, severity, code in found))


def check_page(root: Path, code: str) -> None:
    text = (root / f"lang/explain/{code}.arch").read_text()
    if not text.startswith(f"// {code} {table(root)[code]}\n//\n// "):
        sys.exit(f"{code}: the page does not begin with its code and name")
    if "// Wrong:\n" not in text:
        return
    wrong, right = text.split("// Wrong:\n")[1].split("// Right:\n")
    lines = [number for number, line in enumerate(wrong.splitlines(), 1) if MARK in line]
    severity = "error" if code[0] == "E" else "warning"
    if diagnose(wrong) != [(severity, line, code) for line in lines]:
        sys.exit(f"{code}: wrong program gives {diagnose(wrong)}, marked lines {lines}")
    is_model = "arch Model" in right
    others = [each for each in diagnose(right) if is_model or each[2] == code]
    if others:
        sys.exit(f"{code}: right program gives {others}")


def check_completeness(root: Path) -> None:
    wanted = set(table(root))
    pages = {path.stem for path in (root / "lang/explain").glob("*.arch")}
    tests = {path.stem.split("-")[0] for path in (root / "test/lang/Diagnostics").glob("[EW]*-*")}
    for what, have in (("page", pages), ("test", tests)):
        if have != wanted:
            sys.exit(f"codes without {what}: {sorted(wanted - have)}; {what} without code: {sorted(have - wanted)}")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        check_page(Path(sys.argv[1]), sys.argv[2])
    else:
        check_completeness(Path(sys.argv[1]))
