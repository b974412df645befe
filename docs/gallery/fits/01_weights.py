"""
What one layer looks for in a digit
===================================

The weights of one layer are pictures: a bright pixel speaks for the digit where they are blue, and
against it where they are red.
"""

from sklearn.datasets import load_digits

from onelayer import LogisticRegression
from onelayer.displays import WeightsDisplay

X, y = load_digits(return_X_y=True)
classifier = LogisticRegression(C=0.01).fit(X, y)
WeightsDisplay.from_estimator(classifier, shape=(8, 8))
