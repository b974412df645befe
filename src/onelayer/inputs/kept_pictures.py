"""Pictures of training that a model of an encoder keeps, so that the most similar can be shown."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from onelayer.inputs.examples import Examples

if TYPE_CHECKING:
    from onelayer.inputs.unlike_cells import Unlike

BYTES = 1_500_000
"""That kept pictures may take in a model file, at most: less than one photograph of a telephone.
Features of EfficientNet-Lite0 take 2.5 KB a picture and its small JPEG about 2 KB, so 256 fit."""
ENOUGH = 20
"""Kept pictures from which on they show how alike pictures of training are."""
LESS = 0.95
"""The share of the least likeness among them below which a picture is unlike all. *Measured*: of
500 flowers the least was 0.501, that of 244 others 0.519, and of eight kinds of other pictures
(digits, a temple, noise, one colour) 0.16 to 0.48, one of one colour 0.50."""
_QUALITY = 80
"""Of the JPEG files, on Pillow's scale: of 64 x 64 pixels people see no difference to more."""
_START = b"\xff\xd8\xff"
"""What every JPEG file begins with."""
KEPT = ("kept_features", "kept_labels", "kept_pictures", "kept_ends")
"""What the arrays of a model file are called that hold them."""


@dataclass(frozen=True)
class Similar:
    """A picture of training beside another one.

    Attributes
    ----------
    label
        The class that it was in.
    likeness
        The cosine between the features of the two: 1 for the same direction, 0 for nothing shared.
    jpeg
        The picture as the encoder saw it, a JPEG file of 64 x 64 pixels.
    """

    label: Any
    likeness: float
    jpeg: bytes = field(repr=False)

    @property
    def uri(self) -> str:
        """The picture as a data URI, for a page."""
        return f"data:image/jpeg;base64,{b64encode(self.jpeg).decode('ascii')}"


@dataclass(frozen=True, eq=False)
class KeptPictures:
    """Some pictures of training with their features; no prediction depends on them.

    Attributes
    ----------
    directions
        The features, float16 (k, n), each row divided by its largest number. The cosine needs the
        direction alone; float16 changes it by less than 0.001, and halves the file.
    labels
        The positions of their classes, (k,).
    files
        k JPEG files. They are made from pixels, so they hold no name, place or date.
    """

    directions: np.ndarray
    labels: np.ndarray
    files: tuple[bytes, ...]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def size(self) -> int:
        """Bytes that a model file has for them."""
        return self.directions.nbytes + sum(map(len, self.files)) + 12 * len(self)

    def nearest(self, X: Any, classes: np.ndarray, most: int) -> list[list[Similar]]:
        """Return the pictures most like each row of features X (m, n), the most similar first.

        likeness = x . y / (|x| |y|), in float64, a row at a time, so that a row's answer does not
        depend on its company. Features of zeros alone are like nothing: 0. The cost is k n
        multiplications a row.
        """
        others = _lengthless(self.directions)
        return [self._of_row(others @ x, classes, most) for x in _lengthless(X)]

    def _of_row(self, likeness: np.ndarray, classes: np.ndarray, most: int) -> list[Similar]:
        order, labels = np.argsort(-likeness, kind="stable")[:most], classes[self.labels].tolist()
        cosines = likeness.clip(-1, 1).tolist()  # rounding may go beyond
        return [Similar(labels[i], cosines[i], self.files[i]) for i in order.tolist()]

    @cached_property
    def least_likeness(self) -> float | None:
        """How like the most similar other one the oddest of the kept is; None of fewer than 20."""
        if len(self) < ENOUGH:
            return None
        rows = _lengthless(self.directions)
        likeness = rows @ rows.T
        np.fill_diagonal(likeness, -1)
        return float(likeness.max(axis=1).min())

    def unlike(self, X: Any) -> Unlike:
        """Find rows of features X (m, n) that are like none of the kept, nor nearly so."""
        if self.least_likeness is None:
            return {}
        others, limit = _lengthless(self.directions), LESS * self.least_likeness
        found: Unlike = {}
        for row, x in enumerate(_lengthless(X)):
            most = float((others @ x).max())
            if most < limit:
                why = f"it is like no picture of training: {most:.2f} the most similar one"
                found[row] = {"likeness": f"{why}, where those have {self.least_likeness:.2f}"}
        return found

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return what a model file holds of them; `kept_from` reads it."""
        ends = np.cumsum([len(file) for file in self.files])
        together = np.frombuffer(b"".join(self.files), np.uint8)
        found = (self.directions, self.labels.astype("<i4"), together, ends.astype("<i8"))
        return dict(zip(KEPT, found, strict=True))


def pictures_to_keep(examples: Examples, most: int) -> KeptPictures | None:
    """Keep at most so many of the examples, as many of each class as can be, at most `BYTES`.

    A class with fewer leaves its room to the others. Within a class every so many-th is taken, as
    neighbours in a folder are often of one scene. None where an encoder made no features, and
    where none are to be kept.
    """
    if examples.shown is None:
        return None
    most = min(most, BYTES // (2 * examples.n))  # of more, the features alone would not fit
    while most > 0:
        rows = _spread(examples.labels, len(examples.classes), most)
        kept = _kept(examples, rows, examples.shown.small)
        if kept.size <= BYTES:
            return kept
        most = min(len(kept) - 1, len(kept) * BYTES // kept.size)
    return None


def kept_from(arrays: Mapping[str, np.ndarray], K: int, n: int) -> KeptPictures | None:
    """Return what `to_arrays` described, for K classes and n features; None where nothing is kept.

    Raises
    ------
    ValueError
        Where the arrays do not fit each other or the model.
    KeyError
        Where one of them is missing.
    """
    if not any(name in arrays for name in KEPT):
        return None
    directions, labels, together, ends = (arrays[name] for name in KEPT)
    k = len(ends)
    if directions.shape != (k, n) or directions.dtype.kind != "f" or labels.shape != (k,):
        raise ValueError(f"kept features {directions.shape} of {k} pictures and {n} features")
    if labels.dtype.kind != "i" or not ((labels >= 0) & (labels < K)).all():
        raise ValueError(f"kept pictures of other classes than its {K}")
    starts = np.concatenate([[0], ends[:-1]])
    whole = ends.dtype.kind == "i" and k > 0 and ends[-1] == together.size
    if not whole or together.dtype != np.uint8 or not (starts < ends).all():
        raise ValueError("kept pictures that do not end where they should")
    content = together.tobytes()
    files = tuple(content[i:j] for i, j in zip(starts.tolist(), ends.tolist(), strict=True))
    if not all(file.startswith(_START) for file in files):
        raise ValueError("kept pictures that are no JPEG files")
    return KeptPictures(directions, labels, files)


def _lengthless(X: Any) -> np.ndarray:
    """Rows of X in float64, of length 1; those of zeros stay zeros."""
    rows = np.asarray(X, np.float64)
    rows = rows / _or_one(np.abs(rows).max(axis=1, keepdims=True))  # else tiny squares vanish
    return rows / _or_one(np.linalg.norm(rows, axis=1, keepdims=True))


def _or_one(sizes: np.ndarray) -> np.ndarray:
    return np.where(sizes > 0, sizes, 1.0)


def _kept(examples: Examples, rows: np.ndarray, small: np.ndarray) -> KeptPictures:
    at = examples.places[rows]
    X = np.asarray(examples.whole[at], np.float64)
    directions = X / _or_one(np.abs(X).max(axis=1, keepdims=True))
    files = tuple(_jpeg(pixels) for pixels in small[at])
    return KeptPictures(directions.astype("<f2"), examples.labels[rows].astype("<i4"), files)


def _jpeg(pixels: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def _spread(labels: np.ndarray, K: int, most: int) -> np.ndarray:
    """Rows of at most so many examples, the classes as even as can be; ascending."""
    sizes = np.bincount(labels, minlength=K)
    room = _shared_out(sizes, most)
    rows = [
        np.flatnonzero(labels == k)[np.arange(room[k]) * sizes[k] // max(1, room[k])]
        for k in np.flatnonzero(room).tolist()
    ]
    return np.sort(np.concatenate(rows))


def _shared_out(sizes: np.ndarray, most: int) -> np.ndarray:
    """How many of each class: min(size, level), and one more of some, spread over the classes."""
    if sizes.sum() <= most:
        return sizes
    level = np.searchsorted([np.minimum(sizes, t).sum() for t in range(most + 2)], most, "right")
    room = np.minimum(sizes, level - 1)
    larger, left = np.flatnonzero(sizes >= level), most - int(room.sum())
    room[larger[np.arange(left) * len(larger) // max(1, left)]] += 1
    return room
