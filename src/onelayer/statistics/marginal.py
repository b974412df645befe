"""The table of average marginal effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from onelayer.errors import DataError
from onelayer.statistics.cells import (
    COLUMNS,
    bound_heads,
    cells_of,
    checked_level,
    class_name,
    data_facts,
    described,
    tabulated,
)
from onelayer.statistics.effects import average_effects
from onelayer.statistics.fit import Fit
from onelayer.statistics.printable import Printable
from onelayer.statistics.sheet import Group, Sheet

EACH = "Columns are moved one at a time, those that stand for one variable or a product too."


@dataclass(frozen=True)
class MarginalEffects(Printable):
    """Average marginal effects on probabilities, with the delta method's errors.

    Attributes
    ----------
    frame : DataFrame
        Float columns `effect, std_err, z, p_value, ci_low, ci_high`; a row a feature, for more than
        two classes a level (class, feature) with every class: their effects sum to zero.
    dummies : tuple of str
        Features that were changed from 0 to 1.
    """

    result: Fit
    values: np.ndarray
    level: float
    dummies: tuple[str, ...]

    @property
    def frame(self) -> Any:
        """The numbers: see the class."""
        import pandas as pd

        sample = self.result.estimate.sample
        names = list(sample.features)
        if sample.blocks == 1:
            index: Any = pd.Index(names, name="feature")
        else:
            classes = sample.classes.tolist()
            index = pd.MultiIndex.from_product([classes, names], names=["class", "feature"])
        return pd.DataFrame(self.values, index=index, columns=["effect", *COLUMNS[1:6]])

    def to_dict(self) -> dict[str, Any]:
        """For JSON: what was read, which errors, and the rows of `frame`."""
        return {
            **described(self.result),
            "level": self.level,
            "dummies": list(self.dummies),
            "effects": self.frame.reset_index().to_dict(orient="records"),
        }

    @property
    def sheet(self) -> Sheet:
        """What is shown, in words."""
        sample, context = self.result.estimate.sample, self.result.context
        formula = f": {context.formula}" * bool(context.formula)
        shown = (0,) if sample.blocks == 1 else range(len(sample.classes))
        cells, n = cells_of(self.values), len(sample.features)
        rows = [(sample.features[i % n], *cell) for i, cell in enumerate(cells)]
        return Sheet(
            title=f"Average marginal effects on probabilities{formula}",
            facts=(
                *data_facts(self.result),
                ("std errors", f"delta method, {self.result.errors.words}"),
                ("effect of", self._of()),
            ),
            heads=("", "effect", "std err", "z", "p", *bound_heads(self.level)),
            groups=tuple(
                Group(self._heading(c), tuple(rows[at : at + n]))
                for c, at in zip(shown, range(0, len(rows), n), strict=True)
            ),
            notes=(EACH,) if n > 1 else (),
        )

    def _heading(self, position: int) -> str:
        sample = self.result.estimate.sample
        name = class_name(sample.classes[position])
        return f"{self.result.context.response} = {name}" if sample.blocks > 1 else ""

    def _of(self) -> str:
        if not self.dummies:
            return "one unit more, by the derivative"
        return f"one unit more, by the derivative; from 0 to 1: {', '.join(self.dummies)}"


def make_effects(result: Fit, level: float, *, dummies: bool) -> MarginalEffects:
    """All the numbers at once; see `LogitResult.marginal_effects`."""
    level = checked_level(level)
    if result.estimate.separable:
        raise DataError("The classes are separable: without estimates there are no effects")
    sample = result.estimate.sample
    effects = average_effects(result.estimate, result.scaled_covariance, dummies=dummies)
    first = 1 if sample.blocks == 1 else 0
    values, errors = effects.values[first:].ravel(), effects.errors[first:].ravel()
    half = float(ndtri(0.5 + level / 2)) * errors
    bounds = np.column_stack([values - half, values + half])
    names = tuple(np.array(sample.features, dtype=object)[effects.dummies])
    return MarginalEffects(result, tabulated(values, errors, bounds, odds=False), level, names)
