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
        value = self.scope[name]
        return value.reshape(value.shape + (1,) * (len(self.extents) - value.ndim))

    def index(self, axis: int):
        shape = [1] * len(self.extents)
        shape[axis] = -1
        return np.arange(self.extents[axis]).reshape(shape)

    def full(self, value):
        return np.broadcast_to(value, self.extents)


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
        return {path: entry["type"] for path, entry in self.variables.items() if entry["param"]}

    def states(self) -> dict[str, ir.Tensor]:
        return {path: entry["type"] for path, entry in self.variables.items() if not entry["param"]}

    def fields(self) -> dict[str, tuple[ir.Tensor, int]]:
        """Type and bound of each field of the data."""
        function = self.functions[self.train.attributes["step"].lstrip("@")]
        types = function.regions[0][0].types
        attributes = function.attributes.get("arg_attrs") or [{}] * len(types)
        return {a["nn.name"]: (t, a.get("nn.bound", 0)) for t, a in zip(types, attributes)}

    # Whole functions

    def forward(self, values: dict, data: dict, times: dict, what: str = "step"):
        """(loss, metrics, next states); `times` has step, steps and seed."""
        self.start(values, times)
        callee = self.train.attributes[what].lstrip("@")
        (loss,) = self.call(callee, [np.asarray(data[name]) for name in self.fields()], "")
        for kind, _, value in self.records:
            loss = loss + value if kind == "loss" else loss
        metrics: dict[str, np.ndarray] = {}
        for kind, name, value in self.records:
            if kind == "metric":  # recorded twice under one name is one sum
                metrics[name] = metrics.get(name, 0) + value
        return loss, metrics, dict(self.written)

    def update(self, values: dict, gradients: dict, times: dict):
        """(rate, next parameters and moments)."""
        self.start(values, times)
        rate = None
        after = {}
        for op in self.train.regions[0][0].ops:
            path, at = op.attributes["parameter"], op.attributes["instance"]
            arguments = [values[path], gradients[path]]
            (after[path],) = self.call(op.attributes["callee"].lstrip("@"), arguments, at)
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
        return philox.draw(case(a["distribution"]), a["a"], a["b"], kind.shape, self.times["seed"], self.times["step"], name)

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
        return np.asarray(op.attributes["value"])

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
        """The element and what is kept, over the open indices and one more axis."""
        inner = frame.deeper(extents)
        value, *keep = self.block(op.regions[0][0], inner, len(frame.extents))
        keep = inner.full(keep[0] if keep else True)
        axes = tuple(range(len(frame.extents), len(inner.extents)))
        for place in inner.outside:
            frame.outside.append(np.any(inner.full(place) & keep, axis=axes))
        flat = tuple(frame.extents) + (-1,)
        return inner.full(value).reshape(flat), keep.reshape(flat)

    def arch_reduce(self, op, frame):
        return REDUCE[case(op.attributes["kind"])](*self.closed(op, frame, op.attributes["extents"]))

    def arch_softmax(self, op, frame):
        shares = softmax(*self.closed(op, frame, [op.attributes["extent"]]))
        place = frame.full(frame.get(op.operands[0]))
        return first(shares, place)


def joined(path: str, name: str) -> str:
    return ".".join(part for part in (path, name) if part)


def within(path: str, relative: str) -> str:
    """A path of the caller's instance, or from the root where it begins with /."""
    return relative[1:] if relative.startswith("/") else joined(path, relative)
