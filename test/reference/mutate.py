"""Makes each entry of the derivative table wrong in turn and demands that the
gradient checks notice.

    python3 test/reference/mutate.py [NAME:sign ...]

`--mutate-derivative=NAME:KIND` of `ogee build` flips the sign of an entry's rule,
doubles it, or swaps its operands. The checks are those of gradcheck.py; the
models that hold every scalar function and reduction come first, since most
errors show there. A mutant that no check notices is printed; then exit 1. A
build that fails is no proof and counts as not noticed."""

import argparse
import sys

import binary
from gradcheck import MODELS, differences

ORDER = ("scalars", "reductions", "ngram", "mlp", "gpt", "autoencoder")


def noticed(mutant: str) -> str | None:
    """The first model whose gradients the mutant spoils."""
    for model in ORDER:
        try:
            if differences(model, 0, [f"--mutate-derivative={mutant}"]):
                return model
        except RuntimeError as error:
            print(f"{mutant}, {model}: {error}", file=sys.stderr)
    return None


def mutants() -> list[str]:
    """NAME:KIND of every entry, one a line, as the compiler knows them."""
    return binary.checked([str(binary.compiler()), "build", "--mutate-derivative=list"]).split()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mutants", nargs="*", metavar="NAME:KIND", help="default: all that the compiler lists")
    chosen = parser.parse_args()
    for model in MODELS:
        wrong = differences(model, 0, [])
        if wrong:
            sys.exit(f"{model} is wrong without a mutation:\n" + "\n".join(wrong))
    survivors = []
    for mutant in chosen.mutants or mutants():
        found = noticed(mutant)
        print(f"{mutant}: {f'noticed by {found}' if found else 'not noticed'}", flush=True)
        if not found:
            survivors.append(mutant)
    if survivors:
        sys.exit(f"not noticed: {' '.join(survivors)}")


if __name__ == "__main__":
    main()
