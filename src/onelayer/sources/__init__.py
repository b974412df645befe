"""What a person points at becomes examples: which kind it is, is decided here, once.

One file a kind. A new kind is a class with `takes` and `read`, and one line in `KINDS`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onelayer.designs.dask_collections import is_bag
from onelayer.errors import DataError, UsageError
from onelayer.inputs.base import is_path
from onelayer.readers.stand_ins import require_itself
from onelayer.settings import Settings
from onelayer.sources.array_collection import ArrayCollection
from onelayer.sources.arrays import ArrayFile, GivenArrays
from onelayer.sources.collection import CollectionSource
from onelayer.sources.embedded import NAMES, EmbeddedSet
from onelayer.sources.files_there import TablesThere
from onelayer.sources.folder import PictureFolder
from onelayer.sources.frame import FrameSource
from onelayer.sources.source import Like, Progress, Source, no_progress, who_is_told
from onelayer.sources.table import TableInFile
from onelayer.sources.tables import TablesInFiles
from onelayer.sources.text_folder import TextFolder
from onelayer.sources.zipped import ZippedSource

__all__ = [
    "KINDS",
    "SUPPORTED",
    "Like",
    "Progress",
    "Source",
    "no_progress",
    "open_source",
    "who_is_told",
]

KINDS: list[type[Source]] = [
    CollectionSource,
    TablesThere,
    TablesInFiles,
    FrameSource,
    ArrayCollection,
    GivenArrays,
    TableInFile,
    ArrayFile,
    TextFolder,
    PictureFolder,
    EmbeddedSet,
]
"""In the order in which they are asked: a path goes before an embedded set of the same name."""

SUPPORTED = (
    "a folder with a sub-folder of pictures or of .txt files for each class (in a .zip too), "
    "arrays (.npz, .npy, .h5, .safetensors, .pt, .svm, IDX), "
    "a table (.csv, .parquet, .xlsx; several, or a folder of them), "
    f"or the name of an embedded set ({', '.join(NAMES)})"
)


def open_source(
    given: Any, settings: Settings | None = None, progress: Progress | None = no_progress
) -> Source:
    """Return the source that this is; nothing of it is read yet.

    Raises
    ------
    FileNotFoundError
        Where there is neither a path nor an embedded set of that name.
    DataError
        For a file of no kind that can be read.
    UsageError
        For anything else.
    """
    asked, progress = Settings() if settings is None else settings, who_is_told(progress)
    if isinstance(given, Source):
        return given
    if is_path(given):
        require_itself(Path(given))
    if ZippedSource.takes(given, asked):
        return ZippedSource(given, asked, progress, open_source)
    for kind in KINDS:
        if kind.takes(given, asked):
            return kind.opened(given, asked, progress)
    if is_bag(given):
        raise UsageError("a Bag of Dask has no columns: give its frame, bag.to_dataframe()")
    if not isinstance(given, (str, Path)):
        raise UsageError(
            f"{_called(given)} is no source: give a path, the name of an embedded set, a data "
            "frame with its target, a list of dictionaries, or (X, y)"
        )
    if Path(given).exists():
        raise DataError(f"{given} is a file, and of no kind that can be read: give {SUPPORTED}")
    raise FileNotFoundError(f"there is no {given}: give {SUPPORTED}")


def _called(given: Any) -> str:
    name = type(given).__name__
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
