"""The contenders: how each library is told the same objective, and where it cannot be.

Each line of the list names a class, the array it gets, how lambda is written in its parameters,
and its tolerances from loose to tight. The translations, with m rows:

    onelayer, scikit-learn     C = 1 / (lambda m); the intercept is free, except in liblinear
    scikit-learn-intelex       the same: Intel's lbfgs and newton-cg, of dense X
    celer                      C = 1 / (lambda m); L1 alone, no intercept
    cyanure                    lambda_1 = lambda, its loss being a mean too
    glum                       alpha = lambda, likewise
    skglm                      alpha = lambda, likewise; L1 here
    snapml                     regularizer = lambda m, its loss being a sum; intercept penalised

`tests/test_benchmarks.py` fits them all and checks each against the judge.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from contender import Contender, Setting, Words
from rows import Task

STEPS = 100_000  # a limit on iterations that is never what stops a contender


def threads() -> int:
    """Threads of a peer that does not look at the environment itself; `run.py` sets them."""
    return int(os.environ.get("OMP_NUM_THREADS", "2"))


def half_decades(loose: int, tight: int) -> tuple[float, ...]:
    """10^loose ... 10^tight in steps of a square root of ten: a peer is never far past the mark."""
    return tuple(10 ** (-half / 2) for half in range(-2 * loose, -2 * tight + 1))


def _c(setting: Setting) -> dict[str, Any]:
    return {"C": setting.c}


def _alpha(setting: Setting) -> dict[str, Any]:
    return {"alpha": setting.strength}


def _ratio(setting: Setting) -> float:
    return 1.0 if setting.l1 else 0.0


def _tol(setting: Setting) -> dict[str, Any]:
    return {} if setting.tol is None else {"tol": setting.tol}


def _onelayer(setting: Setting) -> dict[str, Any]:
    """As a user writes it: nothing chosen that the problem does not name."""
    words: dict[str, Any] = {}
    if setting.task.problem.scaling is not None:
        words["scaling"] = setting.task.problem.scaling
    if setting.l1:
        words["l1_ratio"] = 1.0
    if not setting.intercept:
        words["fit_intercept"] = False
    if setting.path:
        words["warm_start"] = True
    return words | _tol(setting)


def _sklearn(solver: str) -> Words:
    def words(setting: Setting) -> dict[str, Any]:
        return {
            "solver": solver,
            "l1_ratio": _ratio(setting),
            "fit_intercept": setting.intercept,
            "max_iter": STEPS,
            "warm_start": setting.path and solver != "liblinear",
            "random_state": 0,
        } | _tol(setting)

    return words


def _cross_validation(solver: str) -> Words:
    def words(setting: Setting) -> dict[str, Any]:
        return {
            "solver": solver,
            "l1_ratios": (0.0,),
            "cv": splits(setting.task),
            "scoring": "neg_log_loss",
            "max_iter": STEPS,
            "use_legacy_attributes": False,
        } | _tol(setting)

    return words


def _onelayer_cv(setting: Setting) -> dict[str, Any]:
    scaling = setting.task.problem.scaling
    words = {"cv": splits(setting.task), "scoring": "neg_log_loss"} | _tol(setting)
    return words if scaling is None else words | {"scaling": scaling}


def _cs(setting: Setting) -> dict[str, Any]:
    m = len(setting.task.y)
    return {"Cs": [1 / (strength * m) for strength in setting.task.lambdas]}


def splits(task: Task) -> list[tuple[np.ndarray, np.ndarray]]:
    """The folds as scikit-learn takes them: (training rows, the others)."""
    every = np.arange(len(task.y))
    return [(rows, np.setdiff1d(every, rows)) for rows in task.folds]


def _cyanure(setting: Setting) -> dict[str, Any]:
    return {
        "loss": "logistic" if setting.task.classes == 2 else "multiclass-logistic",
        "penalty": "l1" if setting.l1 else "l2",
        "fit_intercept": setting.intercept,
        "warm_start": setting.path,
        "max_iter": STEPS,
        "verbose": False,
        "n_threads": threads(),
    } | _tol(setting)


def _snapml(setting: Setting) -> dict[str, Any]:
    """L1 needs the primal; the dual is for more rows than features, as its documentation says."""
    X = setting.task.view.X
    return {
        "penalty": "l1" if setting.l1 else "l2",
        "dual": not setting.l1 and X.shape[0] > X.shape[1],
        "fit_intercept": setting.intercept,
        "max_iter": STEPS,
        "n_jobs": threads(),
        "random_state": 0,
    } | _tol(setting)


def _glum(solver: str) -> Words:
    def words(setting: Setting) -> dict[str, Any]:
        return {
            "family": "binomial",
            "link": "logit",
            "solver": solver,
            "l1_ratio": _ratio(setting),
            "fit_intercept": setting.intercept,
            "warm_start": setting.path,
            "gradient_tol": setting.tol,
            "max_iter": 1000,
        }

    return words


def _skglm(setting: Setting) -> dict[str, Any]:
    return {"fit_intercept": setting.intercept, "max_iter": 200} | _tol(setting)


def _celer(setting: Setting) -> dict[str, Any]:
    return {"max_iter": 200} | _tol(setting)


def _binary(task: Task) -> str:
    return "two classes only" if task.classes > 2 else ""


def _penalised(task: Task) -> str:
    """Peers that append a column of ones and penalise it with the others."""
    if task.classes > 2:
        return "one against the rest, not softmax"
    return "penalises the intercept: see the variant without one" if task.problem.intercept else ""


def _no_intercept(task: Task) -> str:
    return _binary(task) or (
        "has no intercept: see the variant without one" if task.problem.intercept else ""
    )


def _few_parameters(task: Task) -> str:
    """A Hessian of 30000 parameters takes 7 GB, and its factor as much again."""
    size = task.view.X.shape[1] * (1 if task.classes == 2 else task.classes)
    return f"a Hessian of {size} parameters does not fit in memory" if size > 30_000 else ""


def _few_binary(task: Task) -> str:
    return _binary(task) or _few_parameters(task)


def _dense(task: Task) -> str:
    """Intel's extension hands what it does not speed up to scikit-learn, which is here already."""
    return "" if isinstance(task.view.X, np.ndarray) else "sparse X is scikit-learn's own fit"


SKLEARN = "sklearn.linear_model:LogisticRegression"
SKLEARNEX = "sklearnex.linear_model:LogisticRegression"
SKLEARN_CV = "sklearn.linear_model:LogisticRegressionCV"
BOTH, L1 = frozenset({"l1", "l2"}), frozenset({"l1"})
GRADIENT = half_decades(-1, -9)  # bounds on a gradient
RELATIVE = half_decades(-1, -9)  # relative gaps


def _scikit(solver: str, view: str, suffix: str = "", **more: Any) -> Contender:
    return Contender(
        f"sklearn-{solver}{suffix}",
        "scikit-learn",
        SKLEARN,
        view,
        GRADIENT,
        _c,
        _sklearn(solver),
        **{"warm": solver != "liblinear"} | more,
    )


def _sklearnex(solver: str, view: str, name: str) -> Contender:
    words, package = _sklearn(solver), "scikit-learn-intelex"
    return Contender(name, package, SKLEARNEX, view, GRADIENT, _c, words, warm=True, refuses=_dense)


def _scikit_cv(solver: str, **more: Any) -> Contender:
    name, words = f"sklearn-cv-{solver}", _cross_validation(solver)
    view, ladder = "float64", half_decades(-2, -8)
    return Contender(
        name, "scikit-learn", SKLEARN_CV, view, ladder, _cs, words, cross_validates=True, **more
    )


def _one_layer(name: str, ladder: tuple[float | None, ...]) -> Contender:
    home = "onelayer:LogisticRegression"
    more = {"warm": True, "compiles": True, "penalties": BOTH}
    return Contender(name, "onelayer", home, "given", ladder, _c, _onelayer, **more)


def _cyanure_in(view: str, name: str) -> Contender:
    return Contender(
        name,
        "cyanure",
        "cyanure.estimators:Classifier",
        view,
        RELATIVE,
        lambda setting: {"lambda_1": setting.strength},
        _cyanure,
        penalties=BOTH,
    )


def _glum_with(solver: str, name: str, **more: Any) -> Contender:
    home = "glum:GeneralizedLinearRegressor"
    words = _glum(solver)
    return Contender(
        name, "glum", home, "float64", GRADIENT, _alpha, words, warm=True, float_labels=True, **more
    )


CONTENDERS = (
    _one_layer("onelayer", (None,)),
    _one_layer("onelayer-tol", half_decades(-1, -10)),
    _scikit("lbfgs", "float32", "-f32"),
    _scikit("lbfgs", "float64", "-f64"),
    _scikit("newton-cholesky", "float32", "-f32", refuses=_few_parameters),
    _scikit("newton-cholesky", "float64", "-f64", refuses=_few_parameters),
    _scikit("newton-cg", "float64"),
    _scikit("liblinear", "float64", refuses=_penalised, penalties=BOTH),
    _scikit("saga", "float32", penalties=BOTH),
    _sklearnex("lbfgs", "float32", "sklearnex-lbfgs-f32"),
    _sklearnex("lbfgs", "float64", "sklearnex-lbfgs-f64"),
    _sklearnex("newton-cg", "float64", "sklearnex-newton-cg"),
    _cyanure_in("float32", "cyanure"),
    _cyanure_in("float64", "cyanure-f64"),
    Contender(
        "snapml",
        "snapml",
        "snapml:LogisticRegression",
        "float32",
        half_decades(-1, -8),
        lambda setting: {"regularizer": setting.strength * setting.m},
        _snapml,
        refuses=_penalised,
        penalties=BOTH,
    ),
    _glum_with("auto", "glum", refuses=_few_binary, penalties=BOTH),
    _glum_with("lbfgs", "glum-lbfgs", refuses=_binary),
    Contender(
        "skglm",
        "skglm",
        "skglm:SparseLogisticRegression",
        "float32",
        GRADIENT,
        _alpha,
        _skglm,
        refuses=_binary,
        penalties=L1,
        compiles=True,
    ),
    Contender(
        "celer",
        "celer",
        "celer:LogisticRegression",
        "float64",
        RELATIVE,
        _c,
        _celer,
        refuses=_no_intercept,
        penalties=L1,
    ),
    Contender(
        "onelayer-cv",
        "onelayer",
        "onelayer:LogisticRegressionCV",
        "given",
        (None,),
        _cs,
        _onelayer_cv,
        cross_validates=True,
    ),
    _scikit_cv("lbfgs"),
    _scikit_cv("newton-cholesky", refuses=_few_parameters),
)


def find(name: str) -> Contender:
    """The contender of that name."""
    for contender in CONTENDERS:
        if contender.name == name:
            return contender
    known = ", ".join(contender.name for contender in CONTENDERS)
    raise SystemExit(f"No contender {name!r}: choose among {known}")
