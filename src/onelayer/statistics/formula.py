"""From a formula and a data frame to complete rows: R's language, read by formulaic."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from onelayer.errors import DataError, UsageError
from onelayer.statistics.dialects import refuse_dialects, require_column
from onelayer.statistics.expressions import evaluate, offset_of, without_offset
from onelayer.statistics.fit import Context
from onelayer.statistics.levels import prepared
from onelayer.statistics.matrix import Matrix, make_matrix
from onelayer.words import spelt


@dataclass(frozen=True)
class CompleteRows:
    """X, the response, counts (m,), clusters (m,) or None, the offset (m, 1) or None."""

    matrix: Matrix
    response: Any
    counts: np.ndarray
    cluster: np.ndarray | None
    context: Context
    offset: np.ndarray | None


@dataclass(frozen=True)
class Terms:
    """The response's term, those of X, and what stands in offset(...)."""

    response: Any
    features: Any
    offset: list[Any]

    @property
    def all(self) -> list[Any]:
        """As one list."""
        return [self.response, *self.features, *self.offset]


@dataclass(frozen=True)
class ColumnRoles:
    """Which columns of a frame are more than features, and the levels that others are against."""

    weights: str | None = None
    cluster: str | None = None
    reference: dict[str, Any] | None = None

    @property
    def apart(self) -> list[str]:
        """Columns that no feature is made of."""
        return [name for name in (self.weights, self.cluster) if name is not None]


def _none_left(rows: int, dropped: tuple[tuple[str, int], ...]) -> str:
    if rows == 0:
        return "The frame has no rows"
    missing = ", ".join(f"{name} in {count:,}" for name, count in dropped)
    where = f"; of {rows:,} rows values are missing of {missing}" if missing else ""
    return f"No row is complete and of weight above zero{where}"


def read_table(formula: str, frame: Any, columns: ColumnRoles) -> CompleteRows:
    """Complete cases of what the formula and `columns` name; `.` is every other column.

    Rows with a missing value, or of weight zero, are left out, levels that no row has left too.

    Raises
    ------
    UsageError
        When the formula cannot be read, has no response, or names a column that is not there.
    DataError
        When values cannot be used: infinite or of negative weight, no row is complete, a
        category has too many levels.
    """
    terms = _parse(formula, list(frame.columns), columns)
    used = _used(terms, list(frame.columns), columns)
    frame = _columns(frame, used)
    missing = frame.isna()
    complete = ~missing.any(axis=1).to_numpy()
    dropped = tuple((name, int(n)) for name, n in missing.sum().items() if n)
    counts = _counts(frame, columns.weights, complete)
    kept = complete.copy()
    kept[complete] = counts > 0
    if not kept.any():
        raise DataError(_none_left(len(frame), dropped))
    rows = prepared(frame if kept.all() else frame[kept], columns.reference or {})
    matrix = make_matrix(terms.features, rows)
    context = Context(
        response=str(terms.response),
        rows=int(complete.sum()),
        given=len(frame),
        formula=" ".join(formula.split()),
        weights=columns.weights or "",
        dropped=dropped,
        references=matrix.references,
        offset=tuple(map(str, terms.offset)),
        offset_columns=frozenset(variables(terms.offset)),
    )
    return CompleteRows(
        matrix=matrix,
        response=_evaluated(terms.response, rows),
        counts=counts[counts > 0],
        cluster=None if columns.cluster is None else rows[columns.cluster].to_numpy(),
        context=context,
        offset=offset_of(terms.offset, rows),
    )


def _columns(frame: Any, names: list[str]) -> Any:
    """These columns; indexing by names would copy them."""
    import pandas as pd

    return pd.DataFrame({name: frame[name] for name in names}, copy=False)


def columns_used(formula: str, names: Sequence[str], columns: ColumnRoles) -> list[str]:
    """Which of the columns `names` a row must have, in their order.

    Raises
    ------
    UsageError
        As `read_table`, and for a formula that would not mean what it seems to.
    """
    refuse_dialects(formula, names)
    return _used(_parse(formula, names, columns), names, columns)


def _parse(formula: str, names: Sequence[str], columns: ColumnRoles) -> Terms:
    """What the formula names."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    for name in columns.apart:
        require_column(name, names)
    available = [name for name in names if name not in columns.apart]
    context = {"__formulaic_variables_available__": available}
    try:
        parsed = Formula(formula, _context=context)
    except (FormulaicError, SyntaxError, AttributeError) as error:
        said = str(error).strip().splitlines()[0]
        raise UsageError(f"The formula {formula!r} cannot be read: {said}") from None
    left = getattr(parsed, "lhs", None)
    if left is None or len(left) != 1:
        raise UsageError(f"The formula {formula!r} needs one response, as in 'y ~ age + sex'")
    if re.match(r"C\(.*,", str(left[0])):
        raise UsageError(
            f"The response {left[0]} cannot have contrasts: name the class that others are "
            "compared with by " + spelt("reference={'y': 'level'}", "--reference y=level")
        )
    right, offset = without_offset(formula, parsed.rhs)
    if not list(right):
        raise UsageError(
            f"The formula {formula!r} has neither columns nor a constant: there is nothing to "
            "estimate. 'y ~ 1' estimates the constant alone"
        )
    return Terms(left[0], right, offset)


def _used(asked: Terms, names: Sequence[str], columns: ColumnRoles) -> list[str]:
    """Columns that a row must have, in the frame's order."""
    terms = asked.all
    named = variables(terms)
    for name in sorted(named):
        require_column(name, names, str(terms))
    wanted = {*named, *columns.apart}
    plain = {str(factor.expr) for term in terms for factor in term.factors}
    for name in columns.reference or {}:
        if name not in wanted:
            raise UsageError(f"reference names {name!r}, which is not in the formula")
        category = re.compile(rf"C\(\s*`?{re.escape(name)}\b")
        if not any(name == factor or category.match(factor) for factor in plain):
            raise UsageError(
                f"reference names {name!r}, which stands in the formula as part of an expression "
                "only: it has no levels of its own there"
            )
    return [name for name in names if name in wanted]


def variables(terms: Iterable[Any]) -> set[str]:
    """Columns that terms name, also inside calls.

    formulaic's own list leaves out what stands in a stateful transform, `center(age)`.
    """
    from formulaic.transforms import TRANSFORMS
    from formulaic.utils.variables import get_required_variables

    names = set()
    for factor in (factor for term in terms for factor in term.factors):
        names |= set(map(str, factor.required_variables))
        if factor.eval_method.value == "python":
            found = {str(variable.root) for variable in get_required_variables(factor.expr, {})}
            names |= found - set(TRANSFORMS)
    return names


def _counts(frame: Any, weights: str | None, complete: np.ndarray) -> np.ndarray:
    """Frequency weights of complete rows."""
    if weights is None:
        return np.ones(int(complete.sum()))
    try:
        counts = frame.loc[complete, weights].to_numpy(dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"The weights in {weights!r} are not numbers") from None
    if not np.isfinite(counts).all() or (counts < 0).any():
        bad = counts[~np.isfinite(counts) | (counts < 0)][0]
        raise DataError(f"Weights must be finite and not negative: {weights!r} holds {bad:g}")
    return counts


def _evaluated(left: Any, rows: Any) -> Any:
    """The response's values; a category with its levels."""
    name = str(left)
    if name in rows.columns:
        return rows[name]
    values = evaluate("response", name, rows)
    return getattr(values, "__wrapped__", values)  # of C(y)
