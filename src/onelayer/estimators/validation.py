"""What X, y and sample_weight must be, and errors that say where they are not."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from sklearn import get_config
from sklearn.base import _fit_context
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_n_features, check_consistent_length, validate_data

from onelayer.designs import (
    DTYPES,
    Survey,
    first_not_finite,
    not_finite,
    stays_on_disk,
    storable,
    survey,
    where_it_lies,
)
from onelayer.designs.dask_collections import is_collection
from onelayer.errors import DataError
from onelayer.estimators.missing import require_finite_vector
from onelayer.estimators.weights import Weights, counts_of_rows, weigh
from onelayer.readers.row_arrays import require_sound, require_unmasked

Fit = TypeVar("Fit", bound=Callable[..., Any])


def with_parameters_checked(fit: Fit) -> Fit:
    """Check a constructor's parameters before `fit`, as scikit-learn does; its type stays."""
    checked: Fit = _fit_context(prefer_skip_nested_validation=True)(fit)
    return checked


PLAIN: dict[str, Any] = {"ensure_2d": False, "dtype": None, "ensure_all_finite": False}
"""How scikit-learn's check is asked to read labels and weights."""


def check_training(estimator: Any, X: Any, y: Any) -> tuple[Any, np.ndarray, Survey | None]:
    """X (m, n) as `check_examples` gives it, y (m,), finite and of discrete labels, and a survey.

    The last is None where nobody looked, as scikit-learn's configuration assumes finite values.
    """
    _require_plain(type(estimator).__name__, X=X, y=y)
    if stays_on_disk(X):
        y, found = check_array(y, **PLAIN, input_name="y"), None
        _check_n_features(estimator, X, reset=True)
        vars(estimator).pop("feature_names_in_", None)
    else:
        options = {**reading(), "estimator": estimator}
        X, y = validate_data(
            estimator, storable(flat(X)), y, validate_separately=(options, dict(PLAIN))
        )
        found = _require_finite(X)
    y = y if y.ndim == 1 else column_or_1d(y, warn=True)
    check_consistent_length(X, y)
    require_finite_vector(y, "y")
    _require_labels(y)
    return X, y, found


def check_examples(
    estimator: Any, X: Any, *, mapped: bool = False, whole_numbers: bool = False
) -> Any:
    """X (m, n) as designs hold it: float64, float32, float16 or uint8, or CSR; never inflated.

    Pictures (m, h, w) or (m, h, w, c) are flattened, a view where memory allows. Other dtypes
    become float64; with `whole_numbers` arrays of integers stay as they are, for what turns some
    rows at a time into float64. Other sparse formats become CSR. What maps a file larger than the
    estimator's memory stays on disk, but with `mapped`, for what asks for more than reads of all
    rows.
    """
    _require_plain(type(estimator).__name__, X=X)
    X = X if mapped else where_it_lies(X, estimator.memory)
    if stays_on_disk(X):
        _check_n_features(estimator, X, reset=False)
    else:
        whole_numbers = whole_numbers and isinstance(X, np.ndarray) and X.dtype.kind in "iu"
        given = flat(X) if whole_numbers else storable(flat(X))
        how = {**reading(), "dtype": [*DTYPES, X.dtype]} if whole_numbers else reading()
        X = validate_data(estimator, given, reset=False, **how)
    if X.dtype.kind == "f":  # no other number is NaN
        _require_finite(X)
    return X


def shown_dtype(given: Any, read: Any, solver: str = "auto") -> np.dtype:
    """float32 where X came as that, else float64: of what is shown, not of what is computed.

    As scikit-learn has it, whose liblinear alone shows float64 for float32.
    """
    single = read.dtype == np.float32 and getattr(given, "dtype", np.float32) == np.float32
    return np.dtype(np.float32 if single and solver != "liblinear" else np.float64)


def check_weights(
    sample_weight: Any, class_weight: Any, classes: np.ndarray, targets: np.ndarray
) -> Weights:
    """`weigh` of whatever numbers scikit-learn reads, one for all rows or one a row."""
    if not isinstance(sample_weight, Weights):
        sample_weight = _read_weights(sample_weight, len(targets))
    return weigh(sample_weight, class_weight, classes, targets)


def row_weights(sample_weight: Any, m: int) -> np.ndarray:
    """Sample weights (m,), finite, not negative and not all zero; None is 1 for each row."""
    return counts_of_rows(_read_weights(sample_weight, m), m)


def _read_weights(sample_weight: Any, m: int) -> np.ndarray | None:
    """As (m,) in float64; None for none."""
    if sample_weight is None:
        return None
    _require_plain("the fit", sample_weight=sample_weight)
    if isinstance(sample_weight, numbers.Number):
        sample_weight = np.full(m, sample_weight)
    # Booleans stay some: an eighth of the memory.
    dtype = None if isinstance(sample_weight, np.ndarray) and sample_weight.dtype == bool else float
    weights: np.ndarray = check_array(
        sample_weight, **{**PLAIN, "dtype": dtype}, input_name="sample_weight"
    )
    if weights.ndim != 1:
        raise DataError(
            f"Sample weights must be 1D array or scalar, got {weights.ndim}D array. Expected "
            f"either a scalar value or a 1D array of length {m}."
        )
    if weights.shape != (m,):
        raise DataError(f"sample_weight.shape == {weights.shape}, expected {(m,)}!")
    return weights


def check_offset(offset: Any, X: Any, classes: int) -> np.ndarray | None:
    """What is known of z, (m, k) in float64, from (m,) for two classes, else (m, K).

    Zeros are None: they know nothing, and are to change no byte.
    """
    if offset is None:
        return None
    _require_plain("the offset", offset=offset)
    m, one = X.shape[0], classes == 2
    values = check_array(offset, **{**PLAIN, "dtype": np.float64}, input_name="offset")
    expected = (m,) if one else (m, classes)
    if values.shape != expected:
        each = "a number for each row" if one else "a number for each row and class"
        raise DataError(f"offset has shape {values.shape}, expected {expected}: {each}")
    values = values.reshape(m, -1)
    require_finite_vector(np.abs(values).max(axis=1), "offset")
    return values if values.any() else None


def _require_plain(who: str, **given: Any) -> None:
    """Refuse what scikit-learn passes on: masked values, indices outside, other libraries' arrays.

    Under the array API scikit-learn's answers are arrays of the library that X is of. Ours are
    NumPy's, which its metrics refuse beside another library's. Without the dispatch every array
    that NumPy can read is read.
    """
    for name, array in given.items():
        require_unmasked(array, name)
        require_sound(array)
        if is_collection(array):
            raise DataError(
                f"{name} is a collection of Dask, and {who} computes in memory: give "
                f"{name}.compute(), or fit LogisticRegression, which leaves it where it lies"
            )
    if not get_config()["array_api_dispatch"]:
        return
    for name, array in given.items():
        kind = type(array)
        if not isinstance(array, np.ndarray) and "__dlpack__" in dir(kind):
            raise DataError(
                f"{name} is of type {kind.__module__}.{kind.__qualname__}, and {who} "
                f"computes with NumPy: give numpy.asarray({name}), or set array_api_dispatch=False "
                "in scikit-learn's configuration"
            )


def flat(X: Any) -> Any:
    """Pictures become rows."""
    if isinstance(X, np.ndarray) and X.ndim in (3, 4) and X.size:
        return X.reshape(len(X), -1)
    return X


def reading() -> dict[str, Any]:
    """How scikit-learn's check is asked to read X: in a dtype that designs hold, or as float64."""
    return {"accept_sparse": "csr", "dtype": list(DTYPES), "ensure_all_finite": False}


def _require_finite(X: Any) -> Survey | None:
    """What one read finds; None where finite values are assumed."""
    if get_config()["assume_finite"]:
        return None
    found = survey(X)
    if not np.isfinite(found.largest) and (bad := first_not_finite(X)) is not None:
        row, column, value = bad
        raise DataError(not_finite("X", value, X.dtype, f"row {row}, column {column}"))
    return found


def _require_labels(y: np.ndarray) -> None:
    """scikit-learn's check, a tenth of a small fit, but for whole numbers of few values."""
    if y.dtype.kind in "biu" and 2 * (int(y.max()) - int(y.min()) + 1) <= len(y):
        return
    check_classification_targets(y)
