"""From a name, a file or a function to an encoder, once a process; and to the same one again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from onelayer.encoders.efficientnet import NAME, efficientnet_lite0, weights_file
from onelayer.encoders.encoder import Encoder, EncoderSpec
from onelayer.encoders.function import FunctionEncoder
from onelayer.encoders.known_specs import keep_spec, kept_spec
from onelayer.encoders.onnx_file import SIZE, OnnxEncoder, Reading, beside_it, graph_of, settings_of
from onelayer.errors import DataError, UsageError
from onelayer.file_stamps import FileStamp

_lock = Lock()


def open_encoder(given: Any, size: int | None = None) -> Encoder:
    """Return the encoder of a known name, an .onnx file or a function.

    Parameters
    ----------
    given
        "efficientnet-lite0"; the path of an ONNX graph with one picture input; or a function of one
        picture, uint8 (size, size, 3), that returns (n,) numbers.
    size
        Pixels a side that a file's encoder or a function sees; None: as the file says, else 224.

    Raises
    ------
    UsageError
        For anything else.
    DataError
        Where the file is damaged, or no encoder of pictures.
    MissingExtraError
        Without the extra `encoder`.
    """
    if isinstance(given, (str, Path)):
        with _lock:
            return _of_file(*_content(given), size)
    if callable(given):
        return FunctionEncoder(given, size or SIZE)
    raise UsageError(f"features is {given!r}: give {NAME!r}, an .onnx file, or a function")


def again(spec: EncoderSpec, function: Callable[[Any], Any] | None = None) -> Encoder:
    """Return the encoder that a model was trained with.

    Raises
    ------
    DataError
        Where it is not there, or another.
    MissingExtraError
        Without the extra `encoder`.
    """
    if spec.kind == "function":
        return _same_function(spec, function)
    try:
        encoder = open_encoder(spec.name, spec.size)
    except (FileNotFoundError, UsageError) as error:
        raise DataError(
            f"the model sees pictures through {spec.name} (digest {spec.digest[:12]}), which is "
            "not there: put it back"
        ) from error
    if encoder.spec.digest != spec.digest:
        raise DataError(
            f"the model sees pictures through {spec.name} with the digest {spec.digest[:12]}, and "
            f"the file that is there has {encoder.spec.digest[:12]}: it is another encoder"
        )
    if encoder.spec.key != spec.key:
        raise DataError(
            f"the model sees pictures through {spec.in_words}, and what lies beside it says "
            f"otherwise now: {encoder.spec.in_words}"
        )
    return encoder


def graph_again(spec: EncoderSpec) -> tuple[Reading, bytes]:
    """Return how the graph of the encoder that a model was trained with is read, and the graph.

    Raises
    ------
    UsageError
        Where the encoder is a function, which has none.
    DataError, MissingExtraError
        As `again`.
    """
    if spec.kind == "function":
        raise UsageError(
            f"the model sees pictures through the function {spec.name}, which no graph holds: keep "
            "the model as it is, or train on the features of an .onnx file"
        )
    encoder = again(spec)
    if not isinstance(encoder, OnnxEncoder):
        raise TypeError(f"{spec.name} has no graph")
    name, path = _content(spec.name)
    return encoder.reading, graph_of(_graph(name, path), name)


def _graph(name: str, path: Path) -> bytes:
    return efficientnet_lite0(path) if name == NAME else path.read_bytes()


def _same_function(spec: EncoderSpec, function: Callable[[Any], Any] | None) -> Encoder:
    if function is None:
        raise DataError(
            f"the model sees pictures through the function {spec.name}, which no file holds: "
            "give it, as in model.with_encoder(function)"
        )
    encoder = FunctionEncoder(function, spec.size)
    same = encoder.spec.n == spec.n and np.allclose(
        encoder.spec.probe, spec.probe, rtol=1e-3, atol=1e-3 * np.abs(spec.probe).max()
    )
    if not same:
        raise DataError(f"this function gives other features than {spec.name} did in training")
    return encoder


def _content(given: str | Path) -> tuple[str, Path]:
    """Return the name that a model keeps, and the file of the weights."""
    if given == NAME:
        return NAME, weights_file()
    path = Path(given)
    if not path.is_file() and path.suffix.lower() == ".onnx":
        raise FileNotFoundError(f"there is no {given}: give {NAME}, or an .onnx file")
    if not path.is_file():
        raise UsageError(f"there is no encoder {str(given)!r}: give {NAME}, or an .onnx file")
    return str(path.resolve()), path


def _of_file(name: str, path: Path, size: int | None) -> Encoder:
    size = None if name == NAME else size
    digest = _digest(path, FileStamp.of(path.stat()))
    return _opened(name, path, digest, size, beside_it(path))


@lru_cache(maxsize=4)
def _digest(path: Path, stamp: FileStamp) -> str:
    """Of the file's bytes; read once, as long as the stamp says that nobody has written there."""
    del stamp
    return blake2b(path.read_bytes(), digest_size=16).hexdigest()


@lru_cache(maxsize=4)
def _opened(name: str, path: Path, digest: str, size: int | None, beside: bytes) -> Encoder:
    """Build it once a process, of the same bytes; what an earlier one saw of them is known."""
    content, key = partial(_same_graph, name, path, digest), (digest, size, beside)
    known = kept_spec(key)
    if known is not None:
        return OnnxEncoder(replace(known, name=name), content)
    kind, seen = "known" if name == NAME else "onnx", settings_of(content(), path, size)
    encoder = OnnxEncoder.new(EncoderSpec(name, kind, digest, 1, None, **seen), content)
    keep_spec(key, encoder.spec)
    return encoder


def _same_graph(name: str, path: Path, digest: str) -> bytes:
    """Return the graph of a file that has not changed since its digest was taken."""
    if _digest(path, FileStamp.of(path.stat())) != digest:
        raise DataError(f"{name} has changed since it was opened: start again")
    return _graph(name, path)
