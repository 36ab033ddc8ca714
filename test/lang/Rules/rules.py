"""Every rule of docs/language.md is cited by a test, as `L4.2` or inside `L4.1 to
L4.3`, and no test cites a rule that is not there.

  rules.py ROOT"""

import re
import sys
from pathlib import Path

KINDS = {".arch", ".test", ".mlir", ".py", ".txt"}
SPAN = re.compile(r"\bL(\d+)\.(\d+) to L\1\.(\d+)\b")
RULE = re.compile(r"\bL(\d+)\.(\d+)\b")


def cited(text: str) -> set[str]:
    spans = {f"L{part}.{n}" for part, a, b in SPAN.findall(text) for n in range(int(a), int(b) + 1)}
    return spans | {f"L{part}.{n}" for part, n in RULE.findall(text)}


def main(root: Path) -> None:
    page = (root / "docs/language.md").read_text()
    rules = re.findall(r"^- \*\*(L\d+\.\d+)\*\*", page, re.M)
    if len(rules) != len(set(rules)):
        sys.exit("a rule stands twice")
    here = Path(__file__).resolve().parent
    files = [path for path in (root / "test").rglob("*") if path.suffix in KINDS and here not in path.parents]
    found = {path: cited(path.read_text(errors="replace")) for path in files}
    everywhere = set().union(*found.values())
    untested = [rule for rule in rules if rule not in everywhere]
    unknown = [f"{path.relative_to(root)}: {rule}" for path in files for rule in sorted(found[path] - set(rules))]
    print(f"{len(rules)} rules, {len(rules) - len(untested)} cited by a test")
    if untested or unknown:
        sys.exit("\n".join([f"no test cites {' '.join(untested)}" if untested else "", *unknown]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
