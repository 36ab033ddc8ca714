"""Sizes that are no multiples of a vector, a tile or each other: every tail of
every kernel runs. For comparisons step by step, and smaller ones where a loss
is computed once for each perturbed value."""

from zoo import Autoencoder, Config, Gpt, Mlp, Ngram

ODD: dict[str, Config] = {
    "gpt": Gpt(vocab=65, width=72, depth=2, heads=3, context=37, window=37, batch=5),
    "mlp": Mlp(inputs=37, hidden=53, classes=7, batch=11),
    "autoencoder": Autoencoder(inputs=37, hidden=29, code=5, batch=11),
    "ngram": Ngram(vocab=65, width=9, hidden=31, context=5, window=7, batch=11),
}

TINY: dict[str, Config] = {
    "gpt": Gpt(vocab=65, width=18, depth=2, heads=3, context=9, window=7, batch=3),
    "mlp": Mlp(inputs=11, hidden=13, classes=7, batch=5),
    "autoencoder": Autoencoder(inputs=11, hidden=9, code=5, batch=5),
    "ngram": Ngram(vocab=65, width=5, hidden=7, context=5, window=7, batch=5),
}
