"""Makes a failing program small: shrink(text, fails).

Works on the text of any program: drops lines, makes numbers small, and replaces an
expression by a part of itself, as long as `fails` says that the failure is still
there. What is no program any more does not fail."""

import re
import time
from typing import Callable, Iterator

OPENING, CLOSING = "([{", ")]}"


def matching(text: str, at: int) -> int:
    """The place of the bracket that closes the one at `at`, or -1."""
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] in OPENING) - (text[place] in CLOSING)
        if depth == 0:
            return place
    return -1


def without_lines(text: str) -> Iterator[str]:
    """Large pieces first; a block goes with its closing bracket."""
    lines = text.split("\n")
    size = max(1, len(lines) // 4)
    while size:
        for first in range(0, len(lines), size):
            yield "\n".join(lines[:first] + lines[first + size :])
        size //= 2
    for first, line in enumerate(lines):
        if line.rstrip().endswith("{"):
            for last in range(first + 1, len(lines)):
                if lines[last].strip() == "}":
                    yield "\n".join(lines[:first] + lines[last + 1 :])


def smaller_numbers(text: str) -> Iterator[str]:
    for found in re.finditer(r"(?<=: int = )\d+|(?<=batch = )\d+|(?<=window = )\d+|(?<=in 0\.\.)\d+", text):
        number = int(found.group())
        for less in sorted({1, 2, 3, number // 2, number - 1}):
            if 0 < less < number:
                yield text[: found.start()] + str(less) + text[found.end() :]


def parts(inside: str) -> list[str]:
    """Operands at the top level of what stands in brackets."""
    found, depth, start = [], 0, 0
    for place, char in enumerate(inside):
        depth += (char in OPENING) - (char in CLOSING)
        spaced = inside[place - 1 : place + 2]
        if depth == 0 and (char == "," or (char in "+-*/" and spaced == f" {char} ")):
            found.append(inside[start:place].strip(" *"))
            start = place + 1
    found.append(inside[start:].strip(" *"))
    return [part for part in found if part]


def simpler(text: str) -> Iterator[str]:
    """Calls and bracketed expressions become one of their parts, or a number."""
    for found in re.finditer(r"(?:\b[a-z_]+[0-9]*(?:\[[^\[\]]*\])?)?\(", text):
        at = found.end() - 1
        end = matching(text, at)
        if end < 0 or text[max(0, found.start() - 3) : found.start()] == "fn ":
            continue
        inside = text[at + 1 : end]
        choices = ["1.5"] + parts(inside)
        if inside.startswith("if "):
            choices += [body for body in re.findall(r"\{ (.*?) \}", inside)]
        for choice in choices:
            new = choice if re.fullmatch(r"[\w.]+", choice) else f"({choice})"
            if len(new) < end + 1 - found.start():
                yield text[: found.start()] + new + text[end + 1 :]
    for found in re.finditer(r" where [^\]]*| else -?[0-9.]+| \+ [^+\n]*$| \* [^*\n]*$|clip = [0-9.]+; ", text, re.M):
        yield text[: found.start()] + text[found.end() :]


def renamed_terms(text: str) -> Iterator[str]:
    """A sum over lines loses one of them."""
    lines = text.split("\n")
    for place, line in enumerate(lines):
        if line.rstrip().endswith("+"):
            yield "\n".join(lines[:place] + lines[place + 1 :])
            yield "\n".join(lines[:place] + [line.rstrip()[:-1].rstrip()] + lines[place + 2 :])


STAGES = (renamed_terms, without_lines, smaller_numbers, simpler)


def shrink(text: str, fails: Callable[[str], bool], seconds: float = 90) -> str:
    end = time.time() + seconds
    seen = {text}
    changed = True
    while changed and time.time() < end:
        changed = False
        for stage in STAGES:
            again = True
            while again and time.time() < end:
                again = False
                for candidate in stage(text):
                    if candidate in seen or time.time() > end:
                        continue
                    seen.add(candidate)
                    if fails(candidate):
                        text, changed, again = candidate, True, True
                        break
    return text
