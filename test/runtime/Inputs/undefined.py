"""Prints the symbols that an archive needs from elsewhere, one a line."""

import subprocess
import sys

lines = subprocess.run(["llvm-nm", sys.argv[1]], check=True, capture_output=True, text=True).stdout.splitlines()
needed, defined = set(), set()
for fields in (line.split() for line in lines):
    if len(fields) >= 2 and len(fields[-2]) == 1:
        (needed if fields[-2] == "U" else defined).add(fields[-1])
print("\n".join(sorted(needed - defined, key=lambda name: (name != "ogee_program", name))))
