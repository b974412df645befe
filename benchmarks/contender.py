"""What a contender is: an estimator's class, and its words for a problem and a tolerance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module, metadata
from typing import Any

from rows import Task


@dataclass(frozen=True)
class Setting:
    """One fit: lambda for m rows, and what else a constructor wants to know."""

    task: Task
    strength: float
    m: int
    tol: float | None

    @property
    def c(self) -> float:
        """scikit-learn's C."""
        return 1 / (self.strength * self.m)

    @property
    def l1(self) -> bool:
        """Whether the penalty is ||W||_1."""
        return self.task.problem.l1

    @property
    def intercept(self) -> bool:
        """Whether there is a b."""
        return self.task.problem.intercept

    @property
    def path(self) -> bool:
        """Whether other penalties follow, from where this one ends."""
        return len(self.task.lambdas) > 1


Words = Callable[[Setting], dict[str, Any]]


@dataclass(frozen=True)
class Contender:
    """A library's solver.

    Attributes
    ----------
    name, package : str
        The name in tables, and the distribution that its version is read from.
    home : str
        `module:Class`, imported late.
    view : str
        `given`: X as it came, scaled by the contender. `float32`, `float64`: scaled beforehand.
    ladder : tuple
        Tolerances from loose to tight; None leaves the default alone.
    strength, options : callable
        The constructor's words for lambda, and for everything else.
    refuses : callable
        Why it cannot solve a problem, or "".
    warm : bool
        Whether it goes on from the last penalty of a path.
    cross_validates : bool
        Whether it takes all folds and penalties in one fit.
    float_labels : bool
        Whether labels must be floats.
    penalties : frozenset
        Of `l1` and `l2`.
    compiles : bool
        Whether its loops are compiled when they first run.
    """

    name: str
    package: str
    home: str
    view: str
    ladder: tuple[float | None, ...]
    strength: Words
    options: Words
    refuses: Callable[[Task], str] = field(default=lambda _: "")
    warm: bool = False
    cross_validates: bool = False
    float_labels: bool = False
    penalties: frozenset[str] = frozenset({"l2"})
    compiles: bool = False

    @property
    def warming(self) -> float | None:
        """The tolerance of the untimed fit: tight where a loose one would not compile all loops."""
        return self.ladder[-1 if self.compiles else 0]

    def estimator(self, setting: Setting) -> Any:
        """A new estimator."""
        module, _, name = self.home.partition(":")
        kind = getattr(import_module(module), name)
        return kind(**self.options(setting), **self.strength(setting))

    def refusal(self, task: Task) -> str:
        """Why this contender does not solve this problem, or ""."""
        if self.cross_validates and not task.folds:
            return "cross-validation only"
        if task.folds and not (self.cross_validates or self.name == "onelayer"):
            return "no cross-validation of its own"
        if task.problem.l1 and "l1" not in self.penalties:
            return "no L1 penalty"
        if not task.problem.l1 and "l2" not in self.penalties:
            return "L1 only"
        return self.refuses(task)

    @property
    def version(self) -> str:
        """Of the package, or "" where it is not installed."""
        try:
            return metadata.version(self.package)
        except metadata.PackageNotFoundError:
            return "checkout" if self.package == "onelayer" else ""
