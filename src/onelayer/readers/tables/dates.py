"""How the dates of a column are written, and what they are as numbers: seconds since 1970.

The order of day and month is found once, in training, kept with the column by an example, and
obeyed in prediction. Dates that begin with the year, or name the month, are read in any column;
in one where most are written so, 03/04/2024 is no date, as nobody knows which day it is.
A time counts as it is written: what a time zone would add to it is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

YEAR_FIRST, DAY_FIRST, MONTH_FIRST, TIME_ALONE = "2024-12-31", "31/12/2024", "12/31/2024", "23:59"
NOTATIONS = (YEAR_FIRST, DAY_FIRST, MONTH_FIRST, TIME_ALONE)
"""By an example each. Of a time alone the day is 1 January 1970."""

DAY = 86_400
"""Seconds."""

PIVOT = 69
"""Two digits from here on are a year of the last century, as POSIX has it."""

_EPOCH = date(1970, 1, 1).toordinal()
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = rf"(?P<name>{'|'.join(_MONTHS)})[a-z]*\.?"
_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(:(?P<second>\d{2})([.,]\d+)?)?"
    r"\s*(?P<half>[ap]m)?\s*(z|utc|[+-]\d{2}(:?\d{2})?)?"
)
_TIME = rf"([t ]\s*{_CLOCK})?"
_FORMS = tuple(
    re.compile(form + _TIME, re.IGNORECASE)
    for form in (
        r"(?P<year>\d{4})(?P<sign>[-/.])(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})",
        r"(?P<first>\d{1,2})(?P<sign>[-/.])(?P<second_>\d{1,2})(?P=sign)(?P<year>\d{4}|\d{2})",
        rf"(?P<day>\d{{1,2}})[ -]{_NAME}[ ,-]+(?P<year>\d{{4}}|\d{{2}})",
        rf"{_NAME} (?P<day>\d{{1,2}}),? (?P<year>\d{{4}})",
    )
)
_ALONE = re.compile(_CLOCK, re.IGNORECASE)


@dataclass(frozen=True)
class Order:
    """The order of day and month in a column, by an example, and whether it is a guess."""

    notation: str
    guessed: bool = False


def order_of(values: Any) -> Order:
    """Find the order of an Arrow array of texts, most of which are dates.

    Where no number of the first two is above 12, a column whose first or second number never
    changes has its days there, as dates of a month's beginning have; else points are written after
    the day, and anything else is a guess: the month is first, as in America.
    """
    pairs: list[tuple[int, int]] = []
    points = times = known = 0
    for text in values.unique().drop_null().to_pylist():
        found = _FORMS[1].fullmatch(text)
        known += any(form.fullmatch(text) is not None for form in _FORMS)
        times += _ALONE.fullmatch(text) is not None
        if found:
            pairs.append((int(found["first"]), int(found["second_"])))
            points += found["sign"] == "."
    if 2 * len(pairs) < max(known, 1):
        return Order(TIME_ALONE if times > known else YEAR_FIRST)
    firsts, seconds = (np.array(side) for side in zip(*pairs, strict=True))
    days_first, days_second = int((firsts > 12).sum()), int((seconds > 12).sum())
    if days_first or days_second:
        return Order(DAY_FIRST if days_first >= days_second else MONTH_FIRST)
    if points > len(pairs) / 2:
        return Order(DAY_FIRST)
    constant = len({*firsts.tolist()}) == 1, len({*seconds.tolist()}) == 1
    if len(pairs) > 2 and constant in {(True, False), (False, True)}:
        return Order(DAY_FIRST if constant[0] else MONTH_FIRST)
    return Order(MONTH_FIRST, guessed=True)


def seconds_of(texts: Any, notation: str) -> np.ndarray:
    """Return an Arrow array of texts as seconds since 1970, float64 (m,); NaN for what is no date.

    Raises
    ------
    ValueError
        For a notation that there is not.
    """
    from onelayer.readers.tables.arrow_values import looked_up

    if notation not in NOTATIONS:
        raise ValueError(f"dates are not written as {notation!r}")
    read = _clock_alone if notation == TIME_ALONE else _reader(notation)
    found = texts.unique().drop_null().to_pylist()
    return looked_up(texts, {text: read(text) for text in found}, np.nan)


def written(seconds: float, notation: str) -> str:
    """Return a moment as text, without seconds; a time at midnight is left out."""
    day, rest = divmod(int(seconds), DAY)
    clock = f"{rest // 3600:02}:{rest % 3600 // 60:02}"
    if notation == TIME_ALONE:
        return clock
    named = date.fromordinal(day + _EPOCH).isoformat()
    return f"{named} {clock}" if rest else named


def are_dates(texts: Any) -> np.ndarray:
    """Mark the texts that are dates or times in some notation: bool (m,), False where missing."""
    order = order_of(texts)
    return ~np.isnan(seconds_of(texts, order.notation))


def _reader(notation: str) -> Callable[[str], float]:
    def read(text: str) -> float:
        found = next((m for form in _FORMS if (m := form.fullmatch(text))), None)
        if found is None:
            return np.nan
        parts = found.groupdict()
        year = _year(parts["year"])
        if "first" in parts:
            if notation == YEAR_FIRST:
                return np.nan
            pair = int(parts["first"]), int(parts["second_"])
            day, month = pair if notation == DAY_FIRST else pair[::-1]
        else:
            named = parts.get("name")
            month = _MONTHS.index(named.lower()) + 1 if named else int(parts["month"])
            day = int(parts["day"])
        try:
            ordinal = date(year, month, day).toordinal()
        except ValueError:  # the 31st of February
            return np.nan
        return (ordinal - _EPOCH) * DAY + _clock(parts)

    return read


def _clock_alone(text: str) -> float:
    found = _ALONE.fullmatch(text)
    return np.nan if found is None else _clock(found.groupdict())


def _clock(parts: dict[str, str | None]) -> float:
    """Seconds of the day; NaN for what no clock shows."""
    if parts["hour"] is None:
        return 0.0
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    if parts["half"]:
        if not 1 <= hour <= 12:
            return np.nan
        hour = hour % 12 + 12 * (parts["half"].lower() == "pm")
    if hour > 23 or minute > 59 or second > 60:
        return np.nan
    return float(hour * 3600 + minute * 60 + second)


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) > 2:
        return year
    return year + (1900 if year >= PIVOT else 2000)
