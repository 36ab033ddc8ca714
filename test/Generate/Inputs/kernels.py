"""Runs emitted kernels in this process: text of kernel.funcs in, numpy arrays out.

Buffers lie in one arena with a band of known bytes around each, so that a store
outside of its buffer is found. Needs ogee-opt and ld.lld in PATH, and numpy.
"""
import ctypes
import os
import re
import subprocess
import tempfile

import numpy

BAND = 128
DTYPES = {"f32": numpy.float32, "f64": numpy.float64, "i32": numpy.int32,
          "i64": numpy.int64, "i1": numpy.bool_}


def tensor_type(array):
    name = {v: k for k, v in DTYPES.items()}[array.dtype.type]
    return "tensor<" + "".join(f"{n}x" for n in array.shape) + name + ">"


def run_tool(*arguments, **options):
    done = subprocess.run(arguments, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(" ".join(arguments) + "\n" + done.stderr[:3000])
    return done.stdout


def ask_for_tiles():
    """Linux gives a process tile registers if it asks (arch_prctl(2))."""
    arch_prctl, request, tile_data = 158, 0x1023, 18
    return ctypes.CDLL(None).syscall(arch_prctl, request, tile_data) == 0


class Kernels:
    """Compiled kernels of one module, within the contract of schedule if `verified`."""

    def __init__(self, text, target="native", verified=True):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "kernels.mlir")
        with open(path, "w") as file:
            file.write(text)
        passes = ["--ogee-verify-kernels"] if verified else []
        sized = run_tool("ogee-opt", path, *passes, f"--ogee-size-kernels=target={target}")
        run_tool("ogee-opt", path, "-o", os.devnull,
                 f"--ogee-generate-kernels=target={target} objects={self.folder.name}")
        objects = [os.path.join(self.folder.name, name)
                   for name in os.listdir(self.folder.name) if name.endswith(".o")]
        library = os.path.join(self.folder.name, "kernels.so")
        run_tool("ld.lld", "-shared", "-o", library, *objects)
        ask_for_tiles()
        self.library = ctypes.CDLL(library)
        self.sizes = {}
        for line in sized.splitlines():
            head = re.match(r"\s*kernel\.func @(\w+)\((.*)\) -> (.*) attributes \{(.*)\}", line)
            if head:
                self.sizes[head[1]] = self.parse(head[2], head[3], head[4])

    @staticmethod
    def parse(arguments, results, attributes):
        number = lambda name: int((re.search(rf"\b{name} = (\d+)", attributes) or [0, 0])[1])
        workspaces = re.search(r"workspaces = array<i64(?::([^>]*))?>", attributes) or [0, ""]
        types = lambda text: re.findall(r"tensor<([^>]*)>", text)
        return {"chunks": number("chunks"), "scratch": number("scratch"),
                "workspaces": [int(n) for n in (workspaces[1] or "").split(",") if n.strip()],
                "results": types(results)}

    def __call__(self, name, *operands, order=None, share=()):
        """Results of one launch, chunks in the given order of indices. `share`
        holds pairs (result, operand) that lie in one buffer."""
        launch = Launch(self, name, operands, dict(share))
        launch.run(order)
        return launch.take()


class Launch:
    def __init__(self, kernels, name, operands, share):
        self.sizes = sizes = kernels.sizes[name]
        self.kernel = getattr(kernels.library, name)
        self.finish = getattr(kernels.library, name + "_finish", None)
        self.results = []
        for text in sizes["results"]:
            *shape, kind = text.split("x")
            self.results.append(numpy.zeros([int(n) for n in shape], DTYPES[kind]))
        blocks = [o.nbytes for o in operands] + [r.nbytes for r in self.results]
        blocks += sizes["workspaces"]
        self.offsets, end = [], BAND
        for size in blocks:
            self.offsets.append(end)
            end += (size + 63) // 64 * 64 + BAND
        for result, operand in share.items():
            self.offsets[len(operands) + result] = self.offsets[operand]
        self.arena = self.aligned(end)
        self.arena[:] = 0xA5
        self.scratch = self.aligned(sizes["scratch"] + BAND)
        self.scratch[:] = 0xFF
        self.sizes_of = blocks
        for offset, operand in zip(self.offsets, operands):
            self.arena[offset:offset + operand.nbytes] = numpy.frombuffer(
                operand.tobytes(), numpy.uint8)
        self.count = len(operands)
        self.table = numpy.array(self.offsets, numpy.int64)
        self.before = self.arena.copy()

    @staticmethod
    def aligned(size):
        raw = numpy.empty(size + 64, numpy.uint8)
        start = -raw.ctypes.data % 64
        return raw[start:start + size]

    def call(self, function, chunk):
        pointer = ctypes.c_void_p
        function(pointer(self.arena.ctypes.data), pointer(self.table.ctypes.data),
                 ctypes.c_int64(chunk), pointer(self.scratch.ctypes.data))

    def run(self, order=None):
        for chunk in order if order is not None else range(self.sizes["chunks"]):
            self.call(self.kernel, chunk)
        if self.finish:
            self.call(self.finish, 0)

    def take(self):
        written = numpy.zeros(len(self.arena), bool)
        for offset, size in list(zip(self.offsets, self.sizes_of))[self.count:]:
            written[offset:offset + size] = True
        if not (self.arena == self.before)[~written].all():
            raise AssertionError("a store outside of the results")
        if not (self.scratch[self.sizes["scratch"]:] == 0xFF).all():
            raise AssertionError("a store outside of the scratch")
        out = []
        for offset, result in zip(self.offsets[self.count:], self.results):
            data = self.arena[offset:offset + result.nbytes].tobytes()
            out.append(numpy.frombuffer(data, result.dtype).reshape(result.shape))
        return out


def check(name, got, want, tolerance):
    """Compares with a reference: largest difference relative to the largest value."""
    got, want = numpy.asarray(got, numpy.float64), numpy.asarray(want, numpy.float64)
    assert got.shape == want.shape, (name, got.shape, want.shape)
    assert numpy.array_equal(numpy.isfinite(got), numpy.isfinite(want)), name
    finite = numpy.isfinite(want)
    assert numpy.array_equal(got[~finite], want[~finite], equal_nan=True), name
    scale = numpy.abs(want[finite]).max(initial=1e-30)
    error = numpy.abs(got[finite] - want[finite]).max(initial=0) / scale
    assert error <= tolerance, f"{name}: off by {error:.2e}"
    return error
