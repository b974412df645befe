"""What scikit-learn's parameters mean here: penalties old and new, solvers by either name."""

from __future__ import annotations

import warnings
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from onelayer.errors import UsageError
from onelayer.solvers import SOLVERS

NEAREST = {
    "lbfgs": "lbfgs",
    "newton-cholesky": "newton",
    "newton-cg": "auto",
    "liblinear": "auto",
    "sag": "auto",
    "saga": "auto",
}
"""scikit-learn's solvers, and which of ours stands in for each."""

SOLVER_NAMES = {*SOLVERS, *NEAREST}

LARGEST_STRENGTH = 1e300  # lambda is a float; beyond this W is zero in any case

PENALTY_DEPRECATED = (
    "'penalty' was deprecated in version 1.8 and will be removed in 1.10. To avoid this warning, "
    "leave 'penalty' set to its default value and use 'l1_ratio' or 'C' instead. Use l1_ratio=0 "
    "instead of penalty='l2', l1_ratio=1 instead of penalty='l1', l1_ratio set to a float between "
    "0 and 1 instead of penalty='elasticnet', and C=np.inf instead of penalty=None."
)


class PenaltyAsked(NamedTuple):
    """The penalty that was asked for; C of infinity is none."""

    C: float
    l1_ratio: float


def effective_penalty(model: Any) -> PenaltyAsked:
    """C and l1_ratio as `penalty`, `l1_ratio` and `C` together mean them.

    Warnings and errors are scikit-learn's.

    Raises
    ------
    UsageError
        For a combination that scikit-learn's solver of that name refuses.
    """
    kind = _kind(model)
    check_solver(model.solver, kind, model.dual)
    _warn_about_ratio(model, kind)
    if model.n_jobs is not None:
        message = (
            "'n_jobs' has no effect since 1.8 and will be removed in 1.10. You provided "
            f"'n_jobs={model.n_jobs}', please leave it unspecified."
        )
        warnings.warn(message, FutureWarning, stacklevel=4)
    if kind == "elasticnet" and model.l1_ratio is None:
        raise UsageError("l1_ratio must be specified when penalty is elasticnet.")
    C = float(np.inf) if kind is None else float(model.C)
    ratios = {"l1": 1.0, "elasticnet": model.l1_ratio}
    return PenaltyAsked(C, ratios.get(kind or "none", 0.0))


def strength(C: float, total_weight: Fraction) -> float:
    """lambda = 1 / (C * total weight), where the product may be out of range for a float."""
    if np.isinf(C):
        return 0.0
    return float(min(1 / (Fraction(C) * total_weight), Fraction(LARGEST_STRENGTH)))


def _kind(model: Any) -> str | None:
    """The penalty's name in scikit-learn's older parameter, None for none."""
    if model.penalty != "deprecated":
        warnings.warn(PENALTY_DEPRECATED, FutureWarning, stacklevel=5)
        return model.penalty
    if model.l1_ratio is None:
        message = (
            "'l1_ratio=None' was deprecated in version 1.8 and will trigger an error in 1.10. "
            "Use 0<=l1_ratio<=1 instead."
        )
        warnings.warn(message, FutureWarning, stacklevel=5)
    if np.isinf(model.C):
        return None
    if not model.l1_ratio:
        return "l2"
    return "l1" if model.l1_ratio == 1 else "elasticnet"


def check_solver(solver: str, kind: str | None, dual: bool) -> None:
    """What scikit-learn's solvers refuse, in its words; ours say so themselves."""
    if solver in NEAREST and solver not in ("liblinear", "saga") and kind not in ("l2", None):
        raise UsageError(
            f"Solver {solver} supports only 'l2' or None penalties, got {kind} penalty."
        )
    if solver != "liblinear" and dual:
        raise UsageError(f"Solver {solver} supports only dual=False, got dual={dual}")
    if kind == "elasticnet" and solver == "liblinear":
        raise UsageError(f"Only 'saga' solver supports elasticnet penalty, got solver={solver}.")
    if solver == "liblinear" and kind is None:
        raise UsageError(
            "C=np.inf as well as penalty=None is not supported for the liblinear solver"
        )


def check_solver_and_classes(solver: str, classes: np.ndarray) -> None:
    """liblinear takes two classes, no more."""
    if solver == "liblinear" and len(classes) > 2:
        raise UsageError(
            "The 'liblinear' solver does not support multiclass classification (n_classes >= 3). "
            "Either use another solver or wrap the estimator in a OneVsRestClassifier to keep "
            "applying a one-versus-rest scheme."
        )


def check_firth(solver: str, asked: PenaltyAsked, classes: np.ndarray) -> None:
    """Bias reduction has two classes, no other penalty and a solver of its own."""
    if np.isfinite(asked.C) or asked.l1_ratio:
        raise UsageError(
            "firth=True reduces the bias of a fit without a penalty, and here is one, of "
            f"C={asked.C:g} and l1_ratio={asked.l1_ratio:g}: set C=np.inf and l1_ratio=0, or "
            "firth=False"
        )
    if len(classes) > 2:
        raise UsageError(
            "Only binary classification is supported. The type of the target is multiclass: "
            f"firth=True is for two classes, and y has {len(classes)}. Set firth=False and a "
            "finite C, or wrap the estimator in a OneVsRestClassifier"
        )
    if NEAREST.get(solver, solver) not in ("auto", "newton"):
        raise UsageError(
            f"firth=True is solved by Fisher scoring, not by {solver!r}: set solver='auto'"
        )


def _warn_about_ratio(model: Any, kind: str | None) -> None:
    ratio = model.l1_ratio
    if kind != "elasticnet" and ratio is not None and 0 < ratio < 1:
        _warn(f"l1_ratio parameter is only used when penalty is 'elasticnet'. Got (penalty={kind})")
    if (model.penalty == "l2" and ratio != 0) or (model.penalty == "l1" and ratio != 1):
        _warn(
            f"Inconsistent values: penalty={model.penalty} with l1_ratio={ratio}. penalty is "
            "deprecated. Please use l1_ratio only."
        )
    if model.penalty is None and model.C != 1.0:
        _warn("Setting penalty=None will ignore the C and l1_ratio parameters")


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=6)
