"""What every encoder does: a picture becomes n features, and where it can, features of places."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import PurePath
from typing import Any, ClassVar, NamedTuple

import numpy as np

from onelayer.readers.pictures.preprocessing import Preprocessing

LARGEST = 4096
"""Pixels a side at most. *Guard* for memory."""
Triple = tuple[float, float, float]


class Encoded(NamedTuple):
    """What an encoder says of one picture.

    Attributes
    ----------
    features
        float32 (n,).
    places
        float32 (h, w, n), features of places whose mean the features are; None where the encoder
        does not end in a mean over places.
    """

    features: np.ndarray
    places: np.ndarray | None


@dataclass(frozen=True)
class EncoderSpec:
    """An encoder's name and digest, and what is done to a picture first: what a model file keeps.

    Attributes
    ----------
    name
        A known name, the path of an ONNX file, or the name of a function.
    kind
        "known", "onnx" or "function".
    digest
        Of the bytes of its weights or file; a function has none.
    n
        Features of a picture.
    places
        (h, w) where it ends in a mean over places, else None.
    size, resize
        It sees size x size pixels: the middle of the centred square, made resize x resize.
    mean, std
        (3,), of colours from 0 to 1: what it gets is (x - mean) / std.
    probe
        Of a function alone: the first features of a fixed picture, by which it is known again.
    """

    name: str
    kind: str
    digest: str
    n: int
    places: tuple[int, int] | None
    size: int
    resize: int
    mean: Triple
    std: Triple
    probe: tuple[float, ...] = ()

    @property
    def preprocessing(self) -> Preprocessing:
        """What makes pixels of a file: the centred square, of resize x resize, bicubic."""
        return Preprocessing(self.resize, self.resize, "RGB", "crop")

    @property
    def key(self) -> str:
        """Equal where encoder and preprocessing are: features may then be kept and used again."""
        fields = {**asdict(self), "name": "", "version": 1}
        return blake2b(json.dumps(fields, sort_keys=True).encode(), digest_size=16).hexdigest()

    @property
    def in_words(self) -> str:
        """Return name, without folders, pixels and digest."""
        known = f", digest {self.digest[:12]}" if self.digest else ", a function"
        return f"{PurePath(self.name).name}, which sees {self.size} x {self.size} pixels{known}"

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> EncoderSpec:
        """Return what `to_dict` described; ValueError or TypeError for anything else."""
        tuples = ("places", "mean", "std", "probe")
        given = {key: tuple(fields[key]) if fields[key] is not None else None for key in tuples}
        found = cls(**{**fields, **given})
        if not 1 <= found.size <= found.resize <= LARGEST or found.n < 1 or 0 in found.std:
            raise ValueError(f"an encoder of {found.n} features that sees {found.size} pixels")
        return found


class Encoder(ABC):
    """A network that is there to be run."""

    threads: ClassVar[bool] = True
    """Whether several threads may run it at once."""

    def __init__(self, spec: EncoderSpec) -> None:
        self.spec = spec

    def ready(self) -> None:  # noqa: B027 - one that is there at once has nothing to do
        """Have at hand all that encoding needs, so that what is wrong with it is told now."""

    @abstractmethod
    def encode(self, picture: np.ndarray) -> Encoded:
        """Encode one picture, uint8 (resize, resize, 3): by itself, whatever comes with it."""

    def seen(self, picture: np.ndarray) -> np.ndarray:
        """Return the middle size x size of the picture."""
        return centre(picture, self.spec.size)


def centre(picture: np.ndarray, size: int) -> np.ndarray:
    """Return the middle size x size of a picture (height, width, channels)."""
    top, left = ((side - size) // 2 for side in picture.shape[:2])
    return picture[top : top + size, left : left + size]


def pooled(places: np.ndarray) -> np.ndarray:
    """Return the mean over places (h, w, n), added up in float64: float32 (n,)."""
    return places.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)


def probing(size: int) -> np.ndarray:
    """Return a fixed picture of noise, uint8 (size, size, 3)."""
    return np.random.default_rng(0).integers(0, 256, (size, size, 3)).astype(np.uint8)
