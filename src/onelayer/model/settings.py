"""What can be asked of a training: one field an option, its default beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias

from onelayer.errors import UsageError

Mode: TypeAlias = Literal["RGB", "L", "RGBA"]
Fit: TypeAlias = Literal["stretch", "crop", "pad"]
ClassWeight: TypeAlias = Literal["balanced"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to read, train and judge.

    Attributes
    ----------
    size
        Pictures become this many pixels a side, or (height, width). None: their own size where
        all share one of at most 64 x 64, else 64 x 64.
    mode
        What a pixel is: `RGB`, `L` (grey) or `RGBA`. None: `L` for `digits`, else `RGB`.
    fit
        How a picture becomes that size: `stretch`, `crop` or `pad`.
    x, y
        What X and y are called in a file of arrays, where it is not what most people call them; y
        may also be a file of labels.
    n_features
        How many features a LIBSVM file has; None: its largest index.
    target
        The column of a table that holds the classes, by name or, counted from 0, by place.
    drop
        Columns of a table that are not looked at, by name or place.
    weights
        The column of a table that says how many rows each row counts for: to train, and to judge.
    group
        The column of a table whose rows of one value lie on one side of the hold-out.
    header
        Whether the first row of a CSV file names the columns.
    C
        The inverse strength of the penalty, scikit-learn's C; infinity for no penalty. None: chosen
        from a path of ten values by log loss, never on what judges the model.
    l1_ratio
        The share of L1 in the penalty: 0 is L2 alone, 1 is L1 alone, between them the elastic net.
    solver, learning_rate, max_iter, class_weight
        As in `LogisticRegression`.
    test, val
        Sources that judge and that choose; they go before the folder's own `test/` and `val/`.
    test_size
        The fraction that is held out where no source judges; 0 for none.
    seed
        Of everything random: the same seed gives the same model.
    refit
        Train again on everything, judged or not, once the model has been judged.
    strict
        What else would be left out, or kept with a note, is an error.
    """

    size: int | tuple[int, int] | None = None
    mode: Mode | None = None
    fit: Fit = "stretch"
    x: str | None = None
    y: str | None = None
    n_features: int | None = None
    target: str | int | None = None
    drop: tuple[str | int, ...] = ()
    weights: str | int | None = None
    group: str | int | None = None
    header: bool = True
    C: float | None = None
    l1_ratio: float = 0.0
    solver: str = "auto"
    learning_rate: float = 0.005
    max_iter: int = 1000
    class_weight: ClassWeight | None = None
    test: str | Path | tuple[Any, Any] | None = None
    val: str | Path | tuple[Any, Any] | None = None
    test_size: float = 0.2
    seed: int = 0
    refit: bool = False
    strict: bool = False

    def __post_init__(self) -> None:
        _require(self.C is None or self.C > 0, "C", self.C, "a number above 0, or inf")
        n = self.n_features
        _require(n is None or n >= 1, "n_features", n, "a whole number, at least 1")
        ratio = self.l1_ratio
        _require(0 <= ratio <= 1, "l1_ratio", ratio, "a number from 0 to 1")
        rate = self.learning_rate
        _require(0 < rate < math.inf, "learning_rate", rate, "a number above 0")
        _require(self.max_iter >= 1, "max_iter", self.max_iter, "a whole number, at least 1")
        size = self.test_size
        _require(0 <= size < 1, "test_size", size, "a fraction, at least 0 and below 1")
        weight = self.class_weight
        _require(weight in {None, "balanced"}, "class_weight", weight, "'balanced' or None")
        _require(self.seed >= 0, "seed", self.seed, "a whole number, at least 0")

    @classmethod
    def of(cls, options: dict[str, Any]) -> Settings:
        """Settings with these options, the others as they are by default.

        Raises
        ------
        UsageError
            For an option that there is not, or a value that it cannot have.
        """
        known = [field.name for field in fields(cls)]
        unknown = [name for name in options if name not in known]
        if unknown:
            raise UsageError(
                f"train has no setting {unknown[0]!r}: it knows {', '.join(sorted(known))}"
            )
        return cls(**options)


def _require(holds: bool, name: str, value: Any, expected: str) -> None:
    if not holds:
        raise UsageError(f"{name} is {value!r}: give {expected}")
