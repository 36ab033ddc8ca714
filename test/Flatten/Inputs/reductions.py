"""reductions.arch by loops."""

import numpy as np

N, M = 5, 4


def variance(x):
    return ((x - x.mean()) ** 2).mean() if len(x) else 0.0


def softmax(x):
    e = np.exp(x - x.max()) if len(x) else x
    return e / e.sum() if len(x) else x


def lse(x):
    return np.log(np.exp(x).sum())


def loss(v):
    total = 0.0
    p = np.array([softmax(row) for row in v["shares"]])
    few = np.zeros((N, M))
    for i in range(N):
        few[i, :i] = softmax(v["shares"][i, :i])
    for i in range(N):
        row = {name: v[name][i] for name in v if v[name].shape == (N, M)}
        plain = (row["summed"] ** 3).sum() + (row["averaged"] ** 2).mean() + row["multiplied"].prod()
        ordered = row["greatest"].max() * row["least"].min()
        whole = np.sqrt((row["length"] ** 2).sum()) + variance(row["spread"]) + lse(row["pooled"])
        some = (row["summed"][:i] ** 2).sum() + ((row["averaged"][:i] ** 2).mean() if i else 0.0)
        more = row["multiplied"][:i].prod() + np.sqrt((row["length"][1:] ** 2).sum())
        rest = variance(row["spread"][: i + 1]) + row["greatest"][: i + 1].max()
        pool = lse(row["pooled"][: i + 1])
        seen = min(i + 1, M) + (1.5 if (row["summed"] > 1).any() else 2.5)
        total += plain * ordered + whole**2 + some * more + rest * pool + seen * whole
    total += (p * few + few**2 * v["summed"]).sum()
    total += (v["greatest"] + 3 * v["least"]).max()
    total += sum(np.sqrt(x) for x in v["roots"] if x > 0)
    total += sum(np.log(x) if x > 0 else x**2 for x in v["branch"])
    chosen = [t for t in v["tokens"].ravel() if t > 1]
    return total + np.mean([v["summed"][t, 0] ** 2 for t in chosen])
