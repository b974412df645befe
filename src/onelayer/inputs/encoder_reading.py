"""Pictures become features, one a call, threads across pictures; what was encoded once is kept.

A picture's features are kept under the digest of its file's bytes and of all that is done to them,
so that a second reading decodes and encodes nothing, and a file that nobody has touched since is
not read. At most one picture a thread is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
from PIL import Image

from onelayer.cache import Cache
from onelayer.encoders import Encoder
from onelayer.errors import DataError, MissingExtraError
from onelayer.inputs.known_files import KnownFiles, Look
from onelayer.inputs.shown import SIDE, Shown
from onelayer.parallel import thread_count
from onelayer.readers.pictures.decoding import decode
from onelayer.readers.pictures.picture_files import open_picture
from onelayer.readers.pictures.pixels import resized
from onelayer.readers.pictures.preprocessing import Preprocessing
from onelayer.readers.pictures.quiet import quiet

T = TypeVar("T")
Told: TypeAlias = Callable[[int, int], None] | None
_SMALL = (SIDE, SIDE, 3)
_BYTES = SIDE * SIDE * 3


def features_cache() -> Cache:
    """Where features are kept."""
    return Cache("features")


@dataclass(frozen=True)
class Features:
    """What was made of files, in their order, less those that could not be read.

    Attributes
    ----------
    X
        float32 (m, n).
    shown
        What they looked like.
    failures
        Why the others were not read, by position among the files.
    """

    X: np.ndarray
    shown: Shown
    failures: dict[int, str]


def features_of_files(files: Sequence[Path], encoder: Encoder, told: Told = None) -> Features:
    """Decode and encode files, or find what was made of their bytes before."""
    n, kept = encoder.spec.n, _Kept.of(files, encoder)
    X, small = np.empty((len(files), n), np.float32), np.empty((len(files), *_SMALL), np.uint8)
    made = 0

    def one(row: int) -> tuple[str | None, bool]:
        try:
            X[row], small[row], new = _of_file(files[row], encoder, kept)
        except OSError as error:
            return f"cannot be opened: {error.strerror or error}", False
        except (DataError, MissingExtraError) as error:
            return str(error), False
        return None, new

    failures: dict[int, str] = {}
    for row, (why, new) in enumerate(_in_order(one, len(files), encoder, told)):
        made += new
        if why is not None:
            failures[row] = why
    kept.keep(new=made > 0)
    read = [row for row in range(len(files)) if row not in failures]
    if failures:
        X, small = X[read], small[read]
    again = partial(_decoded, [files[row] for row in read], encoder.spec.preprocessing)
    return Features(X, Shown(small, again), failures)


def features_of_pictures(images: np.ndarray, encoder: Encoder, told: Told = None) -> Features:
    """Encode pictures in memory, uint8 (m, h, w, c) of any size; nothing of them is kept."""
    X = np.empty((len(images), encoder.spec.n), np.float32)
    small = np.empty((len(images), *_SMALL), np.uint8)
    again = partial(_resized, images, encoder.spec.preprocessing)

    def one(row: int) -> None:
        picture = again(row)
        X[row] = encoder.encode(picture).features
        small[row] = _small(encoder.seen(picture))

    for _ in _in_order(one, len(images), encoder, told):
        pass
    return Features(X, Shown(small, again), {})


def _in_order(one: Callable[[int], T], count: int, encoder: Encoder, told: Told) -> Iterator[T]:
    """Yield one(0), one(1), ... in order, made by threads; what waits is dropped at an error."""
    pool = ThreadPoolExecutor(thread_count() if encoder.threads else 1)
    try:
        with quiet():
            for row, found in enumerate(pool.map(one, range(count))):
                yield found
                if told:
                    told(row + 1, count)
    finally:
        pool.shutdown(cancel_futures=True)


Found: TypeAlias = tuple[np.ndarray, np.ndarray]
"""Features float32 (n,) and the small picture of a file."""


@dataclass(frozen=True)
class _Kept:
    """What an encoder made of files' bytes before, by their digests under the encoder's key."""

    encoder: Encoder
    key: bytes
    features: Cache
    files: KnownFiles

    @classmethod
    def of(cls, files: Sequence[Path], encoder: Encoder) -> _Kept:
        key = bytes.fromhex(encoder.spec.key)
        return cls(encoder, key, features_cache(), KnownFiles(files, key))

    def under(self, digest: str | None) -> Found | None:
        """What is kept under a digest; nothing of a function, which may have changed."""
        n = self.encoder.spec.n
        kept = self.features.get(digest) if digest and self.encoder.spec.digest else None
        if kept is None or len(kept) != _BYTES + 4 * n:
            return None
        small = np.frombuffer(kept[:_BYTES], np.uint8).reshape(_SMALL)
        return np.frombuffer(kept[_BYTES:], "<f4"), small

    def put(self, digest: str, found: Found) -> None:
        features, small = found
        if self.encoder.spec.digest:
            self.features.put(digest, small.tobytes() + features.astype("<f4").tobytes())

    def keep(self, *, new: bool) -> None:
        """Once all are read: hold the features' size, and know the files again."""
        if new:
            self.features.prune()
        if self.encoder.spec.digest:
            self.files.keep()


def _of_file(path: Path, encoder: Encoder, kept: _Kept) -> tuple[np.ndarray, np.ndarray, bool]:
    """Features, a small picture, and whether they were made just now."""
    look = Look.of(path)
    found = kept.under(kept.files.digest(look))
    if found is not None:
        return *found, False
    with open_picture(path) as file:
        content = file.read()
    digest = blake2b(content, key=kept.key, digest_size=16).hexdigest()
    kept.files.learn(path, look, digest)
    found = kept.under(digest)
    if found is not None:
        return *found, False
    picture = decode(BytesIO(content), encoder.spec.preprocessing)
    found = encoder.encode(picture).features, _small(encoder.seen(picture))
    kept.put(digest, found)
    return *found, True


def _decoded(files: list[Path], to: Preprocessing, row: int) -> np.ndarray:
    with quiet(), open_picture(files[row]) as file:
        return decode(file, to)


def _resized(images: np.ndarray, to: Preprocessing, row: int) -> np.ndarray:
    return np.asarray(resized(images[row : row + 1], to)[0])


def _small(picture: np.ndarray) -> np.ndarray:
    """Return the picture as people are shown it."""
    return np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BOX))
