"""Evaluates the arch dialect, the model as it was written, in numpy.

The definition of an element is read literally: one array for each operation over
all indices that are open; what an operation does to numbers is in numeric.py.
Written from docs/language.md and the descriptions of the arch operations; shares
the reader of the IR with the rest, and no code with lib/."""

from collections import Counter

import numpy as np

import ir
import philox
from numeric import CASTS, COMPARE_F, COMPARE_I, REDUCE, SCALAR, first, like, real, softmax


class Outside(Exception):
    """A read outside of a tensor that no condition keeps away."""


def case(attribute: str) -> str:
    """The name in `#arch<reduce_kind sum>`."""
    return attribute.rstrip(">").split()[-1]


class Frame:
    """What an element expression sees: the open extents and its values, each as
    an array over the first so many of the open indices."""

    def __init__(self, scope: dict, extents: list[int]):
        self.scope = scope
        self.extents = extents
        self.outside: list[np.ndarray] = []

    def deeper(self, extents) -> "Frame":
        return Frame(self.scope, self.extents + list(extents))

    def get(self, name: str):
        return self.padded(self.scope[name])

    def index(self, axis: int):
        shape = [1] * len(self.extents)
        shape[axis] = -1
        return np.arange(self.extents[axis]).reshape(shape)

    def full(self, value):
        return np.broadcast_to(value, self.extents)

    def padded(self, value):
        """With an axis for each open index."""
        value = np.asarray(value)
        return value.reshape(value.shape + (1,) * (len(self.extents) - value.ndim))


class Model:
    """The module. `values` of a run are by path; data by the names of the fields."""

    def __init__(self, text: str):
        module = ir.parse(text)
        body = module.regions[0][0].ops
        self.functions = {op.attributes["sym_name"]: op for op in body if op.name == "arch.func"}
        self.train = next(op for op in body if op.name == "arch.train")
        self.variables: dict[str, dict] = {}
        for op in body:
            if op.name == "arch.instance":
                self.collect(op, op.attributes["name"])

    def collect(self, instance: ir.Op, path: str) -> None:
        for op in instance.regions[0][0].ops:
            inner = joined(path, op.attributes["name"])
            if op.name == "arch.instance":
                self.collect(op, inner)
            else:
                self.variables[inner] = op.attributes | {"param": op.name == "arch.param"}

    def parameters(self) -> dict[str, ir.Tensor]:
        """Frozen ones too."""
        return {path: entry["type"] for path, entry in self.variables.items() if entry["param"]}

    def averages(self) -> list[str]:
        """Parameters that have an average, `average.PATH`."""
        return [op.attributes["parameter"] for op in self.train.regions[0][0].ops if op.name == "arch.average"]

    def states(self) -> dict[str, ir.Tensor]:
        return {path: entry["type"] for path, entry in self.variables.items() if not entry["param"]}

    def fields(self) -> dict[str, tuple[ir.Tensor, int]]:
        """Type and bound of each field of the data."""
        function = self.functions[self.train.attributes["step"].lstrip("@")]
        types = function.regions[0][0].types
        attributes = function.attributes.get("arg_attrs") or [{}] * len(types)
        return {a["nn.name"]: (t, a.get("nn.bound", 0)) for t, a in zip(types, attributes)}

    # Whole functions

    def forward(self, values: dict, data: dict, times: dict, what: str = "step", between=None):
        """(loss, metrics, next states); `times` has step, steps and seed. Where there are
        several objectives, `between` gets the number of one that was reached and the
        values, and says which are other ones from there on."""
        self.start(values, times)
        self.between = between
        callee = self.train.attributes[what].lstrip("@")
        returned = self.call(callee, [np.asarray(data[name]) for name in self.fields()], "")
        loss = sum(returned) + sum(self.minimised) + self.recorded()
        metrics: dict[str, np.ndarray] = {}
        for kind, name, value in self.records:
            if kind == "metric":  # recorded twice under one name is one sum
                metrics[name] = metrics.get(name, 0) + value
        return loss, metrics, dict(self.written)

    def recorded(self):
        """What was recorded as loss since the last objective."""
        new, self.joined = self.records[self.joined :], len(self.records)
        return sum(value for kind, _, value in new if kind == "loss")

    def minimise(self, loss, objective: int | None) -> None:
        self.minimised.append(loss + self.recorded())
        if self.between and objective is not None:
            self.values = self.values | self.between(objective, self.values)

    def objectives(self) -> dict[str, int]:
        """The objective of each trained parameter."""
        ops = [op for op in self.train.regions[0][0].ops if op.name == "arch.optimize"]
        return {op.attributes["parameter"]: op.attributes.get("objective", 0) for op in ops}

    def update(self, values: dict, gradients: dict, times: dict, objective: int = 0):
        """(rate, next parameters, averages and moments) of one objective."""
        self.start(values, times)
        rate = None
        after = {}
        for op in self.train.regions[0][0].ops:
            path, at = op.attributes["parameter"], op.attributes["instance"]
            callee = op.attributes["callee"].lstrip("@")
            if op.name == "arch.average":
                if path not in after:
                    continue
                average = f"average.{path}"
                (after[average],) = self.call(callee, [values[average], after[path]], at)
                continue
            if op.attributes.get("objective", 0) != objective:
                continue
            (after[path],) = self.call(callee, [values[path], gradients[path]], at)
            if rate is None and "rate" in op.attributes:
                (rate,) = self.call(op.attributes["rate"].lstrip("@"), [], at)
        return rate, after | self.written

    def start(self, values: dict, times: dict) -> None:
        self.values, self.times = values, times
        self.written: dict[str, np.ndarray] = {}
        self.records: list[tuple[str, str, np.ndarray]] = []
        self.calls: Counter[str] = Counter()
        self.draws: Counter[str] = Counter()
        self.numbers: list[int] = []
        self.minimised: list = []
        self.joined = 0

    def call(self, name: str, arguments: list, path: str) -> list:
        """A state of a function is one for each call, which are numbered."""
        function = self.functions[name]
        block = function.regions[0][0]
        number = 0
        if any(op.attributes["path"].startswith("@") for op in block.ops if op.name in ("arch.get", "arch.set")):
            key = path + "|" + function.attributes["component"]
            number, self.calls[key] = self.calls[key], self.calls[key] + 1
        self.numbers.append(number)
        try:
            return self.body(name, block, arguments, path)
        finally:
            self.numbers.pop()

    def stored(self, path: str, relative: str) -> str:
        """The path of a parameter or state as the functions of `path` name it."""
        full = within(path, relative.removeprefix("@"))
        return f"{full}@{self.numbers[-1]}" if relative.startswith("@") and self.numbers[-1] else full

    def body(self, name: str, block: ir.Block, arguments: list, path: str) -> list:
        frame = Frame(dict(zip(block.arguments, arguments, strict=True)), [])
        with np.errstate(all="ignore"):
            for op in block.ops:
                if op.name == "arch.return":
                    return [frame.scope[operand] for operand in op.operands]
                self.statement(op, frame, path)
        raise ValueError(f"{name} does not return")

    def statement(self, op: ir.Op, frame: Frame, path: str) -> None:
        scope = frame.scope
        if op.name == "arch.call":
            inner = within(path, op.attributes["path"])
            results = self.call(op.attributes["callee"].lstrip("@"), [scope[o] for o in op.operands], inner)
            scope.update(zip(op.results, results, strict=True))
        elif op.name == "arch.get":
            place = self.stored(path, op.attributes["path"])
            value = self.written.get(place, self.values[place])
            scope[op.results[0]] = value if self.variables[place]["param"] else real(value)
        elif op.name == "arch.set":
            self.written[self.stored(path, op.attributes["path"])] = real(scope[op.operands[0]])
        elif op.name == "arch.record":
            name = joined(path, op.attributes["name"])
            self.records.append((op.attributes["kind"], name, scope[op.operands[0]]))
        elif op.name == "arch.minimise":
            self.minimise(scope[op.operands[0]], op.attributes.get("objective"))
        elif op.name == "arch.define":
            scope[op.results[0]] = self.define(op, scope)
        elif op.name == "arch.draw":
            scope[op.results[0]] = self.draw(op, path)
        elif op.name == "arch.stop_gradient":
            scope[op.results[0]] = real(scope[op.operands[0]]).copy()
        else:
            self.element(op, frame)

    def draw(self, op: ir.Op, path: str):
        kind, a = op.types[0], op.attributes
        name = joined(path, a["path"])
        number, self.draws[name] = self.draws[name], self.draws[name] + 1
        name += f"@{number}" if number else ""
        number = self.times.get("draw", self.times["step"])
        return philox.draw(case(a["distribution"]), a["a"], a["b"], kind.shape, self.times["seed"], number, name)

    # Elements

    def define(self, op: ir.Op, scope: dict):
        kind = op.types[0]
        frame = Frame(dict(scope), list(kind.shape))
        # Tensors are read, and never take part as elements.
        (value,) = self.block(op.regions[0][0], frame, 0)
        if any(np.any(place) for place in frame.outside):
            raise Outside(f"a definition of {kind} reads outside")
        return np.array(frame.full(like(kind.element, value)))

    def block(self, block: ir.Block, frame: Frame, axis: int) -> list:
        for place, name in enumerate(block.arguments):
            frame.scope[name] = frame.index(axis + place)
        for op in block.ops:
            if op.name == "arch.yield":
                return [frame.get(operand) for operand in op.operands]
            self.element(op, frame)
        raise ValueError("a block does not yield")

    def element(self, op: ir.Op, frame: Frame) -> None:
        handler = getattr(self, op.name.replace(".", "_"), None)
        if handler:
            value = handler(op, frame)
        else:
            value = self.scalar(op, [frame.get(operand) for operand in op.operands])
        if not isinstance(op.types[0], ir.Tensor):
            value = like(op.types[0], value)
        frame.scope[op.results[0]] = value

    @staticmethod
    def scalar(op: ir.Op, operands: list):
        if op.name == "arith.cmpi":
            return COMPARE_I[op.attributes["predicate"]](*operands)
        if op.name == "arith.cmpf":
            return COMPARE_F[op.attributes["predicate"]](*map(real, operands))
        if op.name == "arith.fptosi":
            return np.trunc(real(operands[0]))
        if op.name in CASTS:
            return operands[0]
        return SCALAR[op.name](*operands)

    def arith_constant(self, op, frame):
        """A number, or a table."""
        value, kind = op.attributes["value"], op.types[0]
        return ir.dense(value[1], kind) if isinstance(kind, ir.Tensor) else np.asarray(value)

    def arch_run_time(self, op, frame):
        return np.asarray(self.times[op.attributes["name"]])

    def tensor_from_elements(self, op, frame):
        return np.reshape([frame.scope[o] for o in op.operands], op.types[0].shape)

    def tensor_extract(self, op, frame):
        return frame.scope[op.operands[0]][()]

    def arch_read(self, op, frame):
        tensors, places, _ = op.attributes["operandSegmentSizes"]
        tensor = frame.scope[op.operands[0]]
        inside, place = np.asarray(True), []
        for name, extent in zip(op.operands[1 : 1 + places], tensor.shape, strict=True):
            index = frame.get(name)
            inside = inside & (index >= 0) & (index < extent)
            place.append(np.clip(index, 0, extent - 1))
        value = tensor[tuple(place)] if place else tensor
        if len(op.operands) > 1 + places:
            return np.where(inside, value, frame.get(op.operands[-1]))
        if not np.all(inside):
            frame.outside.append(~inside)
        return value

    def arch_if(self, op, frame):
        condition = frame.get(op.operands[0])
        values = []
        for region, taken in zip(op.regions, (condition, ~condition)):
            inner = Frame(frame.scope, frame.extents)
            (value,) = self.block(region[0], inner, 0)
            frame.outside += [place & taken for place in inner.outside]
            values.append(value)
        return np.where(condition, *values)

    def closed(self, op, frame, extents):
        """The element and what is kept, over one more axis and the open indices; an open
        index on which neither depends has the extent 1."""
        inner = frame.deeper(extents)
        value, *keep = self.block(op.regions[0][0], inner, len(frame.extents))
        keep = inner.padded(keep[0] if keep else True)
        axes = tuple(range(len(frame.extents), len(inner.extents)))

        def over(*arrays):
            opened = np.broadcast_shapes(*(array.shape[: len(frame.extents)] for array in arrays))
            return opened + tuple(extents)

        for place in map(inner.padded, inner.outside):
            frame.outside.append(np.any(np.broadcast_to(place & keep, over(place, keep)), axis=axes))
        value = inner.padded(value)
        shape = over(value, keep)
        flat = shape[: len(frame.extents)] + (-1,)
        return np.broadcast_to(value, shape).reshape(flat), np.broadcast_to(keep, shape).reshape(flat)

    def arch_reduce(self, op, frame):
        return REDUCE[case(op.attributes["kind"])](*self.closed(op, frame, op.attributes["extents"]))

    def arch_softmax(self, op, frame):
        shares = softmax(*self.closed(op, frame, [op.attributes["extent"]]))
        place = frame.padded(frame.get(op.operands[0]))
        opened = np.broadcast_shapes(shares.shape[:-1], place.shape)
        return first(np.broadcast_to(shares, opened + shares.shape[-1:]), np.broadcast_to(place, opened))


def joined(path: str, name: str) -> str:
    return ".".join(part for part in (path, name) if part)


def within(path: str, relative: str) -> str:
    """A path of the caller's instance, or from the root where it begins with /."""
    return relative[1:] if relative.startswith("/") else joined(path, relative)
