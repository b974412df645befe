"""A folder with a sub-folder a class becomes one array of pictures, labels and an audit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from onelayer.errors import DataError
from onelayer.readers.audit import Audit
from onelayer.readers.pictures.folders import (
    PassedBy,
    class_name,
    composed,
    files_below,
    hidden_beside,
    loose_files,
)
from onelayer.readers.pictures.heic import missing
from onelayer.readers.pictures.picture_files import Progress, common_size, read_files
from onelayer.readers.pictures.preprocessing import Preprocessing
from onelayer.readers.pictures.splits import require_classes, unwrapped
from onelayer.settings import Fit, Mode, Size
from onelayer.words import count_of, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SIDE = 64
"""Pixels a side where none was asked for: 12288 features, as in the lecture's pictures."""


Read: TypeAlias = "Callable[[list[Path], Preprocessing], tuple[np.ndarray, dict[int, str]]]"
"""Reads files as an array, a row a picture, and says by position why the others failed."""


@dataclass(frozen=True)
class Pictures:
    """Pictures of one size with their labels.

    Attributes
    ----------
    images
        uint8 (m, height, width, channels), C-contiguous.
    labels
        int64 (m,), 0..K-1, positions in `classes`.
    classes
        The K names.
    paths
        The m files, relative to the folder.
    preprocessing
        What was done to each picture, to be done again in prediction.
    audit
        What was read, left out and chosen.
    """

    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    paths: tuple[Path, ...]
    preprocessing: Preprocessing
    audit: Audit


def read_pictures(
    folder: Path | str,
    size: Size | None = None,
    mode: Mode = "RGB",
    fit: Fit = "stretch",
    *,
    classes: Sequence[str] | None = None,
    strict: bool = False,
    progress: Progress | None = None,
) -> Pictures:
    """Read `folder/<class>/**/*` as pictures, whatever their suffixes say.

    The classes are the names of the sub-folders, sorted (torchvision's ImageFolder convention);
    accents are part of their letter, however a system writes them.
    JPEG (MPO), PNG, WebP, BMP, GIF, TIFF, PPM (PGM, PBM, PFM), JPEG 2000, AVIF and TGA are known by
    their content, and HEIC where pillow-heif is installed; the first frame counts. EXIF's rotation
    is applied, grey of more than 8 bits is scaled to 8 (see `pictures/deep.py`), transparency is
    shown on white; colour profiles are not applied.

    Parameters
    ----------
    folder
        Holds one sub-folder a class. Hidden files are ignored; links are followed.
    size
        One side for both or (height, width), in pixels. None keeps the pictures' own size where
        all share one of at most 64 x 64, else takes 64 x 64.
    mode, fit
        See `Preprocessing`.
    classes
        The classes of the training set, for a set that shall be judged by its model: its
        sub-folders must be among them, and labels refer to them.
    strict
        A file that cannot be read is an error, not a line in the audit.
    progress
        Called as progress(done, total) now and then.

    Raises
    ------
    DataError
        No class folders, a single one, one outside `classes`, one without a readable picture,
        or, if `strict`, any unreadable file.
    UsageError
        For an unknown mode or fit, or an impossible size.
    """
    read = partial(read_files, progress=progress)
    return read_folder(folder, (size, mode, fit), read, classes=classes, strict=strict)


def read_folder(
    folder: Path | str,
    asked: tuple[Size | None, Mode, Fit],
    read: Read,
    *,
    classes: Sequence[str] | None = None,
    strict: bool = False,
) -> Pictures:
    """Read as `read_pictures` does, each file by `read`: an encoder gives small pictures back."""
    folder = unwrapped(Path(folder))
    found = _named_classes(folder, classes)
    own = tuple(dict.fromkeys(map(class_name, found)))
    names = own if classes is None else tuple(map(composed, classes))
    passed = PassedBy(hidden=hidden_beside(folder))
    files, of_file = _files_of(found, names, passed)
    to, why = _preprocessing(files, *asked)
    images, failures = read(files, to)
    relative = tuple(file.relative_to(folder) for file in files)
    left_out = tuple((relative[row].as_posix(), reason) for row, reason in failures.items())
    if strict and left_out:
        raise DataError(*_refusal(folder, left_out))
    kept = [row for row in range(len(files)) if row not in failures]
    labels = of_file[kept]
    notes = (why, *_notes(folder, found, names, failures), *_passed_notes(folder, passed))
    audit = Audit(str(folder), len(kept), "pictures", _counts(labels, names), left_out, notes)
    _require_pictures(folder, found, audit)
    return Pictures(images, labels, names, tuple(relative[row] for row in kept), to, audit)


def read_listed(
    files: list[Path], size: Size | None, mode: Mode, fit: Fit
) -> tuple[np.ndarray, dict[int, str], Preprocessing]:
    """Read files in order: uint8 (m, height, width, channels), why others failed, what was done.

    The size is chosen as by `read_pictures`.

    Raises
    ------
    DataError
        Where none can be read.
    """
    to, _ = _preprocessing(files, size, mode, fit)
    images, failures = read_files(files, to)
    if not len(images):
        raise DataError(f"none of {len(files)} files can be read: {files[0]}: {failures[0]}")
    return images, failures, to


def _named_classes(folder: Path, classes: Sequence[str] | None) -> list[Path]:
    found = require_classes(folder)
    if classes is None:
        if len(set(map(class_name, found))) == 1:
            only = class_name(found[0])
            raise DataError(f"{folder} has one class alone, {only}: a classifier needs two or more")
        return found
    known = set(map(composed, classes))
    unknown = [path.name for path in found if class_name(path) not in known]
    if unknown:
        raise DataError(
            f"{folder} has classes that the model does not know: {listed(unknown, 10)}. "
            f"Known: {listed(classes, 20)}. Rename or remove their folders"
        )
    return found


def _files_of(
    found: list[Path], names: tuple[str, ...], passed: PassedBy
) -> tuple[list[Path], np.ndarray]:
    files: list[Path] = []
    labels: list[int] = []
    for path in found:
        below = list(files_below(path, passed))
        files += below
        labels += [names.index(class_name(path))] * len(below)
    return files, np.array(labels, dtype=np.int64)


def _preprocessing(
    files: list[Path], size: Size | None, mode: Mode, fit: Fit
) -> tuple[Preprocessing, str]:
    """Choose the size, and say why."""
    to = Preprocessing.of_size(_SIDE if size is None else size, mode, fit)
    if size is not None:
        return to, f"{_described(to)}: as asked"
    common = common_size(files)
    if isinstance(common, str):
        return to, f"{_described(to)}: {common}"
    if max(common) <= _SIDE:
        to = Preprocessing.of_size(common, mode, fit)
        return to, f"{_described(to)}: the pictures' own size"
    own = f"{common[0]} x {common[1]}"
    return to, f"{_described(to)}: the pictures' own {own} is more than {_SIDE} x {_SIDE}"


def _described(to: Preprocessing) -> str:
    return f"size {to.height} x {to.width}, mode {to.mode}, fit {to.fit}"


def _notes(
    folder: Path, found: list[Path], names: tuple[str, ...], failures: dict[int, str]
) -> list[str]:
    notes = []
    beside = loose_files(folder)
    if beside:
        notes.append(f"{count_of(beside, 'files')} beside the class folders not read")
    absent = [name for name in names if name not in set(map(class_name, found))]
    if absent:
        notes.append(f"no folder for {', '.join(absent)}")
    heic = Counter(failures.values())[str(missing("HEIC"))]
    if heic:
        notes.append(str(missing(f"{heic} HEIC files")))
    return notes


def _passed_notes(folder: Path, passed: PassedBy) -> list[str]:
    """Name what was passed by; a link that leads back would have no end."""
    links = count_of(len(passed.loops), "links")
    kinds = {
        f"{len(passed.hidden)} hidden or a system's own, not read": passed.hidden,
        f"{links} back to a folder on the way, not followed": passed.loops,
    }
    return [f"{what}: {_shown(folder, paths)}" for what, paths in kinds.items() if paths]


def _shown(folder: Path, paths: list[Path]) -> str:
    names = [path.relative_to(folder).as_posix() for path in paths]
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _counts(labels: np.ndarray, names: tuple[str, ...]) -> dict[str, int]:
    counts = np.bincount(labels, minlength=len(names)).tolist()
    return dict(zip(names, counts, strict=True))


def _require_pictures(folder: Path, found: list[Path], audit: Audit) -> None:
    empty = [path.name for path in found if audit.by_class[class_name(path)] == 0]
    if not empty:
        return
    reasons = [
        f"  {name}: {reason}" for name, reason in audit.left_out if name.split("/")[0] in empty
    ]
    raise DataError(
        f"no readable picture in {', '.join(empty)} of {folder}: add pictures or remove the folder",
        *reasons[:3],
    )


def _refusal(folder: Path, left_out: tuple[tuple[str, str], ...]) -> list[str]:
    """The lines of an error."""
    lines = [f"  {name}: {reason}" for name, reason in left_out[:10]]
    more = [f"  and {len(left_out) - 10} more"] * (len(left_out) > 10)
    return [f"{len(left_out)} files of {folder} cannot be read (strict):", *lines, *more]
