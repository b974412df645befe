"""LogisticRegressionCV: the layer with its penalty chosen by cross-validation."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np
from sklearn.callback import CallbackSupportMixin
from sklearn.metrics import get_scorer_names
from sklearn.utils import metadata_routing
from sklearn.utils._param_validation import Hidden, Interval, StrOptions
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    _raise_for_params,
    _routing_enabled,
    process_routing,
)

from onelayer.designs import where_it_lies
from onelayer.designs.dask_collections import is_collection
from onelayer.estimators import attributes
from onelayer.estimators.by_partition import CollectionsMixin
from onelayer.estimators.class_labels import check_classes
from onelayer.estimators.classifier import LogisticRegression
from onelayer.estimators.cross_validation import Accuracy, Fits, PenaltyPath
from onelayer.estimators.dask_scores import score_there
from onelayer.estimators.folds_there import folds_there
from onelayer.estimators.grid import checked_values, grid_of
from onelayer.estimators.judges import Judge
from onelayer.estimators.l1_ratios import asked_ratios
from onelayer.estimators.layer_classifier import LayerClassifier
from onelayer.estimators.parameter_meanings import SOLVER_NAMES, check_solver_and_classes
from onelayer.estimators.problem import Data
from onelayer.estimators.rows_of_folds import Split
from onelayer.estimators.scoring import LOG_LOSS, JudgingRows, scorer_of
from onelayer.estimators.search import Search, print_trial
from onelayer.estimators.splitters import route, splits_of
from onelayer.estimators.validation import (
    check_training,
    check_weights,
    row_weights,
    shown_dtype,
    with_parameters_checked,
)

if TYPE_CHECKING:
    from pandas import DataFrame

SCORED = 1e-5  # measured: a fold's gap, which moves the mean score of 20000 rows by 1e-5 nats
TIMES = 100.0  # guard: of tol; whoever asks for less has folds that are nearer too

_SHARED = LogisticRegression._parameter_constraints  # noqa: SLF001 - its twin
_SAME = (
    *("dual", "tol", "fit_intercept", "intercept_scaling", "class_weight"),
    *("random_state", "verbose", "n_jobs", "scaling", "memory"),
)


@final
class LogisticRegressionCV(CallbackSupportMixin, CollectionsMixin, LayerClassifier):
    """Logistic regression whose penalty is chosen by cross-validation: log loss on held-out rows.

    For every C and l1_ratio, J of `LogisticRegression` is minimised on all rows and on the training
    rows of each fold, and the mean score of the folds decides:

        lambda = 1 / (C S),    score(C, r) = mean over folds of -mean L on the rows held out

    All fits are one path, from the strongest penalty to the weakest: the folds are columns of one W
    that one read of X serves, and the layer on all rows comes with it, so nothing is fitted again.

    Parameters
    ----------
    Cs : int or array-like of float > 0, default=10
        The values of C. A number asks for a grid relative to the data: that many values over six
        decades of lambda (four with an L1 part alone), down from the sum of the variances of the
        scaled features (with an L1 part: from where no weight is left), rounded to two digits; it
        is extended while the best score lies at an edge and still grows. Infinity is no penalty.
    l1_ratios : array-like of float in [0, 1] or None, default=None
        Each is tried with each C; 0 is L2 alone, 1 is L1 alone. None is (0.0,).
    fit_intercept : bool, default=True
        Whether there is a b.
    cv : int, splitter or iterable of (train, test), default=None
        Folds: None is 5. Stratified, in order; with `groups` and a number, `StratifiedGroupKFold`.
        A number of folds is made of the rows with a weight above zero.
    dual : bool, default=False
        As in `LogisticRegression`.
    penalty : {"l1", "l2", "elasticnet"}, default="deprecated"
        Deprecated as in scikit-learn: `l1_ratios` says it.
    scoring : str, callable or None, default="neg_log_loss"
        What scores a fold: a name of scikit-learn's, or a callable (estimator, X, y). None is
        accuracy, as in scikit-learn.
    solver : str, default="auto"
        The path chooses solvers itself, whatever the name. Names are those of `LogisticRegression`,
        without "gradient-descent", and refuse what they refuse there.
    tol : float >= 0, default=1e-7
        Relative gap in J of every fit. Folds of large data that are scored and no more, as with
        `refit`, may end at 100 times that, 1e-5 at most: chance moves their scores by far more.
    max_iter : int >= 1, default=1000
        Most steps of every fit.
    class_weight : dict, "balanced" or None, default=None
        Factors on the sample weights; "balanced" is computed once, on all rows. Scores know none.
    n_jobs : int or None, default=None
        No effect: folds share each read of X instead of copying it to processes.
    verbose : int, default=0
        Above 0, one line a trial on standard output.
    refit : bool, default=True
        True takes the layer on all rows at the best C. False averages, over the folds, the
        coefficients at each fold's own best C and l1_ratio.
    intercept_scaling : float, default=1.0
        No effect: the intercept is not penalised.
    random_state : default=None
        No effect: nothing is drawn. Shuffled folds are a splitter's: `cv=StratifiedKFold(5,
        shuffle=True, random_state=0)`.
    use_legacy_attributes : bool, default=False
        True gives `C_`, `l1_ratio_`, `scores_`, `coefs_paths_` and `n_iter_` scikit-learn's older
        shapes; where no `l1_ratios` are given, without their axis.
    selection : {"min", "1se"}, default="min"
        "min" takes the best mean score, "1se" the strongest penalty whose mean score is within one
        standard error of it, at the same l1_ratio.
    scaling : float > 0, "standard" or None, default=None
        As in `LogisticRegression`. With "standard" every fold is centred and scaled by the
        moments of its own training rows, as a pipeline with a `StandardScaler` would be; `loo` by
        those of all.
    loo : bool, default=False
        Also estimate the leave-one-out log loss at each C, by a Newton step a row from the layer on
        all rows (Rad and Maleki 2020). For L2, and up to 5000 parameters or rows.
    store_coefs : bool, default=True
        Whether `coefs_paths_`, `path_coef_` and `path_intercept_` are kept.
    memory : number of bytes, str as "4GB", or None, default=None
        As in `LogisticRegression`: where X stays in its file, one read serves the layer on all rows
        and all folds. Folds are then scored by log loss; labels and weights take some arrays of 8
        bytes a row and fold.

    Attributes
    ----------
    coef_, intercept_, classes_, solution_, scaling_, n_features_in_, feature_names_in_
        As in `LogisticRegression`, of the layer that was taken.
    C_, l1_ratio_ : float
        What was taken; with `refit=False` the means of what each fold would take.
    Cs_ : ndarray (n_cs,)
        The values tried: as given, or the grid, ascending. Of a grid that was extended, as many
        as were asked for around the one taken; `results_` has all.
    l1_ratios_ : ndarray (n_l1_ratios,)
        The ratios tried.
    scores_ : ndarray (n_folds, n_l1_ratios, n_cs)
        One score a fold.
    coefs_paths_ : ndarray (n_folds, n_l1_ratios, n_cs, k, n + 1)
        Coefficients of each fold, the intercept last (absent without one).
    path_coef_, path_intercept_ : ndarray (n_l1_ratios, n_cs, k, n) and (n_l1_ratios, n_cs, k)
        Those of the layer on all rows.
    n_iter_ : ndarray (n_folds, n_l1_ratios, n_cs) of int32
        Steps of each fold's fit; a start that was good enough counts as one.
    loo_ : ndarray (n_l1_ratios, n_cs)
        Leave-one-out log loss, where asked for.
    results_ : pandas DataFrame
        A row for each C and l1_ratio that was tried: C, l1_ratio, mean_score, std_error, n_nonzero,
        loo_log_loss and loo_std_error where asked for, and score_0 ... of the folds.

    Raises
    ------
    ValueError
        As `LogisticRegression`; a C that is not above 0; a fold that trains on no weight or judges
        no row; `loo` with an L1 part.

    Warns
    -----
    ConvergenceWarning
        Once, with a count, where fits ended short of `tol`; once where the layer taken is of
        separable data without a penalty.

    Notes
    -----
    Cost: on 20000 x 784 bytes and two classes, 20 penalties and 10 folds took 240 passes over X
    where a single fit took 16; the 220 fits alone would take fifteen times as many. Memory beside
    X: z of all folds, and what is kept.

    A score by log loss is exact where a probability rounds to 0 or 1; scikit-learn's scorer of that
    name cuts it off at 2e-16, and `score` uses that scorer.

    What differs from scikit-learn's class of the same name: the defaults of `scoring`,
    `use_legacy_attributes` (those that it announces, and no warning), `tol`, `max_iter` and
    `solver`; `l1_ratios=None` is no longer deprecated; the grid of a number of `Cs`; `l1_ratio`
    mixes whatever the solver; and `selection`, `scaling`, `loo`, `store_coefs`, `results_`,
    `path_coef_` are new.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from onelayer import LogisticRegressionCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LogisticRegressionCV(scaling="standard").fit(X, y)
    >>> float(model.C_)
    0.53
    >>> model.results_[["C", "mean_score", "std_error"]].round(4).iloc[5].to_dict()
    {'C': 0.12, 'mean_score': -0.0806, 'std_error': 0.0127}
    """

    # As in scikit-learn: the scorer's, not this estimator's own.
    __metadata_request__score: ClassVar[dict[str, str]] = {"sample_weight": metadata_routing.UNUSED}
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{name: _SHARED[name] for name in _SAME},
        "Cs": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "l1_ratios": ["array-like", None],
        "cv": ["cv_object"],
        "penalty": [StrOptions({"l1", "l2", "elasticnet"}), Hidden(StrOptions({"deprecated"}))],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None],
        "solver": [StrOptions(SOLVER_NAMES - {"gradient-descent"})],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "refit": ["boolean"],
        "use_legacy_attributes": ["boolean"],
        "selection": [StrOptions({"min", "1se"})],
        "loo": ["boolean"],
        "store_coefs": ["boolean"],
    }

    C_: Any
    l1_ratio_: Any
    _trials: list[dict[str, float]]  # numbers, which every way of saving an estimator takes

    def __init__(
        self,
        *,
        Cs: Any = 10,
        l1_ratios: Any = None,
        fit_intercept: bool = True,
        cv: Any = None,
        dual: bool = False,
        penalty: str = "deprecated",
        scoring: Any = LOG_LOSS,
        solver: str = "auto",
        tol: float = 1e-7,
        max_iter: int = 1000,
        class_weight: Any = None,
        n_jobs: int | None = None,
        verbose: int | bool = 0,
        refit: bool = True,
        intercept_scaling: float = 1.0,
        random_state: Any = None,
        use_legacy_attributes: bool = False,
        selection: str = "min",
        scaling: float | str | None = None,
        loo: bool = False,
        store_coefs: bool = True,
        memory: float | str | None = None,
    ) -> None:
        self.Cs = Cs
        self.l1_ratios = l1_ratios
        self.fit_intercept = fit_intercept
        self.cv = cv
        self.dual = dual
        self.penalty = penalty
        self.scoring = scoring
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.class_weight = class_weight
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.refit = refit
        self.intercept_scaling = intercept_scaling
        self.random_state = random_state
        self.use_legacy_attributes = use_legacy_attributes
        self.selection = selection
        self.scaling = scaling
        self.loo = loo
        self.store_coefs = store_coefs
        self.memory = memory

    @property
    def results_(self) -> DataFrame:
        """A row a trial."""
        import pandas as pd

        return pd.DataFrame(self._trials)

    @with_parameters_checked
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> LogisticRegressionCV:
        """Fit the path on all rows and on every fold, and take the C that scores best.

        Parameters
        ----------
        X, y, sample_weight
            As for `LogisticRegression`; sample_weight also weighs the rows that a fold judges. Of
            collections of Dask, `cv` is a number and `scoring` "neg_log_loss" or "accuracy".
        **params
            `groups` (m,) for the folds; with scikit-learn's metadata routing, whatever the
            splitter and the scorer ask for.

        Returns
        -------
        LogisticRegressionCV
            This estimator, fitted.
        """
        ratios, given = asked_ratios(self), X
        if is_collection(X) or is_collection(y):
            with folds_there(self, X, y, sample_weight, params) as (there, classes, judge):
                self.classes_ = classes
                check_solver_and_classes(self.solver, classes)
                search = self._search(there, ratios, [], judge)
                self._keep_search(search, shown_dtype(X, there.X, self.solver))
            return self
        routed = route(self, sample_weight, params)
        X, y, found = check_training(self, where_it_lies(X, self.memory), y)
        classes, targets = check_classes(y)
        check_solver_and_classes(self.solver, classes)
        data = Data(
            X=X,
            targets=targets,
            weights=check_weights(sample_weight, self.class_weight, classes, targets),
            k=len(classes),
            scaling=self.scaling,
            fit_intercept=self.fit_intercept,
            survey=found,
        )
        self.classes_ = classes
        counted = row_weights(sample_weight, len(y)) > 0
        splits = splits_of(self.cv, data, y, routed.split, counted)
        judged = JudgingRows(data, splits, y, classes, routed.score)
        search = self._search(data, ratios, splits, judged.by(self.scoring), judged.left_out)
        self._keep_search(search, shown_dtype(given, X, self.solver))
        return self

    def score(  # type: ignore[override]  # as scikit-learn has it
        self, X: Any, y: Any, *, sample_weight: Any = None, **score_params: Any
    ) -> float:
        """The `scoring` of this layer on X and y; more is better.

        sample_weight (m,) weighs the rows; further parameters go to the scorer where metadata
        routing is enabled.
        """
        _raise_for_params(score_params, self, "score")
        if is_collection(X) or is_collection(y):
            return score_there(self, X, y, sample_weight, self.scoring)
        if sample_weight is not None:
            score_params["sample_weight"] = sample_weight
        if _routing_enabled():
            score_params = process_routing(self, "score", **score_params).scorer.score
        return scorer_of(self.scoring)(self, X, y, **score_params)

    def get_metadata_routing(self) -> MetadataRouter:
        """Who gets what metadata: the splitter of `fit`, the scorer of `fit` and `score`."""
        scored = MethodMapping().add(caller="score", callee="score")
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(splitter=self.cv, method_mapping=MethodMapping().add(caller="fit", callee="split"))
            .add(
                scorer=scorer_of(self.scoring),
                method_mapping=scored.add(caller="fit", callee="score"),
            )
        )

    def _search(
        self,
        data: Data,
        ratios: list[float],
        splits: list[Split],
        judge: Judge,
        loo: Callable[[Fits], tuple[float, float]] | None = None,
    ) -> Search:
        accuracy = Accuracy(
            tol=self.tol,
            fold_tol=min(SCORED, TIMES * self.tol) if self.refit else 0.0,
            max_iter=self.max_iter,
            leave_one_out=self.loo,
        )
        search = Search(
            paths={ratio: PenaltyPath(data, splits, ratio, accuracy) for ratio in ratios},
            judge=judge,
            keep_folds=self.store_coefs or not self.refit,
            intercept=self.fit_intercept,
            loo=loo if self.loo else None,
            tell=print_trial if self.verbose else None,
        )
        if isinstance(self.Cs, Integral):
            moments = search.paths[ratios[0]].moments
            search.run(grid_of(data, ratios, int(self.Cs), moments))
            search.extend()
        else:
            search.run(checked_values(self.Cs))
        return search

    def _keep_search(self, search: Search, dtype: np.dtype) -> None:
        grid = isinstance(self.Cs, Integral)
        Cs = search.tried if grid else [float(C) for C in self.Cs]
        table = attributes.Trials(search, Cs, list(search.paths))
        taken = search.taken(self.selection)
        attributes.warn_unless_solved(search, taken, self.tol)
        attributes.warn_without_weights(search, taken)
        layer = attributes.layer(table, taken, refit=self.refit)
        self._keep(layer, dtype, taken.whole.solution)
        shown = table.around(taken.C, int(self.Cs)) if grid else table
        for name, value in attributes.of(table, shown, taken, self).items():
            setattr(self, name, value)
