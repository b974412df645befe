"""Arrays become examples: what is a picture and what a table, and how each is scaled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from onelayer.designs import held
from onelayer.errors import DataError, UsageError
from onelayer.inputs.examples import Examples
from onelayer.readers import Audit, Preprocessing
from onelayer.readers.arrays.formats import ArraySet, Asked, find_arrays
from onelayer.readers.arrays.layout import WHOLE
from onelayer.readers.labels import class_names, clean_labels, encode
from onelayer.readers.pictures.pixels import mode_of, resized
from onelayer.readers.rows import given_rows, is_sparse, require_numbers

PIXEL_SCALING = 1 / 255

_JUDGES = ("test", WHOLE, "val", "train")  # what judges a model where a file has several parts


@dataclass(frozen=True)
class Wanted:
    """What the caller wants of arrays: their own nature, or that of a model.

    `like` is the preprocessing of a model's pictures and `classes` its labels; without classes
    the arrays are trained on, and `size`, `mode` and `fit` are what was asked for.
    """

    asked: Asked
    part: str | None
    classes: Any = None
    like: Preprocessing | None = None
    size: Any = None
    mode: Any = None
    fit: Any = "stretch"


@dataclass(frozen=True)
class _Rows:
    """X as rows, what made them, and what to say of them."""

    X: Any
    scaling: float | str | None
    preprocessing: Preprocessing | None
    notes: tuple[str, ...]


def part_names(path: Path, asked: Asked) -> list[str]:
    """Return the parts of an array source that have labels: train, val and test, or one alone."""
    return list(_labelled(find_arrays(path, asked)))


def file_examples(path: Path, wanted: Wanted) -> Examples:
    """Read X and y of one part of a file, or of its only one."""
    sets = find_arrays(path, wanted.asked)
    part, found = _part(_labelled(sets) or sets, wanted)
    if found.load_y is None:
        raise DataError(f"{path} has no labels ({found.looked_for}): name them with --y")
    X, y = found.load_x(), found.load_y()
    names = None if found.load_classes is None else found.load_classes()
    base = None if found.index_base is None else found.index_base()
    source = f"{path} ({part})" if part else str(path)
    examples = _examples(X, y, names, source, wanted, base)
    silent = [name for name in sets if name and name not in _labelled(sets)]
    if not silent or wanted.part != "train":
        return examples
    note = f"no labels for {' and '.join(silent)}, so no part in training or judging"
    audit = replace(examples.audit, notes=(*examples.audit.notes, note))
    return replace(examples, audit=audit)


def given_examples(X: Any, y: Any, wanted: Wanted) -> Examples:
    """Take X and y as they are given in Python: an array or sparse matrix, and labels."""
    rows = given_rows(X)
    return _examples(np.asarray(X) if rows is None else rows, y, None, "arrays", wanted, None)


def file_rows(path: Path, like: Preprocessing | None, asked: Asked, n: int) -> Any:
    """Return rows (m, n) of a file's X for a model to predict, of its test part where it has one.

    Raises
    ------
    DataError
        Where X does not fit the model.
    """
    _, found = _part(find_arrays(path, asked), Wanted(asked, None))
    return given_model_rows(found.load_x(), like, n, path)


def given_model_rows(X: Any, like: Preprocessing | None, n: int, source: object) -> Any:
    """Return X as rows (m, n) for a model of pictures like `like`, or of a table."""
    require_numbers(X, source)
    rows = _as_the_model(X, like, source).X
    if rows.shape[1] != n:
        raise DataError(f"{source} has {rows.shape[1]} features, and the model {n}")
    return rows


def _labelled(sets: dict[str, ArraySet]) -> dict[str, ArraySet]:
    return {part: found for part, found in sets.items() if found.load_y is not None}


def _part(sets: dict[str, ArraySet], wanted: Wanted) -> tuple[str, ArraySet]:
    if len(sets) == 1:
        return next(iter(sets.items()))
    order = _JUDGES if wanted.part is None else (wanted.part, WHOLE)
    part = next((part for part in order if part in sets), next(iter(sets)))
    return part, sets[part]


def _examples(
    X: Any, y: Any, names: Any, source: str, wanted: Wanted, base: int | None
) -> Examples:
    require_numbers(X, source)
    labels = clean_labels(y, X.shape[0], source)
    labels = labels if names is None else class_names(names, labels)
    positions, classes = encode(labels, wanted.classes, source)
    if wanted.classes is None:
        rows = _as_they_are(X, wanted, source)
        if len(classes) < 2:
            raise DataError(f"{source} has one class alone, {classes[0]}: give two or more")
    else:
        rows = _as_the_model(X, wanted.like, source)
    counted = () if base is None else (f"indices count from {base}",)
    counts = np.bincount(positions, minlength=len(classes)).tolist()
    audit = Audit(
        source=source,
        read=len(positions),
        unit="rows" if rows.preprocessing is None else "pictures",
        by_class=dict(zip(map(str, classes.tolist()), counts, strict=True)),
        notes=(*rows.notes, *counted),
    )
    return Examples(
        whole=held(rows.X),
        labels=positions,
        classes=classes,
        names=np.arange(len(positions)),
        scaling=rows.scaling,
        preprocessing=rows.preprocessing,
        audit=audit,
        index_base=base,
    )


def _as_they_are(X: Any, wanted: Wanted, source: str) -> _Rows:
    """Choose what X is, and how it is scaled, and say why.

    Numbers are standardised, embeddings too, as their units say nothing: of 512 random features of
    photographs in 20 classes the best C gave 52.4 % so, and 53.0 % as they are, in as many steps.
    """
    what = f"X is {X.dtype} {tuple(X.shape)}"
    images = None if is_sparse(X) else _pictures(X)
    if images is not None:
        return _picture_rows(images, what, wanted)
    if wanted.size is not None or wanted.mode is not None:
        raise UsageError(
            f"{source} holds no pictures ({what}): it has no size and no mode. "
            "Pictures are uint8, (m, height, width) or (m, height, width, channels)"
        )
    if is_sparse(X):
        why = "not scaled: standardised, rare features would drown the others"
        return _Rows(X, None, None, (f"{what}, {X.nnz} entries; {why}",))
    rows = X.reshape(len(X), -1)
    if X.dtype == np.uint8 and rows.max() > 1:
        return _Rows(rows, PIXEL_SCALING, None, (f"{what}; bytes, scaled by 1/255 as pixels are",))
    flat = " in a row (pictures are uint8)" if X.ndim > 2 else ""
    return _Rows(rows, "standard", None, (f"{what}; numbers{flat}, standardised",))


def _picture_rows(images: np.ndarray, what: str, wanted: Wanted) -> _Rows:
    height, width, channels = images.shape[1:]
    size = (height, width) if wanted.size is None else wanted.size
    to = Preprocessing.of_size(size, wanted.mode or mode_of(channels), wanted.fit)
    how = "their own size" if to.shape == images.shape[1:] else f"from {height} x {width}, as asked"
    note = f"{what}; size {to.height} x {to.width}, mode {to.mode}, fit {to.fit}: {how}"
    rows = resized(images, to)
    return _Rows(rows.reshape(len(rows), -1), PIXEL_SCALING, to, (note,))


def _as_the_model(X: Any, like: Preprocessing | None, source: object) -> _Rows:
    """Return X as the rows that a model takes; pictures of another size are made its size."""
    what = f"X is {X.dtype} {tuple(X.shape)}"
    if like is None:
        rows = X if is_sparse(X) else X.reshape(len(X), -1)
        return _Rows(rows, None, None, (what,))
    if is_sparse(X) or X.dtype != np.uint8:
        raise DataError(f"{source}: {what}, and the model takes pictures of uint8, 0 to 255")
    images = _pictures(X)
    rows = X if images is None else resized(images, like)
    return _Rows(rows.reshape(len(rows), -1), PIXEL_SCALING, like, (what,))


def _pictures(X: np.ndarray) -> np.ndarray | None:
    """Return pictures as (m, height, width, channels), None where X holds none; channels last."""
    if X.dtype != np.uint8 or X.ndim not in (3, 4):
        return None
    if X.ndim == 3:
        return X[..., None]
    if X.shape[3] in (1, 3, 4):
        return X
    return np.moveaxis(X, 1, 3) if X.shape[1] in (1, 3, 4) else None
