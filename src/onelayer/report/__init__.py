"""Figures of what a model does; matplotlib is imported when one is drawn."""

from onelayer.report.weights import save_weights

__all__ = ["save_weights"]
