"""Runs tensor programs, and kernels and launch programs, in numpy.

Floats of any type are computed in f64 unless `exact` asks for their own type, so
the answer is a reference for every later stage. Written from docs/architecture.md
and the descriptions of the nn operations; shares no code with lib/."""

import math

import numpy as np

import ir
import philox

try:
    from scipy.special import erf as _erf
except ImportError:
    _erf = np.vectorize(math.erf, otypes=[np.float64])

INTEGERS = {"i1": np.bool_, "i8": np.int8, "i32": np.int32, "i64": np.int64, "index": np.int64}
FLOATS = {"f16": np.float16, "f32": np.float32, "f64": np.float64}


def divide(a, b):
    with np.errstate(all="ignore"):
        return a / b


def quiet(function):
    def call(*values):
        with np.errstate(all="ignore"):
            return function(*values)

    return call


SCALAR = {
    "arith.addf": np.add, "arith.subf": np.subtract, "arith.mulf": np.multiply, "arith.divf": divide,
    "arith.negf": np.negative, "arith.maximumf": np.maximum, "arith.minimumf": np.minimum,
    "arith.maxnumf": np.fmax, "arith.minnumf": np.fmin,
    "arith.addi": np.add, "arith.subi": np.subtract, "arith.muli": np.multiply,
    "arith.divsi": lambda a, b: np.trunc(a / b).astype(np.int64), "arith.floordivsi": np.floor_divide,
    "arith.remsi": np.fmod, "arith.remui": np.fmod, "arith.divui": np.floor_divide,
    "arith.andi": np.bitwise_and, "arith.ori": np.bitwise_or, "arith.xori": np.bitwise_xor,
    "arith.maxsi": np.maximum, "arith.minsi": np.minimum,
    "arith.select": np.where,
    "math.exp": quiet(np.exp), "math.expm1": quiet(np.expm1), "math.log": quiet(np.log),
    "math.log1p": quiet(np.log1p), "math.exp2": quiet(np.exp2), "math.log2": quiet(np.log2),
    "math.sqrt": quiet(np.sqrt), "math.rsqrt": quiet(lambda a: 1 / np.sqrt(a)), "math.tanh": np.tanh,
    "math.sin": np.sin, "math.cos": np.cos, "math.erf": _erf, "math.absf": np.abs,
    "math.powf": quiet(np.power), "math.fma": lambda a, b, c: a * b + c,
    "math.floor": np.floor, "math.ceil": np.ceil, "math.roundeven": np.rint, "math.round": np.round,
}  # fmt: skip

COMPARE_I = [np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal] + [
    np.less, np.less_equal, np.greater, np.greater_equal]  # fmt: skip
COMPARE_F = {1: np.equal, 2: np.greater, 3: np.greater_equal, 4: np.less, 5: np.less_equal, 6: np.not_equal,
             8: np.equal, 9: np.greater, 10: np.greater_equal, 11: np.less, 12: np.less_equal, 13: np.not_equal}  # fmt: skip
COMBINE = {"arith.addf": np.add, "arith.addi": np.add, "arith.mulf": np.multiply,
           "arith.maximumf": np.maximum, "arith.minimumf": np.minimum, "arith.maxnumf": np.fmax,
           "arith.andi": np.logical_and, "arith.ori": np.logical_or}  # fmt: skip


class Program:
    def __init__(self, text: str, exact: bool = False):
        self.module = ir.parse(text)
        self.functions = ir.functions(self.module)
        self.exact = exact

    def dtype(self, element: str):
        if element in INTEGERS:
            return INTEGERS[element]
        return FLOATS[element] if self.exact else np.float64

    def arguments(self, name: str) -> list[tuple[ir.Tensor, dict]]:
        """Type and attributes of each argument."""
        function = self.functions[name]
        block = function.regions[0][0]
        attributes = function.attributes.get("arg_attrs") or [{}] * len(block.types)
        return list(zip(block.types, attributes))

    def results(self, name: str) -> list[dict]:
        function = self.functions[name]
        return function.attributes.get("res_attrs") or []

    def run(self, name: str, inputs) -> list[np.ndarray]:
        block = self.functions[name].regions[0][0]
        scope = {}
        for argument, kind, value in zip(block.arguments, block.types, inputs, strict=True):
            array = np.asarray(value, dtype=self.dtype(kind.element))
            expected = tuple(a if b is None else b for a, b in zip(array.shape, kind.shape, strict=True))
            if array.shape != expected:
                raise ValueError(f"{name}: {argument} has shape {array.shape}, not {kind.shape}")
            scope[argument] = array
        return self.block(block, scope)

    def block(self, block: ir.Block, scope: dict) -> list[np.ndarray]:
        for op in block.ops:
            operands = [scope[operand] for operand in op.operands]
            if op.name in ("func.return", "kernel.yield", "nn.yield", "linalg.yield"):
                return operands
            results = self.op(op, operands, scope)
            for name, value in zip(op.results, results, strict=True):
                scope[name] = value
        return []

    def op(self, op: ir.Op, operands: list, scope: dict) -> list:
        handler = getattr(self, op.name.replace(".", "_"), None)
        if handler:
            result = handler(op, operands, scope)
        else:
            result = self.scalar(op, operands)
        return list(result) if isinstance(result, tuple) else [result]

    # Scalars, vectorised over whatever shape the operands have

    def scalar(self, op: ir.Op, operands: list):
        if op.name == "arith.cmpi":
            predicate = op.attributes["predicate"]
            return COMPARE_I[predicate](*operands)
        if op.name == "arith.cmpf":
            with np.errstate(all="ignore"):
                return COMPARE_F[op.attributes["predicate"]](*operands)
        if op.name in ("arith.index_cast", "arith.extf", "arith.truncf", "arith.sitofp", "arith.uitofp",
                       "arith.extsi", "arith.extui", "arith.trunci", "arith.fptosi", "arith.index_castui"):  # fmt: skip
            return np.asarray(operands[0]).astype(self.dtype(op.types[0]))
        if op.name not in SCALAR:
            raise NotImplementedError(op.name)
        result = SCALAR[op.name](*operands)
        element = op.types[0]
        return np.asarray(result).astype(self.dtype(element), copy=False)

    def arith_constant(self, op, operands, scope):
        value, kind = op.attributes["value"], op.types[0]
        if isinstance(kind, str):
            return np.asarray(value, dtype=self.dtype(kind))
        return ir.dense(value[1], kind).astype(self.dtype(kind.element))

    # linalg

    def linalg_fill(self, op, operands, scope):
        return np.full_like(operands[1], operands[0])

    def linalg_index(self, op, operands, scope):
        return scope["indices"][op.attributes["dim"]]

    def linalg_generic(self, op, operands, scope):
        segments = op.attributes["operandSegmentSizes"]
        maps = op.attributes["indexing_maps"]
        reduced = [i for i, kind in enumerate(op.attributes["iterator_types"]) if "reduction" in kind]
        extents = self.extents(maps, operands)
        inputs, outputs = operands[: segments[0]], operands[segments[0] :]
        block = op.regions[0][0]
        yields = block.ops[-1].operands
        grids = np.ogrid[tuple(slice(n) for n in extents)] if extents else []
        inner = dict(scope) | {"indices": grids}
        for name, array, map_ in zip(block.arguments, inputs, maps):
            inner[name] = self.spread(array, map_, extents, grids)
        results = []
        for position, (name, array, map_) in enumerate(zip(block.arguments[segments[0] :], outputs, maps[segments[0] :])):
            out = self.one_result(block, yields[position], name, array, map_, extents, reduced, inner)
            results.append(out.astype(array.dtype, copy=False))
        return tuple(results)

    @staticmethod
    def extents(maps, operands) -> list[int]:
        extents: dict[int, int] = {}
        for map_, array in zip(maps, operands):
            for result, size in zip(map_.results, array.shape):
                if result in map_.dims:
                    extents[map_.dims.index(result)] = size
        return [extents[i] for i in range(len(maps[0].dims))]

    @staticmethod
    def spread(array, map_: ir.AffineMap, extents, grids):
        """The array over the loops, with extent 1 where it does not depend."""
        places = map_.projected()
        if places is None:
            indices = map_.apply(grids)
            for index, size in zip(indices, array.shape):
                if np.min(index) < 0 or np.max(index) >= size:
                    raise IndexError("a generic reads outside")
            return array[tuple(indices)]
        order = sorted(range(len(places)), key=lambda i: places[i])
        shape = [extents[i] if i in places else 1 for i in range(len(extents))]
        return array.transpose(order).reshape(shape)

    def one_result(self, block, result, name, init, map_, extents, reduced, scope):
        combine = None
        steps = block.ops[:-1]
        if reduced:
            last = next(op for op in steps if op.results == [result])
            if name not in last.operands:
                raise NotImplementedError("a reduction that does not end in its accumulator")
            combine = COMBINE[last.name]
            result = next(operand for operand in last.operands if operand != name)
            steps = [op for op in steps if op is not last]
        elif any(name in op.operands for op in steps):
            scope = scope | {name: self.spread(init, map_, extents, scope["indices"])}
        fast = self.einsum(steps, result, map_, extents, reduced, scope) if combine is np.add else None
        if fast is not None:
            return init + fast
        local = dict(scope)
        for op in steps:
            for target, value in zip(op.results, self.op(op, [local[o] for o in op.operands], local)):
                local[target] = value
        value = np.broadcast_to(local[result], extents)
        places = map_.projected()
        if combine is not None:
            value = combine.reduce(value, axis=tuple(reduced))
            kept = [i for i in range(len(extents)) if i not in reduced]
            places = [kept.index(place) for place in places]
        value = value.transpose(places)
        return combine(init, value) if combine is not None else np.array(value)

    @staticmethod
    def einsum(steps, result, map_, extents, reduced, scope):
        """A product of two under a sum, without its box."""
        if len(steps) != 1 or steps[0].name != "arith.mulf" or steps[0].results != [result]:
            return None
        operands = []
        for operand in steps[0].operands:
            array = scope[operand]
            if array.ndim != len(extents):
                return None
            axes = [i for i in range(len(extents)) if array.shape[i] != 1 or extents[i] == 1]
            operands += [array.reshape([extents[i] for i in axes]), axes]
        covered = set(operands[1]) | set(operands[3])
        if covered != set(range(len(extents))):
            return None
        return np.einsum(*operands, map_.projected(), optimize=True)

    # Views

    def tensor_empty(self, op, operands, scope):
        kind = op.types[0]
        poison = np.nan if kind.element in FLOATS else 0
        dynamic = iter(operands)
        shape = [int(next(dynamic)) if n is None else n for n in kind.shape]
        return np.full(shape, poison, dtype=self.dtype(kind.element))

    def tensor_dim(self, op, operands, scope):
        return operands[0].shape[int(operands[1])]

    def reshape(self, op, operands, scope):
        return operands[0].reshape(op.types[0].shape)

    tensor_expand_shape = tensor_collapse_shape = reshape

    @staticmethod
    def window(op):
        offsets, sizes, strides = (op.attributes["static_" + name] for name in ("offsets", "sizes", "strides"))
        return tuple(slice(o, o + s * t, t) for o, s, t in zip(offsets, sizes, strides))

    def tensor_extract_slice(self, op, operands, scope):
        return operands[0][self.window(op)].reshape(op.types[0].shape)

    def tensor_insert_slice(self, op, operands, scope):
        result = operands[1].copy()
        window = self.window(op)
        result[window] = operands[0].reshape(result[window].shape)
        return result

    def tensor_concat(self, op, operands, scope):
        return np.concatenate(operands, axis=op.attributes["dim"])

    def tensor_pad(self, op, operands, scope):
        value = self.block(op.regions[0][0], dict(scope) | {a: 0 for a in op.regions[0][0].arguments})
        yielded = op.regions[0][0].ops[-1].operands[0]
        value = scope[yielded] if not value else value[0]
        widths = list(zip(op.attributes["static_low"], op.attributes["static_high"]))
        return np.pad(operands[0], widths, constant_values=np.asarray(value).item())

    def tensor_yield(self, op, operands, scope):
        return ()

    # nn

    def nn_gather(self, op, operands, scope):
        table, indices = operands
        return table[indices]

    def nn_scatter_add(self, op, operands, scope):
        init, indices, updates = operands
        result = init.copy()
        np.add.at(result, indices, updates)
        return result

    def nn_scatter(self, op, operands, scope):
        init, indices, updates = operands
        result = init.copy()
        for place in np.ndindex(indices.shape):
            if indices[place] >= 0:
                result[indices[place]] = updates[place]
        return result

    def nn_moments(self, op, operands, scope):
        axes = tuple(op.attributes["dimensions"])
        mean = operands[0].mean(axis=axes, keepdims=True)
        return mean.squeeze(axes), ((operands[0] - mean) ** 2).sum(axis=axes)

    def nn_logsumexp(self, op, operands, scope):
        return logsumexp(operands[0], tuple(op.attributes["dimensions"]))

    def nn_softmax(self, op, operands, scope):
        axis = op.attributes["dimension"]
        lse = logsumexp(operands[0], (axis,))
        return np.exp(operands[0] - np.expand_dims(np.where(np.isinf(lse), 0, lse), axis))

    def nn_argmax(self, op, operands, scope):
        return operands[0].argmax(axis=op.attributes["dimension"]).astype(self.dtype(op.types[0].element))

    def nn_random(self, op, operands, scope):
        seed, step = map(int, operands)
        a = op.attributes
        kind = a["distribution"].rstrip(">").split()[-1]
        return philox.draw(kind, a["a"], a["b"], op.types[0].shape, seed, step, a["path"])

    def nn_stop_gradient(self, op, operands, scope):
        return operands[0]

    # Attention: q [B, T, H, D], k [B, S, G, D], v [B, S, G, E]; scores are [B, H, T, S]

    def score(self, region, s, captures, maps, *more):
        """What the region yields, over [B, H, T, S]."""
        grids = list(np.ogrid[tuple(slice(n) for n in s.shape)])
        block = region[0]
        values = [s, *grids]
        values += [capture[tuple(map_.apply(grids))] for capture, map_ in zip(captures, maps)]
        scope = dict(self.outer) | dict(zip(block.arguments, values + list(more), strict=True))
        return [np.broadcast_to(value, s.shape) for value in self.block(block, scope)]

    def nn_attention(self, op, operands, scope):
        self.outer = scope
        q, k, v, *captures = operands
        share = q.shape[2] // k.shape[2]
        keys, values = (np.repeat(x, share, axis=2) for x in (k, v))
        s = np.einsum("bihd,bjhd->bhij", q, keys)
        score, keep = self.score(op.regions[0], s, captures, op.attributes["capture_maps"])
        masked = np.where(keep, score, -np.inf)
        lse = logsumexp(masked, (3,))
        p = np.exp(masked - np.where(np.isinf(lse), 0, lse)[..., None])
        return np.einsum("bhij,bjhe->bihe", p, values), lse

    def nn_attention_grad(self, op, operands, scope):
        self.outer = scope
        q, k, v, out, lse, grad, *captures = operands
        maps = op.attributes["capture_maps"]
        groups = k.shape[2]
        share = q.shape[2] // groups
        keys, values = (np.repeat(x, share, axis=2) for x in (k, v))
        s = np.einsum("bihd,bjhd->bhij", q, keys)
        score, keep = self.score(op.regions[0], s, captures, maps)
        safe = np.where(np.isinf(lse), 0, lse)[..., None]
        p = np.where(keep, np.exp(np.where(keep, score, -np.inf) - safe), 0)
        dp = np.einsum("bihe,bjhe->bhij", grad, values)
        row = np.einsum("bihe,bihe->bhi", grad, out)[..., None]
        ds, *dcaptures = self.score(op.regions[1], s, captures, maps, p * (dp - row))
        ds = np.where(keep, ds, 0)

        def grouped(x):
            return x.reshape(*x.shape[:2], groups, share, x.shape[3]).sum(axis=3)

        dq = np.einsum("bhij,bjhd->bihd", ds, keys)
        dk = grouped(np.einsum("bhij,bihd->bjhd", ds, q))
        dv = grouped(np.einsum("bhij,bihe->bjhe", p, grad))
        floats = [(c, m) for c, m in zip(captures, maps) if c.dtype.kind == "f"]
        sums = []
        for (capture, map_), part in zip(floats, dcaptures, strict=True):
            total = np.zeros_like(capture)
            grids = list(np.ogrid[tuple(slice(n) for n in s.shape)])
            index = np.broadcast_arrays(*map_.apply(grids), s)[:-1]
            kept = np.where(keep, part, 0)
            np.add.at(total, tuple(index) or (), kept if index else kept.sum())
            sums.append(total)
        return (dq, dk, dv, *sums)

    # Launches

    def kernel_launch(self, op, operands, scope):
        name = op.attributes["callee"].lstrip("@")
        function = self.functions[name]
        if not function.attributes.get("list"):
            return tuple(self.run(name, operands))
        formal = function.regions[0][0].types
        arity = len(formal)
        results = []
        for start in range(0, len(operands), arity):
            part = operands[start : start + arity]
            flat = [x.reshape(-1) if kind.shape else x for x, kind in zip(part, formal)]
            count = len(results)
            for value in self.run(name, flat):
                results.append(value.reshape(op.types[len(results)].shape))
            assert len(results) > count
        return tuple(results)


def logsumexp(x, axes):
    top = x.max(axis=axes, keepdims=True)
    safe = np.where(np.isinf(top), 0, top)
    with np.errstate(divide="ignore"):
        return (np.log(np.exp(x - safe).sum(axis=axes, keepdims=True)) + safe).squeeze(axes)


