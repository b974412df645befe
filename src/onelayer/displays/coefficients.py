"""Coefficients with their intervals, the largest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.displays.axes import axes_of
from onelayer.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 25  # rows that can be read
INCHES = 0.26  # a row


class CoefficientsDisplay:
    """Coefficients as points with their intervals, one row each; those clear of 0 stand out.

    Made from arrays, or by `from_frame` of a summary's frame.

    Parameters
    ----------
    coef : array (p,)
        The coefficients, in log-odds.
    names : sequence of str
        What they belong to.
    ci_low, ci_high : array (p,), default=None
        Their intervals; None: points alone.
    unit : str, default="coefficient (log-odds)"
        What they are, with their unit.

    Attributes
    ----------
    shown_ : list of str
        The names that were drawn, from top to bottom.

    Examples
    --------
    >>> from onelayer.displays import CoefficientsDisplay
    >>> display = CoefficientsDisplay([0.2, -1.1], ["age", "dose"], [-0.1, -1.8], [0.5, -0.4])
    >>> display.plot().shown_
    ['dose', 'age']
    """

    ax_: Axes
    figure_: Any
    shown_: list[str]

    def __init__(
        self,
        coef: Any,
        names: Sequence[str],
        ci_low: Any = None,
        ci_high: Any = None,
        *,
        unit: str = "coefficient (log-odds)",
    ) -> None:
        self.coef, self.unit = np.asarray(coef, float), unit
        self.names = [str(name) for name in names]
        low = self.coef if ci_low is None else np.asarray(ci_low, float)
        high = self.coef if ci_high is None else np.asarray(ci_high, float)
        sizes = {len(self.coef), len(self.names), len(low), len(high)}
        if len(sizes) > 1 or self.coef.ndim != 1:
            raise UsageError(
                f"coef has shape {self.coef.shape}, and there are {len(self.names)} names and "
                f"{len(low)} and {len(high)} ends of intervals: give one of each a coefficient"
            )
        self.ci_low, self.ci_high = low, high

    def plot(
        self,
        *,
        ax: Axes | None = None,
        most: int = SHOWN,
        sort: bool = True,
        exponentiate: bool = False,
        **kwargs: Any,
    ) -> CoefficientsDisplay:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where; None: a new figure, as high as its rows need.
        most : int, default=25
            Rows at most; the largest coefficients are shown.
        sort : bool, default=True
            The largest first; else in their own order.
        exponentiate : bool, default=False
            Odds ratios on a logarithmic axis, 1 in place of 0.
        **kwargs
            Of the points, as `Axes.plot` has them.

        Returns
        -------
        CoefficientsDisplay
            This display.
        """
        size = np.where(np.isfinite(self.coef), np.abs(self.coef), -1)
        rows = np.argsort(-size, kind="stable")[:most]
        rows = rows if sort else np.sort(rows)
        ax = _figure(len(rows)) if ax is None else axes_of(ax)
        low, coef, high = (
            np.exp(part[rows]) if exponentiate else part[rows]
            for part in (self.ci_low, self.coef, self.ci_high)
        )
        self._draw(ax, low, coef, high, kwargs | {"none": 1.0 if exponentiate else 0.0})
        self.shown_ = [self.names[row] for row in rows]
        ax.set_yticks(np.arange(len(rows)), self.shown_, parse_math=False)
        ax.invert_yaxis()
        if exponentiate:
            ax.set_xscale("log")
            ax.xaxis.set_major_formatter("{x:g}")
            ax.xaxis.set_minor_formatter("{x:g}")
            ax.tick_params(axis="x", which="minor", labelsize="small")
        unit = "odds ratio" if exponentiate else self.unit
        intervals = np.array_equal(self.ci_low, self.ci_high, equal_nan=True)
        ax.set_xlabel(unit if intervals else f"{unit}, with its interval")
        if len(rows) < len(self.coef):
            ax.set_title(f"the {len(rows)} largest of {len(self.coef)}", fontsize="medium")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _draw(
        self,
        ax: Axes,
        low: np.ndarray,
        coef: np.ndarray,
        high: np.ndarray,
        options: dict[str, Any],
    ) -> None:
        """Points and intervals, grey where the interval holds what stands for no effect."""
        none = options.pop("none")
        clear = (low > none) | (high < none)
        ax.axvline(none, color="0.6", linewidth=0.8, zorder=1)
        for marked, color in ((clear, "C0"), (~clear, "0.6")):
            y = np.flatnonzero(marked)
            ax.hlines(y, low[marked], high[marked], color=color, linewidth=1.6)
            style: dict[str, Any] = {
                "marker": "o",
                "linestyle": "",
                "markersize": 5,
                "color": color,
            }
            ax.plot(coef[marked], y, **(style | options))

    @classmethod
    def from_frame(
        cls, frame: Any, *, intercept: bool = False, ax: Axes | None = None, **kwargs: Any
    ) -> CoefficientsDisplay:
        """Draw a summary's frame.

        Parameters
        ----------
        frame : DataFrame
            Columns coef, ci_low and ci_high; the index says what each row is, in one level or
            two (class, feature).
        intercept : bool, default=False
            Whether the row `const` is shown.
        ax, **kwargs
            As `plot` has them.

        Returns
        -------
        CoefficientsDisplay
            Drawn.

        Raises
        ------
        ValueError
            For a frame without these columns.
        """
        missing = {"coef", "ci_low", "ci_high"} - set(frame.columns)
        if missing:
            raise UsageError(
                f"the frame has no column {', '.join(sorted(missing))}: give that of a summary"
            )
        labels = [label if isinstance(label, tuple) else (label,) for label in frame.index]
        kept = np.array([intercept or label[-1] != "const" for label in labels])
        names = [": ".join(map(str, label)) for label in labels]
        part = frame[kept]
        display = cls(
            part["coef"],
            [name for name, keep in zip(names, kept, strict=True) if keep],
            part["ci_low"],
            part["ci_high"],
        )
        return display.plot(ax=ax, **kwargs)


def _figure(rows: int) -> Axes:
    import matplotlib.pyplot as plt

    _, ax = plt.subplots(figsize=(6.4, 1.2 + INCHES * max(rows, 3)), layout="constrained")
    return ax
