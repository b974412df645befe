"""
How strong a penalty
====================

The mean score of the folds by C, with its standard error, and the strongest penalty within
one of the best.
"""

from sklearn.datasets import load_breast_cancer

from onelayer import LogisticRegressionCV
from onelayer.displays import CrossValidationDisplay

X, y = load_breast_cancer(return_X_y=True)
chosen = LogisticRegressionCV(Cs=20, scaling="standard", selection="1se").fit(X, y)
CrossValidationDisplay.from_estimator(chosen)
