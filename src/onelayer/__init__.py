"""Logistic regression as a one-layer neural network.

The names below are loaded when they are first used, so that `import onelayer` stays as cheap as
`import numpy`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from onelayer.late_names import late_names

if TYPE_CHECKING:  # what editors and type checkers see
    from onelayer import displays, lesson, mlflow, server
    from onelayer.estimators import LogisticRegression, LogisticRegressionCV, check_separation
    from onelayer.estimators.sklearn_onnx import register_sklearn_onnx
    from onelayer.estimators.table_classifier import make_table_classifier
    from onelayer.model import Model, load, save, train
    from onelayer.probes import probe
    from onelayer.readers import read_libsvm, read_pictures
    from onelayer.settings import Settings
    from onelayer.statistics.comparison import compare
    from onelayer.statistics.logit import logit

    __version__: str

_HOME = {
    "LogisticRegression": "onelayer.estimators",
    "LogisticRegressionCV": "onelayer.estimators",
    "Model": "onelayer.model",
    "Settings": "onelayer.settings",
    "check_separation": "onelayer.estimators",
    "compare": "onelayer.statistics",
    "displays": "onelayer.displays",
    "lesson": "onelayer.lesson",
    "load": "onelayer.model",
    "logit": "onelayer.statistics",
    "make_table_classifier": "onelayer.estimators.table_classifier",
    "mlflow": "onelayer.mlflow",
    "probe": "onelayer.probes",
    "read_libsvm": "onelayer.readers",
    "read_pictures": "onelayer.readers",
    "register_sklearn_onnx": "onelayer.estimators.sklearn_onnx",
    "save": "onelayer.model",
    "server": "onelayer.server",
    "train": "onelayer.model",
}

__all__ = [
    "LogisticRegression",
    "LogisticRegressionCV",
    "Model",
    "Settings",
    "check_separation",
    "compare",
    "displays",
    "lesson",
    "load",
    "logit",
    "make_table_classifier",
    "mlflow",
    "probe",
    "read_libsvm",
    "read_pictures",
    "register_sklearn_onnx",
    "save",
    "server",
    "train",
]

_named = late_names(__name__, _HOME)


def __getattr__(name: str) -> Any:
    """Import a public name from where it lives (PEP 562)."""
    if name == "__version__":
        return _version()
    return _named(name)


def _version() -> str:
    """Return the installed version; "0+source" where the package is used without installation."""
    metadata = import_module("importlib.metadata")
    try:
        return metadata.version("onelayer")
    except metadata.PackageNotFoundError:
        return "0+source"


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
