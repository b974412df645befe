"""scikit-learn's API on the layer."""

from onelayer.estimators.classifier import LogisticRegression
from onelayer.estimators.cv import LogisticRegressionCV
from onelayer.estimators.parameters import exact_parameters

__all__ = ["LogisticRegression", "LogisticRegressionCV", "exact_parameters"]
