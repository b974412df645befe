"""How many rows a second an exported file answers, beside `predict`, and whether alike.

    OMP_NUM_THREADS=1 python benchmarks/exported.py

CPU seconds of the process, the best of five calls on up to 10,000 rows, of two on 500 pictures, in
one thread; what is given lies in memory: an Arrow table, pictures, rows of numbers. Labels that
differ are counted, ties too.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pyarrow as pa

import onelayer
from data import load, shared
from onelayer.export.check_rows import CheckRows
from onelayer.export.onnx_table import input_name
from onelayer.export.source_rows import source_rows
from onelayer.export.subject import Subject
from onelayer.inputs import TableInputs
from onelayer.model.judged_on import read_for

MODELS: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "adult": (lambda: shared() / "adult" / "train.csv", {"target": "income"}),
    "digits": (lambda: "digits", {}),
    "newsgroups": (lambda: load("newsgroups", small=False), {}),
    "flowers": (lambda: shared() / "flowers", {"features": "efficientnet-lite0"}),
}


def quickest(act: Callable[[], Any], times: int) -> tuple[float, Any]:
    """CPU seconds of the best call, and what it returned."""
    found = []
    for _ in range(times):
        start = time.process_time()
        answer = act()
        found.append(time.process_time() - start)
    return min(found), answer


def given(model: onelayer.Model, rows: CheckRows) -> Any:
    """What `predict` takes of the rows of a check."""
    if not isinstance(model.inputs, TableInputs):
        return next(iter(rows.feeds.values()))
    columns = model.inputs.columns
    return pa.table({one.name: rows.feeds[input_name(one)][:, 0].tolist() for one in columns})


def compared(name: str) -> str:
    """A line: rows a second of either, labels that differ, the largest difference."""
    source, settings = MODELS[name][0](), MODELS[name][1]
    model = onelayer.train(source, C=1.0, calibrate="none", **settings)
    rows = source_rows(Subject.of(model), read_for(model, source)[1], np.dtype(float))
    with tempfile.TemporaryDirectory() as folder:
        model.export(Path(folder) / "m.onnx")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(Path(folder) / "m.onnx", options)
    asked = given(model, rows)
    times = 2 if "pictures" in rows.feeds else 5
    theirs, (label, A) = quickest(
        lambda: session.run(["label", "probabilities"], rows.feeds), times
    )
    ours, expected = quickest(lambda: model.predict_proba(asked), times)
    differ = int((label != model.predict(asked)).sum())
    return (
        f"{name}: {len(A):,} rows, onnxruntime {len(A) / theirs:,.0f} a second, predict "
        f"{len(A) / ours:,.0f}; {differ} labels differ, probabilities by "
        f"{np.abs(A - expected).max():.1e}"
    )


if __name__ == "__main__":
    for name in MODELS:
        print(compared(name), flush=True)
