"""Reads MLIR's generic form (`--mlir-print-op-generic --mlir-print-local-scope`).

Only what tensor programs and kernels need: operations with properties, attributes
and regions. Attributes become Python values; types become `Tensor` or a string."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>"(?:[^"\\]|\\.)*")
  | (?P<number>-?(?:0x[0-9A-Fa-f]+|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?))
  | (?P<value>[%^@\#!][A-Za-z0-9_$.\-]*(?:\#\d+|:\d+(?=\s*=))?)
  | (?P<symbol>@"[^"]*")
  | (?P<arrow>->)
  | (?P<word>[A-Za-z_][A-Za-z0-9_.$]*)
  | (?P<mark>[()\[\]{}<>,=:*+\-?])
)""",
    re.X,
)
# Results, name, operands and flat properties of an operation; its types; the head of a block.
HEAD = re.compile(r'\s*(?:(%[^"=]*?) = )?"([\w.]+)"\(([^()]*)\)(?: <\{([^{}]*)\}>)?')
TYPES = re.compile(r" *: \(([^()]*)\) -> (?:\(([^()]*)\)|([^()\n]*))")
BLOCK = re.compile(r"\s*\^\w+(?:\(([^()]*)\))?:")


STORED = {
    "i1": np.bool_, "i8": np.int8, "i32": np.int32, "i64": np.int64, "index": np.int64, "f16": np.float16,
    "f32": np.float32, "f64": np.float64,
}  # fmt: skip


@dataclass(frozen=True)
class Tensor:
    shape: tuple[int | None, ...]
    element: str


@dataclass
class Block:
    arguments: list[str]
    types: list[Any]
    ops: list["Op"]


@dataclass
class Op:
    name: str
    results: list[str]
    operands: list[str]
    attributes: dict[str, Any]
    regions: list[list[Block]] = field(default_factory=list)
    types: list[Any] = field(default_factory=list)
    operand_types: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class AffineMap:
    """Results as functions of the dimensions, and as text."""

    dims: tuple[str, ...]
    results: tuple[str, ...]

    def projected(self) -> list[int] | None:
        """Positions of the dimensions, if every result is one dimension."""
        if all(result in self.dims for result in self.results):
            return [self.dims.index(result) for result in self.results]
        return None

    def apply(self, values) -> list:
        scope = dict(zip(self.dims, values))
        return [eval(result, {}, scope) for result in self.results]


class Parser:
    def __init__(self, text: str):
        self.text = text
        self.at = 0
        self.peeked: tuple[str, str, int] | None = None

    # Tokens

    def peek(self) -> str:
        if self.peeked is None:
            found = TOKEN.match(self.text, self.at)
            if not found:
                rest = self.text[self.at : self.at + 60].strip()
                if rest:
                    raise SyntaxError(f"cannot read {rest!r}")
                self.peeked = ("end", "", self.at)
            else:
                self.peeked = (found.lastgroup, found.group(found.lastgroup), found.end())
        return self.peeked[1]

    def kind(self) -> str:
        self.peek()
        return self.peeked[0]

    def take(self) -> str:
        text = self.peek()
        self.at = self.peeked[2]
        self.peeked = None
        return text

    def skip(self, text: str) -> bool:
        if self.peek() != text:
            return False
        self.take()
        return True

    def expect(self, text: str) -> None:
        if not self.skip(text):
            raise SyntaxError(f"expected {text!r} at {self.text[self.at:self.at + 60]!r}")

    def raw(self, closing: str) -> str:
        """Text up to the matching bracket; the opening one is taken already."""
        self.peeked = None
        depth, start = 1, self.at
        opening = {">": "<", ")": "("}[closing]
        while depth:
            char = self.text[self.at]
            if self.text.startswith("->", self.at):
                self.at += 2
                continue
            depth += (char == opening) - (char == closing)
            self.at += 1
        return self.text[start : self.at - 1]

    # Types and attributes

    def type(self):
        if self.skip("("):
            inputs = self.types_until(")")
            self.expect("->")
            if self.skip("("):
                return ("function", inputs, self.types_until(")"))
            return ("function", inputs, [self.type()])
        word = self.take()
        if word == "tensor":
            self.expect("<")
            return tensor_type(self.raw(">"))
        if self.peek() == "<":
            self.take()
            word += "<" + self.raw(">") + ">"
        return word

    def types_until(self, closing: str) -> list:
        types = []
        while not self.skip(closing):
            types.append(self.type())
            self.skip(",")
        return types

    def attribute(self):
        kind, text = self.kind(), self.peek()
        if kind == "string":
            self.take()
            return self.typed(text[1:-1])
        if kind == "number":
            self.take()
            return self.typed(number(text))
        if text == "[":
            self.take()
            items = []
            while not self.skip("]"):
                items.append(self.attribute())
                self.skip(",")
            return items
        if text == "{":
            return self.dictionary()
        if text in ("true", "false"):
            self.take()
            return text == "true"
        if text == "unit":
            self.take()
            return True
        if text == "array":
            self.take()
            self.expect("<")
            items = self.raw(">").partition(":")[2]
            return [number(item.strip()) for item in items.split(",") if item.strip()]
        if text == "affine_map":
            self.take()
            self.expect("<")
            return affine_map(self.raw(">"))
        if text == "dense":
            self.take()
            self.expect("<")
            body = self.raw(">")
            self.expect(":")
            return ("dense", body, self.type())
        if text.startswith("@"):
            return self.take()
        if text.startswith("#"):
            self.take()
            if self.skip("<"):
                return text + "<" + self.raw(">") + ">"
            return text
        return self.type()

    def typed(self, value):
        if self.skip(":"):
            kind = self.type()
            if isinstance(value, int) and isinstance(kind, str) and kind[0] == "f":
                return float_bits(value, kind)
        return value

    def dictionary(self) -> dict[str, Any]:
        self.expect("{")
        entries = {}
        while not self.skip("}"):
            name = self.take().strip('"')
            entries[name] = self.attribute() if self.skip("=") else True
            self.skip(",")
        return entries

    # Operations

    def op(self) -> Op:
        """What most operations are is read by expressions of whole parts; the rest token by token."""
        head = HEAD.match(self.text, self.at)
        if not head:
            raise SyntaxError(f"cannot read {self.text[self.at : self.at + 60].strip()!r}")
        results, name, operands, texts = head.groups()
        attributes = dict(properties(texts)) if texts else {}
        self.move(head.end())
        tail = TYPES.match(self.text, self.at)
        regions = [] if tail else self.rest(attributes)
        tail = tail or TYPES.match(self.text, self.at)
        self.move(tail.end())
        inputs, many, single = tail.groups()
        names = [one for each in split(results) for one in expand(each)]
        return Op(name, names, split(operands), attributes, regions, types(many or single or ""), types(inputs))

    def move(self, to: int) -> None:
        self.at, self.peeked = to, None

    def rest(self, attributes: dict[str, Any]) -> list[list[Block]]:
        """Properties with braces inside, regions, attributes; up to the types."""
        regions = []
        if self.skip("<"):
            attributes |= self.dictionary()
            self.expect(">")
        if self.skip("("):
            while not self.skip(")"):
                regions.append(self.region())
                self.skip(",")
        if self.peek() == "{":
            attributes |= self.dictionary()
        return regions

    def region(self) -> list[Block]:
        self.expect("{")
        blocks = []
        while not self.skip("}"):
            block = Block([], [], [])
            head = BLOCK.match(self.text, self.at)
            if head:
                self.move(head.end())
                pairs = [each.partition(": ") for each in split(head.group(1))]
                block.arguments = [name for name, _, _ in pairs]
                block.types = [one for _, _, kind in pairs for one in types(kind)]
            while self.peek() != "}" and not self.peek().startswith("^"):
                block.ops.append(self.op())
            blocks.append(block)
        return blocks


def split(text: str | None) -> list[str]:
    return text.split(", ") if text else []


# The same few texts stand everywhere; nobody changes what they give.


@lru_cache(maxsize=20_000)
def properties(text: str) -> dict[str, Any]:
    return Parser("{" + text + "}").dictionary()


@lru_cache(maxsize=20_000)
def types(text: str) -> list:
    return Parser(text + ")").types_until(")")


def expand(name: str) -> list[str]:
    """`%3:2` is `%3#0` and `%3#1`."""
    base, colon, count = name.partition(":")
    return [f"{base}#{i}" for i in range(int(count))] if colon else [base]


def number(text: str) -> int | float:
    if text.startswith(("0x", "-0x")):
        return int(text, 16)
    if text in ("true", "false"):
        return text == "true"
    return float(text) if re.search(r"[.eE]", text) else int(text)


def float_bits(bits: int, kind: str) -> float:
    import struct

    codes = {"f64": ("<Q", "<d"), "f32": ("<I", "<f"), "f16": ("<H", "<e")}
    pack, unpack = codes[kind]
    return struct.unpack(unpack, struct.pack(pack, bits))[0]


def dense(text: str, kind: Tensor) -> np.ndarray:
    """The elements of `dense<..>`."""
    text = text.strip()
    if text.startswith('"0x'):
        return np.frombuffer(bytes.fromhex(text[3:-1]), dtype=STORED[kind.element]).reshape(kind.shape)
    parsed = Parser(text.replace("true", "1").replace("false", "0")).attribute()
    if isinstance(parsed, int) and text.startswith("0x") and kind.element[0] == "f":
        parsed = float_bits(parsed, kind.element)
    return np.broadcast_to(np.asarray(parsed, dtype=STORED[kind.element]), kind.shape).copy()


def tensor_type(text: str) -> Tensor:
    *shape, element = text.partition(",")[0].strip().split("x")
    return Tensor(tuple(None if size == "?" else int(size) for size in shape), element)


def affine_map(text: str) -> AffineMap:
    dims, _, results = text.partition("->")

    def names(part: str) -> tuple[str, ...]:
        inner = part.strip()[1:-1]
        return tuple(item.strip() for item in inner.split(",") if item.strip())

    python = results.replace("floordiv", "//").replace("mod", "%")
    return AffineMap(names(dims), names(python))


def parse(text: str) -> Op:
    """The module."""
    return Parser(text).op()


def functions(module: Op) -> dict[str, Op]:
    """Functions, kernels and programs by name."""
    body = module.regions[0][0].ops
    return {op.attributes["sym_name"]: op for op in body if "sym_name" in op.attributes}
