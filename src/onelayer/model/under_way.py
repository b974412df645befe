"""A training's progress tells of the reads of rows on disk too, beside what is under way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from onelayer.designs.watched_reads import ReadsWatch, reads_watched
from onelayer.sources import Progress


@contextmanager
def reads_told(progress: Progress) -> Iterator[Progress]:
    """Yield a progress that shows each read of rows on disk under the stage that makes it."""
    under_way = ""

    def told(stage: str, done: int, total: int) -> None:
        nonlocal under_way
        under_way = stage
        progress(stage, done, total)

    def of_a_read(watch: ReadsWatch) -> None:
        progress(f"{under_way}: {watch.in_words}", watch.rows, watch.of_rows)

    with reads_watched(of_a_read):
        yield told
