"""Figures in scikit-learn's manner: `from_estimator`, `from_predictions`, `plot`.

matplotlib is imported when something is drawn.
"""

from onelayer.displays.reliability import ReliabilityDisplay

__all__ = ["ReliabilityDisplay"]
