"""Numbers and names as people read them: one way to write each, wherever it is shown."""

from __future__ import annotations


def percent(rate: float) -> str:
    """A rate for people: 0.658 is 65.8 %."""
    return f"{100 * rate:.1f} %"


def interval_in_words(interval: list[float]) -> str:
    """An interval of rates for people: (0.57, 0.74) is 57 to 74 %."""
    return f"{100 * interval[0]:.0f} to {100 * interval[1]:.0f} %"


def loss_in_words(loss: float | None) -> str:
    """A log loss with three decimals, or three digits where a descent overshot."""
    if loss is None:
        return "not finite"
    return f"{loss:.3f}" if loss < 1000 else f"{loss:.3g}"


def count_in_words(n: float) -> str:
    """Examples: 1,234; a sum of weights with a decimal, a small one with three digits."""
    if abs(n - round(n)) <= 1e-9 * max(1.0, n):
        return f"{n:,.0f}"
    return f"{n:,.1f}" if n >= 10 else f"{n:.3g}"


def c_in_words(C: float | str) -> str:
    """C, or that there is no penalty."""
    return "inf (no penalty)" if C == "inf" else f"{C:g}"


def quoted_name(name: str) -> str:
    """A column's name as a formula has it."""
    return name if name.isidentifier() else f"`{name}`"


def counted(mass: float) -> float:
    """A sum of weights; a whole number as one, so that it is read as one."""
    return int(mass) if mass == int(mass) else float(mass)
