"""scikit-learn's API on the layer, and the fits beneath it.

The estimators are loaded when they are first used: a training fits without them, and need not wait
for scikit-learn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onelayer.late_names import late_names

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

__getattr__ = late_names(__name__, _HOME)
