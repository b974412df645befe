"""Figures of linear probes: what each penalty is worth, and how accuracy grows with examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.displays.axes import axes_of, by_c

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class _Curves:
    """Lines by the name of their features, on axes of their own or given."""

    ax_: Axes
    figure_: Any
    lines_: list[Any]

    def _drawn(self, ax: Axes, what: str, names: Sequence[str]) -> None:
        ax.set_ylabel(what)
        if len(names) > 1:
            ax.legend(frameon=False)
        else:
            ax.set_title(names[0], fontsize="medium")
        self.ax_, self.figure_ = ax, ax.figure


class ProbeDisplay(_Curves):
    """What a layer is worth where C is chosen, by C, with the C taken as a ring.

    Made by `Probe.plot`.

    Parameters
    ----------
    curves : dict of str to (C, scores, taken)
        By the name of the features.
    what : str
        What the scores are.
    """

    def __init__(
        self, curves: Mapping[str, tuple[Sequence[float], Sequence[float], float]], *, what: str
    ) -> None:
        self.curves, self.what = curves, what

    def plot(self, *, ax: Axes | None = None, **kwargs: Any) -> ProbeDisplay:
        """Draw it; `kwargs` are of the lines, as `Axes.plot` has them.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where; None: a new figure.
        **kwargs
            Of the lines.

        Returns
        -------
        ProbeDisplay
            This display.
        """
        ax = axes_of(ax)
        self.lines_ = []
        for name, (C, scores, taken) in self.curves.items():
            style = {"marker": "o", "markersize": 3, "linewidth": 1.3, "label": name, **kwargs}
            (line,) = ax.plot(C, scores, **style)
            best = scores[list(C).index(taken)]
            ring: dict[str, Any] = {
                "markersize": 9,
                "markerfacecolor": "none",
                "markeredgecolor": line.get_color(),
            }
            ax.plot([taken], [best], marker="o", linestyle="none", **ring)
            self.lines_.append(line)
        by_c(ax, next(iter(self.curves.values()))[2] if len(self.curves) == 1 else None)
        self._drawn(ax, self.what, list(self.curves))
        return self


class ShotsDisplay(_Curves):
    """A measure by the number of examples a class, with its interval over the draws.

    Made by `FewShotProbe.plot`.

    Parameters
    ----------
    curves : dict of str to (shots, [(value, low, high)])
        By the name of the features.
    what : str
        What the measure is.
    """

    def __init__(
        self,
        curves: Mapping[str, tuple[Sequence[int], Sequence[tuple[float, float, float]]]],
        *,
        what: str,
    ) -> None:
        self.curves, self.what = curves, what

    def plot(self, *, ax: Axes | None = None, **kwargs: Any) -> ShotsDisplay:
        """Draw it; `kwargs` are of the lines, as `Axes.plot` has them.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where; None: a new figure.
        **kwargs
            Of the lines.

        Returns
        -------
        ShotsDisplay
            This display.
        """
        ax = axes_of(ax)
        ticks: list[int] = []
        self.lines_ = []
        for name, (shots, measured) in self.curves.items():
            value, low, high = np.array(measured, float).reshape(-1, 3).T
            style = {"marker": "o", "markersize": 4, "label": name, **kwargs}
            (line,) = ax.plot(shots, value, **style)
            ax.fill_between(shots, low, high, alpha=0.15, color=line.get_color(), lw=0)
            self.lines_.append(line)
            ticks += shots
        ax.set_xscale("log", base=2)
        places = sorted(set(ticks))
        ax.set_xticks(places, [str(place) for place in places])
        ax.set_xlabel("examples a class")
        self._drawn(ax, self.what, list(self.curves))
        return self
