"""Random valid programs in Arch, the same for the same seed.

    python3 generate.py SEED

A program is a Model that returns a scalar, sub-archs with parameters of their own,
and a train block. Statements (statements.py) make tensors from those before them; in
the end every tensor joins the loss, so that nothing is dead."""

import random
import re
import sys
from collections import Counter
from dataclasses import dataclass

from expressions import Tensor
from grammar import AVERAGES, CLOSERS, GROUPS, KEEPERS, LARGE, OPTIMIZERS, SCHEDULES, SIZES, Row
from statements import Function
from writer import Arch

NAMES = "nmpqr"
NETS = re.compile(r"^  let ((?:layer|part)\d+) = (?!frozen)", re.M)  # members that are trained


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
        self.functions: list[str] = []
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

    def chosen(self, rows: tuple[Row, ...], what: str) -> Row:
        row = self.chance.choices(rows, [row.weight for row in rows])[0]
        self.used[f"{what} {row.name}"] += 1
        return row

    def function(self, keeps: bool) -> tuple[str, Row]:
        """A function of the file that closes or keeps the last index; its name."""
        row = self.chosen(KEEPERS if keeps else CLOSERS, "function that keeps" if keeps else "function that closes")
        name, left = self.new("along"), ".., i" if keeps else ".."
        self.functions.append(f"fn {name}(x: [.., N]) -> [{'.., N' if keeps else '..'}] {{\n  let t[{left}] = {row.text}\n  t\n}}")
        return name, row

    def arch(self, given: list[Tensor], depth: int, function: bool, pair: bool = False) -> tuple[str, list[Tensor]]:
        """A sub-arch with a fn of such tensors; its name and its results, two at most."""
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
        known = {d for t in given for d in t.shape} | set(self.hyper())
        results = [Tensor("out", wanted.shape)]
        results += [t for t in reversed(inside.unread) if t.shape and known.issuperset(t.shape)][: int(pair)]
        names, types = [t.name for t in results], [f"[{', '.join(t.shape)}]" for t in results]
        arch.body.append(f"    {in_brackets(names)}")
        hyper = ", ".join(f"{name}: int" for name in self.hyper()) + (", activation: fn" if function else "")
        takes = ", ".join(f"{t.name}: [{', '.join(t.shape)}]" for t in arch.arguments)
        lines = [f"arch {arch.name}({hyper}) {{", *arch.members, f"  fn ({takes}) -> {in_brackets(types)} {{"]
        self.archs.append("\n".join([*lines, *arch.body, "  }", "}"]))
        return arch.name, results

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

    def examples(self, fields: list[Tensor]) -> str:
        """A data set that is drawn."""
        self.used["data set in Arch"] += 1
        lines = ["fn (count: int) {"]
        for field in fields:
            shape = ", ".join(["count", *field.shape[1:]])
            if not field.bound:
                lines.append(f"    let {field.name}: [{shape}] ~ {self.chance.choice(('normal(0, 1)', 'uniform(-1, 1)'))}")
                continue
            place = ", ".join(f"i{axis}" for axis in range(len(field.shape)))
            lines.append(f"    let share: [{shape}] ~ uniform(0, {field.bound})")
            lines.append(f"    let {field.name}[{place}] = int(share[{place}]) mod {field.bound}")
        lines.append(f"    ({', '.join(f'{field.name} = {field.name}' for field in fields)})")
        return "\n".join([*lines, "  }"])

    def objectives(self, nets: list[str], names: str) -> list[str]:
        """Statements that minimise, each over nets of its own."""
        self.chance.shuffle(nets)
        lines = []
        for place, net in enumerate(nets[: self.chance.randint(2, 3)]):
            optimizer = self.chosen(OPTIMIZERS, "optimizer of an objective").text.format("rate")
            factor = self.chance.choice(("", "0.5 * ", "-0.3 * "))
            lines.append(f"    minimise {factor}model({names}) over model.{net} with fn (p) {{ {optimizer} }}")
            self.used["objectives"] += place > 0
        return lines

    def train(self, fields: list[Tensor], precision: str, nets: list[str]) -> str:
        schedule = self.chance.choices(SCHEDULES, [row.weight for row in SCHEDULES])[0]
        optimizer = self.chosen(OPTIMIZERS if self.chance.random() < 0.8 else GROUPS, "optimizer")
        average = self.chosen(AVERAGES, "average").text
        parts = self.chance.choice((1, 1, 1, 1, 2, 3))
        self.used["schedule " + schedule.name] += 1
        self.used["precision " + precision] += 1
        window = self.sizes.get("T")
        data = f'text("data", window = {window}, order = sequential)' if window else 'arrays("data", order = sequential)'
        if not window and len(fields) > 1 and self.chance.random() < 0.25:
            data = self.examples(fields)
        names = ", ".join(t.name for t in fields)
        clip = self.chance.choice(("", "", "clip = 1.0; ", "clip = 0.01; ", "clip = 100.0; "))
        self.used["clip" if clip else "no clip"] += 1
        takes = ", ".join(self.typed(t) for t in fields)
        step = [f"  fn loss({takes}) {{ model({names}) }}", f"  let rate = {schedule.text}"]
        if len(nets) > 1 and self.chance.random() < 0.5:
            parts = 1
            step = [step[1], f"  fn step({takes}) {{", *self.objectives(nets, names), "  }"]
        else:
            step.append(f"  optimizer = fn (p) {{ {optimizer.text.format('rate')} }}")
        self.used["batch in parts"] += parts > 1
        accumulate = f"accumulate = {parts}; " if parts > 1 else ""
        return "\n".join([
            "train Model {", f"  data = {data}",
            *step,
            f"{average}  {clip}{accumulate}batch = {self.sizes['B'] * parts}; steps = 3; precision = {precision}", "}", ""
        ])  # fmt: skip

    def program(self) -> Program:
        self.choose_sizes()
        precision = self.chance.choice(("f64", "f64", "f32"))
        fields = self.fields()
        model = self.model(fields)
        text = "\n\n".join([*self.functions, *self.archs, model, self.train(fields, precision, NETS.findall(model))])
        return Program(text, self.seed, self.used, precision, self.chance.random() < 0.3)


def in_brackets(texts: list[str]) -> str:
    """A tuple, or one alone."""
    return f"({', '.join(texts)})" if len(texts) > 1 else texts[0]


def generate(seed: int) -> Program:
    return Generator(seed).program()


if __name__ == "__main__":
    sys.stdout.write(generate(int(sys.argv[1])).text)
