"""Statements that call: layers of the library, networks that are tied or shared,
attention, other archs. Each returns whether it could be made."""

from grammar import FUNCTIONS, LAYERS
from writer import Writer


class Layers(Writer):
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

    def again(self, member: str) -> str:
        """The same instance, or a copy with parameters of its own."""
        if self.often(0.6):
            self.used["shared part"] += 1
            return member
        self.used["copied part"] += 1
        copied = self.new("part")
        self.arch.members.append(f"  let {copied} = copy({member})")
        return copied

    def part(self) -> bool:
        """An arch of the file: an instance, a list of instances, or one used twice."""
        tensor = self.recent(1)
        if not tensor or self.depth >= 3 or self.generator.parts >= 4:
            return False
        more = [t for t in self.floats() if t is not tensor and t.shape]
        given = [tensor] + ([self.chance.choice(more)] if more and self.often(0.3) else [])
        function = self.often(0.4)
        name, (result, *second) = self.generator.arch(given, self.depth + 1, function, pair=self.often(0.25))
        # Capital dimensions of the result are those of the arguments.
        make = f"{name}({', '.join(self.generator.hyper())}" + (f", {self.chance.choice(FUNCTIONS)})" if function else ")")
        member, value = self.new("part"), self.new()
        arguments = ", ".join(t.name for t in given)
        count = self.chance.randint(1, 3)
        self.used[f"part, depth {self.depth + 1}"] += 1
        if not second and result.shape == tensor.shape and self.often(0.4):
            self.used["list of parts"] += 1
            order = self.chance.choice(("each in {0}", "each in {0}", "at in [0, 0]"))
            self.arch.members.append(f"  let {member} = [{make} for i in 0..{count}]")
            self.say(f"var {value} = {tensor.name}")
            each = "each" if "each" in order else f"{member}[at]"
            rest = "".join(", " + t.name for t in given[1:])
            self.say(f"for {order.format(member)} {{ {value} = 0.5 * {value} + {each}({value}{rest}) }}")
        else:
            frozen, again = self.often(0.1), not second and self.often(0.3)
            self.used["frozen part"] += frozen
            self.arch.members.append(f"  let {member} = " + (f"frozen({make})" if frozen else make))
            more = f" + 0.3 * {self.again(member)}({arguments})" if again else ""
            names = [value, *(self.new() for _ in second)]
            self.used["tuple of results"] += len(second)
            left = f"({', '.join(names)})" if second else value
            self.say(f"let {left} = {member}({arguments}){more}")
            for extra, tensor in zip(names[1:], second):
                self.made(extra, tensor.shape, 6.0)
        self.made(value, result.shape, 6.0)
        return True
