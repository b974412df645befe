"""The table of average marginal effects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import ndtri

from onelayer.errors import DataError
from onelayer.sheets.printable import Printable
from onelayer.sheets.sheet import Group, Sheet
from onelayer.statistics.effects import average_effects, dummy_columns
from onelayer.statistics.fit import Fit
from onelayer.statistics.moves import Moves, column_moves, formula_moves
from onelayer.statistics.tabulating import (
    COLUMNS,
    bound_heads,
    cells_of,
    checked_level,
    class_name,
    data_facts,
    described,
    tabulated,
)

EACH = "Columns are moved one at a time, those that stand for one variable or a product too."
WHOLE = "A variable is moved in every term that it is in."


@dataclass(frozen=True)
class MarginalEffects(Printable):
    """Average marginal effects on probabilities, with the delta method's errors.

    Attributes
    ----------
    frame : DataFrame
        Float columns `effect, std_err, z, p_value, ci_low, ci_high`; a row a number, by the
        derivative, or a level of a category, against the level that it is compared with; for more
        than two classes a level (class, feature) with every class: their effects sum to zero.
    dummies : tuple of str
        Numbers that were changed from 0 to 1.
    """

    result: Fit
    values: np.ndarray
    level: float
    names: tuple[str, ...]
    dummies: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def frame(self) -> Any:
        """The numbers: see the class."""
        import pandas as pd

        sample = self.result.estimate.sample
        if sample.blocks == 1:
            index: Any = pd.Index(self.names, name="feature")
        else:
            classes = sample.classes.tolist()
            index = pd.MultiIndex.from_product([classes, self.names], names=["class", "feature"])
        return pd.DataFrame(self.values, index=index, columns=["effect", *COLUMNS[1:]])

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
        cells, n = cells_of(self.values), len(self.names)
        rows = [(self.names[i % n], *cell) for i, cell in enumerate(cells)]
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
            notes=self.notes,
        )

    def _heading(self, position: int) -> str:
        sample = self.result.estimate.sample
        name = class_name(sample.classes[position])
        return f"{self.result.context.response} = {name}" if sample.blocks > 1 else ""

    def _of(self) -> str:
        levels = [name for name in self.names if name.endswith("]")]
        numbers = len(self.names) - len(levels) - len(self.dummies)
        parts = ["one unit more, by the derivative"] * (numbers > 0)
        parts += ["a level against that of the reference"] * bool(levels)
        return "; ".join(parts + [f"from 0 to 1: {', '.join(self.dummies)}"] * bool(self.dummies))


def make_effects(result: Fit, level: float, *, dummies: bool) -> MarginalEffects:
    """All the numbers at once; see `LogitResult.marginal_effects`."""
    level = checked_level(level)
    if result.estimate.separable:
        raise DataError("The classes are separable: without estimates there are no effects")
    found = _moves(result, dummies=dummies)
    if not found.moves:
        raise DataError("There are no marginal effects: the model has no variables to move")
    effects = average_effects(result.estimate, result.scaled_covariance, found.moves)
    first = 1 if result.estimate.sample.blocks == 1 else 0
    values, errors = effects.values[first:].ravel(), effects.errors[first:].ravel()
    half = float(ndtri(0.5 + level / 2)) * errors
    return MarginalEffects(
        result=result,
        values=tabulated(
            values, errors, np.column_stack([values - half, values + half]), odds=False
        ),
        level=level,
        names=tuple(move.name for move in found.moves),
        dummies=found.dummies,
        notes=found.notes,
    )


def _moves(result: Fit, *, dummies: bool) -> Moves:
    """Through the formula, or column by column where X was given."""
    if result.matrix is not None:
        found = formula_moves(result.matrix, result.context.offset_columns, dummies=dummies)
        whole = any(len(move.columns) > 1 for move in found.moves)
        return replace(found, notes=(*[WHOLE] * whole, *found.notes))
    features = result.estimate.sample.features
    chosen = dummy_columns(result.estimate) if dummies else np.zeros(len(features), dtype=bool)
    names = tuple(name for name, dummy in zip(features, chosen, strict=True) if dummy)
    return Moves(column_moves(features, chosen), names, (EACH,) if len(features) > 1 else ())
