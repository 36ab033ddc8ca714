"""What every statement of a random program needs: new names, lines of the body,
parameters, and a choice of the tensors so far."""

from dataclasses import dataclass, field

from expressions import Expressions, Tensor


@dataclass
class Arch:
    """One arch while it is written."""

    name: str
    arguments: list[Tensor]
    members: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)


class Writer(Expressions):
    """Writes the body of one fn and the members that it needs, line by line."""

    def __init__(self, generator, arch: Arch, depth: int):
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
