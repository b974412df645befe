"""Many picture files become one array, decoded in threads."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np

from onelayer.errors import DataError, MissingExtraError
from onelayer.readers.pictures.decoding import decode, upright_size
from onelayer.readers.pictures.preprocessing import Preprocessing
from onelayer.readers.pictures.quiet import quiet
from onelayer.settings import Fit, Mode, Size

Progress: TypeAlias = Callable[[int, int], None]
"""Called as progress(done, total), in the thread that called the reader."""

_BATCH = 16  # files a task: a task costs about 20 us, a small picture 100 us
_TINY = 4096  # bytes; measured on two cores: 28 x 28 files take 77 us in one thread, 98 us in two
_SAMPLE = 100


def read_picture(
    source: Path | str | bytes, size: Size = 64, mode: Mode = "RGB", fit: Fit = "stretch"
) -> np.ndarray:
    """Read one picture, a file or its bytes, as uint8 (height, width, channels).

    Raises
    ------
    DataError
        Where it cannot be read as a picture; the message says why.
    MissingExtraError
        Where it is HEIC and pillow-heif is not installed.
    OSError
        Where the file cannot be opened.
    """
    to = Preprocessing.of_size(size, mode, fit)
    if isinstance(source, bytes):
        with quiet():
            return decode(BytesIO(source), to)
    try:
        with quiet(), open_picture(Path(source)) as file:
            return decode(file, to)
    except DataError as error:
        raise DataError(f"{source}: {error}") from error


def read_files(
    files: Sequence[Path], to: Preprocessing, progress: Progress | None = None
) -> tuple[np.ndarray, dict[int, str]]:
    """Read pictures in order: uint8 (m, height, width, channels), and why the others failed.

    The array is made once, for all files, and the rows of those that failed are closed up; at
    most one picture a thread is held at its full size.

    Returns
    -------
    images
        The pictures that could be read, in the order of `files`.
    failures
        The reason for each position in `files` that has no row.
    """
    images = np.empty((len(files), *to.shape), dtype=np.uint8)
    starts = range(0, len(files), _BATCH)
    failures: dict[int, str] = {}
    read_batch = partial(_read_batch, files, to, images)
    with quiet(), _pool(_thread_count(files)) as pool:
        for start, failed in zip(starts, pool.map(read_batch, starts), strict=True):
            failures |= failed
            if progress:
                progress(min(start + _BATCH, len(files)), len(files))
    return _closed_up(images, failures), failures


def common_size(files: Sequence[Path]) -> tuple[int, int] | str:
    """Return the (height, width) that all pictures share, or where two of them differ.

    Headers alone are read, up to the first that differs; files without a readable one are
    passed over.
    """
    first: tuple[Path, tuple[int, int]] | None = None
    with quiet():
        for file in files:
            size = _header_size(file)
            if size and first is None:
                first = file, size
            if size and first and size != first[1]:
                named = f"{_by(first[1])} in {first[0].name}, {_by(size)} in {file.name}"
                return f"the pictures differ in size ({named})"
    return first[1] if first else "no picture has a readable header"


def open_picture(path: Path) -> BinaryIO:
    """Open a file for reading; a pipe or device, which might never end, is a DataError."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise DataError("not a regular file")
    return path.open("rb")


@contextmanager
def _pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that drop what waits as soon as one task or the caller fails: Ctrl-C is prompt."""
    pool = ThreadPoolExecutor(threads)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _read_batch(
    files: Sequence[Path], to: Preprocessing, images: np.ndarray, start: int
) -> dict[int, str]:
    """Write one batch of rows; return why some were not written."""
    failed: dict[int, str] = {}
    for row in range(start, min(start + _BATCH, len(files))):
        try:
            with open_picture(files[row]) as file:
                images[row] = decode(file, to)
        except OSError as error:
            failed[row] = f"cannot be opened: {error.strerror or error}"
        except (DataError, MissingExtraError) as error:
            failed[row] = str(error)
    return failed


def _header_size(path: Path) -> tuple[int, int] | None:
    try:
        with open_picture(path) as file:
            return upright_size(file)
    except (OSError, DataError):
        return None


def _closed_up(images: np.ndarray, failures: dict[int, str]) -> np.ndarray:
    """Move the rows that were read to the front, in place."""
    kept = [row for row in range(len(images)) if row not in failures]
    for to, row in enumerate(kept):
        if to != row:
            images[to] = images[row]
    return images[: len(kept)]


def _thread_count(files: Sequence[Path]) -> int:
    """One thread for tiny files, which spend their time in Python; else one a processor."""
    sample = files[:: max(1, len(files) // _SAMPLE)]
    if sum(file.stat().st_size for file in sample if file.is_file()) < _TINY * len(sample):
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
