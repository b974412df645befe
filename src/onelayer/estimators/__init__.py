"""scikit-learn's API on the layer."""

from onelayer.estimators.classifier import LogisticRegression
from onelayer.estimators.parameters import exact_parameters

__all__ = ["LogisticRegression", "exact_parameters"]
