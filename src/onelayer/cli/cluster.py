"""`--cluster`: who reads and computes for a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onelayer.cli.output import warn

if TYPE_CHECKING:
    from onelayer.designs.cluster_workers import ClusterWorkers


@contextmanager
def who_works(asked: str | None) -> Iterator[ClusterWorkers | None]:
    """The workers that were asked for, of which a line says how many; None for none."""
    if asked is None:
        yield None
        return
    from onelayer.designs.clusters import cluster_of, in_words

    with cluster_of(asked) as workers:
        warn(in_words(workers, asked))
        yield workers


def given_to(workers: ClusterWorkers | None, source: Any) -> Any:
    """A source as these workers read it; itself where there are none, or no source."""
    if workers is None or source is None:
        return source
    from onelayer.sources.files_there import FilesThere

    return FilesThere(source, workers)


def expanded(paths: list[str]) -> list[str]:
    """Paths, and for a pattern as 'sales/*.parquet' those that it stands for, by name.

    A shell does so too, where no quotation marks keep it from it.
    """
    return [one for path in paths for one in _expanded(path)]


def _expanded(path: str) -> list[str]:
    if not has_magic(path) or Path(path).exists():
        return [path]
    return sorted(glob(path)) or [path]  # noqa: PTH207 - of a whole path, as shells expand it
