"""The reliability diagram: how often what was said with a probability was so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.calibration import BINS, Bin, calibration_error, confidences, reliability
from onelayer.errors import DataError
from onelayer.words import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class ReliabilityDisplay:
    """Reliability diagram with intervals, binary and multiclass.

    Of two classes it shows the probability of `classes_[1]`; of more, the largest probability and
    whether the example is of that class ("top-label"). The bins hold equally many examples, each
    has its 95 % interval (Wilson); on the dashed line lies what is right as often as it is sure.
    Made by `from_estimator` or `from_predictions`.

    Parameters
    ----------
    bins : tuple of Bin
        As `onelayer.calibration.reliability` has them.
    of : str, default=None
        The class whose probability is shown; None: the likeliest of each example.
    name : str, default=None
        What the points are called in a legend.

    Attributes
    ----------
    prob_pred, prob_true : ndarray (bins,)
        The mean probability of each bin, and how often it was so.
    intervals : ndarray (bins, 2)
        The 95 % interval of the latter.
    calibration_error : float
        ECE: the mean distance of the points from the line, weighted by their examples.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from onelayer import LogisticRegression
    >>> from onelayer.displays import ReliabilityDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LogisticRegression(scaling="standard").fit(X[::2], y[::2])
    >>> display = ReliabilityDisplay.from_estimator(model, X[1::2], y[1::2])
    >>> len(display.prob_true)
    10
    """

    line_: Any
    ax_: Axes
    figure_: Any

    def __init__(
        self, bins: tuple[Bin, ...], *, of: str | None = None, name: str | None = None
    ) -> None:
        self.bins, self.of, self.name = bins, of, name
        self.prob_pred = np.array([found.confidence for found in bins])
        self.prob_true = np.array([found.rate.value for found in bins])
        self.intervals = np.array([found.rate.interval for found in bins])
        self.calibration_error = calibration_error(bins)

    def plot(
        self,
        *,
        ax: Axes | None = None,
        name: str | None = None,
        ref_line: bool = True,
        **kwargs: Any,
    ) -> ReliabilityDisplay:
        """Draw it: points, their intervals and the line of perfect probabilities.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where; None: a new figure.
        name : str, default=None
            What the points are called in the legend, with their ECE; None: that of the display.
        ref_line : bool, default=True
            Whether to draw the dashed line.
        **kwargs
            Of the points, as `Axes.plot` has them.

        Returns
        -------
        ReliabilityDisplay
            This display.
        """
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots()
        if ref_line:
            ax.plot([0, 1], [0, 1], "--", color="grey", linewidth=1, zorder=1)
        (self.line_,) = ax.plot(
            self.prob_pred, self.prob_true, **({"marker": "o", "linestyle": ""} | kwargs)
        )
        ax.vlines(self.prob_pred, *self.intervals.T, color=self.line_.get_color(), alpha=0.6)
        self._label(ax, self.name if name is None else name)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _label(self, ax: Axes, name: str | None) -> None:
        shown = "how sure it was" if self.of is None else f"probability of {self.of}"
        ax.set_xlabel(shown, parse_math=False)
        ax.set_ylabel("share that was so")
        ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        if name is not None:
            self.line_.set_label(f"{name} (ECE {percent(self.calibration_error)})")
            ax.legend(loc="upper left")

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        n_bins: int = BINS,
        name: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> ReliabilityDisplay:
        """Draw the diagram of a fitted classifier on examples that it was not trained on.

        Parameters
        ----------
        estimator : fitted classifier
            With `predict_proba` and `classes_`: of this library, of scikit-learn, a pipeline.
        X, y : array (m, n), array (m,)
            The examples and their labels.
        sample_weight : array (m,), default=None
            Weight 2 is an example given twice.
        n_bins : int, default=10
            Bins of equally many examples.
        name : str, default=None
            None: that of the estimator's class.
        ax, **kwargs
            As `plot` has them.

        Returns
        -------
        ReliabilityDisplay
            Drawn.

        Raises
        ------
        ValueError
            Where y holds a label that the estimator does not know.
        """
        return cls.from_predictions(
            y,
            estimator.predict_proba(X),
            classes=estimator.classes_,
            sample_weight=sample_weight,
            n_bins=n_bins,
            name=type(estimator).__name__ if name is None else name,
            ax=ax,
            **kwargs,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_prob: Any,
        *,
        classes: Any = None,
        sample_weight: Any = None,
        n_bins: int = BINS,
        name: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> ReliabilityDisplay:
        """Draw the diagram of probabilities.

        Parameters
        ----------
        y_true : array (m,)
            The labels.
        y_prob : array (m,) or (m, K)
            The probability of the second class, or of every class.
        classes : array (K,), default=None
            What the columns are; None: the sorted labels. Of a `Model` its `classes`.
        sample_weight, n_bins, name, ax, **kwargs
            As for `from_estimator`; without a name there is no legend.

        Returns
        -------
        ReliabilityDisplay
            Drawn.

        Raises
        ------
        ValueError
            Where labels and probabilities do not fit each other.
        """
        y, classes = (
            np.asarray(y_true),
            np.asarray(np.unique(y_true) if classes is None else classes),
        )
        A = _two_sided(np.asarray(y_prob, dtype=np.float64))
        said, so = confidences(A, _positions(y, A, classes))
        weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        of = str(classes[1]) if len(classes) == 2 else None
        bins = reliability(said, so, weights, n_bins)
        return cls(bins, of=of, name=name).plot(ax=ax, **kwargs)


def _two_sided(A: np.ndarray) -> np.ndarray:
    return np.column_stack([1 - A, A]) if A.ndim == 1 else A


def _positions(y: np.ndarray, A: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The labels as positions in `classes`, if labels and probabilities fit each other."""
    if y.shape != A.shape[:1] or A.ndim != 2 or A.shape[1] != len(classes):
        raise DataError(
            f"labels of shape {y.shape} and {len(classes)} classes do not fit probabilities of "
            f"shape {A.shape}: give (m,) labels and (m, K) probabilities, or (m,) of the second of "
            "two classes; classes= names the columns"
        )
    if not ((A >= 0) & (A <= 1)).all():
        raise DataError("probabilities lie outside 0 to 1, or are NaN: give those of predict_proba")
    order = np.argsort(classes)
    places = np.searchsorted(classes, y, sorter=order).clip(0, len(classes) - 1)
    positions = order[places]
    unknown = classes[positions] != y
    if unknown.any():
        names = ", ".join(map(str, classes))
        raise DataError(f"the label {str(y[unknown][0])!r} is none of the classes {names}")
    return positions
