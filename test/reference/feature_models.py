"""What each Inputs/NAME.arch of feature.py must compute, in PyTorch."""

import torch
import torch.nn.functional as F


def sines(values: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """mean(sin(v)) of each as the metric `NAME_`, and their sum as the loss."""
    metrics = {f"{name}_": torch.sin(value).mean() for name, value in values.items()}
    return {"loss": sum(metrics.values()), **metrics}


class Probe:
    """One step on parameters alone."""

    batch = 4

    def fields(self, random, rows: int):
        return {"x": random.standard_normal(rows)}


class windows(Probe):
    def run(self, p, d):
        image, line, cube = p["image"], p["line"], p["cube"]
        padded = F.pad(image, (2, 20, 2, 20))
        grouped = F.conv2d(padded, p["grouped"], stride=2, dilation=3, groups=3)
        flipped = torch.stack([
            sum(F.pad(line, (j, 0))[..., :17] * p["long"][0, 0, j] for j in range(4))
        ])[0]
        return sines({
            "a": F.conv2d(image, p["plain"], padding=1),
            "b": F.conv2d(F.pad(image, (0, 9, 1, 9)), p["strided"], stride=(2, 3))[:, :, :4, :3],
            "c": grouped[:, :, :3, :4],
            "d": F.conv2d(image, p["dilated"], dilation=(4, 2)),
            "e": F.conv1d(F.pad(line, (4, 20)), p["long"], stride=3, dilation=2)[..., :6],
            "f": F.conv3d(F.pad(cube, (1, 9, 1, 9, 1, 9)), p["deep"], stride=2)[:, :, :3, :3, :4],
            "g": F.max_pool2d(F.pad(image, (1, 9, 1, 9), value=-torch.inf), 3, 2)[:, :, :4, :5],
            "m": F.avg_pool2d(image, 2, 2),
            "q": F.avg_pool2d(image, (3, 2), 2)[:, :, :3, :4],
            "r": flipped,
        })


class scatter:
    batch = 7

    def fields(self, random, rows: int):
        return {"at": random.integers(0, 5, rows), "row": random.integers(0, 4, rows),
                "column": random.integers(0, 6, rows)}

    def run(self, p, d):
        x, table, grid = p["x"], p["table"], p["grid"]
        at, row, column = (d[key].tolist() for key in ("at", "row", "column"))
        a, b, e = (list(table) for _ in range(3))
        c = [list(line) for line in grid]
        f, g = [torch.zeros(3)] * 14, [[torch.zeros(())] * 5 for _ in range(3)]
        h = [list(line) for line in x]
        inbox, hits = [[torch.zeros(3)] * 2 for _ in range(5)], [0] * 5
        for n in range(7):
            a[at[n]] = x[n]
            if n != 2:
                b[at[n]] = b[at[n]] + x[n] ** 2
            if row[n] < 3:
                c[row[n]][column[n]] = x[n, 0]
            if at[n] + 2 < 5:
                e[at[n] + 2] = torch.sin(x[n])
            f[2 * n + 1] = x[n]
            for k in range(3):
                g[k][at[n]] = g[k][at[n]] + x[n, k]
                h[(at[n] + k) % 7][k] = 2 * x[n, k]
            if hits[at[n]] < 2:
                inbox[at[n]][hits[at[n]]] = x[n]
            hits[at[n]] += 1

        def joined(rows):
            return torch.stack([joined(row) if isinstance(row, list) else row for row in rows])

        return sines({"a": joined(a), "b": joined(b), "c": joined(c), "e": joined(e), "f": joined(f), "g": joined(g),
                      "h": joined(h), "inbox": joined(inbox), "hits": torch.tensor(hits, dtype=torch.float64)})


class tables:
    batch = 4

    def fields(self, random, rows: int):
        return {"y": random.standard_normal((rows, 4))}

    def run(self, p, d):
        w, x = p["w"], p["x"]
        slope = torch.tensor([2.0 ** (-8 * (h + 1) / 4) for h in range(4)], dtype=torch.float64)
        order = [int(f"{i:03b}"[::-1], 2) for i in range(8)]
        grid = torch.tensor([10.0 * (k // 4) + k % 4 for k in range(8)], dtype=torch.float64)
        b = x
        for i in (0, 0, 1, 1):
            b = torch.tanh(b * p[f"blocks.{i}.gain"])
        half = 0.5 * x**2
        power = x[:, :3] * x[:, 1:]
        even = torch.arange(8) % 2 == 0
        return sines({
            "a": w * slope[:, None] + x[order].T * grid,
            "b": b,
            "c": torch.tanh(torch.tanh(x)) + 0.5 * half**2,
            "d": x * (x**2).detach() + w.T.detach() * x,
            "e": torch.where(even, (power * power.flip(1)).sum(1), x[:, 0]),
            "f": (x * slope).max(1).values - (x * slope).min(1).values,
        })

    def first(self, params):
        """The first values that the text gives."""
        slope = [2.0 ** (-8 * (h + 1) / 4) for h in range(4)]
        order = [int(f"{i:03b}"[::-1], 2) for i in range(8)]
        return {"w": [[slope[h] * order[k] + sum(0.1 * m for m in range(5) if m <= k) for k in range(8)]
                      for h in range(4)]}


class lists:
    batch = 4

    def fields(self, random, rows: int):
        return {"x": random.standard_normal((rows, 4))}

    def run(self, p, d):
        x, a, c, w = d["x"].double(), p["a"], p["c"], p["w"]
        parts = [p[f"net.{layer}.{kind}"] for layer in (0, 2) for kind in ("weight", "bias")]
        layers = [x]
        for number in range(2):
            layers.append(torch.tanh(layers[number] @ p[f"pair.{number}.weight"].T))
        stack = torch.stack(layers)
        share = torch.tensor([[1.0, 0.5], [0.25, 2.0]], dtype=torch.float64)
        kept = torch.tril(torch.ones(4, 4, dtype=torch.float64))
        scaled = x * w.diagonal()
        return sines({
            "n": F.linear(torch.tanh(F.linear(x, parts[0], parts[1])), parts[2], parts[3]),
            "d": (a[:, None] * stack).sum(0),
            "e": (a[:, None] * stack[..., [2, 0, 3, 1]]).sum(0),
            "f": x[..., None] * (share @ c),
            "g": x @ w.T,
            "h": ((x[:, None] * w * kept) ** 2).sum(-1).sqrt() + 0.5,
            "p": 2 * scaled / scaled.norm(dim=-1, keepdim=True),
            "q": torch.einsum("bi,io,oi->b", x, w, w),
            "m": x @ w.T,
            "w": sum((part * torch.sin(part)).sum() for part in parts),
        })


class states:
    batch = 4
    keeps = ("calls", "mean")
    steps = 3

    def fields(self, random, rows: int):
        return {"x": random.standard_normal((rows, 3))}

    def __init__(self):
        self.calls, self.means = {}, {}

    def layer(self, name, call, p, x):
        self.calls[call] = self.calls.get(call, 0) + 1
        y = torch.tanh(x @ p[f"{name}.weight"].T) + 0.01 * self.calls[call]
        old = self.means.get(call, torch.zeros(3, dtype=torch.float64))
        mean = 0.5 * old + 0.5 * y.mean(0)
        self.means[call] = mean.detach()
        return y, mean, 0.1 * (y**2).mean(), y.max(1).values.mean()

    def run(self, p, d):
        a, mean_a, size_a, top_a = self.layer("first", 0, p, d["x"])
        b, mean_b, size_b, top_b = self.layer("layers.0", 1, p, a)
        c, mean_c, size_c, top_c = self.layer("first", 2, p, b)
        loss = (c[:, 0] ** 2).mean() + (mean_a * mean_b + mean_c).sum()
        return {"loss": loss + size_a + size_b + size_c, "first.size": size_a + size_c, "layers.0.size": size_b,
                "first.top": top_a + top_c, "layers.0.top": top_b}


class draws:
    batch = 4096
    keeps = ("drawn",)

    def fields(self, random, rows: int):
        return {"p": random.standard_normal((rows, 3))}

    def check(self, params, log, gradients):
        """Statistics within five deviations, and gradients as the draws say."""
        root = self.batch**0.5
        bounds = {"z0": (0, 5 / root), "z1": (1, 8 / root), "u0": (0.5, 2 / root), "low": (0, 0.01), "high": (1, 0.01),
                  "k0": (0.25, 3 / root), "k2": (0.75, 3 / root), "first": (3, 0.06)}
        wrong = [f"{key} is {log[0][key]}" for key, (centre, far) in bounds.items() if not abs(log[0][key] - centre) <= far]
        slopes = {"centre": (gradients["centre"], [1 / 3] * 3), "width": (gradients["width"][0], log[0]["z0"] / 3),
                  "edge": (gradients["edge"], log[0]["u0"])}
        for key, (made, expected) in slopes.items():
            if not abs(made - expected).max() < 1e-12:
                wrong.append(f"gradient of {key} is {made}, not {expected}")
        return wrong


class running:
    batch = 6

    def fields(self, random, rows: int):
        return {"at": random.integers(0, 13, rows)}

    def run(self, p, d):
        x, y, at = p["x"], p["y"], d["at"]
        total = lambda v: v.cumsum(1)
        values = sines({
            "a": total(x * y) - x * y,
            "c": total(x),
            "d": x.sum(1, keepdim=True) - total(x),
            "e": x.sum(1, keepdim=True) - total(x) + x,
            "f": (total(x) - x) * y,
            "g": (total((x > 0).double()) - (x > 0).double()),
        })
        number = (at.sum() + 100 * (at.max() + 1) + 10000 * at.min()).double()
        return values | {"i_": number, "loss": values["loss"] + number}
