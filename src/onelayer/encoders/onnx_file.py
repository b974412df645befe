"""Encoders as ONNX graphs, which onnxruntime runs: one picture a call, one thread a picture."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any, Literal, NamedTuple, TypeAlias, final

import numpy as np

from onelayer.encoders.encoder import LARGEST, Encoded, Encoder, EncoderSpec, Triple, pooled
from onelayer.errors import DataError, MissingExtraError
from onelayer.words import spelt

MEAN: Triple = (0.485, 0.456, 0.406)
STD: Triple = (0.229, 0.224, 0.225)
"""Of ImageNet's colours, as torchvision has them: what most encoders were trained with."""
SIZE = 224
"""Pixels a side where neither the graph nor its settings say so: ImageNet's usual."""
_BESIDE = "preprocessor_config.json"
_AROUND = ("Flatten", "Reshape", "Squeeze", "Identity")
_MAP = "onelayer places"


Form: TypeAlias = Literal["places", "tokens", "features"]


class Reading(NamedTuple):
    """How a picture goes into an encoder's graph, and features come out of it.

    Attributes
    ----------
    taken, dtype
        What its input is called, and of which type.
    last
        Whether channels are the last of its sides.
    given, form
        What its output is called, and whether that is a map (1, n, h, w), whose mean features are,
        tokens (1, t, n), of which the first is that of the class, or features.
    """

    taken: str
    dtype: type
    last: bool
    given: str
    form: Form


class _Running(NamedTuple):
    """A graph that is there to be run, what that raises, and how a picture goes through it."""

    session: Any
    damage: tuple[type[Exception], ...]
    reading: Reading


@final
class OnnxEncoder(Encoder):
    """One picture input; the first output is features (n,), a map of them, or tokens.

    The graph is read where it is first run: where all features are kept, nothing needs it.
    """

    def __init__(self, spec: EncoderSpec, content: Callable[[], bytes]) -> None:
        """With a spec that an earlier run found out; see `new`."""
        super().__init__(spec)
        self._content, self._lock = content, Lock()
        self._running: _Running | None = None
        self._mean = 255 * np.array(spec.mean, np.float32)
        self._scale = 1 / (255 * np.array(spec.std, np.float32))

    @classmethod
    def new(cls, spec: EncoderSpec, content: Callable[[], bytes]) -> OnnxEncoder:
        """Open the graph and run it once; `spec.n` and `spec.places` are found out.

        Raises
        ------
        DataError
            Where it is damaged, or no encoder of one picture.
        MissingExtraError
            Without onnx and onnxruntime.
        """
        encoder = cls(spec, content)
        encoder._running, encoder.spec = encoder._open()
        return encoder

    def ready(self) -> None:
        """Open the graph, where that has not been done; errors as of `new`."""
        _ = self.reading

    @property
    def reading(self) -> Reading:
        """How a picture goes through the graph, which is opened for that."""
        return self._opened().reading

    def encode(self, picture: np.ndarray) -> Encoded:
        """(x - mean) / std, through the graph."""
        return self._encoded(self._opened(), picture)

    def _opened(self) -> _Running:
        with self._lock:
            if self._running is None:
                self._running, found = self._open()
                if found != self.spec:
                    raise DataError(
                        f"{self.spec.name} gives {found.n} features, places {found.places}, and "
                        f"gave {self.spec.n}, places {self.spec.places}: empty the cache"
                    )
            return self._running

    def _open(self) -> tuple[_Running, EncoderSpec]:
        """Run the graph on a grey picture, and say what it gives."""
        spec = self.spec
        session, damage = _session(graph_of(self._content(), spec.name), spec.name)
        taken, dtype, last = _picture_input(session, spec.name)
        names = [one.name for one in session.get_outputs()]
        name = _MAP if _MAP in names else names[0]
        running = _Running(session, damage, Reading(taken, dtype, last, name, "features"))
        grey = np.full((spec.resize, spec.resize, 3), 128, np.uint8)
        form: Form = "places" if name == _MAP else _form(self._output(running, grey))
        running = running._replace(reading=running.reading._replace(form=form))
        first = self._encoded(running, grey)
        places = None if first.places is None else first.places.shape[:2]
        return running, replace(spec, n=len(first.features), places=places)

    def _encoded(self, running: _Running, picture: np.ndarray) -> Encoded:
        found, form = self._output(running, picture), running.reading.form
        if form == "places":
            places = found[0].transpose(1, 2, 0).astype(np.float32)
            return Encoded(self._sound(pooled(places)), places)
        # Of tokens the first is that of the class, in all vision transformers that have one.
        vector = found[0, 0] if form == "tokens" else found.reshape(-1)
        return Encoded(self._sound(vector.astype(np.float32)), None)

    def _output(self, running: _Running, picture: np.ndarray) -> np.ndarray:
        reading = running.reading
        seen = (self.seen(picture) - self._mean) * self._scale
        x: np.ndarray = seen.astype(reading.dtype)
        x = x[None] if reading.last else np.ascontiguousarray(x.transpose(2, 0, 1))[None]
        try:
            found = running.session.run([reading.given], {reading.taken: x})[0]
        except running.damage as error:
            raise DataError(f"{self.spec.name} cannot be run: {error}") from error
        return np.asarray(found)

    def _sound(self, features: np.ndarray) -> np.ndarray:
        if features.ndim != 1 or not len(features) or not np.isfinite(features).all():
            raise DataError(f"{self.spec.name} gives no features: {features.shape}, or infinite")
        return features


def graph_of(content: bytes, name: str) -> bytes:
    """Return an encoder's graph, in which what a last mean over places is taken of is an output.

    Raises
    ------
    DataError
        Where it is damaged, or has its weights in another file.
    """
    return _with_places(_parsed(content, name), name)


def _picture_input(session: Any, name: str) -> tuple[str, type, bool]:
    """Its name, its type, and whether channels are last."""
    given = session.get_inputs()
    if len(given) != 1:
        raise DataError(f"{name} has {len(given)} inputs: an encoder takes one picture")
    if given[0].type not in {"tensor(float)", "tensor(float16)"}:
        raise DataError(f"{name} takes {given[0].type}: an encoder takes float pictures")
    dtype, shape = np.float16 if given[0].type == "tensor(float16)" else np.float32, given[0].shape
    last = len(shape) == 4 and shape[3] == 3
    if len(shape) != 4 or shape[3 if last else 1] not in {3, None} | _names(shape):
        raise DataError(f"{name} takes {shape}: an encoder takes (1, 3, height, width)")
    return given[0].name, dtype, last


def _form(found: np.ndarray) -> Form:
    if found.ndim == 4 and found.shape[2:] > (1, 1):
        return "places"
    return "tokens" if found.ndim == 3 else "features"


def settings_of(content: bytes, path: Path, size: int | None) -> dict[str, Any]:
    """Return size, resize, mean and std: as asked, in the file, beside it, or as is usual.

    In the file they are metadata, `size`, `resize`, `mean` and `std`; beside it lies the
    `preprocessor_config.json` of an export.
    """
    model = _parsed(content, str(path))
    held = {one.key: one.value for one in model.metadata_props}
    try:
        beside = json.loads(beside_it(path) or b"{}")
        side = int(size or held.get("size") or _side(beside) or _fixed_side(model) or SIZE)
        resize = int(held.get("resize") or round(side * 256 / 224))
        mean = _triple(held.get("mean") or beside.get("image_mean") or MEAN)
        std = _triple(held.get("std") or beside.get("image_std") or STD)
    except (AttributeError, TypeError, ValueError) as error:
        raise DataError(f"{path}: what is done to a picture is not understood: {error}") from error
    if not 1 <= side <= resize <= LARGEST or 0 in std:
        raise DataError(f"{path} sees {side} of {resize} pixels, by std {std}: that is no picture")
    return {"size": side, "resize": resize, "mean": mean, "std": std}


def beside_it(path: Path) -> bytes:
    """Return what an export's `preprocessor_config.json` holds; nothing where there is none."""
    try:
        return (path.parent / _BESIDE).read_bytes()
    except OSError:
        return b""


def _side(beside: Mapping[str, Any]) -> int | None:
    found = beside.get("crop_size") or beside.get("size")
    if isinstance(found, Mapping):
        found = found.get("height") or found.get("shortest_edge")
    return None if found is None else int(found)


def _fixed_side(model: Any) -> int | None:
    """The side that the graph's input is of, where it is of one alone."""
    sides = [one.dim_value for one in model.graph.input[0].type.tensor_type.shape.dim]
    kept = [side for side in sides[1:] if side > 4]
    return kept[0] if len(kept) == 2 and kept[0] == kept[1] else None


def _triple(given: Any) -> Triple:
    """One number for all colours, or three, as numbers or text."""
    parts = given.split(",") if isinstance(given, str) else given
    values = [float(one) for one in (parts if isinstance(parts, (list, tuple)) else [parts])]
    red, green, blue = values * 3 if len(values) == 1 else values
    return red, green, blue


def _names(shape: list[Any]) -> set[str]:
    """The names of sides of any size."""
    return {side for side in shape if isinstance(side, str)}


def _parsed(content: bytes, name: str) -> Any:
    """Return the graph; its weights lie in the file itself, and no other file is looked at."""
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError as error:
        raise MissingExtraError(
            f"{spelt('features')} {name} needs onnx and onnxruntime", "encoder"
        ) from error
    try:
        model = onnx.load_from_string(content)
    except DecodeError as error:
        raise DataError(f"{name} is damaged, or no ONNX file: {error}") from error
    if not model.graph.node or not model.graph.output or not model.graph.input:
        raise DataError(f"{name} is damaged, or no ONNX file: it has no graph")
    outside = [one.name for one in model.graph.initializer if one.data_location]
    if outside:
        raise DataError(f"{name} has {outside[0]} in another file: export it as one file")
    return model


def _with_places(model: Any, name: str) -> bytes:
    """Make what a last mean over places is taken of an output, too."""
    producers = {output: node for node in model.graph.node for output in node.output}
    node = producers.get(model.graph.output[0].name)
    while node is not None and node.op_type in _AROUND and len(node.input):
        node = producers.get(node.input[0])
    if node is not None and (node.op_type == "GlobalAveragePool" or _is_mean(node, model)):
        from onnx import helper

        model.graph.node.append(helper.make_node("Identity", [node.input[0]], [_MAP]))
        model.graph.output.append(helper.make_empty_tensor_value_info(_MAP))
    try:
        return bytes(model.SerializeToString())
    except ValueError as error:
        raise DataError(f"{name} is too large to be one file: {error}") from error


def _is_mean(node: Any, model: Any) -> bool:
    """Whether it is a mean over the last two sides of four, as newer and older exports write it."""
    if node.op_type != "ReduceMean":
        return False
    from onnx import numpy_helper

    axes = [list(one.ints) for one in node.attribute if one.name == "axes"]
    given = {one.name: one for one in model.graph.initializer}
    if len(node.input) > 1 and node.input[1] in given:
        axes.append(numpy_helper.to_array(given[node.input[1]]).tolist())
    return bool(axes) and sorted(axes[0]) in ([2, 3], [-2, -1])


def _session(graph: bytes, name: str) -> tuple[Any, tuple[type[Exception], ...]]:
    """Return the session and what it raises."""
    try:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as state
    except ImportError as error:
        raise MissingExtraError(
            f"{spelt('features')} {name} needs onnxruntime", "encoder"
        ) from error
    raised = [one for one in vars(state).values() if isinstance(one, type)]
    own = [one for one in raised if issubclass(one, Exception)]
    damage: tuple[type[Exception], ...] = (*own, RuntimeError, ValueError)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # threads go across pictures
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except damage as error:
        raise DataError(f"{name} cannot be run: {error}") from error
    return session, damage
