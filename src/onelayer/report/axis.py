"""One axis of a chart: where its values lie between its ends, and the numbers that stand on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Ticks = list[tuple[float, str]]
"""Values and what is written there."""

MOST_TICKS = 9
_FAR = 1e300
"""A value beyond counts as this: the length of an axis must be a number."""
_PLAIN = (-4, 6)
"""Powers of ten that are written out, the others as 10 with a small figure."""
_SMALL_FIGURES = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Axis:
    """What is asked of an axis.

    Attributes
    ----------
    label
        What is written beside it.
    low, high
        Its ends; None: a margin beyond the values that are drawn.
    margin
        Of the length of the values, on either side.
    logarithmic
        Whether equal steps are equal factors.
    ticks
        The values that are written and how; None: round numbers.
    """

    label: str = ""
    low: float | None = None
    high: float | None = None
    margin: float = 0.05
    logarithmic: bool = False
    ticks: Sequence[tuple[float, str]] | None = None

    def around(self, values: np.ndarray) -> Span:
        """Return the axis around these values; those that are no number do not count."""
        known = self._scaled(np.clip(values[np.isfinite(values)], -_FAR, _FAR))
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        if low == high:
            low, high = low - 0.05 * (abs(low) or 1), high + 0.05 * (abs(high) or 1)
        room = self.margin * (high - low)
        low, high = self._end(self.low, low - room), self._end(self.high, high + room)
        return Span(self, low, high if high > low else low + 1)

    def _end(self, asked: float | None, found: float) -> float:
        return found if asked is None else float(self._scaled(np.array([asked]))[0])

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        return np.log10(values[values > 0]) if self.logarithmic else values


@dataclass(frozen=True)
class Span:
    """An axis with its ends; those of a logarithmic one are powers of ten."""

    asked: Axis
    low: float
    high: float

    def share(self, values: np.ndarray) -> np.ndarray:
        """Return how far along the axis values lie, 0 to 1; far outside is just outside.

        NaN where a value is none, or infinite.
        """
        with np.errstate(all="ignore"):
            at = np.log10(values) if self.asked.logarithmic else values
            share = (at - self.low) / (self.high - self.low)
        return np.where(np.isfinite(at), np.clip(share, -9, 10), np.nan)

    def ticks(self, most: int = MOST_TICKS) -> Ticks:
        """Return at most so many values, those that were asked for or round ones, as written."""
        if self.asked.ticks is not None:
            return [(float(value), text) for value, text in self.asked.ticks]
        return self._powers(most) if self.asked.logarithmic else self._round(most)

    def _round(self, most: int) -> Ticks:
        step = _round_step((self.high - self.low) / most)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        values = [k * step for k in range(first, last + 1)]
        return [(value, _written(value, step, values)) for value in values]

    def _powers(self, most: int) -> Ticks:
        """Powers of ten, so many that they have room; within one, round numbers."""
        first, last = math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9)
        if last - first < 1:
            low, high = 10.0**self.low, 10.0**self.high
            return [tick for tick in Span(Axis(), low, high).ticks(most) if tick[0] > 0]
        stride = -(-(last - first + 1) // most)
        return [(10.0**k, power_of_ten(k)) for k in range(first, last + 1, stride)]


def power_of_ten(k: int) -> str:
    """0.01, 1,000; far from 1 as 10⁻⁷."""
    low, high = _PLAIN
    return (
        f"{10.0**k:,.{max(0, -k)}f}"
        if low <= k <= high
        else f"10{str(k).translate(_SMALL_FIGURES)}"
    )


def _round_step(least: float) -> float:
    """Return 1, 2, 2.5 or 5 times a power of ten, the first that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= least * (1 - 1e-9))


def _written(value: float, step: float, values: list[float]) -> str:
    """Return a multiple of `step`, with as many digits as tell it from the next."""
    value = value or 0.0  # no -0
    largest = max(map(abs, values))
    if step >= 1e-5 and largest < 1e7:
        return f"{value:.{_decimals(step)}f}"
    if value == 0:
        return "0"
    digits = _decimals(step / 10.0 ** math.floor(math.log10(abs(value)) + 1e-9))
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    shortest = mantissa.rstrip("0").rstrip(".") if digits else mantissa
    return f"{shortest}e{int(exponent)}"


def _decimals(step: float) -> int:
    """How many stand behind the point in multiples of 1, 2, 2.5 or 5 times a power of ten."""
    power = math.floor(math.log10(step) + 1e-9)
    quarters = abs(step / 10.0**power - 2.5) < 1e-6
    return max(0, quarters - power)
