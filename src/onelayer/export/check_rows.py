"""The rows that an export is checked on: such as were trained on, and hostile ones."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from onelayer.errors import UsageError
from onelayer.export.onnx_table import BLANKS, input_name
from onelayer.export.subject import Subject
from onelayer.inputs import EncoderInputs, PictureInputs, TableInputs
from onelayer.inputs.columns import Column

USUAL = 500
"""Rows at random. *Guard*: enough to meet every level, a tenth of a second to check."""
MARGINS = (-800.0, -40.0, 0.0, 40.0, 800.0)
"""Of z: e^z overflows at the outer ones in both types, and rounds away at the inner ones."""


class CheckRows:
    """Rows as a session of ONNX takes them, `feeds`, and as the model does, `given`."""

    def __init__(self, subject: Subject, feeds: dict[str, np.ndarray]) -> None:
        self.feeds, self.subject = feeds, subject

    def __len__(self) -> int:
        return len(next(iter(self.feeds.values())))

    def first(self, count: int) -> CheckRows:
        """Return at most so many of them."""
        if len(self) <= count:
            return self
        return CheckRows(self.subject, {name: rows[:count] for name, rows in self.feeds.items()})

    @cached_property
    def matrix(self) -> Any:
        """What the model's own inputs make of the rows, (m, n)."""
        inputs = self.subject.inputs
        if isinstance(inputs, TableInputs):
            import pyarrow as pa

            cells = {c.name: self.feeds[input_name(c)][:, 0].tolist() for c in inputs.columns}
            types = {"number": pa.float64(), "category": pa.large_string()}
            given = {
                c.name: pa.array(cells[c.name], types[c.kind], from_pandas=c.kind == "category")
                for c in inputs.columns
            }
            return inputs.rows(pa.table(given))
        return inputs.rows(next(iter(self.feeds.values())))


def check_rows(subject: Subject, dtype: np.dtype, seed: int = 0, usual: int = USUAL) -> CheckRows:
    """Return `usual` rows at random, and hostile ones after them.

    Of numbers: margins of +-800 and between, the largest and the smallest that the type holds;
    of cells: missing, never seen, empty, with blanks, in capitals.
    """
    random, inputs = np.random.default_rng(seed), subject.inputs
    if isinstance(inputs, PictureInputs):
        return CheckRows(subject, {"pictures": _pictures(subject, random, usual)})
    if isinstance(inputs, EncoderInputs):
        return CheckRows(subject, {"pictures": _scenes(inputs, random)})
    if isinstance(inputs, TableInputs):
        filled = {piece.column for piece in inputs.fitted.pieces if piece.fill is None}
        bare = {piece.column for piece in inputs.fitted.pieces if piece.make == "value"} & filled
        columns = enumerate(inputs.columns)
        feeds = {
            input_name(column): (
                _numbers(column, random, dtype, usual, gaps=at not in bare)
                if column.kind == "number"
                else _texts(column, random, usual)
            )
            for at, column in columns
        }
        return CheckRows(subject, feeds)
    return CheckRows(subject, {"X": _vectors(subject, random, usual).astype(dtype)})


def _pictures(subject: Subject, random: np.random.Generator, usual: int) -> np.ndarray:
    """Bytes at random; black, white, and what is most like each class."""
    most = np.where(subject.layer.W.T > 0, 255, 0)
    X = np.concatenate([random.integers(0, 256, (usual, most.shape[1])), most, 255 - most])
    ends = np.repeat([[0], [255]], X.shape[1], axis=1)
    preprocessing = subject.inputs.preprocessing
    shape = (X.shape[1],) if preprocessing is None else preprocessing.shape
    return np.concatenate([X, ends]).astype(np.uint8).reshape(-1, *shape)


def _scenes(inputs: EncoderInputs, random: np.random.Generator) -> np.ndarray:
    """Noise of every coarseness, from the finest to one colour; black and white."""
    side = inputs.spec.resize
    cells = [2**power for power in range(11) if 2**power <= 2 * side]
    scenes = []
    for cell in cells:
        coarse = random.integers(0, 256, (-(-side // cell), -(-side // cell), 3))
        scenes.append(coarse.repeat(cell, axis=0).repeat(cell, axis=1)[:side, :side])
    plain = np.full((2, side, side, 3), 255) * np.arange(2)[:, None, None, None]
    return np.concatenate([scenes, plain]).astype(np.uint8)


def _vectors(subject: Subject, random: np.random.Generator, usual: int) -> np.ndarray:
    """About the centre at random; along each w' to the margins; the type's own limits."""
    W, scaling = subject.layer.inner[0], subject.layer.scaling
    centre = 0.0 if scaling is None else scaling.centre
    scale = 1.0 if scaling is None else scaling.scale
    squares = np.maximum((W**2).sum(axis=0), np.finfo(float).tiny)
    along = [margin * W.T / squares[:, None] for margin in MARGINS]
    seen = np.concatenate([random.normal(size=(usual, len(W))), *along])
    # So that no sum of |x w| leaves float32: what lies beyond has no answer in it.
    size = np.abs(subject.layer.W).sum(axis=0).max() + 1
    large, small = np.finfo(np.float32).max / (4 * size), np.finfo(np.float32).smallest_subnormal
    signs = random.choice([-1.0, 1.0], (4, len(W)))
    X: np.ndarray = np.concatenate([seen / scale + centre, signs * large, signs * small])
    limit = float(np.finfo(np.float32).max) / 4
    return np.clip(X, -limit, limit)


def _numbers(
    column: Column, random: np.random.Generator, dtype: np.dtype, usual: int, *, gaps: bool
) -> np.ndarray:
    spread = max(column.high - column.low, 1e-6 * abs(column.median), 1e-6)
    x = column.median + spread * random.normal(size=usual)
    missing = [
        float(word) for word in column.missing if word.lstrip("+-").replace(".", "").isdigit()
    ]
    hostile = column.median + spread * random.choice([*MARGINS, 1e6, 1e-30], HOSTILE - 4)
    tail = random.choice([0.0, -0.0, 1e-45, 1e30, *missing], 4)
    cells = np.concatenate([x, hostile, tail])
    if np.abs(cells).max() > np.finfo(dtype).max:
        raise UsageError(
            f"column {column.name!r} has numbers about {column.high:.3g}, which leave too little "
            f"room in {np.dtype(dtype)}: export it in float64, or divide them by a power of ten"
        )
    if gaps:
        cells[random.random(len(cells)) < 0.2] = np.nan
    found: np.ndarray = cells.astype(dtype)[:, None]
    return found


HOSTILE = 64


def _texts(column: Column, random: np.random.Generator, usual: int) -> np.ndarray:
    """Levels; nothing, blanks, what was never seen, levels among blanks and in capitals."""
    levels = list(column.levels) or ["x"]
    odd = [f" {levels[0]}\t", levels[-1].upper(), levels[0].swapcase(), f"{BLANKS}{levels[0]}"]
    odd += ["", " ", "NA", "nan", "?", "none", "never seen", "levels|.*", 'ü"\n', *column.missing]
    cells = np.array([*levels, *levels, *odd], dtype=object)
    drawn = cells[random.integers(len(cells), size=usual + HOSTILE)]
    drawn[: min(len(cells), len(drawn))] = cells[: len(drawn)]
    return random.permutation(drawn)[:, None]
