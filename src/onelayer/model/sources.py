"""A source, whatever its kind, becomes examples: a folder of pictures, or an embedded set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from onelayer.errors import DataError, UsageError
from onelayer.model.examples import Examples
from onelayer.model.settings import Settings
from onelayer.readers import Audit, Preprocessing, read_picture, read_pictures
from onelayer.readers.preprocessing import Fit, Mode, Size

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called as progress(what is under way, done, total)."""

Source: TypeAlias = str | Path

PIXEL_SCALING = 1 / 255


def no_progress(stage: str, done: int, total: int) -> None:
    """Say nothing."""
    del stage, done, total


@dataclass(frozen=True)
class Reading:
    """How a source is read; for a source that shall be judged, as the model's own was."""

    size: Size | None = None
    mode: Mode | None = None
    fit: Fit = "stretch"
    classes: Sequence[Any] | None = None
    strict: bool = False
    progress: Progress = no_progress

    @classmethod
    def asked(cls, settings: Settings, progress: Progress) -> Reading:
        """As the settings have it, for a source that is trained on."""
        return cls(settings.size, settings.mode, settings.fit, None, settings.strict, progress)

    @classmethod
    def like(
        cls,
        preprocessing: Preprocessing | None,
        classes: np.ndarray,
        *,
        strict: bool = False,
        progress: Progress = no_progress,
    ) -> Reading:
        """As the examples were read that have this preprocessing and these classes."""
        names = classes.tolist()
        if preprocessing is None:
            return cls(classes=names, strict=strict, progress=progress)
        size = preprocessing.height, preprocessing.width
        return cls(size, preprocessing.mode, preprocessing.fit, names, strict, progress)


def read_source(source: Source, reading: Reading) -> Examples:
    """Read a source of any kind; a path goes before an embedded set of the same name.

    Raises
    ------
    FileNotFoundError
        Where there is neither a path nor an embedded set of that name.
    DataError
        Where its kind is unknown, or what it holds cannot be used.
    """
    path = Path(source)
    if path.is_dir():
        return _pictures(path, reading)
    if path.exists():
        raise DataError(f"{source} is a file, and of no kind that can be read: give {SUPPORTED}")
    if is_embedded(source):
        return _EMBEDDED[str(source)](reading)
    raise FileNotFoundError(f"there is no {source}: give {SUPPORTED}")


def is_embedded(source: Source) -> bool:
    """Whether the source is one of the sets that come with the package's dependencies."""
    return str(source) in _EMBEDDED and not Path(source).exists()


def identity(source: Source) -> str:
    """Return what tells sources apart: a digest of the absolute path, or of the set's name."""
    name = f"set:{source}" if is_embedded(source) else f"path:{Path(source).resolve()}"
    return blake2b(name.encode(), digest_size=16).hexdigest()


def _pictures(folder: Path, reading: Reading) -> Examples:
    found = read_pictures(
        folder,
        reading.size,
        reading.mode or "RGB",
        reading.fit,
        classes=reading.classes,
        strict=reading.strict,
        progress=lambda done, total: reading.progress("reading", done, total),
    )
    return Examples(
        X=found.images.reshape(len(found.images), -1),
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
    return _embedded("breast_cancer", found.data, labels, reading, None)


def _embedded(
    source: str, data: np.ndarray, y: np.ndarray, reading: Reading, pictures: Preprocessing | None
) -> Examples:
    classes, labels = np.unique(y, return_inverse=True)
    if reading.classes is not None and list(reading.classes) != classes.tolist():
        raise DataError(
            f"{source} has the classes {', '.join(classes)}; "
            f"the model knows {', '.join(map(str, reading.classes))}"
        )
    counts = Counter(classes[labels].tolist())
    unit = "rows" if pictures is None else "pictures"
    audit = Audit(source, len(data), unit, {name: counts[name] for name in classes.tolist()})
    return Examples(
        X=data.reshape(len(data), -1),
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
    "a folder with a sub-folder of pictures for each class, or the name of an embedded set "
    f"({', '.join(_EMBEDDED)})"
)
