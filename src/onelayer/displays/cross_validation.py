"""The curve of a cross-validation: the score by C, its standard error, the C that was taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.displays.axes import axes_of, by_c
from onelayer.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

UNITS = {"neg_log_loss": "log loss (nats a row)", "neg_brier_score": "Brier score"}


class CrossValidationDisplay:
    """Mean score of the folds by C, with its standard error, a line for each l1_ratio.

    Scores that scikit-learn turns round ("neg_log_loss") are shown as the losses that they are.
    Made by `from_estimator`, or from a `results_` frame.

    Parameters
    ----------
    results : DataFrame
        With columns C, l1_ratio, mean_score and std_error; n_nonzero and loo_log_loss are shown
        where they are.
    C : float, default=None
        The one taken.
    scoring : str, default="neg_log_loss"
        What the scores are called.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from onelayer import LogisticRegressionCV
    >>> from onelayer.displays import CrossValidationDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LogisticRegressionCV(scaling="standard").fit(X, y)
    >>> CrossValidationDisplay.from_estimator(model).ax_.get_ylabel()
    'log loss (nats a row)'
    """

    ax_: Axes
    figure_: Any
    lines_: list[Any]

    def __init__(
        self, results: DataFrame, *, C: float | None = None, scoring: str = "neg_log_loss"
    ) -> None:
        missing = {"C", "l1_ratio", "mean_score", "std_error"} - set(results.columns)
        if missing:
            raise UsageError(
                f"results has no column {', '.join(sorted(missing))}: give the results_ of a "
                "LogisticRegressionCV"
            )
        self.results, self.C, self.scoring = results, C, scoring

    def plot(self, *, ax: Axes | None = None, **kwargs: Any) -> CrossValidationDisplay:
        """Draw it; `kwargs` are of the lines, as `Axes.plot` has them.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where; None: a new figure.
        **kwargs
            Of the lines.

        Returns
        -------
        CrossValidationDisplay
            This display.
        """
        ax = axes_of(ax)
        self.lines_ = []
        ratios = sorted(set(self.results["l1_ratio"]))
        for ratio in ratios:
            part = self.results[self.results["l1_ratio"] == ratio].sort_values("C")
            label = f"l1_ratio {ratio:g}" if len(ratios) > 1 else "folds"
            self._line(ax, part, label, kwargs)
        by_c(ax, self.C)
        ax.set_ylabel(self._unit())
        if len(ax.get_legend_handles_labels()[1]) > 1:
            ax.legend(frameon=False)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _line(self, ax: Axes, part: DataFrame, label: str, kwargs: dict[str, Any]) -> None:
        C = part["C"].to_numpy()
        mean, error = self._sign * part["mean_score"].to_numpy(), part["std_error"].to_numpy()
        (line,) = ax.plot(C, mean, **{"marker": "o", "markersize": 4, "label": label, **kwargs})
        ax.fill_between(C, mean - error, mean + error, alpha=0.15, color=line.get_color(), lw=0)
        self.lines_.append(line)
        if "loo_log_loss" in part and self.scoring == "neg_log_loss":
            style: dict[str, Any] = {"linestyle": ":", "marker": "x", "markersize": 4}
            label = "leave-one-out, estimated"
            self.lines_ += ax.plot(C, part["loo_log_loss"], label=label, color="0.35", **style)

    @property
    def _sign(self) -> int:
        return -1 if self.scoring.startswith("neg_") else 1

    def _unit(self) -> str:
        plain = self.scoring.removeprefix("neg_").replace("_", " ")
        return UNITS.get(self.scoring, plain)

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, ax: Axes | None = None, **kwargs: Any
    ) -> CrossValidationDisplay:
        """Draw the curve of a fitted `LogisticRegressionCV`.

        Parameters
        ----------
        estimator : LogisticRegressionCV
            Fitted.
        ax, **kwargs
            As `plot` has them.

        Returns
        -------
        CrossValidationDisplay
            Drawn.

        Raises
        ------
        ValueError
            For an estimator without `results_`.
        """
        results = getattr(estimator, "results_", None)
        if results is None:
            raise UsageError(f"{type(estimator).__name__} has no results_: fit it first")
        scoring = estimator.scoring
        name = "accuracy" if scoring is None else scoring
        if not isinstance(name, str):
            name = "score"
        C = float(np.ravel(estimator.C_)[0])
        return cls(results, C=C, scoring=name).plot(ax=ax, **kwargs)
