"""What moving a variable does to the columns of X, through the formula that made them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from onelayer.errors import DataError
from onelayer.statistics.derivative import derivative
from onelayer.statistics.formula import variables
from onelayer.statistics.levels import level_name
from onelayer.statistics.matrix import Matrix, computed, evaluated

ALIKE = 1e-9  # of a column's largest number: the same, made of some rows and of all


@dataclass(frozen=True)
class Move:
    """Columns of X, positions (t,), that move, and their `ends`, made when they are asked for.

    One array is a slope, dX/dv; two are X at the low end and at the high one: (m, t) each, or
    (1, t) where all rows have the same. A `plain` column stands for itself: its slope is 1.
    """

    name: str
    columns: np.ndarray
    ends: Callable[[], Sequence[np.ndarray]]
    constant: bool = True
    plain: bool = False


def column_moves(features: Sequence[str], dummies: np.ndarray) -> list[Move]:
    """Each column of X by itself, by the derivative; `dummies` (n,) from 0 to 1."""
    return [
        _from_0_to_1(name, j) if dummy else _plain(name, j)
        for j, (name, dummy) in enumerate(zip(features, dummies, strict=True))
    ]


def _plain(name: str, column: int) -> Move:
    return Move(name, np.array([column]), lambda: [np.ones((1, 1))], plain=True)


def _from_0_to_1(name: str, column: int) -> Move:
    return Move(name, np.array([column]), lambda: [np.zeros((1, 1)), np.ones((1, 1))])


@dataclass(frozen=True)
class Moves:
    """All moves; the variables that are changed from 0 to 1; notes for readers."""

    moves: list[Move]
    dummies: tuple[str, ...]
    notes: tuple[str, ...]


def formula_moves(matrix: Matrix, offset: Collection[str], *, dummies: bool) -> Moves:
    """Each variable in all columns that it is in.

    A category's levels against that which it is compared with, a boolean's True against False, a
    number by the derivative, or with `dummies` from 0 to 1 where it has no other values. The offset
    stays as it is: `offset` are the columns that it is made of.

    Raises
    ------
    DataError
        For a variable that is in the offset too; for an expression that looks at other rows too,
        or that has no derivative.
    """
    factors = [factor for term in matrix.spec.terms for factor in term.factors]
    used = [variables([_Alone((factor,))]) for factor in factors]
    names = dict.fromkeys(name for found in used for name in matrix.rows.columns if name in found)
    for name in sorted(offset):
        if name in names:
            raise DataError(
                f"{name} is in the offset too, so that moving it would move both: there are no "
                "marginal effects of such a model"
            )
    moved = [_Variable(matrix, name) for name in names]
    zero_one = tuple(v.name for v in moved if dummies and v.number and v.zero_one)
    found = {move.name: move for v in moved for move in v.moves(dummy=v.name in zero_one)}
    notes = tuple(
        f"{v.name} is in {' and '.join(v.steps)} too, whose jump its derivative does not see."
        for v in moved
        if v.steps and not v.only_steps and v.name not in zero_one
    )
    return Moves(list(found.values()), zero_one, notes)


@dataclass(frozen=True)
class _Alone:
    """A term of one factor."""

    factors: tuple[Any, ...]


class _Variable:
    """A column of the frame, the terms that it is in, and the columns of X that these make."""

    def __init__(self, matrix: Matrix, name: str) -> None:
        self.matrix, self.name, self.values = matrix, name, matrix.rows[name]
        terms = [term for term in matrix.spec.terms if name in variables([term])]
        self.spec = matrix.spec.subset(terms)
        columns = [column for term in terms for column in matrix.spec.term_indices[term]]
        self.columns = np.array(columns, dtype=np.intp) - matrix.intercept
        factors = {factor.expr: factor for term in terms for factor in term.factors}
        self.factors = [f for f in factors.values() if name in variables([_Alone((f,))])]
        self.contrasts = {str(f): state for f, state in matrix.spec.factor_contrasts.items()}
        own = re.compile(rf"C\(\s*`?{re.escape(name)}`?\s*[,)]")
        self.own = [f.expr for f in self.factors if f.expr == name or own.match(f.expr)]

    @property
    def number(self) -> bool:
        """Whether it moves by a derivative rather than from level to level."""
        kind = getattr(self.values.dtype, "kind", "O")
        return kind in "iuf" and not any(name in self.contrasts for name in self.own)

    @property
    def zero_one(self) -> bool:
        """Whether it has no other values."""
        return bool(self.values.isin([0, 1]).all())

    @property
    def steps(self) -> list[str]:
        """Expressions of a number that are categories, as `I(x > 0)` is."""
        return [f.expr for f in self.factors if f.expr in self.contrasts] if self.number else []

    @property
    def only_steps(self) -> bool:
        """Whether it is in nothing else."""
        return len(self.steps) == len(self.factors)

    @property
    def alone(self) -> bool:
        """Whether it is a column of X as it is."""
        return [str(term) for term in self.spec.terms] == [self.name] and self.number

    def moves(self, *, dummy: bool) -> list[Move]:
        """What is shown of it."""
        if not self.number:
            return self._levels()
        if self.only_steps:
            return [move for expression in self.steps for move in self._step(expression)]
        if self.alone:
            return [(_from_0_to_1 if dummy else _plain)(self.name, int(self.columns[0]))]
        self._require_rows_apart()
        if dummy:
            return [self._change(self.name, lambda: self._ends(0.0, 1.0))]
        return [Move(self.name, self.columns, lambda: [self._slope()], constant=False)]

    def _levels(self) -> list[Move]:
        """Every level against the one that the factor's own coding compares with, or the first."""
        self._require_rows_apart()
        kind = self.values.dtype
        levels = (
            list(kind.categories) if hasattr(kind, "categories") else sorted(self.values.unique())
        )
        states = [self.contrasts[name] for name in self.own if name in self.contrasts]
        base = getattr(states[0].contrasts, "base", levels[0]) if states else levels[0]
        base = base if base in levels else levels[0]
        return [
            self._change(f"{self.name}[{level_name(level)}]", partial(self._ends, base, level))
            for level in levels
            if level != base
        ]

    def _change(self, name: str, ends: Callable[[], Sequence[np.ndarray]]) -> Move:
        return Move(name, self.columns, ends, constant=self._same_for_all)

    @property
    def _same_for_all(self) -> bool:
        """Whether its columns depend on no other variable."""
        return variables(self.spec.terms) == {self.name} and not self.steps

    def _ends(self, low: Any, high: Any) -> list[np.ndarray]:
        rows = slice(0, 1) if self._same_for_all else slice(None)
        return [self._at(np.full(len(self.values), end), rows) for end in (low, high)]

    def _at(self, values: Any, rows: slice = slice(None)) -> np.ndarray:
        """The columns (m, t) with the variable at these values, all else as it is."""
        import pandas as pd

        moved = pd.Series(values, self.values.index)
        if not self.number:
            moved = moved.astype(self.values.dtype)
        frame = self.matrix.rows.assign(**{self.name: moved}).iloc[rows]
        return computed(self.spec, frame, {} if self._same_for_all else self._held)[0]

    @cached_property
    def _held(self) -> dict[str, Any]:
        """The factors, evaluated, that do not move: those of others, and a number's steps."""
        moving = {f.expr for f in self.factors} - set(self.steps)
        found = evaluated(self.spec, self.matrix.rows)
        return {name: value for name, value in found.items() if name not in moving}

    def _step(self, expression: str) -> list[Move]:
        """A number that is in a category alone: from level to level of that."""
        import pandas as pd

        levels = list(self.contrasts[expression].levels)
        dtype = pd.CategoricalDtype(levels)

        def ends(level: Any) -> list[np.ndarray]:
            found = evaluated(self.spec, self.matrix.rows)
            arrays = []
            for end in (levels[0], level):
                forced = pd.Series([end] * len(self.values), self.values.index, dtype)
                held = found | {expression: _forced(found[expression], forced)}
                arrays.append(computed(self.spec, self.matrix.rows, held)[0])
            return arrays

        return [
            Move(
                f"{expression}[{level_name(level)}]",
                self.columns,
                partial(ends, level),
                constant=False,
            )
            for level in levels[1:]
        ]

    def _slope(self) -> np.ndarray:
        """dX/dv (m, t): exactly where X is linear in v, else by differences."""
        if all(factor.eval_method.value == "lookup" for factor in self.factors):
            return self._at(np.ones(len(self.values))) - self._at(np.zeros(len(self.values)))
        found, close = derivative(self._at, self.values.to_numpy(np.float64))
        if not close.all():
            row = int(np.argmin(close.all(axis=1)))
            terms = " + ".join(str(term) for term in self.spec.terms)
            raise DataError(
                f"{terms} has no derivative where {self.name} is {self.values.iloc[row]:g}, so "
                f"{self.name} has no marginal effect by derivatives: make a category of it, C(...)"
            )
        return found

    def _require_rows_apart(self) -> None:
        """That no expression looks at other rows: moving one would move them all."""
        if all(factor.eval_method.value == "lookup" for factor in self.factors):
            return
        some = slice(None, None, 2)
        alone = computed(self.spec, self.matrix.rows.iloc[some])[0]
        given = self.matrix.X[some][:, self.columns]
        far = np.abs(alone - given) > ALIKE * np.abs(given).max(axis=0)
        if far.any():
            name = self.matrix.features[self.columns[int(np.argmax(far.any(axis=0)))]]
            raise DataError(
                f"{name} looks at other rows too, so {self.name} cannot be moved in one row at a "
                "time: write center(x), scale(x), standardize(x), or numbers in place of means"
            )


def _forced(factor: Any, values: Any) -> Any:
    """An evaluated factor with other values."""
    from formulaic.materializers.types import EvaluatedFactor, FactorValues

    wrapped = FactorValues(values, metadata=factor.values.__formulaic_metadata__)
    return EvaluatedFactor(factor.factor, wrapped, factor.variables)
