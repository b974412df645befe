"""Which weights are largest, and which an L1 penalty has left, with their features' names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.penalties import left_of
from onelayer.readers.tables.dates import written
from onelayer.words import in_one_line

if TYPE_CHECKING:
    from onelayer.model.fitted import Model


@dataclass(frozen=True)
class Coefficient:
    """One weight: of a feature, for a class, comparable between features where these are scaled."""

    feature: str
    label: str
    weight: float


@dataclass(frozen=True)
class Coefficients:
    """The weights of a layer that are not zero, the largest first.

    Attributes
    ----------
    kept
        All of them.
    weights
        How many weights there are.
    sparse
        Whether the penalty has a part that makes weights zero, L1.
    """

    kept: tuple[Coefficient, ...]
    weights: int
    sparse: bool

    @property
    def summary(self) -> str:
        """How many there are, in words."""
        if not self.sparse:
            return f"{self.weights:,}"
        left = f"{len(self.kept):,}" if self.kept else "none"
        return f"L1 has left {left} of {self.weights:,}"


def coefficients(model: Model) -> Coefficients:
    """Return the weights that are not zero, each times the standard deviation of its feature.

    Levels of a table and what was not standardised count as they are. With two classes a weight
    above 0 speaks for the second.
    """
    scaling = model.card.scaling
    standard = model.scaling is not None and scaling == "standard"
    sizes = 1 / model.scaling.scale if model.scaling is not None and standard else 1.0
    comparable = model.coef * sizes
    at = np.flatnonzero(left_of(comparable))
    order = at[np.argsort(-np.abs(comparable.ravel()[at]), kind="stable")]
    n = model.coef.shape[1]
    names = feature_names(model)
    labels = [str(label) for label in model.classes.tolist()][-len(model.coef) :]
    kept = tuple(
        Coefficient(names[j] if names else f"column {j}", labels[k], float(comparable[k, j]))
        for k, j in (divmod(place, n) for place in order.tolist())
    )
    return Coefficients(kept, comparable.size, bool(model.parameters.get("l1_ratio")))


def as_frame(model: Model) -> Any:
    """Return the weights as they are, zeros too: a row a feature, a column a class."""
    import pandas as pd

    named = feature_names(model) or range(model.layer.n)
    labels = model.classes.tolist()[-len(model.coef) :]
    return pd.DataFrame(model.coef.T, index=pd.Index(named, name="feature"), columns=labels)


def are_named(model: Model) -> bool:
    """Whether the weights are worth a list: those of a table, or the few that L1 has left."""
    return model.inputs.kind == "table" or bool(model.parameters.get("l1_ratio"))


def feature_names(model: Model) -> tuple[str, ...]:
    """Return what the features are called; nothing where nobody said."""
    return model.inputs.features


def columns_in_words(model: Model) -> list[str]:
    """Say of each column of a table what it holds, one line a column."""
    lines = []
    for column in model.columns:
        if column.kind == "number":
            lines.append(f"{column.name}: number, median {column.median:g}")
        elif column.kind == "date":
            low, high = (written(one, column.notation) for one in (column.low, column.high))
            lines.append(f"{column.name}: date, usually from {low} to {high}")
        elif column.kind == "text":
            lines.append(f"{column.name}: free text, by words and pairs of words")
        else:
            shown = ", ".join(column.levels[:6]) + ", ..." * (len(column.levels) > 6)
            lines.append(f"{column.name}: {len(column.levels)} levels, {shown}")
    return [in_one_line(line) for line in lines]


def coefficient_fields(found: Coefficients) -> list[dict[str, Any]]:
    """Return them as JSON has it."""
    return [
        {"feature": one.feature, "class": one.label, "weight": one.weight} for one in found.kept
    ]
