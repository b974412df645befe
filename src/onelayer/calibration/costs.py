"""What mistakes cost, as people write it down: pairs, a table in a file, or a matrix."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from onelayer.errors import UsageError
from onelayer.settings import CostsGiven

FORM = 'give "true:answer=cost, ..." as in "ill:well=20, well:ill=1", or a CSV file'


def cost_matrix(given: CostsGiven, names: Sequence[str]) -> np.ndarray:
    """c (K, K): what it costs to answer column j where row k is true.

    Parameters
    ----------
    given
        Text, "true:answer=cost" by commas, or {(true, answer): cost}: other mistakes cost 1, right
        answers nothing. A CSV file whose first row names the answers and whose first column the
        true classes. Or a matrix, in the order of the classes. Text that names a file is that file.
    names
        (K,), the classes.

    Raises
    ------
    UsageError
        For another form, a class that there is not, a cost that is no finite number, or a mistake
        that costs less than the right answer.
    """
    if isinstance(given, Mapping):
        matrix = _of_pairs({(str(true), str(said)): c for (true, said), c in given.items()}, names)
    elif isinstance(given, (str, Path)):
        matrix = _of_text(str(given), names)
    else:
        matrix = _of_array(given, names)
    _require_sense(matrix, names)
    return matrix


def _of_text(text: str, names: Sequence[str]) -> np.ndarray:
    if Path(text).is_file():
        return _of_file(Path(text), names)
    if "=" not in text:
        raise UsageError(f"costs are {text!r}, which is neither a file nor costs: {FORM}")
    pairs = {}
    for part in text.split(","):
        pair, _, cost = part.rpartition("=")
        pairs[_two_names(pair.strip(), names)] = _number(cost.strip(), part.strip())
    return _of_pairs(pairs, names)


def _two_names(pair: str, names: Sequence[str]) -> tuple[str, str]:
    """Both classes of "true:answer"; a name may have a colon itself."""
    splits = [
        (pair[:i].strip(), pair[i + 1 :].strip()) for i, sign in enumerate(pair) if sign == ":"
    ]
    if not splits:
        raise UsageError(f"costs say {pair!r} without a colon: {FORM}")
    known = [split for split in splits if set(split) <= set(names)]
    return known[0] if known else splits[0]


def _of_pairs(pairs: Mapping[tuple[str, str], float], names: Sequence[str]) -> np.ndarray:
    matrix = 1.0 - np.eye(len(names))
    for (true, said), cost in pairs.items():
        matrix[_place(true, names), _place(said, names)] = _number(cost, f"{true}:{said}={cost}")
    return matrix


def _of_file(path: Path, names: Sequence[str]) -> np.ndarray:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [[cell.strip() for cell in row] for row in csv.reader(file) if any(row)]
    expected = "the answers in the first row, the true classes in the first column"
    if len(rows) != len(names) + 1 or any(len(row) != len(names) + 1 for row in rows):
        sizes = f"{len(rows)} rows of {sorted({len(row) for row in rows})} cells"
        raise UsageError(
            f"{path} has {sizes}: for {len(names)} classes give {len(names) + 1} by "
            f"{len(names) + 1}, {expected}"
        )
    answers = [_place(name, names) for name in rows[0][1:]]
    true = [_place(row[0], names) for row in rows[1:]]
    if len(set(answers)) < len(names) or len(set(true)) < len(names):
        raise UsageError(f"{path} names a class twice: give {expected}, each once")
    matrix = np.zeros((len(names), len(names)))
    for k, row in zip(true, rows[1:], strict=True):
        matrix[k, answers] = [_number(cell, f"{cell} in {path}") for cell in row[1:]]
    return matrix


def _of_array(given: Any, names: Sequence[str]) -> np.ndarray:
    try:
        matrix = np.array(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"costs cannot be read as numbers ({error}): {FORM}") from error
    K = len(names)
    if matrix.shape != (K, K):
        raise UsageError(
            f"costs have the shape {matrix.shape}: for the {K} classes {', '.join(names)} give "
            f"({K}, {K}), a row the true class, a column the answer"
        )
    return matrix


def _place(name: str, names: Sequence[str]) -> int:
    if name not in names:
        raise UsageError(f"costs speak of {name!r}: the classes are {', '.join(names)}")
    return list(names).index(name)


def _number(cost: Any, what: str) -> float:
    try:
        value = float(cost)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"the cost of {what!r} is no finite number: {FORM}")
    return value


def _require_sense(matrix: np.ndarray, names: Sequence[str]) -> None:
    if not np.isfinite(matrix).all():
        raise UsageError("costs hold NaN or infinity: give finite numbers")
    right = np.diag(matrix)
    cheaper = np.argwhere(matrix < right[:, None])
    if len(cheaper):
        k, j = cheaper[0].tolist()
        raise UsageError(
            f"to take {names[k]} for {names[j]} costs {matrix[k, j]:g}, less than {right[k]:g} for "
            "the right answer: a mistake cannot cost less"
        )
    if (matrix == right[:, None]).all():
        raise UsageError("no mistake costs more than a right answer: give costs above 0")
