"""Random valid programs in Arch, the same for the same seed.

    python3 generate.py SEED

A program is a Model that returns a scalar, sub-archs with parameters of their own,
and a train block. Statements make tensors from those before them; in the end every
tensor joins the loss, so that nothing is dead. What is a matter of choice stands in
the tables of grammar.py and in `STATEMENTS` here."""

import random
import sys
from collections import Counter
from dataclasses import dataclass, field

from expressions import WILD, Expressions, Tensor
from grammar import FUNCTIONS, LARGE, LAYERS, OPTIMIZERS, SCHEDULES, SIZES

NAMES = "nmpqr"


@dataclass
class Program:
    text: str
    seed: int
    used: Counter
    precision: str
    gradients: bool  # built with them


@dataclass
class Arch:
    """One arch while it is written."""

    name: str
    arguments: list[Tensor]
    members: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)


class Function(Expressions):
    """Writes the body of one fn and the members that it needs."""

    def __init__(self, generator: "Generator", arch: Arch, depth: int):
        super().__init__(generator.chance, generator.sizes, generator.used)
        self.generator, self.arch, self.depth = generator, arch, depth
        self.tensors = list(arch.arguments)
        self.unread: list[Tensor] = [t for t in arch.arguments if t.bound is None]

    def new(self, stem: str = "v") -> str:
        return self.generator.new(stem)

    def say(self, line: str) -> None:
        self.arch.body.append("    " + line)

    def made(self, name: str, shape, grow: float) -> Tensor:
        """A new tensor of the body; large ones are squashed."""
        tensor = Tensor(name, tuple(shape), grow)
        if grow > 6:
            squashed = self.new()
            self.say(f"let {squashed} = tanh(0.2 * {name})")
            tensor = Tensor(squashed, tuple(shape), 1.0)
        self.tensors.append(tensor)
        self.unread.append(tensor)
        return tensor

    def dimensions(self) -> list[str]:
        known = {d for t in self.tensors for d in t.shape}
        return sorted(known | {d for d in self.sizes if d.islower()})

    def parameter(self, shape, grow: float = 1.5) -> Tensor:
        name = self.new("w")
        start = self.chance.choice(("~ normal(0, 0.5)", "~ uniform(-1, 1)", "= 0.3", "~ trunc_normal(0, 0.4)"))
        self.arch.members.append(f"  param {name}: [{', '.join(shape)}] {start}")
        tensor = Tensor(name, tuple(shape), grow)
        self.tensors.append(tensor)
        self.unread.append(tensor)
        return tensor

    def lower(self) -> str:
        return self.chance.choice([d for d in self.sizes if d.islower()])

    def recent(self, least: int = 1) -> Tensor | None:
        """A float tensor of at least so many dimensions, a late one rather."""
        fitting = [t for t in self.floats() if len(t.shape) >= least]
        if not fitting:
            return None
        return self.chance.choices(fitting, range(1, len(fitting) + 1))[0]

    # Statements; each returns whether it could be made

    def define(self) -> bool:
        """An element definition over some dimensions."""
        dimensions = self.dimensions()
        wanted = self.chance.choice((1, 2, 2, 3, 3, 4))
        open_: list = []
        tensor = self.recent()
        around = list(tensor.shape) if tensor and self.often(0.7) else []
        for _ in range(wanted):
            dimension = around.pop(0) if around else self.chance.choice(dimensions)
            if self.box(open_ + [("", dimension)]) <= 4000:
                open_.append((self.index(), dimension))
        if self.often(0.15):
            self.chance.shuffle(open_)
        if not open_:
            return False
        made = self.element(open_, self.chance.randint(1, 4))
        name = self.new()
        left = [n if n in made.bare and not self.often(0.1) else f"{n} in 0..{d}" for n, d in open_]
        self.say(f"let {name}[{', '.join(left)}] = {made.text}")
        self.made(name, [d for _, d in open_], made.grow)
        return True

    def scalar(self) -> bool:
        """A tensor without dimensions."""
        name = self.new()
        made = self.reduce([], 2)
        self.say(f"let {name} = {made.text}")
        self.made(name, (), made.grow)
        return True

    def product(self) -> bool:
        """A matrix product with a parameter, of trees on one or both sides, maybe with an epilogue."""
        tensor = self.recent(1)
        if not tensor:
            return False
        out = self.lower()
        if not tensor.shape[-1].islower() or self.box([("", d) for d in (*tensor.shape, out)]) > 30_000:
            return False
        weight = self.parameter((out, tensor.shape[-1]) if self.often(0.5) else (tensor.shape[-1], out))
        indices = [(self.index(), d) for d in tensor.shape]
        o, k = self.index(), indices[-1][0]
        place = f"{o}, {k}" if weight.shape == (out, tensor.shape[-1]) and weight.shape[0] == out else f"{k}, {o}"
        a = f"{tensor.name}[{', '.join(n for n, _ in indices)}]"
        if self.often(0.3):
            a = self.chance.choice(("tanh({})", "max(0, {})", "({} ** 2)", "(0.5 * {})")).format(a)
        left = [n for n, _ in indices[:-1]] + [o]
        text = f"sum[{k}]({a} * {weight.name}[{place}])"
        form = self.chance.choice(("plain", "bias", "activation", "residual"))
        rows = [*tensor.shape[:-1], out]
        if form == "bias":
            text += f" + {self.parameter((out,)).name}[{o}]"
        if form == "activation":
            text = f"{self.chance.choice(('tanh', 'gelu', 'sin'))}({text})"
        if form == "residual" and rows == list(tensor.shape):
            text += f" + {tensor.name}[{', '.join(left)}]"
        self.used["product " + form] += 1
        name = self.new()
        self.say(f"let {name}[{', '.join(left)}] = {text}")
        grow = 1.0 if form == "activation" else tensor.grow * 1.5 * self.sizes[tensor.shape[-1]] ** 0.5 + 2
        self.made(name, rows, grow)
        return True

    def whole(self) -> bool:
        """Operators on whole tensors: equal shapes, a suffix, a scalar."""
        tensor = self.recent(1)
        if not tensor:
            return False
        others = [t for t in self.floats() if t.shape == tensor.shape[len(tensor.shape) - len(t.shape) :]]
        other = self.chance.choice(others)
        form = self.chance.choice((
            "{a} + {b}", "{a} * {b}", "2 * tanh({a}) - {b}", "gelu({a})", "sigmoid({a}) * {b}", "-{a} / 2",
            "max({a}, {b})", "skip({a}, {a})", "stop_gradient({a}) + {b}", "dropout({a}, 0.25)",
        ))  # fmt: skip
        if "dropout" in form and not self.generator.draws:
            return False
        self.used["whole " + form] += 1
        name = self.new()
        self.say(f"let {name} = {form.format(a=tensor.name, b=other.name)}")
        self.made(name, tensor.shape, tensor.grow * max(1, other.grow) + other.grow)
        return True

    def slice(self) -> bool:
        """A view: a number drops the first or second dimension."""
        tensor = self.recent(2)
        if not tensor:
            return False
        place = self.chance.choice(("0", "{0} - 1"))
        name = self.new()
        if self.often(0.5):
            self.say(f"let {name} = {tensor.name}[{place.format(tensor.shape[0])}]")
            shape = tensor.shape[1:]
        else:
            self.say(f"let {name} = {tensor.name}[:, {place.format(tensor.shape[1])}]")
            shape = tensor.shape[:1] + tensor.shape[2:]
        self.used["slice"] += 1
        self.made(name, shape, tensor.grow)
        return True

    def table(self) -> bool:
        """A gather by an integer field, of a parameter."""
        integers = [t for t in self.tensors if t.bound]
        if not integers:
            return False
        chosen = self.chance.choice(integers)
        width = self.lower()
        weight = self.parameter((chosen.bound, width))
        indices = [self.index() for _ in chosen.shape]
        d = self.index()
        name = self.new()
        inner = f"{weight.name}[{chosen.name}[{', '.join(indices)}], {d}]"
        form = self.chance.choice(("{}", "tanh({})", "{} * 1.5"))
        self.say(f"let {name}[{', '.join([*indices, d])}] = {form.format(inner)}")
        self.used["embedding"] += 1
        self.made(name, (*chosen.shape, width), 2.0)
        return True

    def layer(self) -> bool:
        """An instance of a library layer, once or twice, or a list of them."""
        tensor = self.recent(1)
        if not tensor:
            return False
        row = self.pick(LAYERS)
        n, m = tensor.shape[-1], self.lower()
        if not n.islower() or (self.arch.arguments and n not in self.sizes):
            return False
        make = row.text.format(n=n, m=m, function=self.chance.choice(FUNCTIONS))
        keeps = not row.name.startswith("Linear")
        self.used["layer " + row.name] += 1
        member, name = self.new("layer"), self.new()
        if keeps and self.often(0.3):
            count = self.chance.randint(1, 3)
            self.used["list of layers"] += 1
            self.arch.members.append(f"  let {member} = [{make} for i in 0..{count}]")
            self.say(f"var {name} = {tensor.name}")
            self.say(f"for each in {member} {{ {name} = {name} + 0.5 * each({name}) }}")
        else:
            self.arch.members.append(f"  let {member} = {make}")
            again = keeps and self.often(0.2)
            call = f"{member}({member}({tensor.name}))" if again else f"{member}({tensor.name})"
            self.used["shared layer"] += again
            self.say(f"let {name} = {call}")
        shape = tensor.shape if keeps else (*tensor.shape[:-1], m)
        self.made(name, shape, 3.0)
        return True

    def tied(self) -> bool:
        """One embedding used as a table and as the logits."""
        integers = [t for t in self.tensors if t.bound]
        tensor = self.recent(1)
        if not integers or not tensor:
            return False
        chosen = self.chance.choice(integers)
        width = self.lower()
        if not chosen.bound.islower():
            return False
        member, a, b = self.new("layer"), self.new(), self.new()
        self.arch.members.append(f"  let {member} = Embedding({chosen.bound}, {width}, init = normal(0, 0.5))")
        self.say(f"let {a} = {member}({chosen.name})")
        self.say(f"let {b} = {member}.logits(tanh({a}))")
        self.used["tied"] += 1
        self.made(a, (*chosen.shape, width), 1.5)
        self.made(b, (*chosen.shape, chosen.bound), 3.0)
        return True

    def entropy(self) -> bool:
        """Cross-entropy against an integer field of fitting shape."""
        pairs = [
            (t, i) for i in self.tensors if i.bound for t in self.floats()
            if t.shape == (*i.shape, i.bound)
        ]  # fmt: skip
        if not pairs:
            return False
        logits, targets = self.chance.choice(pairs)
        name = self.new()
        self.say(f"let {name} = cross_entropy({logits.name}, {targets.name})")
        self.used["cross-entropy"] += 1
        self.made(name, (), 3.0)
        return True

    def attention(self) -> bool:
        """Scores from products, a softmax with a mask, a sum with values."""
        tensor = self.recent(2)
        if not tensor or self.box([("", d) for d in (*tensor.shape, tensor.shape[-2])]) > 20_000:
            return False
        *batch, length, width = tensor.shape
        if not width.islower():
            return False
        heads = [h for h in (1, 2, 3, 4) if self.sizes[width] % h == 0]
        h = self.chance.choice(heads)
        b = [self.index() for _ in batch]
        q, k, d, e, g = (self.index() for _ in range(5))
        lead = "".join(x + ", " for x in b)
        Q, K, V, y = self.new(), self.new(), self.new(), self.new()
        for name in (Q, K, V):
            weight = self.parameter((width, width)).name
            o, i = self.index(), self.index()
            projected = self.new()
            self.say(f"let {projected}[{lead}{q}, {o}] = sum[{i}]({tensor.name}[{lead}{q}, {i}] * {weight}[{o}, {i}])")
            self.say(f"let {name}[{lead}{q}, {g} in 0..{h}, {d}] = {projected}[{lead}{q}, ({g}, {d})]")
        mask = self.chance.choice(("", " where {k} <= {q}", " where {k} < {q}", " where {q} - {k} < 2 and {k} <= {q}"))
        mask = mask.format(k=k, q=q)
        score = f"sum[{e}]({Q}[{lead}{q}, {g}, {e}] * {K}[{lead}{k}, {g}, {e}])"
        score = self.chance.choice(("{} / 2", "0.3 * {}", "3 * tanh({} / 3)", f"{{}} * 0.5 - ({q} - {k}) * 0.1")).format(score)
        self.used["attention" + mask[:6]] += 1
        total = f"sum[{k}](softmax[{k}{mask}]({score}) * {V}[{lead}{k}, {g}, {d}])"
        if self.often(0.3):
            p = self.new()
            self.say(f"let {p}[{lead}{g}, {q}, {k}] = softmax[{k}{mask}]({score})")
            total = f"sum[{k}]({p}[{lead}{g}, {q}, {k}] * {V}[{lead}{k}, {g}, {d}])"
        self.say(f"let {y}[{lead}{q}, ({g}, {d})] = {total}")
        self.made(y, tensor.shape, 4.0)
        return True

    def layer_attention(self) -> bool:
        """The library's, on three dimensions."""
        fitting = [t for t in self.floats() if len(t.shape) == 3 and t.shape[-1].islower()]
        if not fitting:
            return False
        tensor = self.chance.choice(fitting)
        width = tensor.shape[-1]
        heads = self.chance.choice([h for h in (1, 2, 3, 4) if self.sizes[width] % h == 0])
        groups = self.chance.choice([g for g in (1, heads) if heads % g == 0])
        causal = self.chance.choice(("true", "false"))
        member, name = self.new("layer"), self.new()
        self.arch.members.append(f"  let {member} = Attention({width}, {heads}, groups = {groups}, causal = {causal})")
        self.say(f"let {name} = {member}({tensor.name})")
        self.used["layer Attention"] += 1
        self.made(name, tensor.shape, 3.0)
        return True

    def writes(self) -> bool:
        """A `var` whose elements are assigned."""
        tensor = self.recent(1)
        if not tensor:
            return False
        name = self.new()
        indices = [(self.index(), d) for d in tensor.shape]
        self.say(f"var {name}: [{', '.join(tensor.shape)}] = {self.chance.choice(('0', '0.5'))}")
        for _ in range(self.chance.randint(1, 2)):
            made = self.element(indices, 2)
            where = f" where {self.condition(indices, 0).text}" if self.often(0.6) else ""
            left = ", ".join(n for n, _ in indices)
            self.say(f"{name}[{left}{where}] {self.chance.choice(('=', '+='))} {made.text}")
            if not self.tensors or self.tensors[-1].name != name:
                self.tensors.append(Tensor(name, tensor.shape, WILD))
            indices = [(self.index(), d) for d in tensor.shape]
        self.tensors.pop()
        self.used["assigned elements"] += 1
        self.made(name, tensor.shape, WILD)
        return True

    def state(self) -> bool:
        """A running average, kept from step to step."""
        tensor = self.recent(1)
        if not tensor or any(not d.islower() for d in tensor.shape[1:]):
            return False
        kept = self.new("kept")
        shape = tensor.shape[1:]
        first = self.index()
        indices = [self.index() for _ in shape]
        here, name = self.new(), self.new()
        self.arch.members.append(f"  state {kept}: [{', '.join(shape)}] = 0.5")
        left = f"{here}[{', '.join(indices)}]" if indices else here
        self.say(f"let {left} = mean[{first}](sin({tensor.name}[{', '.join([first, *indices])}]))")
        self.say(f"if training {{ {kept} = 0.9 * {kept} + 0.1 * {here} }}")
        self.say(f"let {name} = {tensor.name} * 0.5 + {kept}")
        self.used["state"] += 1
        self.made(name, tensor.shape, tensor.grow)
        return True

    def record(self) -> bool:
        """A metric, or a term that joins the loss under its path."""
        made = self.reduce([], 2)
        kind = self.chance.choice(("loss", "metric"))
        self.say(f"let {self.new('record')} = tanh({made.text}) as {kind}")
        self.used["as " + kind] += 1
        return True

    def part(self) -> bool:
        """An arch of the file: an instance, a list of instances, or one used twice."""
        tensor = self.recent(1)
        if not tensor or self.depth >= 3 or self.generator.parts >= 4:
            return False
        more = [t for t in self.floats() if t is not tensor and t.shape]
        given = [tensor] + ([self.chance.choice(more)] if more and self.often(0.3) else [])
        function = self.often(0.4)
        name, result = self.generator.arch(given, self.depth + 1, function)
        # Capital dimensions of the result are those of the arguments.
        make = f"{name}({', '.join(self.generator.hyper())}" + (f", {self.chance.choice(FUNCTIONS)})" if function else ")")
        member, value = self.new("part"), self.new()
        arguments = ", ".join(t.name for t in given)
        count = self.chance.randint(1, 3)
        self.used[f"part, depth {self.depth + 1}"] += 1
        if result.shape == tensor.shape and self.often(0.4):
            self.used["list of parts"] += 1
            order = self.chance.choice(("each in {0}", "each in {0}", "at in [0, 0]"))
            self.arch.members.append(f"  let {member} = [{make} for i in 0..{count}]")
            self.say(f"var {value} = {tensor.name}")
            each = "each" if "each" in order else f"{member}[at]"
            rest = "".join(", " + t.name for t in given[1:])
            self.say(f"for {order.format(member)} {{ {value} = 0.5 * {value} + {each}({value}{rest}) }}")
        else:
            self.arch.members.append(f"  let {member} = {make}")
            again = self.often(0.2)
            self.used["shared part"] += again
            self.say(f"let {value} = {member}({arguments})" + (f" + 0.3 * {member}({arguments})" if again else ""))
        self.made(value, result.shape, 6.0)
        return True

    def statement(self) -> None:
        names, weights = zip(*STATEMENTS.items())
        for _ in range(8):
            name = self.chance.choices(names, weights)[0]
            members, body = len(self.arch.members), len(self.arch.body)
            tensors, unread = list(self.tensors), list(self.unread)
            if getattr(self, name)():
                self.used["statement " + name] += 1
                return
            del self.arch.members[members:], self.arch.body[body:]
            self.tensors, self.unread = tensors, unread

    # Ends

    def term(self, tensor: Tensor) -> str:
        """A scalar of all elements, each with another weight."""
        if not tensor.shape:
            return self.chance.choice(("sin({})", "{} ** 2", "0.7 * {}")).format(tensor.name)
        indices = [self.index() for _ in tensor.shape]
        x = f"{tensor.name}[{', '.join(indices)}]"
        weight = f"cos({self.chance.randint(1, 9)} + {' + '.join(indices)} * 0.7)"
        form = self.chance.choice((
            "mean{i}({x} ** 2)", "mean{i}({x} * {w})", "sum{i}(tanh({x}) * {w}) / 5", "mean{i}(sin({x} + 0.3) * {w})",
            "logsumexp{i}({x} * {w})",
        ))  # fmt: skip
        return form.format(i=f"[{', '.join(indices)}]", x=x, w=weight)


# The statements with their weights.
STATEMENTS = {
    "define": 10, "product": 5, "whole": 4, "layer": 4, "part": 3, "scalar": 1, "slice": 1, "table": 2, "tied": 1,
    "entropy": 2, "attention": 2, "layer_attention": 1, "writes": 2, "state": 1, "record": 1,
}  # fmt: skip


class Generator:
    def __init__(self, seed: int):
        self.seed = seed
        self.chance = random.Random(seed)
        self.used: Counter = Counter()
        self.numbers: Counter = Counter()
        self.archs: list[Arch] = []
        self.parts = 0
        self.draws = True
        self.sizes: dict[str, int] = {}

    def new(self, stem: str) -> str:
        self.numbers[stem] += 1
        return f"{stem}{self.numbers[stem]}"

    def hyper(self) -> list[str]:
        return [name for name in self.sizes if name.islower()]

    def choose_sizes(self) -> None:
        names = NAMES[: self.chance.randint(2, 4)]
        self.sizes = {name: self.chance.choice(SIZES) for name in names}
        self.sizes["B"] = self.chance.choice(SIZES)
        if self.chance.random() < 0.15:
            self.sizes[self.chance.choice([*names, "B"])] = self.chance.choice(LARGE)
            self.used["a large size"] += 1
        self.used["a size of one"] += 1 in self.sizes.values()

    def fields(self) -> list[Tensor]:
        """The data: windows of a text, or records."""
        v = self.chance.choice(self.hyper())
        if self.chance.random() < 0.3:
            self.sizes["T"] = self.chance.choice(SIZES)
            self.used["text"] += 1
            return [Tensor("tokens", ("B", "T"), bound=v), Tensor("targets", ("B", "T"), bound=v)]
        one = lambda: self.chance.choice(self.hyper())  # noqa: E731
        fields = [Tensor("x", ("B", *(one() for _ in range(self.chance.choice((1, 1, 2, 3))))), 2.0)]
        if self.chance.random() < 0.4:
            fields.append(Tensor("y", ("B", one()), 2.0))
        if self.chance.random() < 0.6:
            shape = ("B",) if self.chance.random() < 0.5 else ("B", one())
            fields.append(Tensor("label", shape, bound=v))
        self.used["records"] += 1
        return fields

    def arch(self, given: list[Tensor], depth: int, function: bool) -> tuple[str, Tensor]:
        """A sub-arch with a fn of such tensors; its name and its result."""
        self.parts += 1
        arch = Arch(self.new("Part"), [Tensor(f"a{i}", t.shape, t.grow) for i, t in enumerate(given)])
        inside = Function(self, arch, depth)
        inside.parameter([self.chance.choice(self.hyper()) for _ in range(self.chance.randint(1, 2))])
        for _ in range(self.chance.randint(1, 3)):
            inside.statement()
        wanted = arch.arguments[0]
        indices = [(inside.index(), d) for d in wanted.shape]
        made = inside.element(indices, 2)
        left = ", ".join(n for n, _ in indices)
        total = f"{wanted.name}[{left}] + {made.text}"
        for tensor in inside.unread[-4:]:
            total += f" + 0.2 * ({inside.term(tensor)})"
        call = f"activation(0.3 * ({total}))" if function else f"tanh(0.3 * ({total}))"
        arch.body.append(f"    let out[{left}] = {call}")
        arch.body.append("    out")
        hyper = ", ".join(f"{name}: int" for name in self.hyper()) + (", activation: fn" if function else "")
        takes = ", ".join(f"{t.name}: [{', '.join(t.shape)}]" for t in arch.arguments)
        lines = [f"arch {arch.name}({hyper}) {{", *arch.members, f"  fn ({takes}) -> [{', '.join(wanted.shape)}] {{"]
        self.archs.append("\n".join([*lines, *arch.body, "  }", "}"]))
        return arch.name, Tensor("out", wanted.shape)

    def model(self, fields: list[Tensor]) -> str:
        arch = Arch("Model", fields)
        body = Function(self, arch, 0)
        body.parameter([self.chance.choice(self.hyper()) for _ in range(self.chance.randint(1, 3))])
        for _ in range(self.chance.randint(2, 7)):
            body.statement()
        total = " +\n      ".join(body.term(t) for t in body.unread) or "0.0"
        hyper = ", ".join(f"{name}: int = {self.sizes[name]}" for name in self.hyper())
        takes = ", ".join(self.typed(t) for t in fields)
        return "\n".join([
            f"arch Model({hyper}) {{", *arch.members, f"  fn ({takes}) -> [] {{", *arch.body, f"    {total}", "  }", "}"
        ])  # fmt: skip

    @staticmethod
    def typed(tensor: Tensor) -> str:
        shape = ", ".join(tensor.shape)
        return f"{tensor.name}: int({tensor.bound})[{shape}]" if tensor.bound else f"{tensor.name}: [{shape}]"

    def train(self, fields: list[Tensor], precision: str) -> str:
        schedule = self.chance.choices(SCHEDULES, [row.weight for row in SCHEDULES])[0]
        optimizer = self.chance.choices(OPTIMIZERS, [row.weight for row in OPTIMIZERS])[0]
        self.used["schedule " + schedule.name] += 1
        self.used["optimizer " + optimizer.name] += 1
        self.used["precision " + precision] += 1
        window = self.sizes.get("T")
        data = f'text("data", window = {window}, order = sequential)' if window else 'arrays("data", order = sequential)'
        names = ", ".join(t.name for t in fields)
        clip = self.chance.choice(("", "", "clip = 1.0; ", "clip = 0.01; ", "clip = 100.0; "))
        self.used["clip" if clip else "no clip"] += 1
        return "\n".join([
            "train Model {", f"  data = {data}",
            f"  fn loss({', '.join(self.typed(t) for t in fields)}) {{ model({names}) }}",
            f"  let rate = {schedule.text}",
            f"  optimizer = fn (p) {{ {optimizer.text.format('rate')} }}",
            f"  {clip}batch = {self.sizes['B']}; steps = 3; precision = {precision}", "}", ""
        ])  # fmt: skip

    def program(self) -> Program:
        self.choose_sizes()
        precision = self.chance.choice(("f64", "f64", "f32"))
        fields = self.fields()
        model = self.model(fields)
        text = "\n\n".join([*self.archs, model, self.train(fields, precision)])
        return Program(text, self.seed, self.used, precision, self.chance.random() < 0.3)


def generate(seed: int) -> Program:
    return Generator(seed).program()


if __name__ == "__main__":
    sys.stdout.write(generate(int(sys.argv[1])).text)
