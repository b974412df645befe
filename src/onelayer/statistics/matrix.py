"""X from the terms of a formula, its columns' names and the levels that factors are against."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from onelayer.errors import DataError, UsageError
from onelayer.statistics.expressions import not_finite
from onelayer.statistics.levels import level_name

INTERCEPT = "Intercept"
TEXTS = 100  # levels of one factor; more are names or free text rather than categories
ROWS = 50_000  # that are made at a time, where that gives what all at once would


@dataclass(frozen=True)
class Matrix:
    """X (m, n) without the constant, and whether there is one; factors and their reference.

    `spec` and `rows` are formulaic's account of X and the frame that it was made of.
    """

    X: np.ndarray
    features: tuple[str, ...]
    intercept: bool
    references: tuple[tuple[str, str], ...]
    spec: Any
    rows: Any


def make_matrix(right: Any, rows: Any) -> Matrix:
    """X in float64; plain columns and their products by `ROWS` rows, else at once.

    At once formulaic holds X twice. An expression may look at all rows (a mean, a spline's knots),
    so only where there is none are they taken in turn.

    Raises
    ------
    UsageError
        When an expression cannot be computed.
    DataError
        When it is not finite in a row, or a category has one level or more than `TEXTS`.
    """
    _require_categories(right, rows)
    whole = any(factor.eval_method.value == "python" for term in right for factor in term.factors)
    X, spec = computed(right, rows if whole else rows.iloc[:ROWS])
    _require_levels(spec)
    names = _short_names(spec)
    first = int(spec.column_names[:1] == (INTERCEPT,))  # nowhere else
    X = X[:, first:] if len(X) == len(rows) else _by_rows(spec, rows, first)
    _require_finite(X, names[first:])
    return Matrix(X, names[first:], bool(first), _references(spec), spec, rows)


def computed(terms: Any, rows: Any, held: Any = None) -> tuple[np.ndarray, Any]:
    """X (m, n), the constant first where there is one, and formulaic's account of it.

    `held` are factors that are not evaluated again: some of those of `evaluated`.
    """
    matrix, _ = _materialised(terms, rows, held or {})
    return np.asarray(matrix, dtype=np.float64), matrix.model_spec


def evaluated(spec: Any, rows: Any) -> dict[str, Any]:
    """The factors of a spec by their expressions."""
    found: dict[str, Any] = _materialised(spec, rows, {})[1].factor_cache
    return found


def _materialised(terms: Any, rows: Any, held: dict[str, Any]) -> tuple[Any, Any]:
    from formulaic.errors import DataMismatchWarning, FormulaicError

    from onelayer.statistics.materializer import FactorialBooleans

    made = FactorialBooleans(rows, context={})
    made.factor_cache.update(held)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():  # non-finite is named later
            warnings.simplefilter("error", DataMismatchWarning)
            return made.get_model_matrix(terms, output="numpy", na_action="ignore"), made
    except FormulaicError as error:
        said = str(error).strip().splitlines()[0]
        raise UsageError(f"The formula cannot be computed: {said}") from None
    except DataMismatchWarning as warning:
        others = str(warning).partition("{")[2].partition("}")[0]
        raise UsageError(
            f"The levels that the formula names leave out {others}, which rows have: name all of "
            "them, or leave these rows out"
        ) from None


def _require_levels(spec: Any) -> None:
    """A factor of one level says nothing, and has no column that could say so."""
    for factor, state in spec.factor_contrasts.items():
        if len(state.levels) == 1:
            name, level = _variable(str(factor)), level_name(state.levels[0])
            raise DataError(
                f"{name!r} is {level!r} in all rows that are used: leave it out of the formula"
            )


def _by_rows(spec: Any, rows: Any, first: int) -> np.ndarray:
    """X without the constant, block under block; categories carry their levels with them."""
    X = np.empty((len(rows), len(spec.column_names) - first))
    for start in range(0, len(rows), ROWS):
        block = slice(start, start + ROWS)
        X[block] = computed(spec, rows.iloc[block])[0][:, first:]
    return X


def _require_categories(right: Any, rows: Any) -> None:
    """A column of names would be a column of X a name."""
    import pandas as pd

    plain = {factor.expr for term in right for factor in term.factors}
    for name in plain.intersection(rows.columns):
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
        values = X[:, column]
        if len(found := values[~np.isfinite(values)]):
            raise DataError(f"{names[column]!r} {not_finite(names[column], found)}")


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
            found[_variable(str(factor))] = level_name(base)
        elif not isinstance(coding, TreatmentContrasts):
            found[_variable(str(factor))] = f"none ({type(coding).__name__})"
    return tuple(found.items())
