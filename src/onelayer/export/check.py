"""Whether an exported file answers as the model does; nothing is written that does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from onelayer.designs.row_products import seen_rows
from onelayer.errors import ExportError
from onelayer.export.check_rows import CheckRows
from onelayer.export.libraries import onnx_libraries
from onelayer.export.onnx_graph import Z as Z_NAME
from onelayer.export.onnx_layer import label_values
from onelayer.export.subject import Subject

SLICE = 4096
"""Rows that are compared at a time. *Guard* for memory."""
EXACT = 1e-12
"""How far a probability in float64 may be off where rounding of z does not excuse more."""


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
    """

    rows: int
    ties: int
    probability: float
    z: float
    labels: int

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
    onnx, runtime = onnx_libraries()
    opened = type(file)()
    opened.CopyFrom(file)
    kind = onnx.TensorProto.FLOAT if _is_single(file, onnx) else onnx.TensorProto.DOUBLE
    opened.graph.output.append(onnx.helper.make_tensor_value_info(Z_NAME, kind, None))
    names = ["label", "probabilities", Z_NAME]
    session = runtime.InferenceSession(
        opened.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    evaluator = onnx.reference.ReferenceEvaluator(opened)
    told = Expected.of(subject, rows, np.float32 if _is_single(file, onnx) else np.float64)
    found = {}
    for name, run in (("onnxruntime", session), ("reference", evaluator)):
        with np.errstate(all="ignore"):
            found[name] = told.compared(run.run(names, rows.feeds), name)
    return found


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
    def of(cls, subject: Subject, rows: CheckRows, dtype: Any) -> Expected:
        """Ask the model."""
        X, layer, readout = rows.matrix, subject.layer, subject.readout
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
