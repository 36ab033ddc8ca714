"""Random element expressions over open indices.

An index is (name, dimension); a dimension is the text of its extent. Every read is
inside, or has an `else`; the compiler must agree."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from grammar import COUNTS, ON_NOTHING, REDUCTIONS, SCALARS, Row

BOX = 30_000  # points of all open indices together
WILD = 30.0  # from here on a value is squashed


@dataclass(frozen=True)
class Tensor:
    """A value in scope. Integers are below the extent `bound`."""

    name: str
    shape: tuple[str, ...]
    grow: float = 1.0
    bound: str | None = None


@dataclass
class Text:
    text: str
    grow: float = 1.0
    bare: frozenset[str] = field(default_factory=frozenset)


class Expressions:
    """Shared by the statements of one function; `sizes` are the extents."""

    def __init__(self, chance: random.Random, sizes: dict[str, int], used):
        self.chance, self.sizes, self.used = chance, sizes, used
        self.tensors: list[Tensor] = []
        self.count = 0

    # Choices

    def pick(self, rows: tuple[Row, ...]) -> Row:
        row = self.chance.choices(rows, [row.weight for row in rows])[0]
        return row

    def often(self, probability: float) -> bool:
        return self.chance.random() < probability

    def index(self) -> str:
        self.count += 1
        return f"i{self.count}"

    def box(self, open_) -> int:
        points = 1
        for _, dimension in open_:
            points *= self.sizes[dimension]
        return points

    def floats(self) -> list[Tensor]:
        return [tensor for tensor in self.tensors if tensor.bound is None]

    # Reads

    def read(self, open_) -> Text:
        """Tensors with dimensions that are open come first, late ones before early ones."""
        here = {dimension for _, dimension in open_}
        weights = []
        for place, tensor in enumerate(self.floats()):
            shared = sum(dimension in here for dimension in tensor.shape)
            weights.append((1 + 4 * shared) * (1 + place))
        tensor = self.chance.choices(self.floats(), weights)[0]
        return self.read_of(tensor, open_)

    def read_of(self, tensor: Tensor, open_) -> Text:
        places, bare, otherwise = [], set(), False
        free = list(open_)
        self.chance.shuffle(free)
        for dimension in tensor.shape:
            place, outside, stands = self.subscript(dimension, free)
            places.append(place)
            otherwise |= outside
            if stands:
                bare.add(stands)
                free = [each for each in free if each[0] != stands] or list(open_)
        if not places:
            return Text(tensor.name, max(tensor.grow, 1.25))
        tail = self.chance.choice((" else 0", " else 0.5", " else -1.25")) if otherwise else ""
        if otherwise:
            self.used["else"] += 1
            bare = set()  # what stands beside an `else` may still give a range; ranges are written then
        return Text(f"{tensor.name}[{', '.join(places)}{tail}]", max(tensor.grow, 1.25), frozenset(bare))

    def subscript(self, dimension: str, free) -> tuple[str, bool, str | None]:
        """(text, whether it may lie outside, the index that stands bare)."""
        extent = self.sizes[dimension]
        same = [name for name, other in free if other == dimension]
        if same and self.often(0.8):
            return same[0], False, same[0]
        if not free or self.often(0.15):
            self.used["fixed subscript"] += 1
            return self.chance.choice(("0", f"{dimension} - 1")), False, None
        name, other = self.chance.choice(free)
        count = self.sizes[other]
        form = self.chance.choice(("shift", "back", "div", "mod", "turn", "stride", "gather", "pair"))
        gathers = [t for t in self.tensors if t.bound == dimension]
        pairs = [
            (a, b) for a, m in free for b, n in free if a != b and self.sizes[m] * self.sizes[n] == extent
        ]
        if form == "gather" and gathers:
            self.used["gather"] += 1
            chosen = self.chance.choice(gathers)
            inner = [self.whole_subscript(d, free) for d in chosen.shape]
            return f"{chosen.name}[{', '.join(inner)}]", False, None
        if form == "pair" and pairs:
            self.used["tuple"] += 1
            return "({}, {})".format(*self.chance.choice(pairs)), False, None
        if form == "div":
            self.used["div"] += 1
            step = self.chance.randint(2, 3)
            return f"{name} div {step}", (count - 1) // step >= extent, None
        if form == "mod":
            self.used["mod"] += 1
            step = self.chance.randint(1, min(extent, 4))
            return f"{name} mod {step}", False, None
        if form == "turn":
            self.used["turned"] += 1
            return f"{dimension} - 1 - {name}", count > extent, None
        if form == "stride":
            self.used["strided"] += 1
            return f"2 * {name}", 2 * (count - 1) >= extent, None
        if form == "back" and len(free) > 1:
            self.used["window"] += 1
            (a, _), (b, _) = self.chance.sample(free, 2)
            return f"{a} - {b}", True, None
        self.used["shifted"] += 1
        return f"{name} + {self.chance.randint(-3, 3)}".replace("+ -", "- "), True, None

    def whole_subscript(self, dimension: str, free) -> str:
        """A subscript that lies inside without an `else`."""
        same = [name for name, other in free if other == dimension]
        if same:
            return self.chance.choice(same)
        return "0"

    # Elements

    def element(self, open_, depth: int) -> Text:
        """A float element."""
        made = self.any_element(open_, depth)
        if made.grow > WILD:
            made = Text(f"{self.chance.choice(('tanh', 'sin'))}({made.text})", 1.0, made.bare)
        return made

    def any_element(self, open_, depth: int) -> Text:
        if depth <= 0 or not self.tensors:
            return self.leaf(open_)
        kind = self.chance.choices(("scalar", "leaf", "reduce", "if", "softmax", "count"), (12, 4, 4, 2, 1, 1))[0]
        if kind == "leaf":
            return self.leaf(open_)
        if kind == "reduce":
            return self.reduce(open_, depth - 1)
        if kind == "if":
            return self.branch(open_, depth - 1)
        if kind == "softmax" and open_:
            return self.softmax(open_, depth - 1)
        if kind == "count":
            return self.counted(open_, depth - 1)
        row = self.pick(SCALARS)
        self.used["scalar " + row.name] += 1
        arity = 2 if "{1}" in row.text else 1
        operands = [self.element(open_, depth - 1) for _ in range(arity)]
        bare = frozenset().union(*(operand.bare for operand in operands))
        return Text(row.text.format(*(o.text for o in operands)), row.grow(*(o.grow for o in operands)), bare)

    def leaf(self, open_) -> Text:
        if self.tensors and self.often(0.85):
            return self.read(open_)
        if open_ and self.often(0.5):
            name, dimension = self.chance.choice(open_)
            self.used["index as a number"] += 1
            return Text(f"(({name} + 1.0) / {self.sizes[dimension]})", 1.0)
        return Text(self.chance.choice(("0.75", "1.5", "(-0.4)", "2.0")), 2.0)

    def branch(self, open_, depth: int) -> Text:
        self.used["if"] += 1
        condition = self.condition(open_, depth)
        a, b = self.element(open_, depth), self.element(open_, depth)
        text = f"(if {condition.text} {{ {a.text} }} else {{ {b.text} }})"
        return Text(text, max(a.grow, b.grow), a.bare & b.bare)

    def condition(self, open_, depth: int) -> Text:
        form = self.chance.choice(("order", "edge", "parity", "float", "data", "and", "or", "not"))
        integers = [t for t in self.tensors if t.bound]
        if form in ("and", "or") and depth > 0:
            self.used[form] += 1
            a, b = self.condition(open_, depth - 1), self.condition(open_, depth - 1)
            return Text(f"({a.text} {form} {b.text})")
        if form == "not" and depth > 0:
            self.used["not"] += 1
            return Text(f"(not {self.condition(open_, depth - 1).text})")
        if form == "data" and integers:
            self.used["condition on data"] += 1
            tensor = self.chance.choice(integers)
            inner = [self.whole_subscript(d, open_) for d in tensor.shape]
            return Text(f"{tensor.name}[{', '.join(inner)}] {self.chance.choice(('>', '<=', '==', '!='))} {self.chance.randint(0, 2)}")
        if form == "order" and len(open_) > 1:
            self.used["condition on indices"] += 1
            (a, _), (b, _) = self.chance.sample(open_, 2)
            return Text(f"{a} {self.chance.choice(('<', '<=', '>', '>=', '==', '!='))} {b}")
        if form in ("edge", "parity") and open_:
            self.used["condition on an index"] += 1
            name, dimension = self.chance.choice(open_)
            if form == "parity":
                return Text(f"{name} mod 2 == {self.chance.randint(0, 1)}")
            return Text(f"{name} {self.chance.choice(('<', '>=', '!=', '>'))} {self.chance.randint(0, self.sizes[dimension])}")
        self.used["condition on a float"] += 1
        element = self.element(open_, depth - 1)
        return Text(f"{element.text} {self.chance.choice(('>', '<'))} {self.chance.choice(('0.05', '(-0.3)', '0.4'))}")

    # What closes

    def closing(self, open_, most: int = 2):
        """New indices whose box with the open ones stays small."""
        dimensions = sorted({d for t in self.tensors for d in t.shape} | {d for d in self.sizes if d.islower()})
        if any(not t.shape for t in self.tensors) and not dimensions:
            return []
        known = {d for t in self.tensors for d in t.shape}
        dimensions = [d for d in dimensions if d in known or d.islower()]
        new = []
        for _ in range(1 if self.often(0.75) else most):
            fitting = [d for d in dimensions if self.box(open_ + new + [("", d)]) <= BOX]
            if fitting:
                new.append((self.index(), self.chance.choice(fitting)))
        return new

    def bracket(self, new, bare, condition: str = "") -> str:
        """Ranges are written where nothing else gives them, and now and then."""
        parts = []
        for name, dimension in new:
            written = name not in bare or self.often(0.2)
            parts.append(f"{name} in 0..{dimension}" if written else name)
        return "[" + ", ".join(parts) + (f" where {condition}" if condition else "") + "]"

    def reduce(self, open_, depth: int) -> Text:
        new = self.closing(open_)
        if not new:
            return self.leaf(open_)
        row = self.pick(REDUCTIONS)
        self.used["reduce " + row.name] += 1
        body = self.element(open_ + new, depth)
        where = ""
        if self.often(0.3):
            self.used["where"] += 1
            where = self.condition(open_ + new, min(depth, 1)).text
        grow = row.grow(body.grow, self.box(new))
        text = row.text.format(self.bracket(new, body.bare, where), body.text)
        if where and row.name in ON_NOTHING:
            text = ON_NOTHING[row.name].format(text)
            grow = max(grow, 9)
        return Text(text, grow, body.bare - {name for name, _ in new})

    def counted(self, open_, depth: int) -> Text:
        new = self.closing(open_, most=1)
        if not new:
            return self.leaf(open_)
        row = self.pick(COUNTS)
        self.used["reduce " + row.name] += 1
        condition = self.condition(open_ + new, depth)
        text = row.text.format(self.bracket(new, frozenset()), condition.text)
        scale = max(1, self.box(new) // 2)
        return Text(f"({text} / {scale}.0)" if row.name == "count" else text, 2.0)

    def softmax(self, open_, depth: int) -> Text:
        self.used["softmax"] += 1
        name, dimension = self.chance.choice(open_)
        body = self.element(open_, depth)
        where = f" where {self.condition(open_, 0).text}" if self.often(0.3) else ""
        return Text(f"softmax[{name}{where}]({body.text})", 1.0, body.bare - {name})
