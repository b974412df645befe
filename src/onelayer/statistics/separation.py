"""Separation: where no estimate without a penalty exists, and which coefficients run away."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from onelayer.errors import DataError
from onelayer.statistics.cone import Face, find_face
from onelayer.statistics.margins import Coordinates, Margins
from onelayer.statistics.signs import find_signs
from onelayer.words import in_one_line

CONST = "const"
WORKING = 3000  # rows of the first linear program; more join where they contradict it
LARGEST = 1 << 30  # bytes of the triangle that the rank is told from


@dataclass(frozen=True, kw_only=True)
class Separation:
    """Whether a hyperplane separates the classes, and what that does to an unpenalised fit.

    Attributes
    ----------
    kind : str
        `"complete"`: some z = X W + b puts every example strictly on its class's side.
        `"quasi-complete"`: it puts none on the wrong side and some strictly on theirs; the others,
        at 0, overlap. `"none"`: the estimate without a penalty exists.
    columns : tuple
        The columns, by name or position, whose coefficients the likelihood does not bound; the
        intercept is `"const"`.
    directions : dict
        Where each of their coefficients goes: inf or -inf in every sequence of parameters whose
        likelihood approaches its bound; nan where either will do. With K > 2 classes the keys are
        (column, class), and the coefficients those of the class less those of the first.
    coef, intercept : ndarray (k, n), (k,)
        A direction: along it the likelihood grows without end. No row has a margin below 0, and as
        many as can be are above it. k is 1 for two classes, else K. Zero where there is none.
    separated : ndarray (m,) of bool
        The rows above it: these alone make the estimate infinite. Rows of weight 0 are False.
    aliased : tuple
        Columns that are combinations of those before them (the intercept is first): what their
        coefficients do is not defined, and they are left out, as in R.
    proved : bool
        Whether the verdict was checked to be right, as numbers are rounded. Where it was not, the
        data are within some 1e-10 of another one.
    """

    kind: str
    columns: tuple[Hashable, ...]
    directions: dict[Any, float]
    coef: np.ndarray = field(repr=False)
    intercept: np.ndarray = field(repr=False)
    separated: np.ndarray = field(repr=False)
    aliased: tuple[Hashable, ...]
    proved: bool

    def __str__(self) -> str:
        if self.kind == "none":
            return "no separation: the estimate without a penalty exists"
        return in_one_line(f"{self.kind} separation by {self.in_words()}")

    def in_words(self, most: int = 8) -> str:
        """The columns, at most so many, and with two classes where their coefficients go."""
        signs = {math.inf: " (+inf)", -math.inf: " (-inf)"}
        named = [f"{name}{signs.get(self.directions.get(name, 0), '')}" for name in self.columns]
        more = len(named) - most
        return ", ".join(named[:most]) + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True)
class Labelled:
    """X (m, n), targets 0..K-1 and their names: of columns (n,) and of classes (K,)."""

    X: Any
    targets: np.ndarray
    columns: Sequence[Hashable]
    classes: Sequence[Hashable]

    def of(self, rows: np.ndarray) -> Labelled:
        """These rows, and the classes that they have."""
        met, targets = np.unique(self.targets[rows], return_inverse=True)
        return Labelled(self.X[rows], targets, self.columns, [self.classes[k] for k in met])


def find_separation(data: Labelled, *, intercept: bool, signs: bool = True) -> Separation:
    """Tell complete from quasi-complete separation and none, by a proof of each.

    Every class has a row. With `signs` off every direction is nan, which saves a linear program a
    coefficient.

    Raises
    ------
    DataError
        Where the triangle that the rank is told from would not fit into memory.

    Notes
    -----
    The likelihood has no maximum if and only if some d != 0 has (d_y - d_k)^T x >= 0 for each row
    and each class k but its y, and > 0 for some (Albert and Anderson 1984). The rows, of 0 in all
    such d or not, come from one linear program over at most some thousand of them, others joining
    until none contradicts it (cf. Konis 2007). A coefficient is bounded if it is 0 in all such d,
    goes to infinity if it is >= 0 in all of them and > 0 in some (Farkas), and else may go either
    way; telling takes one more program for each that is not plain. Where there are as many
    independent columns as rows, any classes are separated and no program is needed.
    """
    m, n = data.X.shape
    if 8 * min(m, n + 1) * (n + 1) > LARGEST:
        raise DataError(
            f"X of {m} x {n} is too large to tell separation by linear programming: give fewer "
            "columns, or fewer rows than columns and at most 10000 of them"
        )
    coordinates = Coordinates.natural(data.X, intercept=intercept)
    K = len(data.classes)
    margins = Margins(data.X, data.targets, K, coordinates)
    if coordinates.rank == m:
        return _saturated(data, margins, intercept)
    face, rows = _face(margins)
    if not face.proved:
        # Columns nearly alike: once more in coordinates where none are.
        margins = Margins(data.X, data.targets, K, coordinates.whitened())
        face, rows = _face(margins)
    strict = margins.above(face.direction)
    H = np.kron(margins.coordinates.effects(intercept=intercept), np.eye(K - 1))
    to = find_signs(face, rows, margins, H, exact=signs)
    return _separation(data, margins, face.direction, strict, to, intercept, face.proved)


def _face(margins: Margins) -> tuple[Face, np.ndarray]:
    """The face of all rows, and the working rows that it was found on."""
    rows = margins.first_rows(WORKING)
    while True:
        face = find_face(margins.functionals(rows))
        contrary = margins.contrary(face, rows)
        if len(contrary) == 0:
            return face, rows
        rows = np.sort(np.concatenate([rows, contrary]))


def _saturated(data: Labelled, margins: Margins, intercept: bool) -> Separation:
    """As many independent columns as rows: any z is possible, so each row's is its class's.

    A coefficient is the sum of z by a row of an inverse; it has a sign where all parts share one.
    """
    K, x = len(data.classes), margins.rows(np.arange(len(data.targets)))
    inverse = np.linalg.inv(x)
    T = np.eye(K)[data.targets]
    T = T[:, 1:] - T[:, :1]  # the sign of z, class against the first; 0: either
    effects = margins.coordinates.effects(intercept=intercept) @ inverse
    effects[np.abs(effects) < 1e-9 * np.abs(effects).max(axis=1, keepdims=True)] = 0
    rises, falls = (np.abs(effects) @ np.abs(T) + s * (effects @ T) > 0 for s in (1, -1))
    # |e| |t| + e t is 2 e t where that is positive and 0 elsewhere.
    free = np.abs(effects) @ (T == 0) > 0
    to = np.where(rises & falls | free, np.nan, np.where(rises, np.inf, -np.inf))
    to[~(rises | falls | free)] = 0
    direction = (inverse @ T).ravel()
    strict = margins.above(direction)
    return _separation(data, margins, direction, strict, to, intercept, bool(strict.all()))


def _separation(
    data: Labelled,
    margins: Margins,
    direction: np.ndarray,
    strict: np.ndarray,
    to: np.ndarray,
    intercept: bool,
    proved: bool,
) -> Separation:
    n, K = data.X.shape[1], len(data.classes)
    W, b = margins.coordinates.parameters(direction.reshape(-1, K - 1))
    if K > 2:
        W, b = (np.insert(part, 0, 0, axis=-1) for part in (W, b))
        W, b = (part - part.mean(axis=-1, keepdims=True) for part in (W, b))
    kind = "complete" if strict.all() else "quasi-complete" if strict.any() else "none"
    names = [*data.columns, *([CONST] if intercept else [])]
    to = to.reshape(len(names), K - 1)
    found = np.argwhere(to != 0)  # nan too
    if K == 2:
        directions = {names[j]: float(to[j, k]) for j, k in found}
    else:
        directions = {(names[j], data.classes[k + 1]): float(to[j, k]) for j, k in found}
    kept = set(margins.coordinates.columns.tolist())
    return Separation(
        kind=kind,
        columns=tuple(name for j, name in enumerate(names) if to[j].any()),
        directions=directions,
        coef=np.ascontiguousarray(W.T),
        intercept=b,
        separated=np.all(strict, axis=1),
        aliased=tuple(names[j] for j in range(n) if j not in kept),
        proved=proved,
    )
