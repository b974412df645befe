"""Whether an exported file answers as the model does; nothing is written that does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from onelayer.designs.row_products import seen_rows
from onelayer.errors import ExportError
from onelayer.export.check_rows import CheckRows
from onelayer.export.libraries import onnx_libraries
from onelayer.export.onnx_encoder import FEATURES
from onelayer.export.onnx_graph import Z as Z_NAME
from onelayer.export.onnx_layer import label_values
from onelayer.export.subject import Subject
from onelayer.inputs import EncoderInputs

SLICE = 4096
"""Rows that are compared at a time. *Guard* for memory."""
SLOW, SLOW_PICTURES = 20_000, 2
"""Rows that onnx's reference evaluator, which is plain NumPy, is asked about at most; pictures
where there is an encoder. *Guard* for time: it takes a second a picture."""
EXACT = 1e-12
"""How far a probability in float64 may be off where rounding of z does not excuse more."""
NEAR, NEAR_HALF = 1e-3, 1e-2
"""How far an encoder's features may be off, as a share of a picture's largest, of weights in
float32 and in float16. *Measured*: of EfficientNet-Lite0 by 4e-6 on 512 pictures; with colours in
another order by 0.4 to 0.9 on ten. Of an encoder in float16 by 1e-3: evaluators differ in how many
digits they keep inside."""


@dataclass(frozen=True)
class Agreement:
    """How far one evaluator is from the model, over all rows.

    Attributes
    ----------
    rows, ties
        How many were compared, and how many of these may be answered either way.
    probability
        The largest difference of a probability.
    z
        The largest difference of z as a share of what is allowed, 4 n eps sum |x w|.
    labels
        Labels that differ outside ties; 0 in every file that is written.
    features
        After an encoder, the largest difference of a feature as a share of the picture's largest;
        what is said of z and of probabilities is of the file's own features.
    """

    rows: int
    ties: int
    probability: float
    z: float
    labels: int
    features: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)


def agreements(file: Any, subject: Subject, rows: CheckRows) -> dict[str, Agreement]:
    """Compare onnxruntime and onnx's reference evaluator with the model, by their names.

    z may be off by 4 n eps sum |x w|, the intercept and the centre of a scaling being such terms
    too: n products and n sums round by eps each, in the model and in the file. A probability
    in float64 may be off by 1e-12, or by what that makes of it.

    Raises
    ------
    ExportError
        Where one of them differs by more.
    """
    onnx, _ = onnx_libraries()
    encoded = isinstance(subject.inputs, EncoderInputs)
    names = ["label", "probabilities", Z_NAME, *([FEATURES] if encoded else [])]
    dtype = np.float32 if _is_single(file, onnx) else np.float64
    few = rows.first(SLOW_PICTURES if encoded else SLOW)
    found = {}
    for name, run in _evaluators(file, names).items():
        some = rows if name == "onnxruntime" else few
        with np.errstate(all="ignore"):
            answers = run(names, some.feeds)
            X = _near(answers.pop(), some.matrix, file, name) if encoded else some.matrix
            one = Expected.of(subject, X, dtype).compared(answers, name)
        found[name] = replace(one, features=_apart(X, some.matrix)) if encoded else one
    return found


def _evaluators(file: Any, names: list[str]) -> dict[str, Callable[..., list[Any]]]:
    """What answers in a file's stead, with what is inside of it as outputs too."""
    onnx, runtime = onnx_libraries()
    opened = type(file)()
    opened.CopyFrom(file)
    kind = onnx.TensorProto.FLOAT if _is_single(file, onnx) else onnx.TensorProto.DOUBLE
    inside = [onnx.helper.make_tensor_value_info(name, kind, None) for name in names[2:]]
    opened.graph.output.extend(inside)
    cpu = ["CPUExecutionProvider"]
    return {
        "onnxruntime": runtime.InferenceSession(opened.SerializeToString(), providers=cpu).run,
        "reference": onnx.reference.ReferenceEvaluator(opened).run,
    }


def _near(found: np.ndarray, features: np.ndarray, file: Any, name: str) -> np.ndarray:
    """Return the features that a file makes of pictures; ExportError where they are others."""
    off, near = _apart(found, features), NEAR_HALF if _has_halves(file) else NEAR
    if not off <= near:
        raise ExportError(
            f"nothing was written, as {name} does not see pictures as the encoder does: features "
            f"differ by {off:.2g} of a picture's largest"
        )
    return found


def _apart(found: np.ndarray, features: np.ndarray) -> float:
    """The largest difference of a feature as a share of the picture's largest."""
    off = np.abs(found - features).max(axis=1) / np.abs(features).max(axis=1)
    return float(off.max(initial=0))


def _has_halves(file: Any) -> bool:
    half = onnx_libraries()[0].TensorProto.FLOAT16
    return any(one.data_type == half for one in file.graph.initializer)


@dataclass(frozen=True, eq=False)
class Expected:
    """What the model says of rows, and how far an export may be off."""

    labels: np.ndarray
    A: np.ndarray
    Z: np.ndarray
    allowed: np.ndarray
    ties: np.ndarray
    near: np.ndarray
    by_z: Callable[[np.ndarray], np.ndarray] | None

    @classmethod
    def of(cls, subject: Subject, X: Any, dtype: Any) -> Expected:
        """Ask the model about rows of X (m, n)."""
        layer, readout = subject.layer, subject.readout
        Z = layer.forward(X)
        allowed = 4 * (layer.n + 2) * np.finfo(dtype).eps * _sizes(X, subject)
        places, eps = readout.answers(Z), np.finfo(dtype).eps
        # A readout rounds too: a quotient, an offset, an exponential and a sum of K of them.
        T = readout.temperature
        offsets = readout.offsets
        extra = np.abs(Z).max(axis=1) / T + 1 + (0 if offsets is None else np.abs(offsets).max())
        off = allowed.max(axis=1) / T + 8 * eps * extra
        near = off + 8 * eps * len(subject.classes)
        if dtype is np.float64:
            near = np.maximum(near, EXACT)
        ties = subject.ties(Z, np.maximum(allowed.max(axis=1), near * T))
        names = label_values(subject.classes)
        labels = names[places]
        by_z = (lambda z: names[readout.answers(z)]) if readout.decision is None else None
        return cls(labels, readout.probabilities(Z), Z, allowed, ties, near, by_z)

    def compared(self, outputs: list[Any], name: str) -> Agreement:
        """Return how far outputs are off; ExportError where that is too much."""
        labels, A, Z = outputs
        off, share = np.abs(A - self.A), np.abs(Z - self.Z) / self.allowed
        wrong = (np.asarray(labels) != self.labels) & ~self.ties
        if self.by_z is not None:  # ties too are answered by the file's own z, to the last bit
            wrong |= np.asarray(labels) != self.by_z(Z)
        found = Agreement(
            rows=len(A),
            ties=int(self.ties.sum()),
            probability=float(off.max(initial=0)),
            z=float(share.max(initial=0)),
            labels=int(wrong.sum()),
        )
        # Written so that NaN does not pass.
        if found.labels or not (off <= self.near[:, None]).all() or not (share <= 1).all():
            row = int(
                np.argmax(~(off <= self.near[:, None]).all(axis=1) | ~(share <= 1).all(axis=1))
            )
            raise ExportError(
                f"nothing was written, as {name} does not answer as the model does: a probability "
                f"differs by {found.probability:.2g}, z by {found.z:.3g} of what rounding excuses, "
                f"and {found.labels} of {found.rows} labels; the first in row {row} of the check"
            )
        return found


def _sizes(X: Any, subject: Subject) -> np.ndarray:
    """Sum |x w| of each row and class, (m, k); centres and the intercept are terms too."""
    layer, scaling = subject.layer, subject.layer.scaling
    centre = np.zeros(layer.n) if scaling is None else scaling.centre
    encoding = getattr(subject.inputs, "encoding", None)
    fixed = np.abs(centre) @ np.abs(layer.W) + np.abs(layer.inner[1])
    if encoding is not None:  # a number's own centre was taken away before it is x
        fixed = fixed + np.abs(encoding.centre * encoding.scale) @ np.abs(layer.W)
    m = X.shape[0]
    sizes = np.empty((m, len(layer.b)))
    for start in range(0, m, SLICE):
        rows = slice(start, start + SLICE)
        sizes[rows] = np.abs(seen_rows(X[rows], None)) @ np.abs(layer.W)
    return sizes + fixed + np.finfo(np.float32).tiny


def _is_single(file: Any, onnx: Any) -> bool:
    return bool(file.graph.output[1].type.tensor_type.elem_type == onnx.TensorProto.FLOAT)
