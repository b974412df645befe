"""
Weights along a path of penalties
=================================

With L1 one weight after the other leaves zero as the penalty is relaxed.
"""

from sklearn.datasets import load_breast_cancer

from onelayer import LogisticRegressionCV
from onelayer.displays import PathDisplay

data = load_breast_cancer(as_frame=True)
path = LogisticRegressionCV(Cs=30, l1_ratios=[1], scaling="standard").fit(data.data, data.target)
PathDisplay.from_estimator(path)
