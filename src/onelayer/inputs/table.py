"""A table's cells become features of numbers and levels, as training has learnt them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from onelayer.designs import made_of, sparse_of, stays_on_disk
from onelayer.errors import DataError
from onelayer.inputs.base import Inputs
from onelayer.inputs.columns import Codes, Column, number_notations
from onelayer.inputs.encoding import Encoding
from onelayer.inputs.examples import Examples
from onelayer.readers.tables.table_options import AS_USUAL, TableOptions
from onelayer.settings import Settings
from onelayer.words import spelt, to_drop

if TYPE_CHECKING:
    from onelayer.inputs.moving import ColumnMoves
    from onelayer.inputs.unlike_cells import Unlike

TOGETHER = 1 << 15
"""Rows of which features are made at a time. *Guard* for memory."""


@final
@dataclass(frozen=True, kw_only=True)
class TableInputs(Inputs):
    """Cells become codes, and codes features, by the rules that `encoding` holds.

    Attributes
    ----------
    columns
        The columns that are looked at.
    encoding
        What makes features of them; None before `fit`, while X holds codes.
    target, weights
        What the columns of the classes and of the weights are called where examples are judged.
    options
        How a file is read.
    notes, lost
        What to say of the encoding, and the columns of text that it leaves out; not kept.
    """

    columns: tuple[Column, ...]
    encoding: Encoding | None = None
    target: str | int | None = None
    weights: str | int | None = None
    options: TableOptions = AS_USUAL
    notes: tuple[str, ...] = field(default=(), compare=False)
    lost: tuple[str, ...] = field(default=(), compare=False)
    kind: ClassVar[str] = "table"

    @classmethod
    def of(cls, encoding: Encoding, **options: Any) -> TableInputs:
        """Return the inputs of an encoding that is there already."""
        return cls(columns=encoding.columns, encoding=encoding, **options)

    @property
    def n(self) -> int:
        """Features; columns before `fit`."""
        return len(self.columns if self.encoding is None else self.encoding.centre)

    @property
    def features(self) -> tuple[str, ...]:
        """A column's name, or with levels one name each."""
        return () if self.encoding is None else self.encoding.features

    @property
    def standardises(self) -> bool:
        """Where a number of the table has a scale of its own."""
        return self.fitted.standardises

    @property
    def scaling(self) -> None:
        """None: what is made of numbers is standardised already."""
        return

    def fit(self, examples: Examples) -> TableInputs:
        """Learn medians, spreads and levels, from the rows that are trained on alone."""
        from onelayer.inputs.fitting import fit_table

        codes = Codes(self.columns, examples.whole, examples.rows)
        found = fit_table(codes, examples.weights)
        return replace(
            self,
            columns=found.table.columns,
            encoding=found.table,
            notes=found.notes,
            lost=found.lost,
        )

    def encode(self, examples: Examples) -> Any:
        """Make features of the codes that a source has read by its own inputs' columns.

        Of codes on disk some at a time, whenever they are read; where most features are zero in
        each row, all at once, sparse.

        Raises
        ------
        DataError
            For codes on disk, where sparse features of them do not fit into memory.
        """
        encoding, columns = self.fitted, examples.inputs.columns

        def make(codes: Any) -> Any:
            return encoding.features_of(Codes(columns, codes))

        if stays_on_disk(examples.whole) and encoding.is_wide:
            made = sparse_of(examples.whole, make)
            if made is None:
                raise _too_wide(encoding, examples)
            return made
        return made_of(examples.whole, make, self.n, encoding.key)

    def told(self, examples: Examples) -> TableInputs:
        """Look at the columns that tell something of these examples, an identifier not being one.

        A source that judges is asked for no others, as it will be once the model is saved.
        """
        from onelayer.inputs.fitting import telling

        if self.encoding is not None:
            return self
        codes = Codes(self.columns, examples.whole, examples.rows)
        return replace(self, columns=telling(codes, examples.weights))

    def told_apart(self, parts: list[Examples]) -> list[Any]:
        """By the columns that tell something of the first part; by its texts, where it has any."""
        columns = parts[0].told.columns
        return [
            made_of(
                part.matrix,
                partial(_compared, part.inputs.columns, columns),
                len(columns),
                repr(columns),
            )
            for part in parts
        ]

    @property
    def by_chance(self) -> bool:
        """No text is written twice by chance."""
        return all(column.kind != "text" for column in self.columns)

    def rows(self, given: Any) -> Any:
        """Take a file, a data frame, an Arrow table, dictionaries or an array; see `given_table`.

        Columns are found by name, in any order. Where texts are all that is looked at, .txt files
        and lists of texts too; see `given_texts`.
        """
        return self.fitted.features_of(self._codes(*self._given(given)))

    def in_turn(self, given: Any) -> Iterator[Any]:
        """Yield the features of some rows at a time; of a table larger than memory its cells too.

        In memory a table takes a fraction of what its features do.
        """
        from onelayer.inputs.codes import codes_in_turn
        from onelayer.readers.tables.several import is_larger
        from onelayer.readers.tables.table_files import TableFile

        table, source = self._given(given)
        larger = isinstance(table, TableFile) and is_larger(table, None)
        found = codes_in_turn(self.columns, table) if larger else [self._codes(table, source)]
        for codes in found:
            for start in range(0, max(1, len(codes)), TOGETHER):  # of no rows no features
                some = replace(codes, values=codes.values[start : start + TOGETHER])
                yield self.fitted.features_of(some)

    @property
    def can_tell_unlike(self) -> bool:
        """Where a column knows its range or its levels, or is text."""
        from onelayer.inputs.unlike_cells import can_tell

        return can_tell(self.columns)

    def rows_and_unlike(self, given: Any) -> tuple[Any, Unlike]:
        """By the cells, of which features do not show all."""
        codes = self._codes(*self._given(given))
        X = self.fitted.features_of(codes)
        return X, self.unlike_codes(codes, X)

    def unlike_codes(self, codes: Codes, X: Any) -> Unlike:
        """Find rows of codes, which X was made of, that are unlike any trained on."""
        from onelayer.inputs.unlike_cells import unlike_cells

        return unlike_cells(self.fitted, codes, X)

    def _given(self, given: Any) -> tuple[Any, object]:
        """Return texts as an Arrow table, a file that is named opened, and anything else as it is.

        And what to call it, where that is known.
        """
        from onelayer.inputs.given import named_table
        from onelayer.inputs.given_texts import given_texts

        names = [column.name for column in self.columns]
        texts = given_texts(given, self.columns, self.options)
        return texts or (named_table(given, names, self.options), None)

    def _codes(self, given: Any, source: object = None) -> Codes:
        from onelayer.inputs.codes import codes_of
        from onelayer.inputs.given import given_table

        notations = number_notations(self.columns)
        table, called = given_table(given, list(notations), self.options, notations)
        return codes_of(self.columns, table, called if source is None else source)

    def words(self, shares: np.ndarray) -> dict[str, list[tuple[str, float]]]:
        """Of each column of text, its words and pairs of words, those that add most first."""
        return self.fitted.words(shares)

    def explain(self, shares: np.ndarray) -> np.ndarray:
        """Add up the features of each column: (m, columns, k)."""
        return self.fitted.by_column(shares)

    @property
    def parts(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(column.name for column in self.columns)

    def cells(self, rows: np.ndarray) -> list[tuple[str, ...]]:
        """A number, a level, or that it was missing, column by column."""
        from onelayer.inputs.reading_back import cells_of

        return cells_of(self.fitted, rows)

    def numbers(self, rows: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
        """Columns of numbers, the median where a cell was missing."""
        from onelayer.inputs.reading_back import numbers_of

        return numbers_of(self.fitted, rows)

    def moves(self, place: int, X: Any) -> ColumnMoves | None:
        """A number or a date over its values, a category over its levels; no text."""
        from onelayer.inputs.moving import moves_of_column

        return moves_of_column(self.fitted, place, X)

    def again(
        self, x: str | None = None, y: str | None = None, table: TableOptions | None = None
    ) -> Settings:
        """With the same target and weights; y names another target."""
        del x
        options = asdict(self.options if table is None else table)
        return Settings(target=y or self.target, weights=self.weights, **options)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        roles = {"target": self.target, "weights": self.weights}
        return {**self.fitted.to_dict(), **roles, "options": asdict(self.options)}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> TableInputs:
        """Return what `to_dict` described."""
        return cls.of(
            Encoding.from_dict(fields),
            target=fields["target"],
            weights=fields["weights"],
            options=TableOptions.of(fields["options"]),
        )

    @property
    def fitted(self) -> Encoding:
        """The encoding; ValueError before `fit`."""
        if self.encoding is None:
            raise ValueError("these inputs have not been fitted: call fit first")
        return self.encoding


def _compared(own: tuple[Column, ...], columns: tuple[Column, ...], codes: Any) -> np.ndarray:
    return Codes(own, codes).compared(columns)


def _too_wide(encoding: Encoding, examples: Examples) -> DataError:
    """The error for a table that does not fit, most of whose features are zero in each row."""
    by_column = np.bincount(encoding.owners, minlength=len(encoding.columns))
    order = np.argsort(-by_column, kind="stable")[:3]
    most = [encoding.columns[at].name for at in order if 2 * by_column[at] > by_column.max()]
    return DataError(
        f"{examples.audit.source}: of the table's {len(encoding.owners):,} features most are zero "
        "in each row; such are held in memory, sparse, and are more than the memory that may be "
        f"used: give more with {spelt('memory')}, or leave out the columns that most of "
        f"them are of: {to_drop(most)}"
    )
