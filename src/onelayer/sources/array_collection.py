"""Arrays of Dask: X (m, n) stays with its workers in groups of rows, the labels come here."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np

from onelayer.designs import first_not_finite, held, largest, row_by_row
from onelayer.designs.cluster_workers import workers_of
from onelayer.designs.dask_collections import is_collection, parts_of
from onelayer.errors import DataError, UsageError
from onelayer.inputs import RowInputs
from onelayer.inputs.examples import Examples
from onelayer.readers import Audit
from onelayer.readers.arrays.layout import ArrayOptions
from onelayer.readers.labels import clean_labels, encode
from onelayer.readers.row_arrays import as_rows, digests_of, given_rows, require_array
from onelayer.settings import Settings
from onelayer.sources.arrays import as_they_are, by_class, labels_digest
from onelayer.sources.source import Like, Source
from onelayer.words import count_of

if TYPE_CHECKING:
    from onelayer.designs.dask_workers import Workers
    from onelayer.designs.remote_rows import RemoteRows

THERE = "the Dask arrays"


class GroupValues(NamedTuple):
    """Of a group of rows: the largest |x|, and row, column and value of what is not finite."""

    largest: float
    bad: tuple[int, int, float] | None

    @classmethod
    def of(cls, X: Any) -> GroupValues:
        """Of these rows."""
        top = float(X.max(initial=0)) if X.dtype == np.uint8 else largest(X)
        return cls(top, None if np.isfinite(top) else first_not_finite(X))


@final
class ArrayCollection(Source):
    """(X, y) of Dask: X an array (m, n), of CSR chunks too, y an array or a column of a frame."""

    @classmethod
    def takes(cls, given: Any, settings: Settings) -> bool:
        """A pair with a collection in it; of frames `CollectionSource` is asked before."""
        del settings
        return isinstance(given, tuple) and len(given) == 2 and any(map(is_collection, given))

    @property
    def described(self) -> str:
        """The same for all."""
        return THERE

    @property
    def paths(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def identity(self) -> str:
        """By its shape and labels."""
        return labels_digest(self._rows.shape, self._labels)

    def read(self, part: str | None, like: Like | None = None) -> Examples:
        """Compute X where its chunks lie, and the labels.

        Raises
        ------
        UsageError
            Where X or y is no collection, or X holds pictures.
        DataError
            Where a number is missing or infinite, or y has no two classes.
        """
        del part
        self.require_no_columns(like, "encoding")
        self._require_rows()
        self.progress("reading", 0, 1)
        X = self._rows
        top = self._largest(X)
        known = None if like is None else like.classes
        positions, classes = encode(clean_labels(self._labels, len(X), THERE), known, THERE)
        if len(classes) < 2:
            raise DataError(f"{THERE} have one class alone, {classes[0]}: give two or more")
        inputs, notes = self._inputs(X, top, like)
        return Examples(
            whole=X,
            digests=row_by_row(X, digests_of),
            labels=positions,
            classes=classes,
            names=np.arange(len(X), dtype=np.int32),
            inputs=inputs,
            audit=Audit(
                source=THERE,
                read=len(X),
                unit=inputs.unit,
                by_class=by_class(positions, classes),
                notes=(*notes, f"read by {self._workers.in_words}: X stays there"),
            ),
        )

    def _inputs(self, X: RemoteRows, top: float, like: Like | None) -> tuple[Any, list[str]]:
        what = f"X is {getattr(self.given[0], 'dtype', X.dtype)} {X.shape}"
        if like is not None:
            return like.inputs, [what]
        arrays = ArrayOptions(None, None, None, memory=self.settings.memory)
        how, why = as_they_are(X.dtype, top, sparse=not X.dense)
        return RowInputs(X.shape[1], arrays, how=how), [f"{what}; {why}"]

    def _require_rows(self) -> None:
        X, y = self.given
        other = [name for name, one in (("X", X), ("y", y)) if not is_collection(one)]
        if other:
            raise UsageError(
                f"{other[0]} lies in memory, and the other is a collection of Dask: give both as "
                "collections (dask.array.from_array(y, chunks=100_000)), or both in memory"
            )
        if X.ndim != 2:
            raise UsageError(
                f"X is a Dask array of {count_of(X.ndim, 'dimensions')}: on a cluster give (m, n), "
                "a row an example, as X.reshape(len(X), -1) makes it; pictures are trained on from "
                "a folder or an array in memory"
            )

    def _largest(self, X: RemoteRows) -> float:
        workers = X.workers
        found = workers.get(workers.put(GroupValues.of, [(handle,) for handle in X.handles]))
        for start, one in zip(X.edges, found, strict=False):
            if one.bad is not None:
                row, column, value = one.bad
                raise DataError(
                    f"{THERE} have {value} in row {start + row}, column {column} of X, counted "
                    "from 0: leave the row out, or fill the value in"
                )
        return max(one.largest for one in found)

    @cached_property
    def _workers(self) -> Workers:
        return workers_of()

    @cached_property
    def _rows(self) -> RemoteRows:
        """Chunks cut and joined into groups, in what all can be held in."""
        from onelayer.designs.remote_rows import RemoteRows, regrouped

        handles = self._workers.compute(parts_of(self.given[0]), _rows_of)
        return regrouped(RemoteRows.of(self._workers, handles))

    @cached_property
    def _labels(self) -> np.ndarray:
        found = self._workers.compute(parts_of(self.given[1]), np.asarray)
        return np.concatenate(self._workers.get(found))


def _rows_of(part: Any) -> Any:
    """Rows of a chunk as designs hold them; one without rows tells its width."""
    rows = given_rows(part)
    X = as_rows(part) if rows is None else rows
    if X.shape[0]:
        require_array(X, THERE)
    return held(X)
