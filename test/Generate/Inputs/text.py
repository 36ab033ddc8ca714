"""Writes kernels as MLIR text: each method appends an operation, returns its name.

    k = Kernel("square", [("x", (5, 7), "f32")], box=(5, 7), row=0)
    k.write([k.map("mulf", "x", "x")])
"""

LETTERS = "abcdefgh"


def tensor(shape, element):
    return "tensor<" + "".join(f"{n}x" for n in shape) + element + ">"


def module(kernels):
    return "module {\n" + "".join(kernels) + "}\n"


def affine(inputs, extents):
    """Indexing map from loops to the named letters."""
    loops = ", ".join(f"d{i}" for i in range(extents))
    return f"affine_map<({loops}) -> ({', '.join(f'd{LETTERS.index(c)}' for c in inputs)})>"


class Kernel:
    def __init__(self, name, arguments, family="row", **attributes):
        self.name, self.family, self.attributes = name, family, attributes
        self.shapes = {a: (tuple(shape), element) for a, shape, element in arguments}
        self.arguments = [a for a, _, _ in arguments]
        self.lines = []
        self.count = 0

    def new(self, shape, element, text):
        name = f"v{self.count}"
        self.count += 1
        self.shapes[name] = (tuple(shape), element)
        self.lines.append(text.replace("RESULT", f"%{name}"))
        return name

    def type(self, value):
        return tensor(*self.shapes[value])

    def fill(self, shape, element, value):
        kind = tensor(shape, element)
        self.lines.append(f"%c{self.count} = arith.constant {value} : {element}")
        self.lines.append(f"%e{self.count} = tensor.empty() : {kind}")
        text = f"RESULT = linalg.fill ins(%c{self.count} : {element}) outs(%e{self.count} : {kind}) -> {kind}"
        return self.new(shape, element, text)

    def empty(self, shape, element):
        """`%eN`; a dynamic extent is that of the first argument."""
        extent = ""
        if "?" in shape:
            extent = f"%d{self.count}"
            self.lines.append(f"%z{self.count} = arith.constant 0 : index")
            self.lines.append(f"{extent} = tensor.dim %{self.arguments[0]}, %z{self.count} : {self.type(self.arguments[0])}")
        self.lines.append(f"%e{self.count} = tensor.empty({extent}) : {tensor(shape, element)}")

    def generic(self, spec, inputs, body, element, out=None, partial=False):
        """`spec`: letters of each operand as in einsum; `body` uses %0, %1, ..; %out."""
        reads, write = spec.split("->")
        reads = reads.split(",") if inputs else []
        letters = sorted(set("".join(reads) + write))
        extent = {}
        for value, read in zip(inputs, reads, strict=True):
            extent.update(zip(read, self.shapes[value][0], strict=True))
        if out:
            extent.update(zip(write, self.shapes[out][0], strict=True))
        shape = [extent[c] for c in write]
        if not out:
            self.empty(shape, element)
            init = f"%e{self.count}"
        else:
            init = f"%{out}"
        maps = ", ".join(affine(r, len(letters)) for r in [*reads, write])
        kinds = ", ".join('"parallel"' if c in write else '"reduction"' for c in letters)
        operands = ", ".join(f"%{v}" for v in inputs)
        types = ", ".join(self.type(v) for v in inputs)
        arguments = [f"%i{i}: {self.shapes[v][1]}" for i, v in enumerate(inputs)] + [f"%out: {element}"]
        for i in range(len(inputs)):
            body = body.replace(f"%{i}", f"%i{i}")
        ins = f"ins({operands} : {types}) " if inputs else ""
        mark = "attrs = {kernel.partial} " if partial else ""
        text = (
            f"RESULT = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{kinds}]}} "
            f"{ins}outs({init} : {tensor(shape, element)}) {mark}{{\n    ^bb0({', '.join(arguments)}):\n"
            f"      {body}\n      linalg.yield %r : {element}\n    }} -> {tensor(shape, element)}"
        )
        return self.new(shape, element, text)

    def apply(self, spec, op, *inputs):
        """A floating-point operation of one type: arith or math."""
        element = self.shapes[inputs[0]][1]
        operands = ", ".join(f"%{i}" for i in range(len(inputs)))
        return self.generic(spec, inputs, f"%r = {op} {operands} : {element}", element)

    def constant_op(self, spec, op, value, constant):
        """value OP constant, element by element."""
        element = self.shapes[value][1]
        body = f"%k = arith.constant {constant:.12e} : {element}\n      %r = {op} %0, %k : {element}"
        return self.generic(spec, [value], body, element)

    def sum(self, spec, value, op="arith.addf", neutral="0.0", partial=False):
        element = self.shapes[value][1]
        read, write = spec.split("->")
        shape = [self.shapes[value][0][read.index(c)] for c in write]
        start = self.fill(shape, element, neutral)
        return self.generic(spec, [value], f"%r = {op} %0, %out : {element}", element, start, partial)

    def text(self, results):
        head = ", ".join(f"%{a}: {self.type(a)}" for a in self.arguments)
        kinds = ", ".join(self.type(r) for r in results)
        attributes = [f"family = #kernel.family<{self.family}>"]
        if "box" in self.attributes:
            box = ", ".join(map(str, self.attributes["box"]))
            attributes.append(f"box = array<i64{': ' + box if box else ''}>")
        if "row" in self.attributes:
            attributes.append(f"row = {self.attributes['row']} : i64")
        if self.attributes.get("list"):
            attributes.append("list")
        lines = "\n    ".join(self.lines)
        values = ", ".join(f"%{r}" for r in results)
        return (
            f"  kernel.func @{self.name}({head}) -> ({kinds}) attributes {{{', '.join(attributes)}}} {{\n"
            f"    {lines}\n    kernel.yield {values} : {kinds}\n  }}\n"
        )
