"""Parts of Dask's collections as arrays, and what is known of each: rows, labels, weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_array, column_or_1d

from onelayer.designs import held, storable
from onelayer.designs.dask_collections import columns_of, parts_of
from onelayer.designs.dask_workers import Workers
from onelayer.designs.rows_on_cluster import InParts
from onelayer.errors import DataError
from onelayer.estimators.missing import not_there
from onelayer.estimators.validation import PLAIN, flat, reading
from onelayer.readers.row_arrays import require_unmasked

MOST_CLASSES = 1 << 16  # guard: labels that come here; more are a quantity, not classes


class RowFacts(NamedTuple):
    """Of a part of X: rows, columns, dtype, and the numbers stored where it is sparse, else -1."""

    length: int
    n: int
    dtype: np.dtype
    stored: int


class LabelFacts(NamedTuple):
    """Of a part of y: rows, its sorted labels, and the first row that has none."""

    length: int
    labels: np.ndarray
    missing: int | None


class WeightFacts(NamedTuple):
    """Of a part of the weights: rows, largest, least above 0, and the first that is refused."""

    length: int
    top: float
    least: float
    refused: tuple[int, float] | None


@dataclass(frozen=True)
class PartReader:
    """How a part of a collection becomes an array; an error says which part of what it was.

    columns: of a frame, by name; those of a part may be in another order.
    """

    called: str
    read: Callable[[Any], Any]
    columns: tuple[Any, ...] | None = None

    @classmethod
    def of(cls, called: str, read: Callable[[Any], Any], collection: Any) -> PartReader:
        """With the names of a frame's columns."""
        return cls(called, read, names_of(columns_of(collection)))

    def __call__(self, numbered: tuple[int, Any]) -> Any:
        """The array of a part that comes with its number."""
        number, part = numbered
        try:
            require_unmasked(part, self.called)
            return self.read(in_order(part, self.columns))
        except (TypeError, ValueError) as error:
            said, *_ = str(error).splitlines()  # scikit-learn's go on with the numbers themselves
            raise DataError(f"Partition {number} of {self.called}: {said}") from error


def names_of(frame: Any) -> tuple[Any, ...] | None:
    """Of a frame's columns; of anything else there are none."""
    return tuple(frame.columns) if hasattr(frame, "columns") else None


def in_order(part: Any, columns: tuple[Any, ...] | None) -> Any:
    """A part of a frame whose columns are in this order.

    Raises
    ------
    DataError
        Where it has others.
    """
    found = names_of(part)
    if found == columns or columns is None or found is None:
        return part
    if sorted(map(str, found)) != sorted(map(str, columns)):
        raise DataError(f"it has the columns {list(found)}, and the frame says {list(columns)}")
    return part[list(columns)]


def rows_in_parts(workers: Workers, X: Any) -> tuple[InParts, list[RowFacts]]:
    """X where it lies."""
    return column_in_parts(workers, X, PartReader.of("X", row_part, X), row_facts)


def labels_in_parts(workers: Workers, y: Any) -> tuple[InParts, list[LabelFacts]]:
    """Labels where they lie."""
    return column_in_parts(workers, y, PartReader.of("y", label_part, y), label_facts)


def weights_in_parts(workers: Workers, sample_weight: Any) -> tuple[InParts, list[WeightFacts]]:
    """Weights where they lie."""
    how = PartReader.of("sample_weight", weight_part, sample_weight)
    return column_in_parts(workers, sample_weight, how, weight_facts)


def column_in_parts(
    workers: Workers,
    collection: Any,
    read: PartReader,
    facts: Callable[[Any], Any],
) -> tuple[InParts, list[Any]]:
    """A collection's parts where they lie, and what is known of each."""
    handles = workers.compute(list(enumerate(parts_of(collection))), read)
    found = workers.get(workers.put(facts, [(handle,) for handle in handles]))
    lengths = [one if isinstance(one, int) else one.length for one in found]
    return InParts(handles, lengths), found


def row_part(part: Any) -> Any:
    """Rows of X as designs hold them."""
    _require_no_dates(part)
    return held(check_array(storable(_flat(part)), **reading(), ensure_min_samples=0))


def _flat(part: Any) -> Any:
    """Pictures become rows, those of an empty part too: none of as many numbers."""
    empty = isinstance(part, np.ndarray) and part.ndim in (3, 4) and not len(part)
    return part.reshape(0, prod(part.shape[1:])) if empty else flat(part)


def _require_no_dates(part: Any) -> None:
    """Refuse them by the name of their column; NumPy would speak of its types."""
    kinds = getattr(part, "dtypes", None)
    dates = [] if kinds is None else [name for name, kind in kinds.items() if kind.kind in "mM"]
    if dates:
        raise DataError(
            f"column {dates[0]!r} holds dates or times, which are no numbers: leave it out, or "
            "give the frame to onelayer.train, which makes numbers of dates"
        )


def row_facts(X: Any) -> RowFacts:
    """Of such rows."""
    dense = isinstance(X, np.ndarray)
    return RowFacts(X.shape[0], X.shape[1], X.dtype, -1 if dense else X.nnz)


def label_part(part: Any) -> np.ndarray:
    """Labels as one column, whatever they were held in."""
    values = check_array(part, **PLAIN, ensure_min_samples=0, input_name="y")
    return column_or_1d(values)


def label_facts(y: np.ndarray) -> LabelFacts:
    """Of such labels; refused where they are too many to be classes."""
    bad = not_there(y)
    labels = np.unique(y[~bad])
    require_few(labels)
    return LabelFacts(len(y), labels, int(np.argmax(bad)) if bad.any() else None)


def weight_part(part: Any) -> np.ndarray:
    """Weights as one column in float64."""
    options = {**PLAIN, "dtype": np.float64, "ensure_min_samples": 0}
    weights = check_array(part, **options, input_name="sample_weight")
    if weights.ndim > 1 and weights.shape[1:] != (1,):
        raise DataError(
            f"Sample weights must be 1D array or scalar, got an array of shape {weights.shape}"
        )
    return weights.reshape(-1)


def weight_facts(w: np.ndarray) -> WeightFacts:
    """Of such weights."""
    bad = ~(np.isfinite(w) & (w >= 0))
    refused = (int(np.argmax(bad)), float(w[np.argmax(bad)])) if bad.any() else None
    return WeightFacts(len(w), w.max(initial=0), w[w > 0].min(initial=np.inf), refused)


def require_few(labels: np.ndarray) -> None:
    """Refuse what is no class."""
    if len(labels) > MOST_CLASSES:
        raise DataError(
            f"y has {len(labels)} different values, as {labels[0]!r} and {labels[1]!r}: more than "
            f"{MOST_CLASSES} are no classes"
        )
