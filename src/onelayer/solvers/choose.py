"""Which solver, and why: one ladder, read from top to bottom."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from onelayer.designs.passes import Traits
from onelayer.errors import UsageError
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solution import Solution
from onelayer.solvers.dual.ascent import DualAscent
from onelayer.solvers.dual.gram import Gram
from onelayer.solvers.l1.prox_newton import ProxNewton
from onelayer.solvers.l1.prox_newton_over_parts import ProxNewtonOverParts
from onelayer.solvers.smooth.class_grams import bends_by_class, is_affordable
from onelayer.solvers.smooth.gradient_descent import GradientDescent
from onelayer.solvers.smooth.lbfgs import Lbfgs
from onelayer.solvers.smooth.newton import Newton
from onelayer.solvers.smooth.truncated_newton import TruncatedNewton
from onelayer.solvers.solver import Solver

# Measured, by benchmarks/thresholds.py:
NEWTON_SIZE = 100  # parameters; beyond, one Hessian costs more than all passes over a metric
NEWTON_SIZE_AMONG_ROWS = 256  # with a Gram matrix: a path on 200 rows took 0.09 s instead of 0.19
NEWTON_SIZE_WITHOUT_PENALTY = 2000  # parameters; Newton sees where weights grow without end
LONG = 300  # guard: reads; most fits take fewer, and Newton's method, of few parameters, some 20
GRAM_ROWS = 1000  # beyond, factoring the Gram matrix costs more than all passes of a fit
WEAK = 0.1  # times 1 / m, C = 10: there 30 s of CPU instead of 34 (remarks.md)
MANY, MANY_PASSES = (
    9,
    20,
)  # guard: steps, passes, of a fit that a dearer metric would have shortened
WHOLE_SIZE = 12_000  # parameters; of fewer L-BFGS has the whole Hessian of a sample as its metric

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


def choose_solver(
    traits: Traits, penalty: Penalty, k: int, *, intercept: bool = True
) -> tuple[Solver[Any], str]:
    """The solver for X of these traits, k columns of z and this penalty; the reason in words."""
    size = (traits.n + intercept) * k
    if penalty.l1 > 0:
        return _prox_newton(traits), "the penalty has an L1 part"
    if traits.m < traits.n and traits.m <= GRAM_ROWS and "gram" in traits.offers:
        return _gram(traits, penalty, k), (
            f"{traits.m} examples are fewer than {traits.n} features"
        )
    if (
        size <= (NEWTON_SIZE if traits.at_hand else _newton_size(penalty))
        and "hessian" in traits.offers
    ):
        return Newton(), f"{size} parameters are few enough for the whole Hessian"
    if penalty.strength > 0 and "rows in turn" in traits.offers:
        return DualAscent(), f"{size} parameters of sparse rows, which are taken in turn"
    many = f"{size} parameters are too many for the whole Hessian"
    why = _why_conjugate_gradients(traits, penalty, size, k)
    return (TruncatedNewton(), f"{many}, and {why}") if why else (Lbfgs(), many)


def solver_for(objective: Objective) -> tuple[Solver[Any], str]:
    """The same for an objective."""
    loss, penalty, intercept = objective.loss, objective.penalty, objective.intercept
    solver, reason = choose_solver(loss.traits, penalty, loss.head.width, intercept=intercept)
    at_hand = "; X stays where it lies, and a sample of it gives the start"
    return solver, reason + at_hand * loss.traits.at_hand + loss.remark


def goes_on_by_class(objective: Objective, last: Solution) -> bool:
    """Whether Newton's method over a Gram matrix a class goes on from an optimum that took long.

    Near its own optimum; from afar the metric is soon worn out. Of few parameters L-BFGS has the
    whole Hessian of a sample. From C = 1 to 1.8 on 20000 x 512 embeddings in 100 classes it took
    5.1 s of CPU instead of 21.9.
    """
    return was_slow(last) and objective.start().size > WHOLE_SIZE and bends_by_class(objective)


def was_slow(solution: Solution) -> bool:
    """Whether a dearer metric would have shortened the fit."""
    return solution.iterations > MANY or solution.passes > MANY_PASSES


def successor(solver: Solver[Any], objective: Objective, reads: float) -> Solver[Any] | None:
    """Newton's method, once another has taken `LONG` reads, and as many as there are parameters.

    Among few rows it goes on in their coordinates, which every step reads.

    Where J bends 1e16 times as much one way as another, products alone do not tell Newton's
    direction: conjugate gradients ended far from it, step by step. None before, of many parameters,
    and for solvers that share their reads with others or are none of these.
    """
    if isinstance(solver, Gram):
        size = (objective.loss.traits.m + 1) * objective.head.width
        slow = isinstance(solver.inner, Lbfgs) and reads > max(LONG, size)
        few = size <= NEWTON_SIZE_WITHOUT_PENALTY
        return replace(solver, inner=Newton()) if slow and few else None
    size = objective.start().size
    alone = isinstance(solver, TruncatedNewton | DualAscent) or (
        isinstance(solver, Lbfgs) and solver.metric is None
    )
    few = size <= NEWTON_SIZE_WITHOUT_PENALTY and "hessian" in objective.loss.traits.offers
    return Newton() if alone and few and reads > max(LONG, size) else None


def named_solver(name: str, objective: Objective, learning_rate: float) -> tuple[Solver[Any], str]:
    """The solver called `name`; "auto" chooses.

    Raises
    ------
    UsageError
        When the name is unknown, the solver needs what the design does not offer, or it is not for
        this penalty.
    """
    if name == "auto":
        return solver_for(objective)
    traits, penalty, k = objective.loss.traits, objective.penalty, objective.head.width
    solvers: dict[str, Solver[Any]] = {
        "gradient-descent": GradientDescent(learning_rate),
        "newton": Newton(),
        "lbfgs": Lbfgs(),
        "truncated-newton": TruncatedNewton(),
        "dual-ascent": DualAscent(),
        "gram": _gram(traits, penalty, k),
        "coordinate-descent": _prox_newton(traits),
    }
    if name not in solvers:
        raise UsageError(f"Unknown solver {name!r}: choose one of {', '.join(SOLVERS)}")
    check(solvers[name], objective)
    return solvers[name], "asked for" + objective.loss.remark


def check(solver: Solver[Any], objective: Objective) -> None:
    """Refuse a solver that needs what the loss does not offer, or another penalty.

    Raises
    ------
    UsageError
        Which names both, and a solver that would do.
    """
    penalty, missing = objective.penalty, solver.needs - objective.loss.traits.offers
    if missing:
        lack = f"needs {', '.join(sorted(missing))}, which {objective.loss.held_by} does not offer"
    elif solver.for_l2 and penalty.l2 == 0:
        lack = "needs a penalty with an L2 part, and this one has none"
    elif solver.for_l1 != (penalty.l1 > 0):
        wanted, given = ("an", "no") if solver.for_l1 else ("no", "an")
        lack = f"is for penalties with {wanted} L1 part, and this one has {given} L1 part"
    else:
        return
    alternative = solver_for(objective)[0].name
    raise UsageError(f"The solver {solver.name!r} {lack}; {alternative!r} would do")


def _why_conjugate_gradients(traits: Traits, penalty: Penalty, size: int, k: int) -> str:
    """Why they are better than L-BFGS, whose metric is one for all classes; nothing if not."""
    if penalty.strength == 0:
        return ""
    if "sample" not in traits.offers:
        return "X is sparse" if traits.density < 1 else "no sample of the rows is at hand"
    weak = penalty.strength * traits.m <= WEAK and size > WHOLE_SIZE and not traits.at_hand
    if weak and is_affordable(traits, size // k, k):
        return "under a penalty this weak each class bends along features of its own"
    return ""


def _prox_newton(traits: Traits) -> ProxNewton | ProxNewtonOverParts:
    """In memory by columns of the working set; elsewhere by its Hessian, a read."""
    return ProxNewton() if "columns" in traits.offers else ProxNewtonOverParts()


def _newton_size(penalty: Penalty) -> int:
    return NEWTON_SIZE if penalty.strength > 0 else NEWTON_SIZE_WITHOUT_PENALTY


def _gram(traits: Traits, penalty: Penalty, k: int) -> Gram:
    most = max(NEWTON_SIZE_AMONG_ROWS, _newton_size(penalty))
    return Gram(Newton() if (traits.m + 1) * k <= most else Lbfgs())
