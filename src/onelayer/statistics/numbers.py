"""Statistics as people read them: as many digits as their error leaves, points in one line."""

from __future__ import annotations

import math
from collections.abc import Iterable

DIGITS = 3  # of a standard error
MOST_DECIMALS = 6  # beyond, and from 10^6 on, powers of ten are read more easily
LARGE = 1e6


def by_error(value: float, error: float) -> str:
    """A value to the third digit of its standard error."""
    if not math.isfinite(value):
        return "" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if not math.isfinite(error) or error <= 0:
        return f"{value:.4g}"
    decimals = max(0, DIGITS - 1 - math.floor(math.log10(error)))
    if decimals > MOST_DECIMALS or abs(value) >= LARGE:
        return f"{value:.2e}"
    return f"{value:.{decimals}f}"


def ratio(value: float) -> str:
    """Four digits, below 1 three; powers of ten below a thousandth and from 10^5 on."""
    if not math.isfinite(value):
        return "" if math.isnan(value) else "inf"
    if value == 0:
        return "0"
    if not 1e-3 <= value < 1e5:
        return f"{value:.2e}"
    decimals = (2 if value < 1 else 3) - math.floor(math.log10(value))
    decimals = min(5, max(0, decimals))
    return f"{value:.{decimals}f}"


def p_value(p: float) -> str:
    """Three decimals, or that it is less than they show."""
    if math.isnan(p):
        return ""
    return "< 0.001" if p < 0.0005 else f"{p:.3f}"


def p_in_words(p: float) -> str:
    """For running text: p = 0.025, p < 0.001."""
    shown = p_value(p)
    return f"p {shown}" if shown.startswith("<") else f"p = {shown}"


def fixed(value: float, decimals: int) -> str:
    """So many decimals, or powers of ten where that would be long; nothing for NaN."""
    if math.isnan(value):
        return ""
    return f"{value:.2e}" if abs(value) >= LARGE else f"{value:.{decimals}f}"


def count(value: float) -> str:
    """1234 is 1,234; a sum of weights keeps its decimals."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.10g}"


def level(share: float) -> str:
    """0.95 is 95 %."""
    return f"{100 * share:g} %"


def aligned(cells: Iterable[str]) -> list[str]:
    """Padded on the right, so that on the right edge decimal points stand in one line.

    Powers of ten have no decimals to line up, and end where the others do.
    """
    cells = list(cells)
    tails = [len(cell.partition(".")[2]) + 1 if "." in cell else 0 for cell in cells]
    plain = [tail for cell, tail in zip(cells, tails, strict=True) if "e" not in cell]
    widest = max(plain, default=0)
    return [
        cell
        if not cell.strip() or "e" in cell or cell.startswith("<")
        else cell + " " * (widest - tail)
        for cell, tail in zip(cells, tails, strict=True)
    ]
