"""What the displays share: the axes that they draw on, and what features are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.words import short_c

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TAKEN: dict[str, Any] = {"color": "0.35", "linewidth": 1, "linestyle": (0, (4, 4)), "zorder": 1}
"""The line at what was taken."""


def axes_of(ax: Axes | None) -> Axes:
    """The axes given, or those of a new figure."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    _, new = plt.subplots(layout="constrained")
    return new


def by_c(ax: Axes, taken: float | None) -> None:
    """C on a logarithmic axis, from a strong penalty to a weak one; a line at the C taken."""
    ax.set_xscale("log")
    ax.set_xlabel("C (inverse strength of the penalty)")
    if taken is not None:
        ax.axvline(taken, **TAKEN)
        ax.annotate(
            f"C = {short_c(taken)}",
            (taken, 1),
            (4, -3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            va="top",
            fontsize="small",
            color="0.35",
        )


def names_of(estimator: Any, given: Sequence[str] | None, n: int) -> list[str]:
    """What the features are called: as given, as the data frame had them, or x0, x1 ...

    Raises
    ------
    ValueError
        Where there are not as many as features.
    """
    names = given if given is not None else vars(estimator).get("feature_names_in_")
    if names is None:
        return [f"x{j}" for j in range(n)]
    if len(names) != n:
        raise ValueError(f"feature_names has {len(names)} names for {n} features")
    return [str(name) for name in names]


def sizes_of(estimator: Any, n: int) -> tuple[np.ndarray, str]:
    """What weights are multiplied by to be those of what was penalised, and their name."""
    scaling = getattr(estimator, "scaling", None)
    if scaling is None or estimator.scaling_ is None:
        return np.ones(n), "weight (log-odds per unit of the feature)"
    if scaling == "standard":
        return 1 / estimator.scaling_.scale, "weight (log-odds per standard deviation)"
    return 1 / estimator.scaling_.scale, f"weight (log-odds per {1 / scaling:.4g} of the feature)"
