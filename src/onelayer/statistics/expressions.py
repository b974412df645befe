"""What a formula has beside the columns of X: its response and its offset, by expressions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from onelayer.errors import DataError, UsageError
from onelayer.words import count_of

_OFFSET = re.compile(r"offset\((.*)\)", re.DOTALL)


def evaluate(role: str, expression: str, rows: Any) -> Any:
    """What an expression is in these rows of a frame; `role` is what it is for, in an error."""
    from formulaic.transforms import TRANSFORMS
    from formulaic.utils.layered_mapping import LayeredMapping
    from formulaic.utils.stateful_transforms import stateful_eval

    try:
        return stateful_eval(expression, LayeredMapping(rows, TRANSFORMS), {}, {}, None)
    except Exception as error:  # noqa: BLE001 (whatever the user's expression raises)
        raise UsageError(f"The {role} {expression} cannot be computed: {error}") from None


def without_offset(formula: str, terms: Any) -> tuple[Any, list[Any]]:
    """The terms of X, and those that stand in offset(...): several add up.

    Raises
    ------
    UsageError
        For an offset in a product with other terms: its coefficient is 1.
    """
    from formulaic.parser.types import Factor, Term

    kept, found = [], []
    for term in terms:
        offsets = [match[1] for match in map(_inside, term.factors) if match]
        if offsets and len(term.factors) > 1:
            raise UsageError(
                f"The formula {formula!r} multiplies an offset by other columns: an offset stands "
                "alone, as in 'y ~ x + offset(log(t))', and its coefficient is 1"
            )
        found += [Term([Factor(offset, eval_method="python")]) for offset in offsets]
        kept += [] if offsets else [term]
    return type(terms)(kept), found


def _inside(factor: Any) -> re.Match[str] | None:
    return _OFFSET.fullmatch(factor.expr)


def offset_of(terms: Sequence[Any], rows: Any) -> np.ndarray | None:
    """The sum of the offsets (m, 1); None where there are none, or it is zero.

    Raises
    ------
    UsageError
        When an expression cannot be computed.
    DataError
        When it is no number, or not finite, in a row.
    """
    if not terms:
        return None
    total = np.sum([_numbers(str(term), rows) for term in terms], axis=0)
    return total[:, None] if total.any() else None


def not_finite(expression: str, found: np.ndarray) -> str:
    """What an expression is in rows that lack nothing, none of them finite, and what to do."""
    rows = count_of(len(found), "complete rows")
    return f"is {found[0]:g} in {rows}: {_how_to_mend(expression, infinite=np.isinf(found[0]))}"


def _how_to_mend(expression: str, *, infinite: bool) -> str:
    if re.search(r"\blog\w*\s*\(", expression):
        return "mend these values or make them missing; a logarithm needs values above zero"
    if re.search(r"\blag\s*\(", expression):
        return "leave these rows out of the data: a lag has no value where it begins"
    if infinite:
        return (
            "mend these values, make them missing or scale the column: what lies beyond 1.8e308 is "
            "infinite, and what is divided by zero"
        )
    return "mend these values or make them missing: what is computed of them is no number"


def _numbers(expression: str, rows: Any) -> np.ndarray:
    with np.errstate(all="ignore"):  # what is not finite is named below
        values = evaluate("offset", expression, rows)
    try:
        numbers = np.broadcast_to(np.asarray(values, dtype=np.float64), len(rows))
    except (TypeError, ValueError):
        raise DataError(f"The offset {expression} is not a number in each row") from None
    bad = ~np.isfinite(numbers)
    if bad.any():
        raise DataError(f"The offset {expression} {not_finite(expression, numbers[bad])}")
    return numbers
