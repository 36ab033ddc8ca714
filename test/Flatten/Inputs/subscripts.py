"""subscripts.arch by loops."""


def loss(v):
    n, m = 6, 4
    x = v["sliced"]
    total = sum(x[i + 2, j] ** 2 for i in range(3) for j in range(m))
    total += sum(v["fixed"][i, 1] ** 2 + v["fixed"][i, 3] for i in range(n))
    total += sum(v["strided"][2 * i, j] ** 3 for i in range(3) for j in range(m))
    total += sum(v["moved"][i + 1] * v["moved"][i + 2] for i in range(4))

    def read(array, i, outside):
        return array[i] if 0 <= i < len(array) else outside

    p = v["padded"]
    total += sum(read(p, i - 2, 0) * p[i] + read(p, i + 1, 0.5) ** 2 for i in range(n))
    total += sum(read(v["lagged"], t - j, 0) ** 2 * v["filter"][j] for t in range(n) for j in range(3))
    total += sum(v["pairs"][i, k * 2 + r] ** 2 * v["pairs"][i, k * 2] ** 2 for i in range(n) for k in range(2) for r in range(2))
    total += sum((v["merged"][q // m, q % m] ** 2) ** 2 * (q + 1) for q in range(n * m))
    total += sum(v["turned"][i, j] ** 2 * x[i, j] for i in range(n) for j in range(m))
    total += sum(v["diagonal"][i, i] ** 2 for i in range(n))
    total += sum(sum(v["window"][s] for s in range(t + 1)) ** 2 for t in range(n))
    total += sum(sum(v["overlap"][2 * u + w] * v["filter"][w] for w in range(3)) ** 2 for u in range(n - 1))
    tokens = v["tokens"]
    rows, length = tokens.shape
    places = [(b, t) for b in range(rows) for t in range(length)]
    total += sum(v["table"][tokens[b, t], j] ** 2 for b, t in places for j in range(m)) / (rows * length * m)
    total += sum(v["logits"][t, tokens[b, t]] ** 2 for b, t in places)
    total += sum(
        v["shared"][i // 3, j] * x[i, j] + v["shared"][i % 2, j] ** 2 * v["turned"][i, j] for i in range(n) for j in range(m)
    )
    return total
