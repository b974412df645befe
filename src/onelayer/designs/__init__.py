"""How X is held: one file a kind of storage, one contract for all (`design.py`)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from onelayer.designs.csr import csr_moments
from onelayer.designs.design import Design
from onelayer.designs.disk_rows import is_sparse
from onelayer.designs.identity import Identity
from onelayer.designs.in_memory import design_in_memory
from onelayer.designs.kept_reads import digest_of
from onelayer.designs.loss import Loss
from onelayer.designs.loss_in_memory import LossInMemory
from onelayer.designs.scaling import ColumnMoments, Scaling
from onelayer.designs.survey import Survey, size_of, survey
from onelayer.designs.tallies import moments_of
from onelayer.designs.values import (
    DTYPES,
    blocks_of,
    column_of,
    extent,
    first_not_finite,
    held,
    largest,
    map_of_file,
    mapped_file,
    not_finite,
    storable,
)

__all__ = [
    "DTYPES",
    "ColumnMoments",
    "Design",
    "Identity",
    "Loss",
    "LossInMemory",
    "Scaling",
    "Survey",
    "are_remote",
    "blocks_of",
    "by_column",
    "column_of",
    "columns_on_disk",
    "csr_in_files",
    "digest_of",
    "extent",
    "file_of",
    "first_not_finite",
    "heard",
    "held",
    "in_memory_or_on_disk",
    "in_turn",
    "is_sparse",
    "largest",
    "lies_on_cluster",
    "made_of",
    "make_design",
    "make_moments",
    "make_scaling",
    "make_scalings",
    "map_of_file",
    "moments_of_folds",
    "not_finite",
    "on_one_worker",
    "reads_together",
    "row_by_row",
    "size_of",
    "sparse_of",
    "stays_on_disk",
    "storable",
    "survey",
    "survey_labelled",
    "where_it_lies",
]


def make_scaling(X: Any, scaling: float | str | None, weights: np.ndarray) -> Scaling | None:
    """The scaling that `scaling` asks for: None, a number, or "standard"; `weights` sum to 1."""
    return make_scalings(X, scaling, [weights])[0]


def make_scalings(
    X: Any, scaling: float | str | None, weights: Sequence[np.ndarray]
) -> list[Scaling] | list[None]:
    """The same under each of several weights (m,): one read of a dense X serves them all."""
    problems, n = len(weights), X.shape[1]
    if scaling is None:
        return [None] * problems
    if not isinstance(scaling, str):
        return [Scaling(np.zeros(n), np.full(n, float(scaling)))] * problems
    return [moments.scaling for moments in make_moments(X, weights)]


def make_moments(X: Any, weights: Sequence[np.ndarray]) -> list[ColumnMoments]:
    """Mean and variance of the columns of X under each of several weights (m,), each of sum 1.

    One read of a dense X serves them all; of CSR one is made for each. Rows on a cluster have
    weights of their own, under which there is one of each.
    """
    if lies_on_cluster(X):
        from onelayer.designs.cluster_survey import moments_on_cluster

        return moments_on_cluster([X])
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is named as a column
        if sparse.issparse(X):
            return [csr_moments(X, v) for v in weights]
        return moments_of(X, weights)


def moments_of_folds(X: Any) -> list[ColumnMoments]:
    """Of all rows on a cluster, and of those that each fold is trained on."""
    from onelayer.designs.cluster_survey import moments_on_cluster

    return moments_on_cluster([X, *map(X.without, range(len(X.by_fold)))])


def make_design(X: Any, scaling: Scaling | None = None, *, double: bool = False) -> Design:
    """The design that holds X as it is: an array, or a SciPy CSR array or matrix.

    With `double` its products are in float64 whatever the dtype of X, as those of CSR always are.
    """
    there = lies_on_cluster(X) or are_remote(X)
    X = X if there else held(X)
    if sparse.issparse(X) or isinstance(X, np.ndarray):
        return design_in_memory(X, scaling, double=double)
    if there:
        from onelayer.designs.on_cluster import OnCluster

        return OnCluster(X, scaling, double=double)
    from onelayer.designs.on_disk import OnDisk

    return OnDisk(X, scaling, double=double)


def where_it_lies(X: Any, memory: float | str | None) -> Any:
    """X as it was given, or its rows on disk: an array that maps a file larger than the budget.

    memory is that budget, see `memory_budget`: None is half of what is free. Of CSR its numbers
    and their columns are such arrays.
    """
    stored = getattr(X, "data", None) if sparse.issparse(X) else X
    if mapped_file(stored) is None:
        return X
    from onelayer.designs.csr_on_disk import csr_on_disk
    from onelayer.designs.rows_on_disk import rows_on_disk
    from onelayer.memory_limits import memory_budget

    return (csr_on_disk if sparse.issparse(X) else rows_on_disk)(X, memory_budget(memory))


def in_memory_or_on_disk(X: Any, memory: float | str | None) -> Any:
    """As `where_it_lies`; a map that is not larger than the budget is read into memory."""
    found = where_it_lies(X, memory)
    return np.array(found) if mapped_file(found) is not None else found


def file_of(X: Any) -> Path:
    """The file that rows on disk are read from."""
    return Path(X.place.path)


def in_turn(sources: Sequence[Any]) -> Any:
    """The rows of several sources, of which one at least stays on disk, as one."""
    if all(map(are_remote, sources)):
        return reduce(lambda X, other: X.followed_by(other), sources)
    from onelayer.designs.rows_in_turn import RowsInTurn

    return RowsInTurn(sources)


def columns_on_disk(path: Path, shape: tuple[int, int], budget: int) -> Any:
    """X (m, n) of a file that holds its columns in float64, one after the other; it stays there.

    budget: bytes of it that may stay in memory.
    """
    from onelayer.designs.rows_on_disk import columns_in_file

    return columns_in_file(path, shape, budget)


def made_of(X: Any, make: Callable[[Any], Any], n: int, key: str) -> Any:
    """`make(X)`, (m, n); of rows on disk those that `make` makes of some whenever they are read.

    key: tells what is made from anything else that can be made of the same rows.
    """
    if not stays_on_disk(X):
        return make(X)
    if are_remote(X):
        return X.made(make)
    from onelayer.designs.made_rows import MadeRows

    return MadeRows.of(X, make, n, key)


def sparse_of(X: Any, make: Callable[[Any], Any]) -> Any | None:
    """What `make` makes of rows on disk, CSR, in memory; None where it is more than may be there.

    Of rows on workers it is made there.

    While its parts are put together they are there twice: half of what may be is what they may be.
    """
    if are_remote(X):
        return X.made(make)
    parts, size, room = [], 0, X.budget
    for _, _, rows in X.visit():
        parts.append(make(rows))
        size += size_of(parts[-1])
        if size > room:
            return None
    return sparse.vstack(parts, format="csr")


def stays_on_disk(X: Any) -> bool:
    """Whether these are rows that were left on disk, or are made of such."""
    known = sys.modules.get("onelayer.designs.disk_rows")  # else there are none
    return known is not None and isinstance(X, known.DiskRows)


def csr_in_files(
    files: tuple[Path, Path],
    dtypes: tuple[np.dtype, np.dtype],
    ends: np.ndarray,
    n: int,
    **how: Any,
) -> Any:
    """X (m, n), sparse, whose numbers and their columns are in two files; it stays there.

    `how` are fields of `CsrOnDisk`.
    """
    from onelayer.designs.csr_on_disk import CsrOnDisk, FileNumbers

    place, columns = map(FileNumbers.of_file, files, dtypes)
    return CsrOnDisk(place, columns, ends, n, **how)


def row_by_row(X: Any, function: Callable[[Any], Any]) -> Any:
    """function(X), (m, ...), each row of it from one row of X alone; where X lies."""
    return X.each(function) if are_remote(X) else function(X)


def by_column(
    X: Any, ask: Callable[[int, np.ndarray], Any], rows: np.ndarray | None = None
) -> list[Any]:
    """What `ask` says of each column of a dense X: its number and its values in rows (j,), or all.

    Of rows on disk no more is held than those.
    """
    if are_remote(X):
        return list(X.by_column(lambda j, x: ask(j, x if rows is None else x[rows])))
    return [ask(j, column_of(X, j, rows)) for j in range(X.shape[1])]


def on_one_worker(parts: Sequence[tuple[Any, np.ndarray]], ask: Callable[..., Any]) -> Any:
    """ask(*X) of some rows of each part, (j, n), which one of the workers that have them holds."""
    from onelayer.designs.remote_rows import on_one_worker

    return on_one_worker(parts, ask)


def heard(X: Any, hear: Callable[..., None]) -> AbstractContextManager[Callable[..., None]]:
    """What a task on rows on workers calls while it is at work, which `hear` is told here."""
    found: AbstractContextManager[Callable[..., None]] = X.workers.listening(hear)
    return found


def are_remote(X: Any) -> bool:
    """Whether these are rows on workers, as a source has read them."""
    known = sys.modules.get("onelayer.designs.remote_rows")  # else there are none
    return known is not None and isinstance(X, known.RemoteRows)


def lies_on_cluster(X: Any) -> bool:
    """Whether these are rows in groups on the workers of a cluster, with their labels."""
    known = sys.modules.get("onelayer.designs.rows_on_cluster")  # else there are none
    return known is not None and isinstance(X, known.RowsOnCluster)


def reads_together(losses: list[Loss]) -> tuple[list[Loss], Any]:
    """The losses of the same rows on disk or a cluster, each for a thread, and where they wait."""
    over_parts: Any = losses[0]
    if lies_on_cluster(over_parts.parts.X):
        from onelayer.designs.on_cluster import share_requests

        return share_requests(losses)
    from onelayer.designs.on_disk import share_visits

    return share_visits(losses)


def survey_labelled(
    X: Any, targets: np.ndarray, weights: np.ndarray, classes: int, *, moments: bool
) -> Survey:
    """The survey of X; where X is on disk, it draws a sample too and finds the moments."""
    if sparse.issparse(X) or isinstance(X, np.ndarray):
        return survey(X)
    if are_remote(X):
        X = X.labelled(targets, weights, classes)
    if lies_on_cluster(X):
        from onelayer.designs.cluster_survey import survey_on_cluster

        return survey_on_cluster(X, moments=moments)
    from onelayer.designs.disk_survey import survey_on_disk
    from onelayer.designs.row_labels import RowLabels

    labels = RowLabels.compact(targets, weights, classes)
    found = survey_on_disk(X, labels, moments=moments)
    return Survey(found.largest, X.nbytes, found.sample)
