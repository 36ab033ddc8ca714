"""The inner loop of every product holds loads, broadcasts and fma alone: no stack,
no moves between registers. A single spill there has cost a factor of four."""
import os
import re
import sys
import tempfile

from kernels import run_tool

FEWEST = 10  # fma in a loop that counts as a register tile


def loops(text):
    """Bodies of the innermost loops of a disassembly, as lists of instructions."""
    lines = re.findall(r"^\s*([0-9a-f]+):\s+(.*)$", text, re.MULTILINE)
    place = {int(address, 16): n for n, (address, _) in enumerate(lines)}
    spans = []
    for n, (_, instruction) in enumerate(lines):
        jump = re.match(r"j\w+\s+0x([0-9a-f]+)", instruction)
        target = place.get(int(jump[1], 16)) if jump else None
        if target is not None and target <= n:
            spans.append((target, n))
    for first, last in spans:
        inner = any(first <= a and b <= last and (a, b) != (first, last) for a, b in spans)
        if not inner:
            yield [instruction for _, instruction in lines[first:last + 1]]


def check(name, text):
    tiles = 0
    for body in loops(text):
        if sum("vfmadd" in i for i in body) < FEWEST or any("vdiv" in i for i in body):
            continue  # a division: an epilogue's function
        tiles += 1
        for instruction in body:
            assert "%rsp" not in instruction, (name, instruction)
            assert not re.match(r"vmov\w+\s+%[yz]mm\d+, %[yz]mm\d+$", instruction), (
                name, instruction)
    assert tiles > 0, f"{name}: no register tile found"
    return tiles


def main():
    path, target = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        run_tool("ogee-opt", path, "-o", os.devnull,
                 f"--ogee-generate-kernels=target={target} objects={folder}")
        objects = [name for name in sorted(os.listdir(folder))
                   if name.startswith(("contraction", "attention"))]
        assert objects
        for name in objects:
            text = run_tool("llvm-objdump", "-d", "--no-show-raw-insn",
                            os.path.join(folder, name))
            print(name, check(name, text), "tiles")


main()
