"""What programs reached: counts by operation, kernel family and edge case.

Operations and families are counted once for each program whose kernels have them;
what the generator used, once for each program that says it."""

import re
from collections import Counter

LANES = 8  # elements of a vector of f64 on the widest target

# What a program should have reached after some hundred: a missing one is printed.
FAMILIES = ("row", "column", "contraction", "attention", "move")
EDGES = ("size of one", "tail of a vector", "several chunks", "list of updates", "finish region", "padded", "where", "else")


def of_kernels(text: str) -> Counter:
    """`text` is the generic form after schedule and the sizes of kernels."""
    found: Counter = Counter()
    found.update(f"family {name}" for name in set(re.findall(r"family = #kernel\.family<(\w+)>", text)))
    found.update(f"op {name}" for name in set(re.findall(r'"((?:arith|math|linalg|nn|tensor)\.\w+)"\(', text)))
    chunks = [int(number) for number in re.findall(r"chunks = (\d+)", text)]
    lasts = [int(extent) for extent in re.findall(r"box = array<i64: (?:\d+, )*(\d+)>", text)]
    edges = {
        "several chunks": any(number > 1 for number in chunks),
        "tail of a vector": any(extent % LANES for extent in lasts),
        "size of one": 1 in lasts,
        "list of updates": "table = " in text,
        "finish region": "kernel.partial" in text,
        "padded": '"tensor.pad"(' in text,
    }
    found.update(f"edge {name}" for name, there in edges.items() if there)
    return found


def of_source(used: Counter) -> Counter:
    found = Counter({f"source {name}": 1 for name, count in used.items() if count})
    found.update(f"edge {name}" for name in ("where", "else") if used[name])
    return found


def show(total: Counter, programs: int) -> None:
    print(f"covered by {programs} programs:")
    for group in ("family", "op", "edge", "source"):
        rows = sorted((name.removeprefix(group + " "), count) for name, count in total.items() if name.startswith(group + " "))
        print(f"  {group}: " + ", ".join(f"{name} {count}" for name, count in rows))
    missing = [f"family {name}" for name in FAMILIES] + [f"edge {name}" for name in EDGES]
    missing = [name for name in missing if not total[name]]
    print("  not reached: " + (", ".join(missing) or "none"))
