"""What a fitted layer does, however its penalty was come by: the base of both estimators."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.linear_model._base import LinearClassifierMixin, SparseCoefMixin
from sklearn.utils.validation import check_is_fitted

from onelayer.designs import Scaling
from onelayer.estimators.by_partition import by_partition
from onelayer.estimators.inference import InferenceMixin
from onelayer.estimators.parameters import layer_of, shown
from onelayer.estimators.validation import check_examples, check_offset, shown_dtype
from onelayer.layer import Layer
from onelayer.logistic import log_softmax, sigma, softmax
from onelayer.solution import Solution


class LayerClassifier(InferenceMixin, LinearClassifierMixin, SparseCoefMixin, BaseEstimator, ABC):
    """A classifier that is one layer: z = X W + b, sigma or softmax of it, and how it was solved.

    `LogisticRegression` and `LogisticRegressionCV` find W and b.
    """

    solver: str
    memory: float | str | None = None  # of an heir whose constructor does not ask
    firth: bool = False  # of an heir whose constructor does not ask
    scaling_: Scaling | None = None  # of coefficients that were set, not fitted
    _layer: Layer | None  # see `parameters.py`
    coef_: Any  # an array, or a CSR array after `sparsify`

    @abstractmethod
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LayerClassifier:
        """Find W and b."""

    @by_partition
    def decision_function(self, X: Any, *, offset: Any = None) -> np.ndarray:
        """z = X W + b + offset: (m,) for two classes, above 0 for `classes_[1]`; else (m, K).

        X and offset are as for `fit`; without an offset it is 0, whatever the fit had. One pass.
        """
        return self._answers(X, offset, lambda z, dtype: z.astype(dtype, copy=False))

    @by_partition
    def predict(self, X: Any, *, offset: Any = None) -> np.ndarray:
        """Labels (m,): `classes_[1]` where a > 0.5, or the class of the largest z; one pass."""

        def labels(z: np.ndarray, _: np.dtype) -> np.ndarray:
            positions = (sigma(z) > 0.5).astype(np.intp) if z.ndim == 1 else z.argmax(axis=1)
            return np.asarray(self.classes_[positions])

        return self._answers(X, offset, labels)

    @by_partition
    def predict_proba(self, X: Any, *, offset: Any = None) -> np.ndarray:
        """a (m, K): sigma(z) and 1 - sigma(z) = sigma(-z), or softmax(z); one pass."""

        def activations(z: np.ndarray, dtype: np.dtype) -> np.ndarray:
            a = np.column_stack([sigma(-z), sigma(z)]) if z.ndim == 1 else softmax(z)
            return a.astype(dtype, copy=False)

        return self._answers(X, offset, activations)

    @by_partition
    def predict_log_proba(self, X: Any, *, offset: Any = None) -> np.ndarray:
        """log a (m, K), from z and never from a: exact at z = 800; one pass."""

        def logarithms(z: np.ndarray, dtype: np.dtype) -> np.ndarray:
            log_a = log_softmax(np.column_stack([np.zeros_like(z), z]) if z.ndim == 1 else z)
            return log_a.astype(dtype, copy=False)

        return self._answers(X, offset, logarithms)

    def _answers(
        self, X: Any, offset: Any, of_z: Callable[[np.ndarray, np.dtype], np.ndarray]
    ) -> np.ndarray:
        """What `of_z` makes of z and the dtype that it is shown in, some rows at a time: (m, ...).

        z is in float64, (rows,) or (rows, K).
        """
        check_is_fitted(self)
        examples = check_examples(self, X, whole_numbers=True)
        known = check_offset(offset, examples, len(self.classes_))
        dtype = np.result_type(shown_dtype(X, examples), self.coef_.dtype)

        def of_rows(rows: slice, Z: np.ndarray) -> np.ndarray:
            Z = Z if known is None else Z + known[rows]
            return of_z(Z[:, 0] if Z.shape[1] == 1 else Z, dtype)

        return layer_of(self).answers(examples, of_rows)

    def _keep(self, layer: Layer, dtype: np.dtype, solution: Solution) -> None:
        for name, value in shown(layer, dtype).items():
            setattr(self, name, value)
        self.solution_ = solution
        self.n_iter_ = np.array([solution.iterations], dtype=np.int32)

    def onnx_shape_calculator(self) -> Any:
        """What sklearn-onnx asks an estimator for; UsageError before `register_sklearn_onnx`."""
        from onelayer.estimators.onnx_conversion import shape_calculator

        return shape_calculator()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_class = self.solver != "liblinear"
        return tags
