"""What is done to every row of a table, in training and in prediction alike.

A row's cells become codes, one number a column: the number itself, or the place of a level among
the column's levels; NaN where the cell is missing. Codes become features, piece by piece, and every
feature is of one column: so z is a sum over columns.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from scipy import sparse

from onelayer.errors import DataError
from onelayer.inputs.columns import Codes, Column, require_number
from onelayer.inputs.date_parts import NAMES, Part, part_of
from onelayer.inputs.tf_idf import TermRows

Make: TypeAlias = Literal["value", "missing", "levels", "terms"]

_KIND_OF = {"value": "number", "levels": "category", "terms": "text"}
"""Of which kind a column is, that such features are made of."""

_PARTS_OF = {"value": {"", "year", "days"}, "levels": {"", *NAMES}}
"""Which parts of a date such features are made of."""

NONE = -1
"""The place of a level that has no feature: it is all zeros."""

WIDE = 12
"""Features a piece from which on rows are held sparse. 30000 rows of 14 columns, seconds to encode
and fit dense and sparse: of two classes 0.3 and 0.3 at 9 features a piece, 0.9 and 0.4 at 17, 1.1
and 0.1 at 72; of five classes 0.2 and 0.5, 0.6 and 0.7, 3.4 and 0.4. The accuracy is the same."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Neighbouring features, made of one column.

    Attributes
    ----------
    column
        The column's place.
    make
        "value": the number, `fill` where it is missing. "missing": 1 where it is missing, else 0.
        "levels": one feature a name, 1 where the cell's level has that place, else 0. "terms": one
        feature a name, a word or a pair of words, as `inputs.tf_idf` says.
    fill
        None: a missing number is an error.
    places
        The feature of each level, `NONE` for none; then those of a level that was not seen in
        training and of a missing cell.
    names
        What the features of levels are called, beside the column's name; the terms of a text.
    idf
        Of each term.
    of
        Of a date, the part that is a number or a level.
    """

    column: int
    make: Make
    fill: float | None = None
    places: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    idf: tuple[float, ...] = ()
    of: Part = ""

    def require_sound(self, columns: Sequence[Column]) -> None:
        """Raise ValueError where it cannot be made of a column of these."""
        if self.make not in get_args(Make) or self.column not in range(len(columns)):
            raise ValueError(f"a feature is made by {self.make!r} of column {self.column!r}")
        column = columns[self.column]
        of_kind = "date" if self.of else _KIND_OF.get(self.make, column.kind)
        levels = NAMES.get(self.of, column.levels)
        inside = self.make != "levels" or (
            len(self.places) == len(levels) + 2
            and all(place in range(NONE, self.width) for place in self.places)
        )
        inside = inside and self.of in _PARTS_OF.get(self.make, {""})
        if column.kind != of_kind or not inside:
            raise ValueError(f"a feature does not fit column {column.name!r}, a {column.kind}")
        known = len({*self.names}) == len(self.names) == len(self.idf)
        if self.make == "terms" and not (known and all(0 < one < np.inf for one in self.idf)):
            raise ValueError(f"the words of column {column.name!r} do not fit each other")
        if self.fill is not None:
            require_number(self.fill, f"what stands for a missing {column.name!r}")

    @property
    def width(self) -> int:
        """How many features it has."""
        return len(self.names) if self.make in {"levels", "terms"} else 1

    def titles(self, column: str) -> list[str]:
        """Return what its features are called."""
        if self.of:
            column = f"{column} {self.of}"
        if self.make == "levels":
            return [f"{column} {name}" for name in self.names]
        if self.make == "terms":
            return [f'{column} "{name}"' for name in self.names]
        return [column if self.make == "value" else f"{column} missing"]

    @cached_property
    def _term_rows(self) -> TermRows:
        return TermRows(self.names, self.idf)

    def term_rows(self, texts: Sequence[str], codes: np.ndarray) -> Any:
        """Return CSR float32 (m, width) of cells that are these texts; all zeros where missing."""
        used, places = np.unique(codes[~np.isnan(codes)].astype(np.int64), return_inverse=True)
        rows = self._term_rows.of([*(texts[at] for at in used.tolist()), ""])
        row = np.full(len(codes), len(used))
        row[~np.isnan(codes)] = places
        return rows[row]

    def entries(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the one entry that a row may have here: its place, `NONE` for none, and value."""
        m = len(codes)
        if self.make == "value":
            return np.zeros(m, np.int64), self.values(codes)
        if self.make == "missing":
            return np.where(np.isnan(codes), 0, NONE), np.ones(m)
        if self.make == "terms":
            return np.full(m, NONE), np.ones(m)
        codes = part_of(codes, self.of)
        at = np.where(np.isnan(codes), len(self.places) - 1, codes).astype(np.int64)
        return np.array(self.places, np.int64)[at], np.ones(m)

    def values(self, codes: np.ndarray) -> np.ndarray:
        """Return the numbers of a "value", `fill` where they are missing."""
        codes, fill = part_of(codes, self.of), np.nan if self.fill is None else self.fill
        return np.where(np.isnan(codes), fill, codes)


@dataclass(frozen=True, kw_only=True, eq=False)
class Encoding:
    """From cells to features: x' = (x - centre) * scale, x made by the pieces in order.

    Attributes
    ----------
    columns
        What is read.
    pieces
        What is made of it.
    centre, scale
        (n,), of each feature.
    """

    columns: tuple[Column, ...]
    pieces: tuple[Piece, ...]
    centre: np.ndarray = field(repr=False)
    scale: np.ndarray = field(repr=False)

    def by_column(self, shares: np.ndarray) -> np.ndarray:
        """Add up what the features of each column add: (m, n, k) becomes (m, columns, k)."""
        owned = self.owners[:, None] == np.arange(len(self.columns))
        return np.einsum("mnk,nc->mck", shares, owned.astype(np.float64))

    def words(self, shares: np.ndarray) -> dict[str, list[tuple[str, float]]]:
        """Name what the words of a row's texts add, (n,) of all features: by column, largest first.

        Those that add nothing are left out.
        """
        found: dict[str, list[tuple[str, float]]] = {}
        for start, piece in self.placed:
            if piece.make != "terms":
                continue
            own = shares[start : start + piece.width]
            at = np.flatnonzero(own)
            at = at[np.argsort(-np.abs(own[at]), kind="stable")]
            told = [(piece.names[j], float(own[j])) for j in at.tolist()]
            found[self.columns[piece.column].name] = told
        return found

    @property
    def owners(self) -> np.ndarray:
        """The place of each feature's column, (n,)."""
        widths = [piece.width for piece in self.pieces]
        return np.repeat([piece.column for piece in self.pieces], widths).astype(np.int64)

    @property
    def features(self) -> tuple[str, ...]:
        """What the features are called, (n,)."""
        return tuple(
            title
            for piece in self.pieces
            for title in piece.titles(self.columns[piece.column].name)
        )

    @property
    def standardises(self) -> bool:
        """Whether some number has a scale of its own."""
        return bool((self.scale[~self._of_levels] != 1).any())

    @property
    def is_read(self) -> bool:
        """Whether it looks at words."""
        return any(piece.make == "terms" for piece in self.pieces)

    @property
    def is_wide(self) -> bool:
        """Whether rows are mostly zeros, and held sparse: most features are of levels."""
        if self.is_read:
            return True
        wide = len(self.owners) >= WIDE * max(1, len(self.pieces))
        return wide and not self.centre[self._of_levels].any()

    @property
    def key(self) -> str:
        """A digest that tells encodings apart."""
        return blake2b(json.dumps(self.to_dict()).encode(), digest_size=16).hexdigest()

    def features_of(self, codes: Codes) -> Any:
        """Return features (m, n) of a table's codes: dense, or CSR where the table is wide.

        The codes may be of more columns than these, in any order.

        Raises
        ------
        DataError
            For a missing number that nothing stands for, naming its column and row.
        ValueError
            Where there are no codes of a column that is looked at.
        """
        by_column = [codes.of(column) for column in self.columns]
        self._require_filled(by_column)
        if not self.is_wide:
            return self._dense(by_column, len(codes))
        parts = [piece.entries(by_column[piece.column]) for piece in self.pieces]
        X = self._sparse(parts, len(codes))
        return self._with_terms(X.astype(np.float32), codes) if self.is_read else X

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "columns": [asdict(column) for column in self.columns],
            "pieces": [asdict(piece) for piece in self.pieces],
            "centre": self.centre.tolist(),
            "scale": self.scale.tolist(),
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Encoding:
        """Return what `to_dict` described.

        Raises
        ------
        ValueError
            Where its parts do not fit each other.
        """
        table = cls(
            columns=tuple(_made(Column, one) for one in fields["columns"]),
            pieces=tuple(_made(Piece, one) for one in fields["pieces"]),
            centre=np.array(fields["centre"], dtype=np.float64),
            scale=np.array(fields["scale"], dtype=np.float64),
        )
        table._require_consistent()
        return table

    @property
    def placed(self) -> list[tuple[int, Piece]]:
        """Each piece with the place of its first feature."""
        return list(zip(self._starts.tolist(), self.pieces, strict=True))

    @property
    def _starts(self) -> np.ndarray:
        widths = [piece.width for piece in self.pieces]
        return np.cumsum([0, *widths])[:-1]

    @property
    def _of_levels(self) -> np.ndarray:
        widths = [piece.width for piece in self.pieces]
        return np.repeat([piece.make != "value" for piece in self.pieces], widths)

    def _dense(self, by_column: list[np.ndarray], m: int) -> np.ndarray:
        n = len(self.centre)
        X, begins = np.zeros((m, n)), np.arange(0, m * n, n)
        for start, piece in self.placed:
            codes = by_column[piece.column]
            if piece.make == "value":
                X[:, start] = self._moved(piece.values(codes), slice(start, start + 1))
                continue
            places, values = piece.entries(codes)
            has = places != NONE
            X.reshape(-1)[(begins + places + start)[has]] = values[has]
        moved = np.flatnonzero(self._of_levels & ((self.centre != 0) | (self.scale != 1)))
        X[:, moved] = (X[:, moved] - self.centre[moved]) * self.scale[moved]
        return X

    def _moved(self, values: np.ndarray, features: slice) -> np.ndarray:
        """x' of the values (m,) of one feature."""
        centre, scale = self.centre[features], self.scale[features]
        return values if centre == 0 and scale == 1 else (values - centre) * scale

    def _sparse(self, parts: list[tuple[np.ndarray, np.ndarray]], m: int) -> Any:
        """CSR without a dense array between: a row has at most one entry a piece."""
        places = np.column_stack([places for places, _ in parts])
        has = places != NONE
        columns = (places + self._starts)[has]
        values = np.column_stack([values for _, values in parts])[has]
        ends = np.cumsum(has.sum(axis=1))
        values = (values - self.centre[columns]) * self.scale[columns]
        pointers = np.concatenate([[0], ends])
        X = sparse.csr_matrix((values, columns, pointers), shape=(m, len(self.centre)))
        X.has_sorted_indices = True
        return X

    def _with_terms(self, X: Any, codes: Codes) -> Any:
        """Add the features of words, of which X (m, n) has none yet."""
        for start, piece in self.placed:
            if piece.make != "terms":
                continue
            column = self.columns[piece.column]
            rows = piece.term_rows(codes.texts(column), codes.of(column))
            at, shape = rows.indices + start, (len(codes), len(self.centre))
            scaled = rows.data * self.scale[at].astype(np.float32)
            X = X + sparse.csr_matrix((scaled, at, rows.indptr), shape=shape)
        X.sort_indices()
        return X

    def _require_filled(self, by_column: list[np.ndarray]) -> None:
        unfilled = [one for one in self.pieces if one.make == "value" and one.fill is None]
        for piece in unfilled:
            missing = np.isnan(by_column[piece.column])
            if missing.any():
                raise DataError(
                    f"column {self.columns[piece.column].name!r} is missing in row "
                    f"{int(missing.argmax())}, counted from 0, and nothing stands for it: add a "
                    "SimpleImputer to the pipeline, or fill it in"
                )

    def _require_consistent(self) -> None:
        for column in self.columns:
            column.require_sound()
        if len({column.name for column in self.columns}) < len(self.columns):
            raise ValueError("two columns of the table have one name")
        for piece in self.pieces:
            piece.require_sound(self.columns)
        n = sum(piece.width for piece in self.pieces)
        if not self.centre.shape == self.scale.shape == (n,):
            raise ValueError("the table's columns and features do not fit each other")
        if not np.isfinite(self.centre).all() or not (self.scale > 0).all():
            raise ValueError("a feature of the table has no centre, or a scale of zero or below")


def _made(kind: type, fields: dict[str, Any]) -> Any:
    """Return a dataclass from JSON, whose lists are tuples here."""
    return kind(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in fields.items()
        }
    )
