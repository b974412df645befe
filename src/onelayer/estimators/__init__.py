"""scikit-learn's API on the layer."""

from onelayer.estimators.classifier import LogisticRegression

__all__ = ["LogisticRegression"]
