"""Which columns of X are combinations of others."""

from __future__ import annotations

import numpy as np

from onelayer.errors import DataError
from onelayer.statistics.column_space import independent
from onelayer.statistics.observations import CONST, Observations
from onelayer.words import spelt, to_drop

TOLERANCE = 1e-7  # of a column's length: what R's lm asks of the part that is the column's own
ROUNDED = 1e-13  # of a column's mean: what centring a constant in sparse rows leaves
SHOWN = 6  # columns that an error names


def require_full_rank(sample: Observations) -> None:
    """Refuse X where a column is a combination of others, naming it and them.

    QR, in which a column without a part of its own is moved to the end: the order of X decides
    which of two equal columns is to go, and the constant stays. One pass over X.

    Raises
    ------
    DataError
        When coefficients would not be unique.
    """
    R = sample.design.triangle_pass(sample.shares)
    R[:, :-1][:, _vanishes(R, sample)] = 0
    R, names = R[:, : sample.rows], sample.features
    if sample.intercept:  # the constant first
        R, names = np.roll(R, 1, axis=1), (CONST, *names)
    dependent = _dependent(R)
    if dependent:
        raise DataError(_in_words(R, names, dependent))


def _vanishes(R: np.ndarray, sample: Observations) -> np.ndarray:
    """Columns (n,) of which centring left rounding alone."""
    mean = np.abs(sample.scaling.centre * sample.scaling.scale)
    return np.linalg.norm(R[:, :-1], axis=0) <= ROUNDED * mean


def spans_constant(sample: Observations) -> bool:
    """Whether some combination of columns is the same for every row; one pass."""
    if sample.intercept:
        return True
    R = sample.design.triangle_pass(sample.shares)
    return R.shape[1] - 1 in _dependent(R)


def _dependent(R: np.ndarray) -> list[int]:
    """Columns of R that those before them span."""
    order = np.arange(R.shape[1])
    return np.setdiff1d(order, independent(R, order, TOLERANCE)).tolist()


def _in_words(R: np.ndarray, names: tuple[str, ...], dependent: list[int]) -> str:
    independent = [column for column in range(len(names)) if column not in dependent]
    kept = R[:, independent]
    lengths = np.linalg.norm(kept, axis=0)
    texts = []
    for column in dependent[:SHOWN]:
        share = np.linalg.lstsq(kept / lengths, R[:, column], rcond=None)[0]
        used = np.abs(share) > TOLERANCE * max(np.abs(share).max(initial=0), lengths.max())
        others = [names[independent[i]] for i in np.flatnonzero(used)]
        texts.append(_relation(names[column], others))
    more = len(dependent) - SHOWN
    texts += [f"and {more} more"] * (more > 0)
    involved = [names[column] for column in dependent]
    remedy = _remedy(involved)
    if any(name.startswith("cr(") for name in involved):
        remedy = "Beside a constant a natural spline is written cr(x, df=3, constraints='center')"
    elif all(name.endswith("]") for name in involved):
        remedy = "Leave a category out, or merge levels that stand for the same rows"
    return (
        f"Columns of X are collinear, so their coefficients are not unique: {'; '.join(texts)}. "
        f"{remedy}"
    )


def _remedy(names: list[str]) -> str:
    """What to do about columns, among which levels of categories may be, and terms of a formula."""
    columns = [name for name in names if not name.endswith("]")]
    remedy = "Leave those columns out"
    if columns and not any(sign in name for name in columns for sign in "(:"):
        remedy = spelt(remedy, f"{remedy}, as {to_drop(columns)} does")
    if len(columns) < len(names):
        remedy += "; of categories leave one out, or merge levels that stand for the same rows"
    return remedy


def _relation(name: str, others: list[str]) -> str:
    if not others or others == [CONST]:
        return f"{name!r} is constant"
    shown = [repr(other) for other in others if other != CONST]
    if len(shown) == 1:
        return f"{name!r} is {shown[0]} again, scaled or shifted"
    more = len(shown) - SHOWN
    rest = f" and {more} more" if more > 0 else f" and {shown[-1]}"
    listed = shown[:SHOWN] if more > 0 else shown[:-1]
    return f"{name!r} is a combination of {', '.join(listed)}{rest}"
