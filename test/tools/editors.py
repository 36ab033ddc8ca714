"""The syntax files of tools/editors and rule L1.3 name the scanner's keywords, each
once and no other.

  editors.py ROOT"""

import json
import re
import sys
from pathlib import Path


def vim(text: str) -> list[str]:
    groups = re.findall(r"^syntax keyword arch(?:Declaration|Statement|Operator|Constant) (.*)$", text, re.M)
    return " ".join(groups).split()


def textmate(text: str) -> list[str]:
    scopes = ("storage.type", "keyword.control", "keyword.operator.word", "constant.language")
    lists = [
        re.findall(r"[a-z]+", re.sub(r"\\b", "", row["match"]))
        for row in json.loads(text)["patterns"]
        if row.get("name", "").startswith(scopes)
    ]
    return [word for words in lists for word in words]


def specification(text: str) -> list[str]:
    rule = re.search(r"\*\*L1\.3\*\* Keywords: `([^`]*)`", text)
    return rule[1].split() if rule else []


def main(root: Path) -> None:
    table = (root / "lang/Parse/Keywords.def").read_text()
    keywords = re.findall(r'^OGEE_KEYWORD\(\w+, *"(\w+)"\)', table, re.M)
    readers = {
        "tools/editors/vim/syntax/arch.vim": vim,
        "tools/editors/textmate/arch.tmLanguage.json": textmate,
        "docs/language.md": specification,
    }
    for path, read in readers.items():
        found = read((root / path).read_text())
        if sorted(found) != sorted(keywords):
            both = sorted(set(found) ^ set(keywords))
            sys.exit(f"{path}: not the scanner's keywords: {both or 'one stands twice'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
