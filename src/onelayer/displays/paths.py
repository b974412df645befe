"""The coefficients by C: what enters as the penalty weakens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.displays.axes import axes_of, by_c, names_of, sizes_of
from onelayer.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMED = 8  # lines in colours, with their names at the right; the others are grey
APART = 0.045  # of the axes' height: what names need


class PathDisplay:
    """Coefficients by C, the largest named, the C that was taken marked.

    Made by `from_estimator`, or from arrays.

    Parameters
    ----------
    Cs : array (n_cs,)
        Ascending.
    coefs : array (n_cs, n)
        A row the weights at one C.
    feature_names : sequence of str, default=None
        What the features are called; None: x0, x1 ...
    C : float, default=None
        The one taken.
    unit : str, default="weight"
        What a weight is, with its unit.
    title : str, default=None
        Which class, where there are several.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from onelayer import LogisticRegressionCV
    >>> from onelayer.displays import PathDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LogisticRegressionCV(l1_ratios=(1.0,), scaling="standard").fit(X, y)
    >>> len(PathDisplay.from_estimator(model).lines_)
    30
    """

    ax_: Axes
    figure_: Any
    lines_: list[Any]

    def __init__(
        self,
        Cs: Any,
        coefs: Any,
        *,
        feature_names: Sequence[str] | None = None,
        C: float | None = None,
        unit: str = "weight",
        title: str | None = None,
    ) -> None:
        self.Cs, self.coefs = np.asarray(Cs, float), np.asarray(coefs, float)
        if self.coefs.ndim != 2 or len(self.coefs) != len(self.Cs):
            raise UsageError(
                f"coefs has shape {self.coefs.shape}, and there are {len(self.Cs)} values of C: "
                "give one row of weights for each C"
            )
        self.feature_names = names_of(self, feature_names, self.coefs.shape[1])
        self.C, self.unit, self.title = C, unit, title

    def plot(self, *, ax: Axes | None = None, named: int = NAMED, **kwargs: Any) -> PathDisplay:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where; None: a new figure.
        named : int, default=8
            How many lines have a colour and a name: those that are largest at the C taken, or
            anywhere where none was.
        **kwargs
            Of the lines, as `Axes.plot` has them.

        Returns
        -------
        PathDisplay
            This display.
        """
        ax = axes_of(ax)
        largest = np.argsort(-self._sizes(), kind="stable")[:named].tolist()
        self.lines_ = []
        for j in range(self.coefs.shape[1]):
            grey = {} if j in largest else {"color": "0.8", "linewidth": 0.8, "zorder": 1.5}
            self.lines_ += ax.plot(self.Cs, self.coefs[:, j], **({**grey, **kwargs}))
        ax.axhline(0, color="0.6", linewidth=0.8, zorder=1)
        by_c(ax, self.C)
        ax.set_ylabel(self.unit)
        if self.title is not None:
            ax.set_title(self.title, parse_math=False)
        self._name(ax, largest)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _sizes(self) -> np.ndarray:
        if self.C is None:
            return np.abs(self.coefs).max(axis=0)
        return np.abs(self.coefs[np.argmin(np.abs(np.log(self.Cs / self.C)))])

    def _name(self, ax: Axes, largest: list[int]) -> None:
        """Names at the ends of their lines, moved apart where they would cover one another."""
        low, high = ax.get_ylim()
        order = sorted(largest, key=lambda j: self.coefs[-1, j])
        heights = spread([float(self.coefs[-1, j]) for j in order], APART * (high - low))
        for j, height in zip(order, heights, strict=True):
            ax.annotate(
                self.feature_names[j],
                (1, height),
                (4, 0),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                va="center",
                fontsize="small",
                color=self.lines_[j].get_color(),
                parse_math=False,
                annotation_clip=False,
            )

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        l1_ratio: float | None = None,
        target: Any = None,
        feature_names: Sequence[str] | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> PathDisplay:
        """Draw the path of a fitted `LogisticRegressionCV`, on all rows.

        With a scaling the weights are those of the scaled features, which the penalty compares.

        Parameters
        ----------
        estimator : LogisticRegressionCV
            Fitted, with `store_coefs`.
        l1_ratio : float, default=None
            Which of its `l1_ratios_`; None: the one taken.
        target : label, default=None
            Which class, of more than two; None: the first.
        feature_names, ax, **kwargs
            As the class and `plot` have them.

        Returns
        -------
        PathDisplay
            Drawn.

        Raises
        ------
        ValueError
            For an l1_ratio or a class that there is not, and an estimator without its path.
        """
        coefs = vars(estimator).get("path_coef_")
        if coefs is None:
            raise UsageError(
                f"{type(estimator).__name__} keeps no path: fit LogisticRegressionCV with "
                "store_coefs=True"
            )
        ratios, classes = list(estimator.l1_ratios_), list(estimator.classes_)
        taken = float(np.ravel(estimator.l1_ratio_)[0])
        place = _place("l1_ratio", taken if l1_ratio is None else l1_ratio, ratios)
        several = len(classes) > 2
        k = _place("target", classes[0] if target is None else target, classes) if several else 0
        order = np.argsort(estimator.Cs_)
        sizes, unit = sizes_of(estimator, coefs.shape[-1])
        display = cls(
            estimator.Cs_[order],
            coefs[place, order, k] * sizes,
            feature_names=names_of(estimator, feature_names, coefs.shape[-1]),
            C=float(np.ravel(estimator.C_)[0]),
            unit=unit,
            title=str(classes[k]) if several else None,
        )
        return display.plot(ax=ax, **kwargs)


def spread(values: list[float], gap: float) -> list[float]:
    """Ascending values, moved as little as need be to lie at least `gap` apart.

    What must move moves together, about its own mean.
    """
    clusters: list[list[float]] = []
    for value in values:
        clusters.append([value])
        while len(clusters) > 1 and _low(clusters[-1], gap) - _high(clusters[-2], gap) < gap:
            last = clusters.pop()
            clusters[-1] += last
    return [_low(cluster, gap) + gap * i for cluster in clusters for i in range(len(cluster))]


def _low(cluster: list[float], gap: float) -> float:
    return sum(cluster) / len(cluster) - gap * (len(cluster) - 1) / 2


def _high(cluster: list[float], gap: float) -> float:
    return sum(cluster) / len(cluster) + gap * (len(cluster) - 1) / 2


def _place(what: str, wanted: Any, known: list[Any]) -> int:
    if wanted not in known:
        raise UsageError(f"{what} is {wanted!r}: there are {', '.join(map(str, known))}")
    return known.index(wanted)
