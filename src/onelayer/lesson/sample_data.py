"""Small data to look at: seeded examples drawn from the model itself, and one picture."""

from __future__ import annotations

import numpy as np

from onelayer.errors import UsageError
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


KINDS = ("clouds", "stray", "circles", "xor")


def plane_examples(
    kind: str = "clouds", m: int = 24, seed: int = 5
) -> tuple[np.ndarray, np.ndarray]:
    """X `(2, m)` within [-1, 1] and Y `(1, m)`, half of each class, to be seen in a plane.

    `kind` is "clouds", which overlap; "stray", clouds apart with one of class 0 amid class 1;
    "circles", one class around the other; or "xor", where the sign of x_1 x_2 is the class.

    Raises
    ------
    UsageError
        If `kind` is none of these.
    """
    if kind not in KINDS:
        raise UsageError(f"kind={kind!r}: expected one of {', '.join(KINDS)}")
    random = np.random.default_rng(seed)
    Y = (np.arange(m) % 2).reshape(1, m)
    noise = 0.16 * random.standard_normal((2, m))
    if kind == "circles":
        turn = np.linspace(0, 4 * np.pi, m, endpoint=False) + np.pi / m
        X = np.where(Y == 1, 0.22, 0.78) * np.array([np.cos(turn), np.sin(turn)]) + 0.4 * noise
    elif kind == "xor":
        corner = np.arange(m) // 2 % 2 * 2 - 1
        X = 0.52 * np.array([corner, corner * (2 * Y[0] - 1)]) + noise
    else:
        X = (2 * Y - 1) * np.array([[0.34], [0.26]]) + (2.4 if kind == "clouds" else 1.0) * noise
        if kind == "stray":
            X[:, 0] = 0.8, 0.62
    return X.clip(-0.97, 0.97).round(2), Y


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
