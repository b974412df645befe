"""What every kind of inputs does: from what a person has to rows of X, and back to their words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from onelayer.errors import DataError
from onelayer.readers.arrays.kinds import array_kind, judging_set
from onelayer.readers.arrays.layout import ArrayOptions
from onelayer.readers.pictures.preprocessing import Preprocessing
from onelayer.readers.row_arrays import as_rows, given_rows, require_numbers
from onelayer.readers.tables.table_options import AS_USUAL, TableOptions
from onelayer.settings import Settings
from onelayer.words import listed

if TYPE_CHECKING:
    from onelayer.inputs.columns import Column
    from onelayer.inputs.examples import Examples
    from onelayer.inputs.moving import ColumnMoves
    from onelayer.inputs.unlike_cells import Unlike


class Inputs(ABC):
    """What makes a row of X from what a person has: learnt in training, the same ever after.

    Training encodes the rows that it trains on through the very inputs that a model keeps, so that
    what was said of an example in training is what `predict` says of it.
    """

    kind: ClassVar[str]
    unit: ClassVar[str] = "rows"
    """What one example is, in the plural."""
    preprocessing: Preprocessing | None = None
    """Of pictures alone."""
    options: TableOptions = AS_USUAL
    """Of a table alone: how its files are read."""
    notes: tuple[str, ...] = ()
    """What there is to say of what was learnt; not kept."""
    lost: tuple[str, ...] = ()
    """Columns of text that are left out; not kept."""
    columns: tuple[Column, ...] = ()
    """Of a table alone: the columns that are looked at."""

    @property
    def standardises(self) -> bool:
        """Whether rows have standardised numbers already, before the layer does anything."""
        return False

    @property
    def features(self) -> tuple[str, ...]:
        """What the features are called, (n,); empty where nobody said."""
        return ()

    @property
    def pixels(self) -> tuple[int, int, int] | None:
        """(height, width, channels) where a row of X is the pixels of a picture; else None."""
        return None

    @property
    def encoder_in_words(self) -> str | None:
        """What makes features of pictures, and its digest; None where nothing does."""
        return None

    @property
    @abstractmethod
    def n(self) -> int:
        """Features of a row."""

    @property
    @abstractmethod
    def scaling(self) -> float | str | None:
        """What the layer does to X first, as `LogisticRegression` has it."""

    @abstractmethod
    def rows(self, given: Any) -> Any:
        """Return X (m, n), dense or CSR, of what `Model.predict` takes.

        Raises
        ------
        DataError
            Where a file cannot be read; the message names all of them.
        ShapeError
            Where an array does not fit.
        """

    def in_turn(self, given: Any) -> Iterator[Any]:
        """Yield what `rows` gives, one block or some rows at a time; errors as there."""
        yield self.rows(given)

    @property
    def can_tell_unlike(self) -> bool:
        """Whether these know what was trained on, so that other rows can be told."""
        return False

    def rows_and_unlike(self, given: Any) -> tuple[Any, Unlike]:
        """Return `rows` of what is given, and which of them are unlike any trained on, and why."""
        X = self.rows(given)
        return X, self.unlike_rows(X)

    def unlike_rows(self, X: Any) -> Unlike:
        """Find rows of X (m, n) that are unlike any trained on, as far as rows show it."""
        del X
        return {}

    @abstractmethod
    def again(
        self, x: str | None = None, y: str | None = None, table: TableOptions | None = None
    ) -> Settings:
        """Return how another source is read: as the one trained on was, but for what is given."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; the kind's `from_dict` gives the same inputs back."""

    @classmethod
    @abstractmethod
    def from_dict(cls, fields: dict[str, Any]) -> Inputs:
        """Return the inputs that `to_dict` described."""

    def fit(self, examples: Examples) -> Inputs:
        """Learn from the examples that are trained on; most kinds have nothing to learn."""
        del examples
        return self

    def encode(self, examples: Examples) -> Any:
        """Return rows of all that a source has read, whose part the examples are."""
        return examples.whole

    def told(self, examples: Examples) -> Inputs:
        """Return the inputs that others are read by, once these examples are trained on."""
        del examples
        return self

    def told_apart(self, parts: list[Examples]) -> list[Any]:
        """Return what rows are compared by, part by part, to find those that are the same."""
        return [part.matrix for part in parts]

    @property
    def by_chance(self) -> bool:
        """Whether rows may be the same by chance, as those of few values are."""
        return self.preprocessing is None

    def require_ready(self) -> None:
        """Open what rows are made by; DataError where it is not there, or another."""
        return

    def pictures(self, given: Any) -> np.ndarray:
        """Return pictures (m, height, width, channels) as they are decoded; of pictures alone."""
        del given
        raise self.no_pictures("pictures")

    def picture_places(self, picture: np.ndarray) -> np.ndarray | None:
        """Rows of places (h, w, n) whose mean is a picture's row; None where there are none."""
        del picture
        return None

    def seen(self, picture: np.ndarray) -> np.ndarray:
        """Return the part of a decoded picture that is looked at."""
        return picture

    def words(self, shares: np.ndarray) -> dict[str, list[tuple[str, float]]]:
        """Name what words add to z, of what each feature of a row adds (n,): by column of text."""
        del shares
        return {}

    def explain(self, shares: np.ndarray) -> np.ndarray:
        """Turn what each feature adds to z, (m, n, k), into what each thing that is seen adds."""
        return shares

    @property
    def parts(self) -> tuple[str, ...]:
        """What `explain` speaks of, by name; empty where it has none that a person knows."""
        return ()

    def cells(self, rows: np.ndarray) -> list[tuple[str, ...]]:
        """What each of `parts` is in rows of X (m, n), as text; of those that have names alone."""
        return [() for _ in rows]

    def numbers(self, rows: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
        """The numbers that rows of X (m, n) were made of, (m, numbers), and their names."""
        return (), np.zeros((len(rows), 0))

    def moves(self, place: int, X: Any) -> ColumnMoves | None:
        """How one of `parts` moves over what it holds in rows X (m, n); None where it cannot."""
        del place, X
        return None

    def array_rows(self, X: Any, source: object) -> Any:
        """Return rows of numbers that a source of arrays holds, as these inputs have them."""
        raise DataError(
            f"{source}: X is {X.dtype} {tuple(X.shape)}, and the model takes a table with the "
            f"columns {listed([column.name for column in self.columns], 10)}"
        )

    def file_rows(self, path: Path, x: str | None = None) -> Any:
        """Return rows (m, n) of a file of arrays, of its test part where it has one.

        Raises
        ------
        DataError
            Where X does not fit.
        """
        settings = self.again(x)
        options = ArrayOptions(settings.x, settings.y, settings.n_features, self.index_base)
        X = judging_set(path, options).load_x()
        require_numbers(X, path)
        rows = self.array_rows(X, path)
        if rows.shape[1] != self.n:
            raise DataError(f"{path} has {rows.shape[1]} features, and the model {self.n}")
        return rows

    @property
    def index_base(self) -> int | None:
        """Whether a LIBSVM file's indices count from 0 or 1, where the one trained on showed it."""
        return None

    def read_files(
        self, files: list[Path], progress: Callable[[int, int], None] | None = None
    ) -> tuple[np.ndarray, dict[int, str]]:
        """Read pictures as rows (m, n), and say why the others failed."""
        del files, progress
        raise self.no_pictures("files")

    def no_pictures(self, what: str) -> DataError:
        """Return the error for pictures that are given to a layer of something else."""
        return DataError(
            f"the model was not trained on pictures but on a table of {self.n} features: it cannot "
            f"take {what}. Give an array (.npy, .npz, .h5, .svm), a row an example"
        )

    def _of_arrays(self, given: Any) -> Any | None:
        """Return rows of an array, or of a single file of arrays; None for anything else."""
        array = given_rows(given)
        if array is not None:
            return array
        several = as_list(given)
        if several and isinstance(several[0], (int, float, list, tuple, np.ndarray, np.generic)):
            return as_rows(several)
        if len(several) == 1 and is_path(several[0]) and array_kind(Path(several[0])):
            return self.file_rows(Path(several[0]))
        return None


def as_list(given: Any) -> list[Any]:
    """Return one thing or several as a list."""
    return list(given) if isinstance(given, (list, tuple)) else [given]


def is_path(given: Any) -> bool:
    """Whether this is the name of a file or folder."""
    return isinstance(given, (str, Path))
