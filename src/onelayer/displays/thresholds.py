"""What each threshold would find, how much of it would be right, and what it would cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from onelayer.calibration.threshold_curves import ThresholdCurves
from onelayer.displays.axes import TAKEN, axes_of
from onelayer.errors import DataError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class ErrorCosts(NamedTuple):
    """What one wrong answer costs: an example of the class that is missed, and a false alarm."""

    miss: float
    false_alarm: float


class ThresholdDisplay:
    """Recall, precision and cost over the threshold on the probability of one of two classes.

    Answering the class from a probability of t upward finds the share `recall` of it, `precision`
    of what is so answered is of it, and an answer costs (miss * missed + false_alarm * alarms) / m
    on average. scikit-learn's `PrecisionRecallDisplay` has the first two over each other, where no
    threshold can be read. Made by `from_estimator` or `from_predictions`.

    Parameters
    ----------
    curves : ThresholdCurves
        As `onelayer.calibration.threshold_curves` has them.
    of : str
        The class.
    costs : ErrorCosts, default=None
        What wrong answers cost; None: no curve of the cost.

    Attributes
    ----------
    thresholds, recall, precision : ndarray (t,)
        The probabilities that occur, falling, and what answering from each upward comes to.
    cost : ndarray (t,) or None
        The mean cost of an answer.
    cheapest : float or None
        The threshold at which that is least; the highest of several.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from onelayer import LogisticRegression
    >>> from onelayer.displays import ThresholdDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LogisticRegression(scaling="standard").fit(X[::2], y[::2])
    >>> display = ThresholdDisplay.from_estimator(model, X[1::2], y[1::2], costs=(1, 20))
    >>> bool(display.cheapest > 0.5)
    True
    """

    lines_: list[Any]
    ax_: Axes
    figure_: Any

    def __init__(
        self, curves: ThresholdCurves, *, of: str, costs: tuple[float, float] | None = None
    ) -> None:
        self.of, self.costs = of, None if costs is None else ErrorCosts(*costs)
        self.thresholds = curves.thresholds
        self.recall, self.precision = curves.recall, curves.precision
        self.cost: np.ndarray | None = None
        self.cheapest: float | None = None
        if self.costs is not None:
            spent = self.costs.miss * curves.missed + self.costs.false_alarm * curves.alarms
            self.cost = spent / curves.said[-1]
            self.cheapest = float(self.thresholds[int(self.cost.argmin())])

    def plot(self, *, ax: Axes | None = None, **kwargs: Any) -> ThresholdDisplay:
        """Draw the curves; the cost on an axis of its own, with a line where it is least.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where; None: a new figure.
        **kwargs
            Of all lines, as `Axes.plot` has them.

        Returns
        -------
        ThresholdDisplay
            This display.
        """
        ax = axes_of(ax)
        how = {"drawstyle": "steps-post", **kwargs}  # falling: a threshold answers down to the next
        self.lines_ = [
            ax.plot(self.thresholds, self.recall, **{"label": "recall", **how})[0],
            ax.plot(self.thresholds, self.precision, **{"label": "precision", **how})[0],
        ]
        ax.set_xlabel(f"answered from this probability of {self.of}", parse_math=False)
        ax.set_ylabel("share")
        ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        if self.cost is not None:
            self._plot_cost(ax, how)
        ax.legend(handles=self.lines_, loc="best")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _plot_cost(self, ax: Axes, how: dict[str, Any]) -> None:
        beside: Any = ax.twinx()
        line = beside.plot(
            self.thresholds, self.cost, **{"label": "cost", "color": "0.35", "ls": ":", **how}
        )
        beside.set_ylabel("mean cost of an answer")
        beside.set_ylim(bottom=0)
        ax.axvline(self.cheapest or 0.0, **TAKEN)
        self.lines_ += line

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        of: Any = None,
        costs: tuple[float, float] | None = None,
        sample_weight: Any = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> ThresholdDisplay:
        """Draw the curves of a fitted classifier on examples that it was not trained on.

        Parameters
        ----------
        estimator : fitted classifier
            Of two classes, with `predict_proba` and `classes_`: of this library, of scikit-learn,
            a pipeline.
        X, y : array (m, n), array (m,)
            The examples and their labels.
        of : label, default=None
            The class that is answered; None: the second.
        costs : (miss, false alarm), default=None
            What an example of the class costs that is missed, and one that is taken for it.
        sample_weight : array (m,), default=None
            Weight 2 is an example given twice.
        ax, **kwargs
            As `plot` has them.

        Returns
        -------
        ThresholdDisplay
            Drawn.

        Raises
        ------
        ValueError
            Where there are not two classes, or `of` is none of them.
        """
        classes = np.asarray(estimator.classes_)
        if len(classes) != 2:
            raise DataError(f"a threshold answers one of two classes, and here are {len(classes)}")
        of = classes[1] if of is None else of
        at = np.flatnonzero(classes == of)
        if len(at) != 1:
            raise DataError(f"of is {of!r}: give {classes[0]!r} or {classes[1]!r}")
        p = estimator.predict_proba(X)[:, at[0]]
        return cls.from_predictions(
            np.asarray(y) == of, p, of=of, costs=costs, sample_weight=sample_weight, ax=ax, **kwargs
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_prob: Any,
        *,
        of: Any = "the class",
        costs: tuple[float, float] | None = None,
        sample_weight: Any = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> ThresholdDisplay:
        """Draw the curves of probabilities.

        Parameters
        ----------
        y_true : array (m,) of bool or 0 and 1
            Which examples are of the class.
        y_prob : array (m,)
            Its probability.
        of : label, default="the class"
            What the class is called.
        costs, sample_weight, ax, **kwargs
            As for `from_estimator`.

        Returns
        -------
        ThresholdDisplay
            Drawn.

        Raises
        ------
        ValueError
            Where the two do not fit each other, or no example is of the class.
        """
        y, p = np.asarray(y_true), np.asarray(y_prob, dtype=np.float64)
        if y.shape != p.shape or p.ndim != 1 or not np.isin(y, (0, 1)).all():
            raise DataError(
                f"labels of shape {y.shape}, probabilities of shape {p.shape}: give (m,) of each, "
                "True or 1 for examples of the class"
            )
        if not ((p >= 0) & (p <= 1)).all():
            raise DataError("probabilities lie outside 0 to 1, or are NaN")
        weights = np.ones(len(p)) if sample_weight is None else np.asarray(sample_weight, float)
        counted = weights > 0
        if not (y[counted] == 1).any():
            raise DataError(f"no example is of {of}: recall has no meaning")
        curves = ThresholdCurves.of(p[counted], y[counted] == 1, weights[counted])
        return cls(curves, of=str(of), costs=costs).plot(ax=ax, **kwargs)
