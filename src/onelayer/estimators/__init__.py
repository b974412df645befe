"""scikit-learn's API on the layer."""

from onelayer.estimators.classifier import LogisticRegression
from onelayer.estimators.cv import LogisticRegressionCV
from onelayer.estimators.layer_classifier import LayerClassifier
from onelayer.estimators.parameters import layer_of
from onelayer.estimators.separation_check import check_separation

__all__ = [
    "LayerClassifier",
    "LogisticRegression",
    "LogisticRegressionCV",
    "check_separation",
    "layer_of",
]
