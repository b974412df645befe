"""
Where to draw the line
======================

What answering "malignant" from each probability upward finds, how much of it is right, and what a
wrong answer costs where a missed one is twenty times as bad. scikit-learn's own displays serve for
the rest: ``PrecisionRecallDisplay.from_estimator(classifier, X, y)`` has precision over recall, and
``LearningCurveDisplay.from_estimator`` the score by the number of examples.
"""

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from onelayer import LogisticRegression
from onelayer.displays import ThresholdDisplay

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0)
classifier = LogisticRegression(C=0.05, scaling="standard").fit(X_train, y_train)
ThresholdDisplay.from_estimator(classifier, X_test, y_test, of=0, costs=(20, 1))
