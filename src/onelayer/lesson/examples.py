"""Small data to look at: seeded examples drawn from the model itself, and one picture."""

from __future__ import annotations

import numpy as np

from onelayer.lesson.algorithm import logistic_output

# The left half; the right half mirrors it.
_CAT = """
........
..k.....
..kk....
..kpk...
..kppkkk
..kooook
..kooook
.koooooo
.kookkoo
.kookwoo
.kookkoo
.koooopp
.kkowwwk
..kowwkw
...kkwww
.....kkk
"""
_INKS = {
    ".": (214, 229, 240),
    "k": (52, 44, 42),
    "o": (224, 146, 70),
    "w": (250, 246, 236),
    "p": (214, 108, 122),
}


def example_picture() -> np.ndarray:
    """Return a cat, 16 x 16 pixels: uint8 `(16, 16, 3)`."""
    halves = [half + half[::-1] for half in _CAT.split()]
    return np.array([[_INKS[ink] for ink in row] for row in halves], dtype=np.uint8)


def one_feature_examples(m: int = 24, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """X `(1, m)`, evenly spread over [-3, 3], and Y drawn with chance sigma(2 x)."""
    X = np.linspace(-3, 3, m).reshape(1, m)
    chance = logistic_output([[2.0]], 0.0, X)
    return X, (np.random.default_rng(seed).random((1, m)) < chance).astype(int)


def random_examples(
    n_x: int, m: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """X `(n_x, m)` and w normal (w scaled by 1/sqrt(n_x)), b, and Y drawn from their chances.

    Returns X, Y, w, b: the parameters that the labels were drawn from.
    """
    random = np.random.default_rng(seed)
    X = random.standard_normal((n_x, m))
    w, b = random.standard_normal((n_x, 1)) / np.sqrt(n_x), 0.5
    return X, (random.random((1, m)) < logistic_output(w, b, X)).astype(int), w, b
