"""What the tables of coefficients and of effects share: columns, cells, and words on the data."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from scipy.special import ndtr

from onelayer.errors import UsageError
from onelayer.sheets.sheet import Pairs
from onelayer.statistics import numbers
from onelayer.statistics.fit import Context, Fit
from onelayer.statistics.observations import Observations

COLUMNS = ("coef", "std_err", "z", "p_value", "ci_low", "ci_high")
ODDS = ("odds_ratio", "odds_low", "odds_high")


def checked_level(level: float) -> float:
    """Of intervals; UsageError outside (0, 1)."""
    if isinstance(level, bool) or not isinstance(level, Real) or not 0 < level < 1:
        raise UsageError(f"level={level!r}: expected a number between 0 and 1, such as 0.95")
    return float(level)


def tabulated(
    values: np.ndarray,
    errors: np.ndarray,
    bounds: np.ndarray,
    *,
    odds: bool,
    z: np.ndarray | None = None,
) -> np.ndarray:
    """Value, error, z, p, bounds and, with `odds`, e^value and e^bounds: (rows, 6 or 9)."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        z = values / errors if z is None else z
        columns = [values, errors, z, 2 * ndtr(-np.abs(z)), bounds]
        return np.column_stack([*columns, np.exp(values), np.exp(bounds)] if odds else columns)


def cells_of(values: np.ndarray) -> list[tuple[str, ...]]:
    """Rows of `tabulated` as people read them."""
    columns = [
        [numbers.by_error(row[0], row[1]) for row in values],
        [numbers.by_error(row[1], row[1]) for row in values],
        [numbers.fixed(row[2], 2) for row in values],
        [numbers.p_value(row[3]) for row in values],
        [numbers.by_error(row[4], row[1]) for row in values],
        [numbers.by_error(row[5], row[1]) for row in values],
    ]
    columns += [[numbers.ratio(value) for value in column] for column in values.T[len(COLUMNS) :]]
    return list(zip(*(numbers.aligned(column) for column in columns), strict=True))


def bound_heads(level: float) -> tuple[str, str]:
    """0.95: from 2.5 % to 97.5 %."""
    tail = 50 * (1 - level)
    return f"{tail:.4g} %", f"{100 - tail:.4g} %"


def data_facts(result: Fit) -> Pairs:
    """Which class is modelled, on which rows, against which levels."""
    sample, context = result.estimate.sample, result.context
    facts = [("response", _response(sample, context)), ("rows", _rows(sample, context))]
    if context.references:
        levels = ", ".join(f"{factor} = {level}" for factor, level in context.references)
        facts.append(("reference", levels))
    if context.offset:
        facts.append(("offset", f"{' + '.join(context.offset)}, whose coefficient is 1"))
    return tuple(facts)


def described(result: Fit) -> dict[str, Any]:
    """For JSON: the data and the errors."""
    context = result.context
    return {
        "formula": context.formula,
        "response": context.response,
        "classes": result.classes_.tolist(),
        "rows": context.rows,
        "rows_given": context.given,
        "missing": dict(context.dropped),
        "nobs": result.nobs,
        "reference": dict(context.references),
        "offset": list(context.offset),
        "errors": result.errors.words,
    }


def class_name(label: Any) -> str:
    """A class for people: 1.0 is 1."""
    value = label.item() if isinstance(label, np.generic) else label
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _response(sample: Observations, context: Context) -> str:
    names = [class_name(label) for label in sample.classes]
    observed = np.bincount(sample.targets, sample.counts, len(names))
    if sample.blocks == 1:
        first, second = (numbers.count(n) for n in observed)
        return f"{context.response} = {names[1]} ({second}) against {names[0]} ({first})"
    others = ", ".join(
        f"{name} ({numbers.count(n)})" for name, n in zip(names[1:], observed[1:], strict=True)
    )
    return f"{context.response} = {others}, each against {names[0]} ({numbers.count(observed[0])})"


def _rows(sample: Observations, context: Context) -> str:
    missing = context.given - context.rows
    words = f"{context.rows:,}"
    if missing:
        names = ", ".join(f"{name} {number:,}" for name, number in context.dropped)
        words = f"{context.rows:,} of {context.given:,}; {missing:,} left out ({names})"
    if context.weights:
        words += f", {numbers.count(sample.total)} observations by the counts in {context.weights}"
    return words
