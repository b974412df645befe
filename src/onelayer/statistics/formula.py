"""From a formula and a data frame to X, y and the names of columns: R's language, by formulaic."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from onelayer.errors import DataError, UsageError
from onelayer.statistics.result import Context

INTERCEPT = "Intercept"
TEXTS = 100  # levels of one factor; more are names or free text rather than categories


@dataclass(frozen=True)
class Table:
    """Complete rows: X (m, n), the response (m,), counts (m,), clusters (m,) or None."""

    X: np.ndarray
    y: np.ndarray
    counts: np.ndarray
    cluster: np.ndarray | None
    features: tuple[str, ...]
    intercept: bool
    context: Context


@dataclass(frozen=True)
class Columns:
    """Which columns of a frame are more than features, and the levels that others are against."""

    weights: str | None = None
    cluster: str | None = None
    reference: dict[str, Any] | None = None

    @property
    def apart(self) -> list[str]:
        """Columns that no feature is made of."""
        return [name for name in (self.weights, self.cluster) if name is not None]


def read_table(formula: str, frame: Any, columns: Columns) -> Table:
    """Complete cases of what the formula and `columns` name; `.` is every other column.

    Rows with a missing value, or of weight zero, are left out, levels that no row has left too.

    Raises
    ------
    UsageError
        When the formula cannot be read, has no response, or names a column that is not there.
    DataError
        When values cannot be used: infinite or of negative weight, no row is complete, a factor
        has more than `TEXTS` levels.
    """
    left, right = _parse(formula, frame, columns)
    used = _used(left, right, frame, columns)
    missing = frame[used].isna()
    complete = ~missing.any(axis=1).to_numpy()
    dropped = tuple((name, int(n)) for name, n in missing.sum().items() if n)
    counts = _counts(frame, columns.weights, complete)
    kept = complete.copy()
    kept[complete] = counts > 0
    if not kept.any():
        raise DataError(f"No row is complete and of weight above zero; missing: {dict(dropped)}")
    rows = _prepared(frame.loc[kept, used], columns.reference or {})
    y = _evaluated(left, rows)
    X, spec = _matrix(right, rows)
    names = _short_names(spec)
    intercept = list(spec.column_names)[:1] == [INTERCEPT]
    context = Context(
        response=_written(left),
        rows=int(complete.sum()),
        given=len(frame),
        formula=" ".join(formula.split()),
        weights=columns.weights or "",
        dropped=dropped,
        references=_references(spec),
    )
    cluster = None if columns.cluster is None else rows[columns.cluster].to_numpy()
    _require_finite(X, names)
    first = int(intercept)  # formulaic has it first, and nowhere else
    return Table(X[:, first:], y, counts[counts > 0], cluster, names[first:], intercept, context)


def quoted(name: str) -> str:
    """A column's name as a formula has it."""
    return name if name.isidentifier() else f"`{name}`"


def _parse(formula: str, frame: Any, columns: Columns) -> tuple[Any, Any]:
    """The response's term and the terms of X."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    for name in columns.apart:
        _require_column(name, frame)
    available = [name for name in frame.columns if name not in columns.apart]
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


def _used(left: Any, right: Any, frame: Any, columns: Columns) -> list[str]:
    """Columns that a row must have, in the frame's order."""
    from formulaic import Formula

    names = {str(name) for name in Formula([left]).required_variables | right.required_variables}
    for name in sorted(names):
        _require_column(name, frame)
    wanted = {*names, *columns.apart}
    for name in columns.reference or {}:
        if name not in wanted:
            raise UsageError(f"reference names {name!r}, which is not in the formula")
    return [name for name in frame.columns if name in wanted]


def _require_column(name: str, frame: Any) -> None:
    if name in frame.columns:
        if list(frame.columns).count(name) > 1:
            raise DataError(f"Two columns are called {name!r}: rename one")
        return
    near = get_close_matches(name, [str(column) for column in frame.columns], 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    columns = ", ".join(map(str, frame.columns[:12])) + ", ..." * (len(frame.columns) > 12)
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
            column = _referenced(column, name, reference[name])
        elif isinstance(column.dtype, pd.CategoricalDtype):
            column = column.cat.remove_unused_categories()
        else:
            column = _plain(column, name)
        made[name] = column
    return pd.DataFrame(made, index=rows.index)


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
    found = [value for value in levels if value == level or _label(value) == str(level)]
    if not found:
        shown = ", ".join(_label(value) for value in levels[:12])
        raise UsageError(f"{name!r} has no level {level!r}; it has {shown}")
    others = [value for value in levels if value is not found[0]]
    return pd.Series(
        pd.Categorical(column.tolist(), categories=[found[0], *others]), index=column.index
    )


def _label(value: Any) -> str:
    """A level as it is written: 1.0 is 1."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _written(term: Any) -> str:
    return str(term)


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


def _matrix(right: Any, rows: Any) -> tuple[np.ndarray, Any]:
    """X (m, n), float64, the constant first where there is one, and formulaic's account of it."""
    from formulaic.errors import FormulaicError

    _require_categories(right, rows)
    try:
        with np.errstate(all="ignore"):  # what is not finite is named below
            matrix = right.get_model_matrix(rows, output="numpy", na_action="ignore", context={})
    except FormulaicError as error:
        said = str(error).strip().splitlines()[0]
        raise UsageError(f"The formula cannot be computed: {said}") from None
    return np.asarray(matrix, dtype=np.float64), matrix.model_spec


def _require_categories(right: Any, rows: Any) -> None:
    """A column of names would be a column of X a name."""
    import pandas as pd

    for name in map(str, right.required_variables):
        if isinstance(rows[name].dtype, pd.CategoricalDtype):
            levels = len(rows[name].cat.categories)
            if levels > TEXTS:
                raise DataError(
                    f"Column {name!r} holds {levels:,} different texts, more than the {TEXTS} of "
                    "a category: leave it out of the formula, or group them"
                )


def _require_finite(X: np.ndarray, names: tuple[str, ...]) -> None:
    bad = ~np.isfinite(X.sum(axis=0))
    for column in np.flatnonzero(bad):
        rows = np.flatnonzero(~np.isfinite(X[:, column]))
        if len(rows):
            raise DataError(
                f"{names[column]!r} is {X[rows[0], column]:g} in {len(rows):,} complete rows: mend "
                "these values or make them missing; a logarithm needs values above zero"
            )


def _short_names(spec: Any) -> tuple[str, ...]:
    """`race[black]` for formulaic's `C(race, contr.treatment('white'))[T.black]`."""
    short = {str(factor): _variable(str(factor)) for factor in spec.factor_contrasts}
    clash = len(set(short.values())) < len(short)
    names = []
    for name in spec.column_names:
        for factor in sorted(short, key=len, reverse=True) if not clash else ():
            name = name.replace(f"{factor}[", f"{short[factor]}[")  # noqa: PLW2901
        names.append(re.sub(r"\[(?:T\.)?([^\[\]]*?)(\.0)?\]", r"[\1]", name))
    plain = tuple(names)
    return plain if len(set(plain)) == len(plain) else tuple(spec.column_names)


def _variable(factor: str) -> str:
    """C(race, ...) is about race."""
    inside = re.fullmatch(r"C\(\s*`?([^,()`]+?)`?\s*(,.*)?\)", factor)
    return inside.group(1) if inside else factor


def _references(spec: Any) -> tuple[tuple[str, str], ...]:
    """Factors in treatment coding, and the level that has no column."""
    from formulaic.transforms.contrasts import TreatmentContrasts

    found = {}
    for factor, state in spec.factor_contrasts.items():
        coding = state.contrasts
        reduced = any(f"{factor}[T." in name for name in spec.column_names)
        if isinstance(coding, TreatmentContrasts) and reduced:
            levels = list(state.levels)
            base = coding.base if coding.base in levels else levels[0]
            found[_variable(str(factor))] = _label(base)
        elif not isinstance(coding, TreatmentContrasts):
            found[_variable(str(factor))] = f"none ({type(coding).__name__})"
    return tuple(found.items())
