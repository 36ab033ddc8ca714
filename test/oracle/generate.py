"""Random valid programs in Arch, the same for the same seed.

    python3 generate.py SEED

A program is a Model that returns a scalar, sub-archs with parameters of their own,
and a train block. Statements (statements.py) make tensors from those before them; in
the end every tensor joins the loss, so that nothing is dead."""

import random
import sys
from collections import Counter
from dataclasses import dataclass

from expressions import Tensor
from grammar import LARGE, OPTIMIZERS, SCHEDULES, SIZES
from statements import Function
from writer import Arch

NAMES = "nmpqr"


@dataclass
class Program:
    text: str
    seed: int
    used: Counter
    precision: str
    gradients: bool  # built with them


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
