"""Rows of numbers, in arrays or files of them, are rows of X as they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from onelayer.designs import is_sparse
from onelayer.inputs.base import Inputs
from onelayer.inputs.pictures import again_named
from onelayer.readers.arrays.layout import AS_MOST_DO, ArrayOptions
from onelayer.readers.tables.table_options import TableOptions
from onelayer.settings import Settings

if TYPE_CHECKING:
    from onelayer.inputs.moving import ColumnMoves


@final
@dataclass(frozen=True)
class RowInputs(Inputs):
    """Rows of n numbers.

    Attributes
    ----------
    width
        n.
    arrays
        What X and y are called in files of arrays, and how a LIBSVM file's indices count.
    named
        (n,), what the numbers are called; empty where nobody said.
    how
        What the layer does to them first; of a saved model the layer itself knows.
    """

    width: int
    arrays: ArrayOptions = AS_MOST_DO
    named: tuple[str, ...] = ()
    how: float | str | None = None
    kind: ClassVar[str] = "rows"

    @property
    def n(self) -> int:
        """Numbers of a row."""
        return self.width

    @property
    def features(self) -> tuple[str, ...]:
        """What the numbers are called."""
        return self.named

    @property
    def scaling(self) -> float | str | None:
        """Standardised, by 1/255, or not at all: see `sources/arrays.py`."""
        return self.how

    @property
    def index_base(self) -> int | None:
        """That of the file that was trained on."""
        return self.arrays.index_base

    def rows(self, given: Any) -> Any:
        """Take an array or a sparse matrix, a row an example, or a file of arrays.

        What has more dimensions is flattened, as in training.
        """
        array = self._of_arrays(given)
        if array is None:
            raise self.no_pictures("files")
        if array.ndim > 2 and math.prod(array.shape[1:]) == self.width:
            return self.array_rows(array, "the array given")
        if array.ndim == 4:
            raise self.no_pictures("an array of pictures")
        return array

    @property
    def parts(self) -> tuple[str, ...]:
        """The numbers, by name or place."""
        return self.named or tuple(f"column {j}" for j in range(self.width))

    def cells(self, rows: np.ndarray) -> list[tuple[str, ...]]:
        """Each number with four digits."""
        return [tuple(f"{value:.4g}" for value in row.tolist()) for row in rows]

    def numbers(self, rows: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
        """The rows themselves."""
        return self.parts, rows

    def moves(self, place: int, X: Any) -> ColumnMoves | None:
        """A number over its values."""
        from onelayer.inputs.moving import moves_of_number

        return moves_of_number(place, X)

    def array_rows(self, X: Any, source: object) -> Any:
        """Rows as they are; anything with more dimensions is flattened."""
        del source
        return X if is_sparse(X) else np.asarray(X).reshape(len(X), -1)

    def again(
        self, x: str | None = None, y: str | None = None, table: TableOptions | None = None
    ) -> Settings:
        """Of as many features."""
        del table
        names = again_named(self.arrays, x, y)
        return Settings(x=names.x, y=names.y, n_features=self.width)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        names = {"x": self.arrays.x, "y": self.arrays.y, "index_base": self.index_base}
        return {"features": list(self.named), "n": self.width, **names}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> RowInputs:
        """Return what `to_dict` described."""
        arrays = ArrayOptions(fields["x"], fields["y"], None, fields["index_base"])
        return cls(int(fields["n"]), arrays, tuple(fields["features"]))
