"""LogisticRegression: scikit-learn's estimator on the layer."""

from __future__ import annotations

from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar, final

import numpy as np
from sklearn.callback import CallbackSupportMixin
from sklearn.utils._param_validation import Hidden, Interval, StrOptions

from onelayer.designs import where_it_lies
from onelayer.designs.dask_collections import is_collection
from onelayer.estimators.by_partition import CollectionsMixin
from onelayer.estimators.callbacks import FitTasks
from onelayer.estimators.class_labels import check_classes
from onelayer.estimators.dask_examples import examples_there
from onelayer.estimators.layer_classifier import LayerClassifier
from onelayer.estimators.layer_fit import Chosen, LayerRun, problem_of, solver_of
from onelayer.estimators.layer_parameters import LayerParameters
from onelayer.estimators.parameter_meanings import (
    SOLVER_NAMES,
    check_firth,
    check_solver_and_classes,
    effective_penalty,
)
from onelayer.estimators.parameters import shown
from onelayer.estimators.problem import (
    Known,
    Problem,
    print_progress,
    warn_unless_solved,
)
from onelayer.estimators.separation_check import advice_on_separation, column_names
from onelayer.estimators.validation import (
    check_offset,
    check_training,
    check_weights,
    shown_dtype,
    with_parameters_checked,
)
from onelayer.estimators.warm import WarmStartMixin
from onelayer.layer import Layer
from onelayer.solution import Record, Solution
from onelayer.statistics.firth import TOL as FIRTH_TOL
from onelayer.statistics.firth import FisherScoring, firth_fit
from onelayer.statistics.separation import Labelled


@final
class LogisticRegression(CallbackSupportMixin, WarmStartMixin, CollectionsMixin, LayerClassifier):
    """Logistic regression, binary or softmax, penalised by L2, L1, both or not at all: one layer.

    With z = X W + b, a = sigma(z) for two classes and softmax(z) for more, fit minimises

        J(W, b) = sum_i s_i L(a_i, y_i) / S + lambda (r ||W||_1 + (1 - r)/2 ||W||^2),
        lambda = 1 / (C S),    r = l1_ratio,

    s_i the sample weight times the class weight of row i, S their sum: scikit-learn's objective
    divided by C S, with the same minimum. The intercept is never penalised.

    Parameters
    ----------
    penalty : {"l1", "l2", "elasticnet", None}, default="deprecated"
        Deprecated as in scikit-learn: None is `C=inf`, the others are said by `l1_ratio`.
    C : float > 0, default=1.0
        Inverse strength of the penalty; infinity is none.
    l1_ratio : float in [0, 1], default=0.0
        0 is L2 alone, 1 is L1 alone, between them the elastic net.
    dual : bool, default=False
        True is accepted with `solver="liblinear"`; the optimum is the same.
    tol : float >= 0, default=1e-7
        The fit stops at (J - J*) / J <= tol, the gap bounded or estimated from the curvature.
    fit_intercept : bool, default=True
        Whether there is a b. With `scaling="standard"` and no b, `intercept_` is what centring
        leaves for X as given.
    intercept_scaling : float, default=1
        No effect: the intercept is not penalised.
    class_weight : dict, "balanced" or None, default=None
        Factors on the sample weights; "balanced" gives every class the same total.
    random_state : int, RandomState, Generator or None, default=None
        No effect: what solvers draw at random they draw alike every time.
    solver : str, default="auto"
        "auto" chooses by penalty, size and storage; "newton", "truncated-newton", "gram", "lbfgs",
        "gradient-descent", for L2 penalties on large sparse X "dual-ascent", and for penalties with
        an L1 part "coordinate-descent" are taken at their word. Of scikit-learn's names "lbfgs" is
        "lbfgs", "newton-cholesky" is "newton", and "newton-cg", "liblinear", "sag" and "saga" are
        "auto". `solution_.solver` says which ran.
    max_iter : int >= 0, default=1000
        Most steps of the solver. The gap ends a fit, commonly within some tens of steps; this is
        a backstop. "gradient-descent" runs exactly this many and is not warned about for it.
    verbose : int, default=0
        Above 0, one line a step on standard output.
    warm_start : bool, default=False
        Start from the coefficients of the previous fit. With "gram" the factored Gram matrix
        (m, m) is kept too, and serves the next fit if X holds the same bytes; pickles and copies
        leave it out. After a long fit of many classes "auto" goes on by "truncated-newton".
    n_jobs : None, default=None
        No effect; deprecated as in scikit-learn.
    scaling : float > 0, "standard" or None, default=None
        Fit, and penalise, the model of `X * scaling` or of standardised X (weighted mean 0 and
        variance 1; a constant column keeps scale 1). That X is never made, and the coefficients
        are those for X as given. Pictures of bytes take `1/255`.
    learning_rate : float > 0, default=0.005
        The step of "gradient-descent"; other solvers find their own.
    firth : bool, default=False
        Bias-reduced estimates (Firth 1993), finite for separable data too: of two classes, with
        `C=inf`, by Fisher scoring. The weights count as examples: 2 is a row twice.
    memory : number of bytes, str as "4GB", or None, default=None
        For X that maps a file (`np.load(path, mmap_mode="r")`): if X is larger than
        this it is read from the file in turn, and so much of it stays in memory. None is half of
        what is free, control groups regarded. It changes no byte of the result.

    Attributes
    ----------
    coef_ : ndarray (1, n) for two classes, else (K, n)
        W transposed, for X as given; float32 where X is, else float64. Softmax without L1: every
        column sums to zero.
    intercept_ : ndarray (1,) or (K,)
        b, for X as given, in the dtype of `coef_`. Softmax: sums to zero.
    classes_ : ndarray (K,)
        Sorted labels, in the dtype of y.
    solution_ : Solution
        How the fit ended (`status`), how exact it is (`gap`), what it cost (`passes`).
    n_iter_ : ndarray (1,) of int32
        Steps of the solver.
    scaling_ : Scaling or None
        The change of variables that the fit was made in, and predictions are.
    firth_ : FirthFit
        With `firth=True`: the covariance of coefficients and intercept, their standard errors, and
        the penalised log likelihood.
    n_features_in_ : int
        n; the pixels times channels of a picture.
    feature_names_in_ : ndarray (n,)
        Column names, where X is a data frame.

    Raises
    ------
    ValueError
        NaN or infinity in X, y or weights (the first row and column are named); one class only;
        zero total weight, or weight on one class only; a negative weight; X so large or small that
        its squares over- or underflow; continuous y; a combination of parameters that scikit-learn
        refuses; a solver of ours that is not for the penalty; `firth=True` beside a penalty, a
        solver of another kind or more than two classes.

    Warns
    -----
    ConvergenceWarning
        Once, with advice, where `solution_.status` is `max_iter`, `stalled` or `separable`.

    Notes
    -----
    Cost in passes over X: a look for NaN, infinity and overflow, two (none for bytes); then
    "newton" one a step, two of 2 MB and more, "lbfgs" and "gradient-descent" one,
    "coordinate-descent" one or two, "gram" two to four in all, fewer in a warm start; `firth=True`
    two a step and three more; `scaling="standard"` adds one. A prediction takes a look and one
    pass. Peak memory above X is that of a block of rows, the (m, K) of z, and what the solver
    holds.

    The same input gives the same bytes at any number of our threads. BLAS, which solvers factor and
    multiply with, rounds alike at any number of its own up to some 90 parameters, as NumPy's wheels
    have it; beyond, and where examples are fewer than features, it may not.

    Probabilities are those of the fit. To calibrate them by temperature, on out-of-fold scores,
    scikit-learn's `CalibratedClassifierCV(classifier, method="temperature", ensemble=False)` takes
    this estimator; `onelayer.train` does the same by itself.

    What differs from scikit-learn's class of the same name:

    - `tol` is a relative gap in J (there a bound on the largest entry of the gradient); the
      defaults `tol=1e-7`, `max_iter=1000` and `solver="auto"` differ.
    - `scaling`, `learning_rate`, `firth`, `memory`, and the attributes `solution_`, `scaling_` and
      `firth_` are new; so is the offset of `fit` and of predictions.
    - bytes, float16 and float32 are not copied into float64; predictions are computed from the
      parameters in float64 and shown in float32 where both X and `coef_` are.
    - callbacks are called whatever the solver.
    - Pictures, (m, h, w) or (m, h, w, c), are flattened.
    - liblinear's solver name does not penalise the intercept.
    - Negative weights, and weight on one class alone, are errors; "balanced" passes over
      classes without weight.
    - Separable data without a penalty are recognised: one warning, status `separable`.
    - `predict_log_proba` is exact where probabilities round to 0 or 1.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from onelayer import LogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression().fit(X, y)
    >>> model.score(X, y)
    0.9733333333333334
    >>> print(model.solution_.status, model.solution_.solver)
    converged newton
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "penalty": [
            StrOptions({"l1", "l2", "elasticnet"}),
            None,
            Hidden(StrOptions({"deprecated"})),
        ],
        "C": [Interval(Real, 0, None, closed="right")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), None],
        "dual": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "fit_intercept": ["boolean"],
        "intercept_scaling": [Interval(Real, 0, None, closed="neither")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "random_state": ["random_state", np.random.Generator],
        "solver": [StrOptions(SOLVER_NAMES)],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "n_jobs": [None, Integral],
        "scaling": [Interval(Real, 0, None, closed="neither"), StrOptions({"standard"}), None],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "firth": ["boolean"],
        "memory": [None, Interval(Real, 0, None, closed="neither"), str],
    }

    def __init__(
        self,
        penalty: str | None = LayerParameters.penalty,
        *,
        C: float = LayerParameters.C,
        l1_ratio: float | None = LayerParameters.l1_ratio,
        dual: bool = LayerParameters.dual,
        tol: float = LayerParameters.tol,
        fit_intercept: bool = LayerParameters.fit_intercept,
        intercept_scaling: float = LayerParameters.intercept_scaling,
        class_weight: Any = LayerParameters.class_weight,
        random_state: Any = LayerParameters.random_state,
        solver: str = LayerParameters.solver,
        max_iter: int = LayerParameters.max_iter,
        verbose: int | bool = LayerParameters.verbose,
        warm_start: bool = LayerParameters.warm_start,
        n_jobs: int | None = LayerParameters.n_jobs,
        scaling: float | str | None = LayerParameters.scaling,
        learning_rate: float = LayerParameters.learning_rate,
        firth: bool = LayerParameters.firth,
        memory: float | str | None = LayerParameters.memory,
    ) -> None:
        self.penalty = penalty
        self.C = C
        self.l1_ratio = l1_ratio
        self.dual = dual
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.scaling = scaling
        self.learning_rate = learning_rate
        self.firth = firth
        self.memory = memory

    @with_parameters_checked
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, offset: Any = None
    ) -> LogisticRegression:
        """Find the W and b that minimise J.

        Parameters
        ----------
        X : array, CSR matrix, data frame (m, n), or pictures (m, h, w) or (m, h, w, c)
            A row an example. float64, float32, float16 and uint8 are read as they are. Collections
            of Dask stay where they lie, then y and sample_weight are collections too.
        y : array (m,)
            Labels: integers, strings, booleans or floats that stand for classes.
        sample_weight : array (m,), number or None
            0 is a row left out, 2 a row given twice.
        offset : array (m,) for two classes, else (m, K), or None
            What is known of z: z = X W + b + offset, for X in memory. It is not kept: predictions
            are at an offset of 0, or of one that they are given.

        Returns
        -------
        LogisticRegression
            This estimator, fitted.

        Raises
        ------
        ValueError
            See the class.
        KeyboardInterrupt
            On Ctrl-C; the best parameters so far are kept, and `solution_.status` is
            `"interrupted"`.
        """
        if is_collection(X) or is_collection(y):
            with examples_there(self, X, y, sample_weight, offset) as (there, weights):
                return self._fit(there, weights, shown_dtype(X, there.X, self.solver))
        given, X = X, where_it_lies(X, self.memory)
        X, y, found = check_training(self, X, y)
        classes, targets = check_classes(y)
        known = Known(
            X=X,
            y=y,
            targets=targets,
            classes=classes,
            survey=found,
            offset=check_offset(offset, X, len(classes)),
        )
        return self._fit(known, sample_weight, shown_dtype(given, X, self.solver))

    def _fit(self, known: Known, sample_weight: Any, dtype: np.dtype) -> LogisticRegression:
        asked, X = effective_penalty(self), known.X
        classes, targets = known.classes, known.targets
        context = self._init_callback_context(max_subtasks=max(self.max_iter, 1) + 1)
        tasks = FitTasks(self, context, X, known.y, sample_weight)
        check_solver_and_classes(self.solver, classes)
        if self.firth:
            check_firth(self.solver, asked, classes)
        weights = check_weights(sample_weight, self.class_weight, classes, targets)
        problem = problem_of(self, known, weights, asked)
        start = self._start(problem)
        self.classes_ = classes
        chosen = self._solver(problem, X)
        self._solve(problem, chosen, start, dtype, tasks)
        data = Labelled(X, targets, column_names(self, X.shape[1]), classes.tolist())
        separated = partial(advice_on_separation, data, weights, self)
        warn_unless_solved(self.solution_, self.solver, self.max_iter, separated)
        return self

    def _solve(
        self,
        problem: Problem,
        chosen: Chosen,
        start: np.ndarray | None,
        dtype: np.dtype,
        tasks: FitTasks,
    ) -> None:
        tol = min(self.tol, FIRTH_TOL) if self.firth else self.tol
        running = LayerRun.of(problem, chosen, tol, self.max_iter)

        def current() -> dict[str, Any]:
            return shown(running.latest, dtype)

        def follow(record: Record) -> None:
            if self.verbose:
                print_progress(record)
            tasks.follow(record, current)

        def keep(layer: Layer, solution: Solution) -> None:
            self._keep(layer, dtype, solution)
            self.__dict__.pop("firth_", None)

        theta = running.solve(start, keep, follow)
        if self.firth:
            self.firth_ = firth_fit(problem.objective, theta, problem.total, problem.scaling)
        tasks.end(self.solution_.iterations, current)

    def _solver(self, problem: Problem, X: Any) -> Chosen:
        """The solver, and why it; a warm one knows the rows of the last fit."""
        if self.firth:
            return FisherScoring(problem.total), "bias reduction was asked for"
        solver, reason = self._going_on(solver_of(self, problem), problem)
        return self._with_rows(solver, X, problem.scaling), reason

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class &= not self.firth
        return tags
