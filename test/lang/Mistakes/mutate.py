"""Mistakes made at random places of the zoo, from a fixed seed: one token is deleted,
doubled, swapped, renamed or changed. The first message must name the line of the
mistake, itself or in a note (a forgotten bracket: also where it was opened), and
the right name where a name was misspelled.

  mutate.py [--count N] [--seed S] [--show] ROOT

A change that leaves a model is no mistake and is not counted. Exits 1 if fewer than
nine of ten first messages are right. `--show` prints the others."""

import argparse
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional

TOKEN = re.compile(
    r'(?P<skip>\s+|//[^\n]*)|(?P<string>"[^"\n]*")|(?P<name>[A-Za-z_]\w*)|(?P<number>\d+(?:\.\d+)?(?:e-?\d+)?)'
    r"|(?P<other>\*\*|\.\.|->|\+=|[<>=!]=|.)"
)
KEYWORDS = set(
    "arch fn param state let var if else for scan in by where as use require minimise over with of and or not div mod"
    " true false none".split()
)
OPENING = {"(": ")", "[": "]", "{": "}"}


@dataclass
class Token:
    kind: str
    text: str
    begin: int
    line: int
    partner: Optional[int] = None  # of a bracket: the token that closes or opens it


@dataclass
class Mutant:
    kind: str
    file: str
    text: str
    what: str  # for people
    lines: set[int]
    wanted: str = ""  # the suggestion


@dataclass
class File:
    name: str
    text: str
    tokens: list[Token] = field(default_factory=list)

    def __post_init__(self) -> None:
        open_brackets = []
        for found in TOKEN.finditer(self.text):
            if found.lastgroup == "skip":
                continue
            line = self.text.count("\n", 0, found.start()) + 1
            token = Token(found.lastgroup or "", found[0], found.start(), line)
            if token.text in OPENING:
                open_brackets.append(len(self.tokens))
            elif token.text in OPENING.values():
                token.partner = open_brackets.pop()
                self.tokens[token.partner].partner = len(self.tokens)
            self.tokens.append(token)

    def names(self) -> list[int]:
        return [i for i, t in enumerate(self.tokens) if t.kind == "name" and t.text not in KEYWORDS]

    def replaced(self, changes: dict[int, str]) -> str:
        text = self.text
        for at in sorted(changes, reverse=True):
            token = self.tokens[at]
            text = text[: token.begin] + changes[at] + text[token.begin + len(token.text) :]
        return text

    def made(self, kind: str, changes: dict[int, str], wanted: str = "") -> Mutant:
        tokens = [self.tokens[at] for at in changes]
        lines = {token.line for token in tokens}
        lines |= {self.tokens[t.partner].line for t in tokens if t.partner is not None}
        what = ", ".join(f"`{self.tokens[at].text}` => `{new}`" for at, new in sorted(changes.items()))
        place = f"line {tokens[0].line}: " if tokens else ""
        return Mutant(kind, self.name, self.replaced(changes), place + what, lines, wanted)


Make = Callable[[File, random.Random], Optional[Mutant]]


def misspelled(name: str, draw: random.Random) -> str:
    """Two letters exchanged, one left out or one doubled."""
    at = draw.randrange(len(name) - 1)
    ways = [name[:at] + name[at + 1] + name[at] + name[at + 2 :], name[:at] + name[at + 1 :], name[: at + 1] + name[at:]]
    return draw.choice([way for way in ways if way != name])


def rename(file: File, draw: random.Random) -> Optional[Mutant]:
    """A use of a name of four letters or more, which stands elsewhere too or is the
    library's."""
    names = [i for i in file.names() if len(file.tokens[i].text) >= 4]
    at = draw.choice(names)
    token, before = file.tokens[at], file.tokens[at - 1].text
    after = file.tokens[at + 1].text
    is_new = before in ("let", "var", "param", "arch", "fn", "for") or after == ":"
    if is_new or (at > 1 and after == "in"):
        return None
    typo = misspelled(token.text, draw)
    taken = {t.text for t in file.tokens}
    return None if typo in taken | KEYWORDS or not typo[0].isalpha() else file.made("rename", {at: typo}, token.text)


def misspell_keyword(file: File, draw: random.Random) -> Optional[Mutant]:
    at = draw.choice([i for i, t in enumerate(file.tokens) if t.text in KEYWORDS and len(t.text) > 2])
    token = file.tokens[at]
    return file.made("keyword", {at: misspelled(token.text, draw)}, token.text)


def delete(file: File, draw: random.Random) -> Optional[Mutant]:
    at = draw.choice([i for i, t in enumerate(file.tokens) if t.text not in "()[]{}"])
    return file.made("delete", {at: ""})


def unclosed(file: File, draw: random.Random) -> Optional[Mutant]:
    at = draw.choice([i for i, t in enumerate(file.tokens) if t.text in ")]}"])
    return file.made("unclosed", {at: ""})


def unopened(file: File, draw: random.Random) -> Optional[Mutant]:
    at = draw.choice([i for i, t in enumerate(file.tokens) if t.text in OPENING])
    return file.made("unopened", {at: ""})


def wrong_bracket(file: File, draw: random.Random) -> Optional[Mutant]:
    at = draw.choice([i for i, t in enumerate(file.tokens) if t.text in "()[]"])
    return file.made("bracket", {at: {"(": "[", ")": "]", "[": "(", "]": ")"}[file.tokens[at].text]})


def swap_arguments(file: File, draw: random.Random) -> Optional[Mutant]:
    """Neighbours between commas: axes of a subscript, arguments of a call."""
    tokens = file.tokens
    commas = [
        i
        for i, t in enumerate(tokens)
        if t.text == "," and all(tokens[j].kind in ("name", "number") for j in (i - 1, i + 1))
        and tokens[i - 2].text in "([," and tokens[i + 2].text in ")],"
    ]
    if not commas:
        return None
    at = draw.choice(commas)
    one, two = tokens[at - 1].text, tokens[at + 1].text
    return None if one == two else file.made("swap", {at - 1: two, at + 1: one})


def change_size(file: File, draw: random.Random) -> Optional[Mutant]:
    """A number or a name in a shape or a call becomes another size of the file."""
    tokens = file.tokens
    places = [
        i for i, t in enumerate(tokens)
        if t.kind in ("name", "number") and t.text not in KEYWORDS
        and tokens[i - 1].text in "([," and tokens[i + 1].text in ")],"
    ]
    at = draw.choice(places)
    others = sorted({tokens[i].text for i in places} - {tokens[at].text})
    return file.made("size", {at: draw.choice(others)})


def extra(file: File, draw: random.Random) -> Optional[Mutant]:
    """A token twice."""
    at = draw.randrange(len(file.tokens))
    return file.made("twice", {at: f"{file.tokens[at].text} {file.tokens[at].text}"})


def foreign(file: File, draw: random.Random) -> Optional[Mutant]:
    """What another language writes."""
    ways = {"and": "&&", "not": "!", "or": "||", "mod": "%", "**": "^", "..": ":", "let": "const", "arch": "class", "fn": "def", "true": "True",
            "div": "//", "=": ":=", "->": "=>", "none": "None"}
    places = [i for i, t in enumerate(file.tokens) if t.text in ways]
    at = draw.choice(places)
    return file.made("foreign", {at: ways[file.tokens[at].text]})


KINDS: list[Make] = [
    rename, rename, rename, misspell_keyword, delete, delete, unclosed, unopened, wrong_bracket, swap_arguments, change_size, extra, foreign
]


def mutants(files: list[File], count: int, seed: int) -> list[Mutant]:
    draw = random.Random(seed)
    made: list[Mutant] = []
    while len(made) < count:
        mutant = draw.choice(KINDS)(draw.choice(files), draw)
        if mutant and mutant.text not in {other.text for other in made}:
            made.append(mutant)
    return made


def messages(text: str) -> str:
    """What `ogee check` says, nothing for a model."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m.arch")
        path.write_text(text)
        run = subprocess.run(["ogee", "check", str(path)], capture_output=True, text=True, timeout=600)
    if run.returncode not in (0, 1):
        sys.exit(f"exit code {run.returncode}\n{run.stderr}\n{text}")
    return run.stderr if run.returncode else ""


def first_of(report: str) -> str:
    """The first error with its notes."""
    starts = [m.start() for m in re.finditer(r"^\S+: (error|warning): ", report, re.M)]
    errors = [m.start() for m in re.finditer(r"^\S+: error: ", report, re.M)]
    begin = errors[0]
    end = min((start for start in starts if start > begin), default=len(report))
    return report[begin:end]


def judge(mutant: Mutant, report: str) -> tuple[bool, bool]:
    """Whether the first message has the line, and the suggestion (true where none is wanted)."""
    first = first_of(report)
    lines = {int(number) for number in re.findall(r"^\S*m\.arch:(\d+):", first, re.M)}
    wanted = not mutant.wanted or f"did you mean `{mutant.wanted}`?" in first
    return bool(lines & mutant.lines), wanted


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--count", type=int, default=140)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true")
    chosen = parser.parse_args()
    paths = [chosen.root / "lang/zoo" / f"{name}.arch" for name in ("autoencoder", "gpt", "mlp", "ngram")]
    paths += [chosen.root / "test/lang/Trial" / f"{name}.arch" for name in ("highway", "hopfield", "mixer")]
    files = [File(path.name, path.read_text()) for path in paths]
    made = mutants(files, chosen.count, chosen.seed)
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda mutant: messages(mutant.text), made))
    mistakes = [(mutant, report) for mutant, report in zip(made, reports) if report]
    total, right, lines, named, asked = Counter(), Counter(), 0, 0, 0
    for mutant, report in mistakes:
        line, name = judge(mutant, report)
        total[mutant.kind] += 1
        right[mutant.kind] += line and name
        lines += line
        asked += bool(mutant.wanted)
        named += bool(mutant.wanted) and name
        if chosen.show and not (line and name):
            print(f"--- {mutant.kind} {mutant.file} {mutant.what}; lines {sorted(mutant.lines)}\n{first_of(report)}")
    for kind in sorted(total):
        print(f"{kind:10} {right[kind]:3} of {total[kind]:3}")
    count = len(mistakes)
    print(f"{count} mistakes, {len(made) - count} changes left a model")
    print(f"the line in {lines} of {count}, the name in {named} of {asked}, all right in {right.total()} of {count}")
    if count < 60 or right.total() < 0.9 * count:
        sys.exit("fewer than nine of ten")


if __name__ == "__main__":
    main()
