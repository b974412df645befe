"""Rows of a person's own data that an export is checked on, beside those made to be hostile."""

from __future__ import annotations

from typing import Any

import numpy as np

from onelayer.export.check_rows import CheckRows, check_rows
from onelayer.export.onnx_table import input_name
from onelayer.export.subject import Subject
from onelayer.inputs import EncoderInputs, PictureInputs, TableInputs
from onelayer.inputs.columns import Codes, Column
from onelayer.inputs.examples import Examples

MOST, MOST_PICTURES, MOST_NUMBERS = 10_000, 500, 1 << 25
"""Rows that are compared, pictures where there is an encoder, and numbers in all: files take dense
rows. *Guards* for time and memory."""
UNSEEN = "a level that training has not seen"


def checks(subject: Subject, dtype: Any, examples: Examples | None) -> dict[str, CheckRows]:
    """Return the rows that a file is checked on, by what is said of where: hostile ones, and given.

    Raises
    ------
    UsageError
        Where float32 does not hold the numbers.
    """
    found = {"": check_rows(subject, np.dtype(dtype))}
    if examples is not None:
        found[" on what was given"] = source_rows(subject, examples, np.dtype(dtype))
    return found


def source_rows(subject: Subject, examples: Examples, dtype: np.dtype, seed: int = 0) -> CheckRows:
    """Return examples that a source has read for the model, before they are encoded.

    All of them, or at random as many as the guards let through.
    """
    inputs = subject.inputs
    most = (
        MOST_PICTURES
        if isinstance(inputs, EncoderInputs)
        else min(MOST, MOST_NUMBERS // subject.layer.n + 1)
    )
    drawn = np.random.default_rng(seed).permutation(len(examples))[:most]
    some = examples.take(np.sort(drawn))
    if isinstance(inputs, EncoderInputs):
        return CheckRows(subject, {"pictures": _pictures(inputs, some)})
    if isinstance(inputs, TableInputs):
        codes = Codes(some.inputs.columns, some.matrix)
        cells = {input_name(column): _cells(codes, column, dtype) for column in inputs.columns}
        return CheckRows(subject, cells)
    X = some.matrix
    X = X if isinstance(X, np.ndarray) else X.toarray()
    if isinstance(inputs, PictureInputs):
        return CheckRows(subject, {"pictures": X.reshape(-1, *inputs.preprocessing.shape)})
    return CheckRows(subject, {"X": X.astype(dtype)})


def _pictures(inputs: EncoderInputs, some: Examples) -> np.ndarray:
    """The pictures, decoded once more; none where the source has features already."""
    if some.shown is None:
        return np.empty((0, *inputs.preprocessing.shape), np.uint8)
    return np.stack([some.shown.again(int(row)) for row in some.places])


def _cells(codes: Codes, column: Column, dtype: np.dtype) -> Any:
    """Numbers, NaN where missing; texts, empty where missing: (m, 1)."""
    values = codes.of(column)
    if column.kind in {"number", "date"}:
        return values.astype(dtype)[:, None]
    texts = np.array([*codes.texts(column), UNSEEN, ""], dtype=object)
    places = np.where(np.isnan(values), len(texts) - 1, values)
    return texts[places.astype(int)][:, None]
