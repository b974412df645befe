"""Labels as people keep them become one value a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from onelayer.errors import DataError
from onelayer.readers.row_arrays import require_unmasked
from onelayer.words import listed

_MOST_CLASSES = 0.5  # of the rows; with more values than that, labels are measurements


def clean_labels(y: Any, m: int, source: object) -> np.ndarray:
    """Return y as (m,) of whole numbers, text or booleans.

    (m, 1) and (1, m) are flattened, one-hot rows become the position of their one, whole numbers
    kept as floats become integers, and bytes text.

    Raises
    ------
    DataError
        Where y does not have m rows, or is neither of these: NaN, fractions, objects.
    """
    require_unmasked(y, "y")
    y = label_array(y)
    if y.ndim == 2 and 1 in y.shape:
        y = y.ravel()
    if y.shape[:1] != (m,):
        raise DataError(
            f"{source} has y of shape {y.shape} for X of {m} rows: give one label a row"
        )
    if y.ndim == 2 and _one_hot(y):
        return y.argmax(axis=1)
    if y.ndim != 1:
        raise DataError(f"{source} has y of shape {y.shape}: give one label a row, (m,)")
    return _discrete(y, source)


def label_array(y: Any) -> np.ndarray:
    """Return labels as an array; NumPy's text of any length, which has no casts, as objects."""
    y = np.asarray(y)
    return np.array(y.tolist(), dtype=object) if y.dtype.kind == "T" else y


def class_names(names: Any, labels: np.ndarray) -> np.ndarray:
    """Return labels by name, where labels are positions in `names`; else labels as they are."""
    named = np.asarray(names)
    if named.dtype.kind in "SO":
        named = _text(named, "class names")
    fits = named.ndim == 1 and named.dtype.kind == "U" and labels.dtype.kind in "iu"
    if not fits or labels.min() < 0 or labels.max() >= len(named):
        return labels
    return named[labels]


def encode(labels: np.ndarray, classes: Any, source: object) -> tuple[np.ndarray, np.ndarray]:
    """Return positions (m,) and classes (K,); the classes are those of `labels`, or as given.

    A class given is a label of the same text: a folder called 7 holds what an array labels 7.

    Raises
    ------
    DataError
        Where a label is not among the classes given.
    """
    found, positions = np.unique(labels, return_inverse=True)
    if classes is None:
        return positions.astype(np.int32), found
    known = {str(label): position for position, label in enumerate(classes)}
    unknown = [str(label) for label in found.tolist() if str(label) not in known]
    if unknown:
        raise DataError(
            f"{source} has classes that the model does not know: {listed(unknown, 10)}. "
            f"Known: {listed([*known], 20)}"
        )
    at = np.array([known[str(label)] for label in found.tolist()], dtype=np.int32)
    return at[positions], np.asarray(classes)


def in_case_alone(classes: np.ndarray) -> list[str]:
    """Note classes that differ in upper and lower case alone: they may be slips of one."""
    alike: dict[str, list[str]] = {}
    for label in map(str, classes.tolist()):
        alike.setdefault(label.casefold(), []).append(label)
    pairs = [" and ".join(names) for names in alike.values() if len(names) > 1]
    return [f"classes that differ in case alone, and are not one: {', '.join(pairs)}"] * bool(pairs)


def _one_hot(y: np.ndarray) -> bool:
    if y.dtype.kind not in "biuf" or y.shape[1] < 2:
        return False
    return bool(np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all())


def _discrete(y: np.ndarray, source: object) -> np.ndarray:
    if y.dtype.kind in "SO":
        return _text(y, f"y of {source}")
    if y.dtype.kind in "bU":
        return y
    if y.dtype.kind not in "iuf":
        raise DataError(f"{source} has y of dtype {y.dtype}: give whole numbers or text")
    if y.dtype.kind == "f":
        y = _whole(y, source)
    y = y.astype(y.dtype.newbyteorder("="), copy=False)
    if len(y) > 100 and len(np.unique(y)) > _MOST_CLASSES * len(y):
        raise DataError(
            f"{source} has {len(np.unique(y))} different labels in {len(y)} rows: "
            "these are measurements, and a classifier needs classes"
        )
    return y


def _whole(y: np.ndarray, source: object) -> np.ndarray:
    wrong = ~np.isfinite(y) | (np.abs(y) > 2**53)
    wrong |= np.where(wrong, 0, y) != np.rint(np.where(wrong, 0, y))
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"{source} has the label {y[row]} in row {row}, counted from 0: "
            "give whole numbers or text"
        )
    return y.astype(np.int64)


def _text(y: np.ndarray, source: object) -> np.ndarray:
    values = [item.decode("utf-8", "replace") if isinstance(item, bytes) else item for item in y]
    if not all(isinstance(item, str) for item in values):
        raise DataError(f"{source} holds objects: give whole numbers or text")
    return np.array(values, dtype=np.str_)
