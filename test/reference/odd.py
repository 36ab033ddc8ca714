"""Sizes that are no multiples of a vector, a tile or each other: every tail of
every kernel runs. For comparisons step by step, and smaller ones where a loss
is computed once for each perturbed value."""

import numpy as np

from zoo import Autoencoder, Config, Gpt, Mlp, Ngram, Probe, initial

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

SCALARS = (
    "added subtracted factor numerator denominator negated squared cubed base exponent exps logs roots inverse_roots"
    " tanhs sines cosines erfs magnitudes larger smaller chosen"
)
REDUCTIONS = "summed averaged greatest least length spread pooled shares left_out"

# Models of the tests, one parameter for each rule of differentiation.
PROBES: dict[str, Config] = {
    "scalars": Probe("scalars.arch", tuple(SCALARS.split()), (11,)),
    "reductions": Probe("reductions.arch", tuple(REDUCTIONS.split()), (11, 7)),
}


def values(config: Config, dtype: str) -> dict[str, np.ndarray]:
    """Parameters to start from. Those of a probe lie around 1, inside the domain
    of every function and off every kink."""
    if not isinstance(config, Probe):
        return initial(config.shapes(), 1, dtype)
    random = np.random.default_rng(1)
    return {path: (1 + 0.3 * random.uniform(-1, 1, shape)).astype(dtype) for path, shape in config.shapes().items()}
