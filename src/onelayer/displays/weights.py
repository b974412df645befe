"""The weights as pictures: what the layer looks for in each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.displays.painting import weight_pictures, weight_titles
from onelayer.errors import ShapeError, UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 5
INCHES = 1.7  # a panel; five of them fit a page


class WeightsDisplay:
    """A picture of the weights for each class, each in its own range, with a key below.

    Made by `from_estimator`, or from arrays.

    Parameters
    ----------
    coef : array (k, height * width * channels)
        The weights for X as given, a row a class, or one row for two classes.
    classes : array (K,)
        What they are called.
    shape : tuple of int
        (height, width) or (height, width, channels) of a picture.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from onelayer import LogisticRegression
    >>> from onelayer.displays import WeightsDisplay
    >>> digits = load_digits()
    >>> model = LogisticRegression(scaling=1 / 16).fit(digits.data, digits.target)
    >>> len(WeightsDisplay.from_estimator(model, shape=(8, 8)).axes_)
    10
    """

    axes_: list[Axes]
    figure_: Figure

    def __init__(self, coef: Any, classes: Any, shape: Sequence[int]) -> None:
        self.coef, self.classes = np.asarray(coef, float), np.asarray(classes)
        height, width, *rest = shape
        self.shape = (int(height), int(width), int(rest[0]) if rest else 1)
        if self.coef.ndim != 2 or self.coef.shape[1] != np.prod(self.shape):
            raise ShapeError(
                f"weights of shape {self.coef.shape} are no pictures of {tuple(shape)}, which have "
                f"{int(np.prod(self.shape))} numbers: give the (height, width, channels) of yours"
            )

    def plot(self, *, figure: Figure | None = None) -> WeightsDisplay:
        """Draw it.

        Parameters
        ----------
        figure : matplotlib Figure, default=None
            Where; None: a new one.

        Returns
        -------
        WeightsDisplay
            This display.
        """
        pictures, key = weight_pictures(self.coef, self.shape)
        columns = min(COLUMNS, len(pictures))
        rows = -(-len(pictures) // columns)
        if figure is None:
            import matplotlib.pyplot as plt

            figure = plt.figure(layout="constrained")
        figure.set_size_inches(INCHES * columns, (INCHES + 0.25) * rows + 0.2)
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for axis in axes:
            axis.set_axis_off()
        for axis, picture, title in zip(axes, pictures, weight_titles(self.classes), strict=False):
            axis.set_title(title, fontsize=10, parse_math=False)
            axis.imshow(picture)
        figure.supxlabel(key, fontsize=8)
        self.axes_, self.figure_ = list(axes[: len(pictures)]), figure
        return self

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, shape: Sequence[int], figure: Figure | None = None
    ) -> WeightsDisplay:
        """Draw the weights of a fitted classifier, or of a `Model`'s `estimator`.

        Parameters
        ----------
        estimator : fitted classifier
            With `coef_` and `classes_`.
        shape : tuple of int
            (height, width) or (height, width, channels) of what it was trained on.
        figure
            As `plot` has it.

        Returns
        -------
        WeightsDisplay
            Drawn.

        Raises
        ------
        ValueError
            Where the weights are no pictures of that shape.
        """
        coef = getattr(estimator, "coef_", None)
        if coef is None:
            raise UsageError(f"{type(estimator).__name__} has no coef_: fit it first")
        dense = coef if isinstance(coef, np.ndarray) else coef.toarray()
        return cls(dense, estimator.classes_, shape).plot(figure=figure)
