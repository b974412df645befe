"""
Does 0.8 mean 0.8?
==================

The share of right answers by the probability that was given, with intervals, on examples that
were not trained on.
"""

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from onelayer import LogisticRegression
from onelayer.displays import ReliabilityDisplay

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0)
classifier = LogisticRegression(C=0.05, scaling="standard").fit(X_train, y_train)
ReliabilityDisplay.from_estimator(classifier, X_test, y_test)
