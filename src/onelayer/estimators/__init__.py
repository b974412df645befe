"""scikit-learn's API on the layer, and the fits beneath it.

The estimators are loaded when they are first used: a training fits without them, and need not wait
for scikit-learn.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what editors and type checkers see
    from onelayer.estimators.classifier import LogisticRegression
    from onelayer.estimators.cv import LogisticRegressionCV
    from onelayer.estimators.layer_classifier import LayerClassifier
    from onelayer.estimators.parameters import layer_of
    from onelayer.estimators.separation_check import check_separation

_HOME = {
    "LayerClassifier": "onelayer.estimators.layer_classifier",
    "LogisticRegression": "onelayer.estimators.classifier",
    "LogisticRegressionCV": "onelayer.estimators.cv",
    "check_separation": "onelayer.estimators.separation_check",
    "layer_of": "onelayer.estimators.parameters",
}

__all__ = [
    "LayerClassifier",
    "LogisticRegression",
    "LogisticRegressionCV",
    "check_separation",
    "layer_of",
]


def __getattr__(name: str) -> Any:
    """Import a public name from where it lives (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'onelayer.estimators' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
