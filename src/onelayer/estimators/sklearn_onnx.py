"""sklearn-onnx is told of the estimators, so that it converts whatever they are a step of."""

from __future__ import annotations

from onelayer.errors import UsageError
from onelayer.estimators.classifier import LogisticRegression
from onelayer.estimators.cv import LogisticRegressionCV
from onelayer.estimators.onnx_conversion import convert, registered

OPTIONS = {
    "zipmap": [True, False, "columns"],
    "nocl": [True, False],
    "output_class_labels": [False, True],
}
"""Those of scikit-learn's own classifiers that mean something here."""


def register_sklearn_onnx() -> None:
    """Tell sklearn-onnx how to convert `LogisticRegression` and `LogisticRegressionCV`.

    Afterwards `skl2onnx.to_onnx` writes probabilities that are those of `predict_proba`, of
    pipelines and ensembles too. For a model by itself `Model.export` is the shorter way: it checks
    what it writes.

    Raises
    ------
    UsageError
        Without sklearn-onnx.

    Examples
    --------
    >>> import onelayer
    >>> onelayer.register_sklearn_onnx()
    """
    try:
        from skl2onnx import update_registered_converter
        from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes
    except ImportError as error:
        raise UsageError("sklearn-onnx is not installed: pip install skl2onnx") from error
    for estimator in (LogisticRegression, LogisticRegressionCV):
        update_registered_converter(
            estimator,
            f"Onelayer{estimator.__name__}",
            calculate_linear_classifier_output_shapes,
            convert,
            options=OPTIONS,
        )
        registered.add(estimator)
