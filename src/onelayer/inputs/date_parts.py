"""The parts of a date that a model looks at, of moments in seconds since 1970."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

Part: TypeAlias = Literal["", "year", "month", "weekday", "hour", "days"]
"""Of a moment; "" for a column that is no date."""

NAMES = {
    "month": (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
    "weekday": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "hour": tuple(f"{hour:02}" for hour in range(24)),
}
"""What the parts that come round again are called: each is a category."""

_DAY, _HOUR = 86_400, 3600  # seconds
_THURSDAY = 3  # was the first of January 1970


def part_of(seconds: np.ndarray, part: Part) -> np.ndarray:
    """Return one part of moments (m,): a number, or a place in `NAMES`; NaN where it is missing.

    Days are those since 1970, with the time of day as a fraction: standardised, it does not matter
    which day they are counted from.
    """
    if part in {"", "days"}:
        return seconds if part == "" else seconds / _DAY
    missing = np.isnan(seconds)
    whole = np.where(missing, 0, seconds).astype(np.int64)
    days = whole // _DAY
    if part in {"year", "month"}:
        found = _by_calendar(days, part)
    elif part == "weekday":
        found = (days + _THURSDAY) % 7
    else:
        found = (whole - days * _DAY) // _HOUR
    return np.where(missing, np.nan, found)


def _by_calendar(days: np.ndarray, part: Part) -> np.ndarray:
    """The year or the month of days since 1970 (m,): of each day once where many are the same."""
    first, last = (int(days.min()), int(days.max())) if len(days) else (0, 0)
    if last - first < len(days):
        return _by_calendar_alone(np.arange(first, last + 1), part)[days - first]
    return _by_calendar_alone(days, part)


def _by_calendar_alone(days: np.ndarray, part: Part) -> np.ndarray:
    dates = days.astype("datetime64[D]")
    if part == "year":
        return np.asarray(dates.astype("datetime64[Y]").astype(np.int64) + 1970)
    return np.asarray(dates.astype("datetime64[M]").astype(np.int64) % 12)
