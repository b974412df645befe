"""Which solver, and why: one ladder, read from top to bottom."""

from __future__ import annotations

from typing import Any

from onelayer.designs.blockwise import Blockwise
from onelayer.errors import UsageError
from onelayer.objective import Objective
from onelayer.solvers.dual.ascent import DualAscent
from onelayer.solvers.dual.gram import Gram
from onelayer.solvers.l1.prox_newton import ProxNewton
from onelayer.solvers.smooth.gradient_descent import GradientDescent
from onelayer.solvers.smooth.lbfgs import Lbfgs
from onelayer.solvers.smooth.newton import Newton
from onelayer.solvers.smooth.truncated_newton import TruncatedNewton
from onelayer.solvers.solver import Solver

NEWTON_SIZE = 100  # parameters; beyond, one Hessian costs more than all passes over a metric
NEWTON_SIZE_AMONG_ROWS = 256  # with a Gram matrix: a path on 200 rows took 0.09 s instead of 0.19
NEWTON_SIZE_WITHOUT_PENALTY = 2000  # parameters; Newton sees where weights grow without end
GRAM_ROWS = 1000  # beyond, factoring the Gram matrix costs more than all passes of a fit

SOLVERS = (
    "auto",
    "gradient-descent",
    "newton",
    "lbfgs",
    "truncated-newton",
    "dual-ascent",
    "gram",
    "coordinate-descent",
)


def choose_solver(objective: Objective) -> tuple[Solver[Any], str]:
    """The solver for this objective, and the reason in words."""
    traits, k = objective.loss.traits, objective.head.width
    if objective.penalty.l1 > 0:
        return ProxNewton(), "the penalty has an L1 part"
    size = (traits.n + objective.intercept) * k
    if traits.m < traits.n and traits.m <= GRAM_ROWS and "gram" in traits.offers:
        return _gram(objective), f"{traits.m} examples are fewer than {traits.n} features"
    if size <= _newton_size(objective) and "hessian" in traits.offers:
        return Newton(), f"{size} parameters are few enough for the whole Hessian"
    if objective.penalty.strength > 0 and "sample" not in traits.offers:
        if "rows in turn" in traits.offers:
            return DualAscent(), f"{size} parameters of sparse rows, which are taken in turn"
        return (
            TruncatedNewton(),
            f"{size} parameters are too many for the whole Hessian, and X is sparse",
        )
    return Lbfgs(), f"{size} parameters are too many for the whole Hessian"


def named_solver(name: str, objective: Objective, learning_rate: float) -> tuple[Solver[Any], str]:
    """The solver called `name`; "auto" chooses.

    Raises
    ------
    UsageError
        When the name is unknown, the solver needs what the design does not offer, or it is not for
        this penalty.
    """
    if name == "auto":
        return choose_solver(objective)
    solvers: dict[str, Solver[Any]] = {
        "gradient-descent": GradientDescent(learning_rate),
        "newton": Newton(),
        "lbfgs": Lbfgs(),
        "truncated-newton": TruncatedNewton(),
        "dual-ascent": DualAscent(),
        "gram": _gram(objective),
        "coordinate-descent": ProxNewton(),
    }
    if name not in solvers:
        raise UsageError(f"Unknown solver {name!r}: choose one of {', '.join(SOLVERS)}")
    alternative = choose_solver(objective)[0]
    _check(solvers[name], objective.design, alternative)
    _check_penalty(solvers[name], objective, alternative)
    return solvers[name], "asked for"


def _newton_size(objective: Objective) -> int:
    return NEWTON_SIZE if objective.penalty.strength > 0 else NEWTON_SIZE_WITHOUT_PENALTY


def _gram(objective: Objective) -> Gram:
    size = (objective.loss.traits.m + 1) * objective.head.width
    most = max(NEWTON_SIZE_AMONG_ROWS, _newton_size(objective))
    return Gram(Newton() if size <= most else Lbfgs())


def _check(solver: Solver[Any], design: Blockwise, alternative: Solver[Any]) -> None:
    missing = solver.needs - design.traits.offers
    if missing:
        raise UsageError(
            f"The solver {solver.name!r} needs {', '.join(sorted(missing))}, which "
            f"{type(design).__name__} does not offer; {alternative.name!r} would do"
        )


def _check_penalty(solver: Solver[Any], objective: Objective, alternative: Solver[Any]) -> None:
    if solver.for_l2 and objective.penalty.l2 == 0:
        raise UsageError(
            f"The solver {solver.name!r} needs a penalty with an L2 part, and this one has none; "
            f"{alternative.name!r} would do"
        )
    l1 = objective.penalty.l1 > 0
    if solver.for_l1 != l1:
        wanted, given = ("an", "no") if solver.for_l1 else ("no", "an")
        raise UsageError(
            f"The solver {solver.name!r} is for penalties with {wanted} L1 part, and this one has "
            f"{given} L1 part; {alternative.name!r} would do"
        )
