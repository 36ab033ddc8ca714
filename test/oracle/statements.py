"""The statements of random programs: each makes a tensor from those before it, and
returns whether it could. What is a matter of choice stands in the tables of
grammar.py and in `STATEMENTS` here."""

from expressions import WILD, Tensor
from grammar import DRAWS, TABLES
from layers import Layers


class Function(Layers):
    """One fn as a sequence of statements."""

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

    def compiled(self) -> bool:
        """A table: floats, or integers that are places of a dimension."""
        name, i, j = self.new("table"), self.index(), self.index()
        d, e = self.lower(), self.lower()
        if self.often(0.4):
            self.say(f"let {name}[{i} in 0..{d}] = ({self.chance.randint(1, 5)} * {i} + {self.chance.randint(0, 3)}) mod {e}")
            self.tensors.append(Tensor(name, (d,), bound=e))
            self.used["table of places"] += 1
            return True
        row = self.pick(TABLES)
        self.used["table " + row.name] += 1
        self.say(f"let {name}[{i} in 0..{d}, {j} in 0..{e}] = {row.text.format(i, j)}")
        self.made(name, (d, e), 3.0 if row.name != "share" else self.sizes[d])
        return True

    def along(self) -> bool:
        """A function of the file, on a whole tensor or in place of a built-in one that closes."""
        tensor = self.recent(1)
        if not tensor:
            return False
        keeps, name = self.often(0.5), self.new()
        function, row = self.generator.function(keeps)
        shape = tensor.shape if keeps else tensor.shape[:-1]
        if self.often(0.4):
            self.say(f"let {name} = {function}({tensor.name})")
            grow = tensor.grow
        else:
            indices = [(self.index(), d) for d in tensor.shape]
            made = self.element(indices, 2)
            *rest, (last, d) = indices
            left = [f"{n} in 0..{e}" for n, e in (indices if keeps else rest)]
            closed = last if keeps else f"{last} in 0..{d}"
            self.say("let " + (f"{name}[{', '.join(left)}]" if left else name) + f" = {function}[{closed}]({made.text})")
            grow = made.grow
        self.made(name, shape, row.grow(grow) if keeps else row.grow(grow, self.sizes[tensor.shape[-1]]))
        return True

    def draw(self) -> bool:
        """Noise that is added, or chooses between two tensors' elements."""
        tensor = self.recent(1)
        if not tensor or not self.generator.draws:
            return False
        drawn, name = self.new("drawn"), self.new()
        shape = ", ".join(tensor.shape)
        if self.often(0.5):
            row = self.pick(DRAWS)
            self.used["draw " + row.name] += 1
            self.say(f"let {drawn}: [{shape}] {row.text}")
            self.say(f"let {name} = {tensor.name} + 0.3 * {drawn}")
        else:
            self.used["draw bernoulli"] += 1
            indices = [(self.index(), d) for d in tensor.shape]
            place = ", ".join(n for n, _ in indices)
            made = self.element(indices, 1)
            self.say(f"let {drawn}: bool[{shape}] ~ bernoulli(0.6)")
            self.say(f"let {name}[{place}] = if {drawn}[{place}] {{ {tensor.name}[{place}] }} else {{ {made.text} }}")
        self.made(name, tensor.shape, WILD)
        return True

    def record(self) -> bool:
        """A metric, or a term that joins the loss under its path."""
        made = self.reduce([], 2)
        kind = self.chance.choice(("loss", "metric"))
        self.say(f"let {self.new('record')} = tanh({made.text}) as {kind}")
        self.used["as " + kind] += 1
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
    "compiled": 1, "along": 2, "draw": 1,
}  # fmt: skip
