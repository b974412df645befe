"""A source, whatever its kind, becomes examples: pictures, a table, arrays, or an embedded set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from onelayer.errors import DataError, UsageError
from onelayer.inputs.examples import Examples
from onelayer.readers import Audit, Preprocessing, read_picture, read_pictures
from onelayer.readers.arrays.formats import Asked, array_kind
from onelayer.readers.arrays.layout import Names
from onelayer.readers.tables.options import TableOptions
from onelayer.readers.tables.suffixes import is_pipe, table_kind
from onelayer.settings import Fit, Mode, Settings, Size
from onelayer.sources.arrays import PIXEL_SCALING, Wanted, file_examples, given_examples, part_names
from onelayer.sources.table import TableAsked, table_examples

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called as progress(what is under way, done, total)."""

Source: TypeAlias = str | Path | tuple[Any, Any]
"""A path, the name of an embedded set, or in Python (X, y)."""


def no_progress(stage: str, done: int, total: int) -> None:
    """Say nothing."""
    del stage, done, total


@dataclass(frozen=True)
class Reading:
    """How a source is read; for a source that shall be judged, as the model's own was.

    `arrays` names X and y in files of arrays; `part` is train, val or test where a file has
    several, None for the one that judges. `pictures` is the preprocessing of the model's own.
    `table` says what the columns of a table are.
    """

    size: Size | None = None
    mode: Mode | None = None
    fit: Fit = "stretch"
    classes: Sequence[Any] | None = None
    strict: bool = False
    progress: Progress = no_progress
    arrays: Asked = field(default_factory=Asked)
    part: str | None = None
    pictures: Preprocessing | None = None
    table: TableAsked = field(default_factory=TableAsked)

    @classmethod
    def asked(cls, settings: Settings, progress: Progress) -> Reading:
        """As the settings have it, for a source that is trained on."""
        arrays = Asked(Names(settings.x, settings.y), settings.n_features)
        return cls(
            size=settings.size,
            mode=settings.mode,
            fit=settings.fit,
            strict=settings.strict,
            progress=progress,
            arrays=arrays,
            part="train",
            table=table_asked(settings),
        )

    @classmethod
    def like(
        cls,
        preprocessing: Preprocessing | None,
        classes: np.ndarray,
        *,
        strict: bool = False,
        progress: Progress = no_progress,
        arrays: Asked | None = None,
        table: TableAsked | None = None,
    ) -> Reading:
        """As the examples were read that have this preprocessing and these classes."""
        reading = cls(
            classes=classes.tolist(),
            strict=strict,
            progress=progress,
            arrays=arrays or Asked(),
            pictures=preprocessing,
            table=table or TableAsked(),
        )
        if preprocessing is None:
            return reading
        size = preprocessing.height, preprocessing.width
        return replace(reading, size=size, mode=preprocessing.mode, fit=preprocessing.fit)

    @property
    def wanted(self) -> Wanted:
        """The same, as arrays are asked for."""
        return Wanted(
            asked=self.arrays,
            part=self.part,
            classes=self.classes,
            like=self.pictures,
            size=self.size,
            mode=self.mode,
            fit=self.fit,
        )


def read_source(source: Source, reading: Reading) -> Examples:
    """Read a source of any kind; a path goes before an embedded set of the same name.

    Raises
    ------
    FileNotFoundError
        Where there is neither a path nor an embedded set of that name.
    DataError
        Where its kind is unknown, or what it holds cannot be used.
    """
    if isinstance(source, tuple):
        return given_examples(*source, reading.wanted)
    path = Path(source)
    if is_table(path, reading.table):
        reading.progress("reading", 0, 1)
        asked = replace(reading.table, classes=reading.classes, strict=reading.strict)
        return table_examples(path, asked)
    if reading.table.target is not None and (path.exists() or is_embedded(source)):
        raise UsageError(f"{source} is no table, .csv or .parquet: it has no column to --target")
    if array_kind(path):
        reading.progress("reading", 0, 1)
        return file_examples(path, reading.wanted)
    if path.is_dir():
        return _pictures(path, reading)
    if path.exists():
        raise DataError(f"{source} is a file, and of no kind that can be read: give {SUPPORTED}")
    require_source(source)
    return _EMBEDDED[str(source)](reading)


def require_source(source: Source) -> None:
    """Raise FileNotFoundError where there is neither a path nor an embedded set of that name."""
    if not (isinstance(source, tuple) or Path(source).exists() or is_embedded(source)):
        raise FileNotFoundError(f"there is no {source}: give {SUPPORTED}")


def is_table(path: Path, asked: TableAsked) -> bool:
    """Whether a file is a table: by its name, or as it has a target and is no file of arrays."""
    if not (path.is_file() or is_pipe(path)):
        return False
    named = asked.target is not None or asked.columns is not None
    return table_kind(path) is not None or (named and array_kind(path) is None)


def table_asked(settings: Settings) -> TableAsked:
    """Return what the settings say of a table."""
    return TableAsked(
        target=settings.target,
        drop=settings.drop,
        weights=settings.weights,
        group=settings.group,
        options=TableOptions.of(vars(settings)),
    )


def parts_of(source: Source, arrays: Asked) -> list[str]:
    """Return the parts that a source of arrays has, train, val and test; of others nothing."""
    if isinstance(source, tuple) or not array_kind(Path(source)):
        return []
    return part_names(Path(source), arrays)


def is_embedded(source: Source) -> bool:
    """Whether the source is one of the sets that come with the package's dependencies."""
    return isinstance(source, str) and source in _EMBEDDED and not Path(source).exists()


def identity(source: Source) -> str:
    """Return what tells sources apart: a digest of the absolute path, or of the set's name.

    Arrays are told apart by their shape and labels.
    """
    if isinstance(source, tuple):
        X, y = source
        told, labels = blake2b(f"{np.shape(X)}".encode(), digest_size=16), np.asarray(y)
        # As text, numbers are five times as large: some at a time. Text is of one width.
        together = LABELS_TOGETHER if labels.dtype.kind in "biuf" else max(1, labels.size)
        for start in range(0, labels.size, together):
            told.update(labels.ravel()[start : start + together].astype(str).tobytes())
        return told.hexdigest()
    name = f"set:{source}" if is_embedded(source) else f"path:{Path(source).resolve()}"
    return blake2b(name.encode(), digest_size=16).hexdigest()


LABELS_TOGETHER = 1 << 16
"""Labels that are written out at a time. *Guard* for memory."""


def described(source: Source) -> str:
    """Return what a source is called, on a card."""
    return "arrays" if isinstance(source, tuple) else str(source)


def _pictures(folder: Path, reading: Reading) -> Examples:
    found = read_pictures(
        folder,
        reading.size,
        reading.mode or "RGB",
        reading.fit,
        classes=None if reading.classes is None else [str(name) for name in reading.classes],
        strict=reading.strict,
        progress=lambda done, total: reading.progress("reading", done, total),
    )
    return Examples(
        whole=found.images.reshape(len(found.images), -1),
        labels=found.labels,
        classes=np.array(found.classes),
        names=np.array([path.as_posix() for path in found.paths]),
        scaling=PIXEL_SCALING,
        preprocessing=found.preprocessing,
        audit=found.audit,
    )


def _digits(reading: Reading) -> Examples:
    """Read scikit-learn's handwritten digits as the pictures that they are: 8 x 8, grey."""
    pictures, labels = digit_pictures()
    size = 8 if reading.size is None else reading.size
    mode: Mode = reading.mode or "L"
    images = [read_picture(_png(picture), size, mode, reading.fit) for picture in pictures]
    preprocessing = Preprocessing.of_size(size, mode, reading.fit)
    return _embedded("digits", np.stack(images), labels, reading, preprocessing)


def digit_pictures() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's handwritten digits as uint8 (1797, 8, 8), 16 shades made 0 to 255, and labels.

    The labels are text, (1797,).
    """
    from sklearn.datasets import load_digits

    found = load_digits()
    return np.rint(found.images * (255 / 16)).astype(np.uint8), found.target.astype(str)


def _breast_cancer(reading: Reading) -> Examples:
    """Read scikit-learn's breast cancer set: 30 measurements of 569 tumours."""
    from sklearn.datasets import load_breast_cancer

    if reading.size is not None:
        raise UsageError("breast_cancer is a table, not a folder of pictures: it has no size")
    found = load_breast_cancer()
    labels = found.target_names[found.target]
    features = tuple(found.feature_names.tolist())
    return replace(_embedded("breast_cancer", found.data, labels, reading, None), features=features)


def _embedded(
    source: str, data: np.ndarray, y: np.ndarray, reading: Reading, pictures: Preprocessing | None
) -> Examples:
    classes, labels = np.unique(y, return_inverse=True)
    if reading.classes is not None and [str(name) for name in reading.classes] != classes.tolist():
        raise DataError(
            f"{source} has the classes {', '.join(classes)}; "
            f"the model knows {', '.join(map(str, reading.classes))}"
        )
    counts = Counter(classes[labels].tolist())
    unit = "rows" if pictures is None else "pictures"
    audit = Audit(source, len(data), unit, {name: counts[name] for name in classes.tolist()})
    return Examples(
        whole=data.reshape(len(data), -1),
        labels=labels,
        classes=classes,
        names=np.arange(len(data)).astype(str),
        scaling="standard" if pictures is None else PIXEL_SCALING,
        preprocessing=pictures,
        audit=audit,
    )


def _png(picture: np.ndarray) -> bytes:
    from PIL import Image

    file = BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


_EMBEDDED: dict[str, Callable[[Reading], Examples]] = {
    "breast_cancer": _breast_cancer,
    "digits": _digits,
}

SUPPORTED = (
    "a folder with a sub-folder of pictures for each class, arrays (.npz, .npy, .h5, .svm, IDX), "
    "a table (.csv, .parquet), or the name of an embedded set "
    f"({', '.join(_EMBEDDED)})"
)
