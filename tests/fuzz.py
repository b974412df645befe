"""Damaged files for every reader: only designed errors may come out.

    python tests/fuzz.py [pictures] [arrays] [models] [--minutes 10] [--seed 0]

Whole files are cut, edited and spliced by hypothesis, which also shrinks what it finds. The file
under way is written to `fuzz-last-<reader>` in the temporary folder, so that one which kills the
process can be tried again.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import struct
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as with_seed
from hypothesis import strategies as st
from PIL import Image
from scipy import sparse

import onelayer
from onelayer.errors import DataError, MissingExtraError, ModelFileError, UsageError
from onelayer.model_file import sealed
from onelayer.readers import Preprocessing, read_files, read_picture
from onelayer.readers.arrays.kinds import array_kind
from onelayer.sources import open_source

ROUND = 200  # examples between two looks at the clock
SLOW = 20.0  # seconds: a file of some hundred bytes must not take longer
RANDOM = np.random.default_rng(0)


@dataclass
class Count:
    """How many files were tried, and how they ended."""

    ends: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    def __str__(self) -> str:
        ends = ", ".join(f"{n} {end}" for end, n in sorted(self.ends.items()))
        return f"{self.ends.total()} files: {ends}; slowest {self.slowest:.2f} s"


def pictures() -> Iterator[bytes]:
    """Whole pictures of every format that is read."""
    pixels = RANDOM.integers(0, 256, (12, 10, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = 6
    ways = [("JPEG", {"exif": exif}), ("PNG", {}), ("WEBP", {}), ("BMP", {}), ("GIF", {})]
    ways += [(kind, {}) for kind in ("PPM", "TGA", "JPEG2000", "AVIF")]
    ways += [("TIFF", {"compression": how}) for how in ("raw", "tiff_lzw", "jpeg")]
    for kind, how in [*ways, ("WEBP", {"lossless": True}), ("JPEG", {"progressive": True})]:
        yield _written(picture, kind, how)
    for mode in ("P", "1", "LA", "RGBA", "I;16"):
        yield _written(picture.convert(mode) if mode != "I;16" else _deep(), "PNG", {})
    yield _written(picture.convert("CMYK"), "JPEG", {})


def _deep() -> Image.Image:
    return Image.fromarray(RANDOM.integers(0, 65536, (9, 7), dtype=np.uint16))


def _written(picture: Image.Image, kind: str, how: dict) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **how)
    return file.getvalue()


def arrays() -> Iterator[bytes]:
    """Whole files of arrays of every kind that is read."""
    X, y = RANDOM.normal(size=(6, 3)), np.array([0, 1, 1, 0, 1, 0])
    images = RANDOM.integers(0, 256, (6, 4, 5), dtype=np.uint8)
    for save in (np.savez, np.savez_compressed):
        for data in (X, images, X.astype(np.float16)):
            yield _saved(lambda file, save=save, data=data: save(file, X=data, y=y))
    yield _saved(lambda file: np.savez(file, x_train=X, y_train=y, x_test=X, y_test=y.astype("S1")))
    yield _saved(lambda file: np.save(file, X))
    for kind in ("csr", "csc", "coo"):
        S = sparse.csr_array(X * (X > 0)).asformat(kind)
        yield _saved(lambda file, S=S: sparse.save_npz(file, S))
    text = b"".join(b"%d 1:%g 3:%g\n" % (k, *row[:2]) for k, row in zip(y, X, strict=True))
    yield from (text, gzip.compress(text))
    idx = b"\0\0\x08\x03" + struct.pack(">3I", *images.shape) + images.tobytes()
    yield from (idx, gzip.compress(idx))
    yield from _hdf5(X, y)


def _hdf5(X: np.ndarray, y: np.ndarray) -> Iterator[bytes]:
    try:
        import h5py
    except ImportError:
        return
    for how in ({}, {"compression": "gzip"}):
        file = io.BytesIO()
        with h5py.File(file, "w") as group:
            group.create_dataset("X", data=X, **how)
            group["y"] = y
            group["classes"] = ["a", "b"]
        yield file.getvalue()


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    file = io.BytesIO()
    save(file)
    return file.getvalue()


def models() -> Iterator[bytes]:
    """Whole model files: of pictures, of a table, of text labels."""
    folder = Path(tempfile.mkdtemp())
    X, y = RANDOM.integers(0, 256, (12, 4, 4), dtype=np.uint8), np.arange(12) % 3
    for source in ((X, y), (X.reshape(12, 16).astype(float), np.array(list("abc"))[y])):
        onelayer.train(source, C=0.1, max_iter=30).save(folder / "m")
        yield (folder / "m").read_bytes()


def read_a_picture(path: Path) -> str:
    """Read one file both ways; both must agree on whether it is a picture."""
    to = Preprocessing.of_size(8, "RGB", "pad")
    _, failures = read_files([path], to)
    try:
        pixels = read_picture(path, 8)
    except (DataError, MissingExtraError):
        assert failures
        raise
    assert not failures
    assert pixels.shape == (8, 8, 3)
    return "read"


def read_an_array(path: Path) -> str:
    """Take the file for the kind that it looks like, and use all that comes out of it."""
    if array_kind(path) is None:
        return "of no known kind"
    examples = open_source(path).read(None)
    assert len(examples) == len(examples.labels) == examples.matrix.shape[0]
    product = examples.matrix @ np.ones(examples.matrix.shape[1])
    assert product.shape == (len(examples),)
    examples.groups()
    return "read"


def read_a_model(path: Path) -> str:
    """Load, show, predict and save again; with its digest made anew, for that refuses all else."""
    path.write_bytes(sealed(path.read_bytes()))
    model = onelayer.load(path)
    str(model.card)
    json.dumps(model.card.to_dict(), allow_nan=False)
    probabilities = model.predict_proba(np.zeros((2, model.coef.shape[1])))
    assert probabilities.shape == (2, len(model.classes))
    assert model.estimator.coef_.shape == model.coef.shape
    model.inputs.again()
    model.save(path)
    return "read"


READERS = {
    "pictures": (pictures, read_a_picture, ("file",), (DataError, MissingExtraError)),
    "arrays": (
        arrays,
        read_an_array,
        ("file.npz", "file.h5", "file.svm", "X.npy", "train-images-idx3-ubyte", "file"),
        (DataError, MissingExtraError, UsageError),
    ),
    "models": (models, read_a_model, ("m.safetensors",), (ModelFileError,)),
}


def mutations(whole: list[bytes]) -> st.SearchStrategy[bytes]:
    """Draw one of the files with bytes changed, runs of it cut, doubled or taken from another."""
    place = st.floats(0, 1)
    value = st.one_of(st.sampled_from([0, 1, 2, 127, 128, 254, 255]), st.integers(0, 255))
    edits = st.lists(st.tuples(place, value), max_size=5)
    splice = st.none() | st.tuples(place, place, place, st.sampled_from(whole))
    digits = st.none() | st.tuples(place, st.sampled_from([b"9", b"99999999999", b"-1", b"nan"]))
    ends = st.one_of(st.just(1.0), st.just(1.0), st.just(1.0), place)
    parts = st.tuples(st.sampled_from(whole), edits, splice, digits, ends)
    return parts.map(_mutated)


def _mutated(parts: tuple) -> bytes:
    original, edits, splice, digits, end = parts
    data = bytearray(original)
    for at, value in edits:
        data[int(at * (len(data) - 1))] = value
    if digits is not None:
        data = _with_digits(data, *digits)
    if splice is not None:
        at, start, stop, other = splice
        piece = other[int(start * len(other)) : int(stop * len(other))]
        data[int(at * len(data)) : int(at * len(data))] = piece
    return bytes(data[: int(end * len(data))])


def _with_digits(data: bytearray, at: float, text: bytes) -> bytearray:
    """Put a number where a number stands, as in a header of text."""
    places = [place for place, value in enumerate(data) if 48 <= value <= 57]
    if places:
        place = places[int(at * (len(places) - 1))]
        data[place : place + 1] = text
    return data


def fuzz(reader: str, seconds: float, seed: int = 0) -> Count:
    """Try mutated files for so long, at least one round; raise what is no designed error."""
    make, read, names, designed = READERS[reader]
    folder = Path(tempfile.mkdtemp())
    last = Path(tempfile.gettempdir()) / f"fuzz-last-{reader}"
    count, ends = Count(), time.monotonic() + seconds
    strategy = mutations(list(make()))

    def attempt(data: bytes, name: str) -> None:
        last.write_bytes(name.encode() + b"\n" + data)
        (folder / name).write_bytes(data)
        began = time.process_time()  # not the wall clock: the machine may be busy
        try:
            count.ends[read(folder / name)] += 1
        except designed as error:
            count.ends[type(error).__name__ if str(error).strip() else "silent"] += 1
        took = time.process_time() - began
        count.slowest = max(count.slowest, took)
        assert took < SLOW
        assert not count.ends["silent"]
        (folder / name).unlink()

    while True:
        run = settings(
            max_examples=ROUND,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        )(with_seed(seed)(given(strategy, st.sampled_from(names))(attempt)))
        run()
        seed += 1
        if time.monotonic() > ends:
            return count


def main() -> None:
    """Fuzz the readers named, all by default, and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("readers", nargs="*", choices=[*READERS, []], default=[])
    parser.add_argument("--minutes", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    for reader in asked.readers or READERS:
        sys.stdout.write(f"{reader}: {fuzz(reader, 60 * asked.minutes, asked.seed)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
