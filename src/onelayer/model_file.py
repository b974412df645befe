"""Model files: arrays and metadata in one safetensors file, written whole or not at all.

The format is safetensors' (huggingface/safetensors), which holds numbers and text and no code.
Its `__metadata__` has four strings: `format` is "onelayer", `format_version` a whole number,
`metadata` a JSON object, and `digest` the SHA-256 of the whole file with zeros in the digest's own
place. So a file of which one bit has changed is refused. Version 0.1.0 wrote no digest; its files
are read without.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from onelayer.errors import ModelFileError

FORMAT = "onelayer"
FORMAT_VERSION = 2

_MARKS = {"format", "format_version", "metadata"}
_NO_DIGEST = "0" * 64
_DIGEST = re.compile(rb'"digest":"([0-9a-f]{64})"')
_HEAD = 8  # bytes: the length of the header, little-endian
_DIGITS = 308  # of a whole number: floats end at 1.8e308
_LABEL_BYTES = 2**28  # a file that claims more for its class names is damaged
_LABEL_KINDS = "biufUTO"
_JSON_TYPES = {str, int, float, bool}


@dataclass(frozen=True)
class ModelRecord:
    """What a model file holds: numbers by name, and whatever JSON can say about them."""

    arrays: dict[str, np.ndarray]
    metadata: dict[str, Any] = field(default_factory=dict)


def write(record: ModelRecord, path: Path | str) -> None:
    """Write the file, or leave the old one as it was; the same record gives the same bytes.

    Raises
    ------
    ModelFileError
        Where the record cannot be kept: NaN or infinity, an object array, metadata that is no JSON.
    OSError
        Where the disk is full, the folder absent, and the like.
    """
    write_atomically(path, _to_bytes(record))


def read(path: Path | str) -> ModelRecord:
    """Read what `write` wrote, undamaged; what it holds is looked at by `model/loading.py`.

    Raises ModelFileError, which names the file, and FileNotFoundError.
    """
    path = Path(path)
    if path.is_dir():
        raise ModelFileError(f"{path} is a folder, not a model file")
    try:
        return _from_bytes(path.read_bytes())
    except ModelFileError as error:
        raise ModelFileError(f"{path} {error}") from error


def write_atomically(path: Path | str, data: bytes) -> None:
    """Put `data` at `path` in one step: write beside, fsync, rename, fsync the folder.

    A reader sees the old file or the new one, never a part. On failure the old file stays and the
    part is removed; a killed process may leave the part, which begins with `.onelayer-`.
    Where `path` is a link, the file it points to is replaced.
    """
    with written_whole(path) as part:
        part.write_bytes(data)


@contextmanager
def written_whole(path: Path | str) -> Iterator[Path]:
    """Yield the name of a part to write; it becomes `path` at the end, as in `write_atomically`."""
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent} to write {target.name} to")
    if target.exists() and not target.is_file():
        raise IsADirectoryError(f"{path} is not a regular file: name a file to write")
    part = target.with_name(f".onelayer-{secrets.token_hex(6)}.part")
    try:
        part.touch(exist_ok=False)
        yield part
        _write_through(part)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def encode_labels(labels: np.ndarray) -> dict[str, Any]:
    """Describe class labels for JSON, so that `decode_labels` gives back the very same array.

    Booleans, integers, floats, fixed-width and variable-width text, and object arrays of
    str, int, float and bool are kept; anything else is a ModelFileError.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or not _keeps(labels):
        raise ModelFileError(
            f"class labels of dtype {labels.dtype} and shape {labels.shape} cannot be kept: "
            "use one dimension of text, numbers or booleans"
        )
    dtype = {"O": "object", "T": "T"}.get(labels.dtype.kind, labels.dtype.str)
    return {"dtype": dtype, "values": labels.tolist()}


def decode_labels(encoded: dict[str, Any]) -> np.ndarray:
    """Return the labels that `encode_labels` described; ModelFileError if it cannot have."""
    try:
        labels = np.array(encoded["values"], dtype=_label_dtype(encoded))
        same = encode_labels(labels) == encoded  # NumPy truncates text and fractions to fit
    except (KeyError, TypeError, ValueError, OverflowError, SyntaxError) as error:
        raise ModelFileError(f"the model file is damaged: class labels: {error}") from error
    if not same:
        raise ModelFileError("the model file is damaged: class labels do not fit their type")
    return labels


def _label_dtype(encoded: dict[str, Any]) -> np.dtype:
    dtype = np.dtype(encoded["dtype"])
    size = dtype.itemsize * len(encoded["values"])  # NumPy 2.0 lets a width run over, below zero
    if dtype.kind not in _LABEL_KINDS or not 0 <= size <= _LABEL_BYTES:
        raise ValueError(f"{len(encoded['values'])} labels of dtype {dtype}")
    return dtype


def _keeps(labels: np.ndarray) -> bool:
    if labels.dtype.kind == "O":
        return all(type(value) in _JSON_TYPES for value in labels)
    long_double = labels.dtype.kind == "f" and labels.dtype.itemsize > 8
    return labels.dtype.kind in _LABEL_KINDS and not long_double


def _to_bytes(record: ModelRecord) -> bytes:
    try:
        metadata = json.dumps(record.metadata, sort_keys=True, allow_nan=False)
        _parsed(metadata)  # what could not be read is not written
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"the metadata cannot be written as JSON: {error}") from error
    arrays = {name: _plain(name, array) for name, array in record.arrays.items()}
    _require_finite(arrays)
    marks = {"format": FORMAT, "format_version": str(FORMAT_VERSION), "metadata": metadata}
    return sealed(_ordered(safetensors.numpy.save(arrays, {**marks, "digest": _NO_DIGEST})))


def sealed(data: bytes) -> bytes:
    """Return a file's bytes with the digest that belongs to them, where they have one at all."""
    end = _header_end(data)
    head = _DIGEST.sub(f'"digest":"{_digest_of(data, end)}"'.encode(), data[:end], count=1)
    return head + data[end:]


def _digest_of(data: bytes, end: int) -> str:
    """SHA-256 of the file whose header ends at `end`, with zeros for the digest in the header."""
    digest = hashlib.sha256(_DIGEST.sub(f'"digest":"{_NO_DIGEST}"'.encode(), data[:end], count=1))
    digest.update(memoryview(data)[end:])
    return digest.hexdigest()


def _plain(name: str, array: np.ndarray) -> np.ndarray:
    """Return the array in C order and native bytes: safetensors mixes up any other."""
    array = np.asarray(array)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise ModelFileError(f"array {name!r} of dtype {array.dtype} cannot be kept: use numbers")
    return np.array(array, dtype=array.dtype.newbyteorder("="), order="C")


def _ordered(data: bytes) -> bytes:
    """Sort the header: safetensors puts the metadata in another order each time."""
    length = int.from_bytes(data[:_HEAD], "little")
    header = json.loads(data[_HEAD : _HEAD + length])
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _HEAD)
    return len(text).to_bytes(_HEAD, "little") + text + data[_HEAD + length :]


def _from_bytes(data: bytes) -> ModelRecord:
    marks = _marks(_header(data))
    _require_whole(data, marks)
    metadata = _metadata(marks)
    try:
        arrays = safetensors.numpy.load(data)
    except (SafetensorError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"is truncated or damaged: {error}") from error
    _require_finite(arrays)
    return ModelRecord(arrays, metadata)


def _header(data: bytes) -> dict[str, Any]:
    if not data:
        raise ModelFileError("is empty")
    if len(data) <= _HEAD or data[_HEAD : _HEAD + 1] != b"{":
        from onelayer.readers.stand_ins import stand_in

        found = stand_in(data) or "it is no safetensors file at all"
        raise ModelFileError(f"is not a model file: {found.removeprefix('is ')}")
    end = _header_end(data)
    if end > len(data):
        raise ModelFileError(f"is truncated: {len(data)} bytes, and its header alone takes {end}")
    return _json_object(data[_HEAD:end], "header")


def _header_end(data: bytes) -> int:
    return _HEAD + int.from_bytes(data[:_HEAD], "little")


def _marks(header: dict[str, Any]) -> dict[str, Any]:
    marks = header.get("__metadata__")
    if not isinstance(marks, dict) or marks.get("format") != FORMAT:
        raise ModelFileError("is a safetensors file that onelayer did not write")
    return marks


def _require_whole(data: bytes, marks: dict[str, Any]) -> None:
    """Refuse a file whose digest, where it has one, is not that of its bytes."""
    if "digest" in marks and marks["digest"] != _digest_of(data, _header_end(data)):
        raise ModelFileError(
            "is truncated or damaged: its digest is not that of its bytes, of which one or more "
            "have changed since it was written"
        )


def _metadata(marks: dict[str, Any]) -> dict[str, Any]:
    version = str(marks.get("format_version"))
    if not version.isdecimal() or not isinstance(marks.get("metadata"), str):
        raise ModelFileError("is damaged: its format version or metadata is missing")
    if int(version[:9]) > FORMAT_VERSION:
        raise ModelFileError(
            f"was written by a newer onelayer: it has format {version[:9]}, this version reads "
            f"up to {FORMAT_VERSION}. Upgrade with: pip install -U onelayer"
        )
    unknown = sorted(marks.keys() - _MARKS - {"digest"})
    if unknown:
        raise ModelFileError(f"is damaged: it is marked {unknown[0]!r}, which no model file is")
    return _json_object(marks["metadata"], "metadata")


def _json_object(text: str | bytes, what: str) -> dict[str, Any]:
    try:
        found = _parsed(text)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"is damaged: its {what} is no JSON ({error})") from error
    if not isinstance(found, dict):
        raise ModelFileError(f"is damaged: its {what} is no JSON object")
    return found


def _parsed(text: str | bytes) -> Any:
    """What JSON says, all numbers finite; ValueError or RecursionError where it does not."""
    return json.loads(text, parse_constant=_refuse, parse_float=_finite, parse_int=_whole)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} in it")


def _finite(text: str) -> float:
    if not math.isfinite(float(text)):
        raise ValueError(f"{text}, which no float holds, in it")
    return float(text)


def _whole(text: str) -> int:
    """A whole number that a float can hold: nothing that is made of it later overflows."""
    if len(text) > _DIGITS:
        raise ValueError(f"a whole number of {len(text)} digits in it")
    return int(text)


def _require_finite(arrays: dict[str, np.ndarray]) -> None:
    for name, array in arrays.items():
        wrong = np.argwhere(~np.isfinite(array))
        if len(wrong):
            index = tuple(wrong[0].tolist())
            raise ModelFileError(f"has {array[index]} in array {name!r} at {index}: not finite")


def _write_through(part: Path) -> None:
    with part.open("r+b") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the rename last through a power cut, where the system can; the file is whole anyway."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems refuse
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
