"""From a formula and a data frame to complete rows: R's language, read by formulaic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from onelayer.errors import DataError, UsageError
from onelayer.statistics.fit import Context
from onelayer.statistics.matrix import Matrix, level_name, make_matrix


@dataclass(frozen=True)
class CompleteRows:
    """Complete rows: X, the response (m,), counts (m,), clusters (m,) or None."""

    matrix: Matrix
    y: np.ndarray
    counts: np.ndarray
    cluster: np.ndarray | None
    context: Context


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
    left, right = _parse(formula, list(frame.columns), columns)
    used = _used(left, right, list(frame.columns), columns)
    frame = _columns(frame, used)
    missing = frame.isna()
    complete = ~missing.any(axis=1).to_numpy()
    dropped = tuple((name, int(n)) for name, n in missing.sum().items() if n)
    counts = _counts(frame, columns.weights, complete)
    kept = complete.copy()
    kept[complete] = counts > 0
    if not kept.any():
        raise DataError(f"No row is complete and of weight above zero; missing: {dict(dropped)}")
    rows = _prepared(frame if kept.all() else frame[kept], columns.reference or {})
    y = _evaluated(left, rows)
    matrix = make_matrix(right, rows)
    context = Context(
        response=str(left),
        rows=int(complete.sum()),
        given=len(frame),
        formula=" ".join(formula.split()),
        weights=columns.weights or "",
        dropped=dropped,
        references=matrix.references,
    )
    cluster = None if columns.cluster is None else rows[columns.cluster].to_numpy()
    return CompleteRows(matrix, y, counts[counts > 0], cluster, context)


def _columns(frame: Any, names: list[str]) -> Any:
    """These columns; indexing by names would copy them."""
    import pandas as pd

    return pd.DataFrame({name: frame[name] for name in names}, copy=False)


def columns_used(formula: str, names: Sequence[str], columns: ColumnRoles) -> list[str]:
    """Which of the columns `names` a row must have, in their order.

    Raises
    ------
    UsageError
        As `read_table`.
    """
    return _used(*_parse(formula, names, columns), names, columns)


def _parse(formula: str, names: Sequence[str], columns: ColumnRoles) -> tuple[Any, Any]:
    """The response's term and the terms of X."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    for name in columns.apart:
        _require_column(name, names)
    available = [name for name in names if name not in columns.apart]
    context = {"__formulaic_variables_available__": available}
    try:
        parsed = Formula(formula, _context=context)
    except FormulaicError as error:
        said = str(error).strip().splitlines()[0]
        raise UsageError(f"The formula {formula!r} cannot be read: {said}") from None
    left = getattr(parsed, "lhs", None)
    if left is None or len(left) != 1:
        raise UsageError(f"The formula {formula!r} needs one response, as in 'y ~ age + sex'")
    return left[0], parsed.rhs


def _used(left: Any, right: Any, names: Sequence[str], columns: ColumnRoles) -> list[str]:
    """Columns that a row must have, in the frame's order."""
    named = variables([left, *right])
    for name in sorted(named):
        _require_column(name, names)
    wanted = {*named, *columns.apart}
    for name in columns.reference or {}:
        if name not in wanted:
            raise UsageError(f"reference names {name!r}, which is not in the formula")
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


def _require_column(name: str, names: Sequence[str]) -> None:
    if name in names:
        if names.count(name) > 1:
            raise DataError(f"Two columns are called {name!r}: rename one")
        return
    near = get_close_matches(name, [str(column) for column in names], 1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    columns = ", ".join(map(str, names[:12])) + ", ..." * (len(names) > 12)
    raise UsageError(f"There is no column {name!r}{hint} The columns are {columns}")


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


def _prepared(rows: Any, reference: dict[str, Any]) -> Any:
    """Plain columns for formulaic: levels that no row has left out, the reference first."""
    import pandas as pd

    made = {}
    for name in rows.columns:
        column = rows[name]
        if name in reference:
            made[name] = _referenced(column, name, reference[name])
        elif isinstance(column.dtype, pd.CategoricalDtype):
            made[name] = column.cat.remove_unused_categories()
        elif not isinstance(column.dtype, np.dtype) or column.dtype.kind not in "biuf":
            made[name] = _plain(column, name)
    return rows.assign(**made)


def _plain(column: Any, name: str) -> Any:
    """Numbers and booleans in NumPy's types, anything else a category."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise DataError(
            f"Column {name!r} holds dates: make a number or a category of them (a year, a month)"
        )
    if column.dtype == object:
        column = column.infer_objects()
    if pd.api.types.is_numeric_dtype(column.dtype):
        kinds = {"b": bool, "f": np.float64}
        nullable = pd.api.types.is_extension_array_dtype(column.dtype)
        return column.astype(kinds.get(column.dtype.kind, np.int64)) if nullable else column
    try:
        return column.astype(object).astype("category")
    except TypeError:
        kinds_found = sorted({type(value).__name__ for value in column})
        raise DataError(f"Column {name!r} mixes {' and '.join(kinds_found)}: make it one") from None


def _referenced(column: Any, name: str, level: Any) -> Any:
    """A factor whose first level is the reference, compared as text where it is not found."""
    import pandas as pd

    levels = sorted(column.unique().tolist(), key=lambda value: (str(type(value)), value))
    found = [value for value in levels if value == level or level_name(value) == str(level)]
    if not found:
        shown = ", ".join(level_name(value) for value in levels[:12])
        raise UsageError(f"{name!r} has no level {level!r}; it has {shown}")
    others = [value for value in levels if value is not found[0]]
    return pd.Series(
        pd.Categorical(column.tolist(), categories=[found[0], *others]), index=column.index
    )


def _evaluated(left: Any, rows: Any) -> np.ndarray:
    """The response's values."""
    from formulaic.transforms import TRANSFORMS
    from formulaic.utils.layered_mapping import LayeredMapping
    from formulaic.utils.stateful_transforms import stateful_eval

    if str(left) in rows.columns:
        return np.asarray(rows[str(left)])
    try:
        values = stateful_eval(str(left), LayeredMapping(rows, TRANSFORMS), {}, {}, None)
    except Exception as error:  # noqa: BLE001 (whatever the user's expression raises)
        raise UsageError(f"The response {left} cannot be computed: {error}") from None
    return np.asarray(values)
