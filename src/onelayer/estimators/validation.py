"""What X, y and sample_weight must be, and errors that say where they are not."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np
from sklearn import get_config
from sklearn.base import _fit_context
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.class_weight import compute_class_weight
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
from onelayer.designs.dask_workers import is_collection
from onelayer.errors import DataError
from onelayer.readers.row_arrays import require_unmasked

Fit = TypeVar("Fit", bound=Callable[..., Any])


def with_parameters_checked(fit: Fit) -> Fit:
    """Check a constructor's parameters before `fit`, as scikit-learn does; its type stays."""
    checked: Fit = _fit_context(prefer_skip_nested_validation=True)(fit)
    return checked


@dataclass(frozen=True)
class Weights:
    """Weights as unit * relative, the largest relative one 1: no sum or product of them overflows.

    A `unit` is exact, for weights of 1e300 times class weights of 1e300. Where rows count the same
    or nothing, as under a hold-out, `relative` is boolean: an eighth of the memory.
    """

    relative: np.ndarray
    unit: Fraction

    @classmethod
    def of(cls, weights: np.ndarray, unit: Fraction = Fraction(1)) -> Weights:
        """Weights (m,) in units of `unit`."""
        top = float(weights.max())
        equal = ((weights == top) | (weights == 0)).all()
        if not equal:
            return cls(weights / top, unit * Fraction(top))
        alike = np.broadcast_to(np.True_, weights.shape) if weights.min() == top else weights == top
        return cls(alike, unit * Fraction(top))

    @classmethod
    def elsewhere(cls, total: Fraction) -> Weights:
        """Of rows whose weights lie with them, on a cluster: the total alone, as one weight."""
        return cls(np.array([True]), total)

    @property
    def shares(self) -> np.ndarray:
        """Weights that sum to 1."""
        return self.relative / self.relative.sum()

    @property
    def compact(self) -> np.ndarray:
        """Weights that sum to 1, or Booleans, as designs bind them."""
        return self.relative if self.relative.dtype == bool else self.shares

    @property
    def total(self) -> Fraction:
        """Their sum."""
        return self.unit * Fraction(float(self.relative.sum()))


TOGETHER = 1 << 22
"""Labels that are numbered or counted at a time. *Guard* for memory."""

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
    _require_finite_vector(y, "y")
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


def check_classes(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sorted labels, and every example's position among them."""
    classes, targets = _numbered(y)
    if len(classes) < 2:
        raise DataError(
            "This solver needs samples of at least 2 classes in the data, but the data contains "
            f"only one class: {classes.tolist()[0]!r}"
        )
    return classes, targets


def _numbered(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sorted labels, and the position of each; of very many rows some at a time.

    In one type, so that kernels are compiled once; of very many rows in the smallest.
    """
    if len(y) <= TOGETHER:
        classes, targets = np.unique(y, return_inverse=True)
        return classes, targets.astype(np.int32)
    parts = [y[start : start + TOGETHER] for start in range(0, len(y), TOGETHER)]
    classes = np.unique(np.concatenate([np.unique(part) for part in parts]))
    small = np.min_scalar_type(max(len(classes) - 1, 0))
    targets = np.empty(len(y), small)
    for number, part in enumerate(parts):
        start = number * TOGETHER
        targets[start : start + len(part)] = np.searchsorted(classes, part)
    return classes, targets


def _class_totals(targets: np.ndarray, weights: np.ndarray, classes: int) -> np.ndarray:
    """The sum of the weights of each class: (classes,); of very many rows some at a time."""
    total = np.zeros(classes)
    for start in range(0, len(targets), TOGETHER):
        rows = slice(start, start + TOGETHER)
        total += np.bincount(targets[rows], weights[rows], minlength=classes)
    return total


def check_weights(
    sample_weight: Any, class_weight: Any, classes: np.ndarray, targets: np.ndarray
) -> Weights:
    """Sample weight times class weight, finite and not negative, on two classes at least.

    `Weights` are what they are: they have been looked at.
    """
    if isinstance(sample_weight, Weights):
        return sample_weight
    weights = Weights.of(row_weights(sample_weight, len(targets)))
    require_two_classes(classes, _class_totals(targets, weights.relative > 0, len(classes)))
    if class_weight is None:
        return weights
    of_class = class_factors(
        class_weight, classes, _class_totals(targets, weights.relative, len(classes))
    )
    factors = of_class[targets]
    if not (weights.relative * factors).any():
        raise DataError("class_weight leaves every row a weight of zero")
    weights = Weights.of(weights.relative * factors, weights.unit)
    require_two_classes(classes, _class_totals(targets, weights.relative > 0, len(classes)))
    return weights


def row_weights(sample_weight: Any, m: int) -> np.ndarray:
    """Sample weights (m,), finite, not negative and not all zero; None is 1 for each row."""
    if sample_weight is None:
        return np.broadcast_to(1.0, m)
    _require_plain("the fit", sample_weight=sample_weight)
    if isinstance(sample_weight, numbers.Number):
        sample_weight = np.full(m, sample_weight)
    weights = check_array(
        sample_weight, **{**PLAIN, "dtype": np.float64}, input_name="sample_weight"
    )
    if weights.ndim != 1:
        raise DataError(
            f"Sample weights must be 1D array or scalar, got {weights.ndim}D array. Expected "
            f"either a scalar value or a 1D array of length {m}."
        )
    if weights.shape != (m,):
        raise DataError(f"sample_weight.shape == {weights.shape}, expected {(m,)}!")
    _require_finite_vector(weights, "sample_weight")
    if (weights < 0).any():
        row = int(np.argmax(weights < 0))
        raise DataError(
            f"Negative values in data passed to `sample_weight`: the first is {weights[row]} at "
            f"row {row}"
        )
    if not weights.any():
        raise DataError(
            "Sample weights must contain at least one non-zero number: their total is zero."
        )
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
    _require_finite_vector(np.abs(values).max(axis=1), "offset")
    return values if values.any() else None


def class_factors(
    class_weight: dict[Any, float] | str, classes: np.ndarray, totals: np.ndarray
) -> np.ndarray:
    """Factors (K,); "balanced" is total / (classes * class total), weightless classes left out."""
    if isinstance(class_weight, str):
        carried = totals > 0
        share = carried.sum() * np.where(carried, totals, 1)
        return np.where(carried, totals.sum() / share, 0)
    factors = compute_class_weight(class_weight, classes=classes, y=classes)
    if not np.isfinite(factors).all() or (factors < 0).any():
        raise DataError(f"class_weight must be finite and not negative: got {class_weight}")
    return factors


def _require_plain(who: str, **given: Any) -> None:
    """Refuse masked values, which scikit-learn takes for values, and arrays of other libraries.

    Under the array API scikit-learn's answers are arrays of the library that X is of. Ours are
    NumPy's, which its metrics refuse beside another library's. Without the dispatch every array
    that NumPy can read is read.
    """
    for name, array in given.items():
        require_unmasked(array, name)
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


def require_two_classes(classes: np.ndarray, totals: np.ndarray) -> None:
    """Refuse totals (K,) of weight above 0 for fewer than two classes."""
    carried = classes[totals > 0].tolist()
    if len(carried) < 2:
        raise DataError(
            "This solver needs samples of at least 2 classes with a weight above zero, but only "
            f"the class {carried[0]!r} has any"
        )


def _require_finite(X: Any) -> Survey | None:
    """What one read finds; None where finite values are assumed."""
    if get_config()["assume_finite"]:
        return None
    found = survey(X)
    if not np.isfinite(found.largest) and (bad := first_not_finite(X)) is not None:
        row, column, value = bad
        raise DataError(not_finite("X", value, X.dtype, f"row {row}, column {column}"))
    return found


def _require_finite_vector(values: np.ndarray, name: str) -> None:
    """As for X; in a column of objects too."""
    bad = not_there(values)
    if bad.any():
        row = int(np.argmax(bad))
        value = float(values[row]) if values.dtype.kind == "f" else np.nan
        raise DataError(not_finite(name, value, values.dtype, f"row {row}"))


def not_there(values: np.ndarray) -> np.ndarray:
    """Where no value is: NaN, infinity, None, and whatever else is not equal to itself."""
    if values.dtype.kind == "f":
        return ~np.isfinite(values)
    if values.dtype.kind == "O":
        return np.array([_is_missing(one) for one in values], bool)
    return np.not_equal(values, values).astype(bool)


def _is_missing(label: Any) -> bool:
    same = label == label  # noqa: PLR0124 - NaN is not, and pandas' NA does not say
    return label is None or not isinstance(same, (bool, np.bool_)) or not same


def _require_labels(y: np.ndarray) -> None:
    """scikit-learn's check, a tenth of a small fit, but for whole numbers of few values."""
    if y.dtype.kind in "biu" and 2 * (int(y.max()) - int(y.min()) + 1) <= len(y):
        return
    check_classification_targets(y)
