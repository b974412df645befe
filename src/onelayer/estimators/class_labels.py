"""Labels as positions among their sorted classes, and what each class weighs."""

from __future__ import annotations

import numpy as np

from onelayer.errors import DataError

TOGETHER = 1 << 22
"""Labels that are numbered or counted at a time. *Guard* for memory."""


def check_classes(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sorted labels, and every example's position among them."""
    classes, targets = _numbered(y)
    if len(classes) < 2:
        raise DataError(
            "This solver needs samples of at least 2 classes in the data, but the data contains "
            f"only one class: {classes.tolist()[0]!r}"
        )
    return classes, targets


def _numbered(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sorted labels, and the position of each; of very many rows some at a time.

    In one type, so that kernels are compiled once; of very many rows in the smallest.
    """
    if len(y) <= TOGETHER:
        classes, targets = np.unique(y, return_inverse=True)
        return classes, targets.astype(np.int32)
    parts = [y[start : start + TOGETHER] for start in range(0, len(y), TOGETHER)]
    classes = np.unique(np.concatenate([np.unique(part) for part in parts]))
    small = np.min_scalar_type(max(len(classes) - 1, 0))
    targets = np.empty(len(y), small)
    for number, part in enumerate(parts):
        start = number * TOGETHER
        targets[start : start + len(part)] = np.searchsorted(classes, part)
    return classes, targets


def class_totals(targets: np.ndarray, weights: np.ndarray, classes: int) -> np.ndarray:
    """The sum of the weights of each class: (classes,); of very many rows some at a time."""
    total = np.zeros(classes)
    for start in range(0, len(targets), TOGETHER):
        rows = slice(start, start + TOGETHER)
        total += np.bincount(targets[rows], weights[rows], minlength=classes)
    return total


def require_two_classes(classes: np.ndarray, totals: np.ndarray) -> None:
    """Refuse totals (K,) of weight above 0 for fewer than two classes."""
    carried = classes[totals > 0].tolist()
    if len(carried) < 2:
        raise DataError(
            "This solver needs samples of at least 2 classes with a weight above zero, but only "
            f"the class {carried[0]!r} has any"
        )
