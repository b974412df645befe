"""Inference on unpenalised fits: errors, tests, intervals, effects; separation and its remedy."""

from onelayer.statistics.comparison import Comparison, compare
from onelayer.statistics.logit import logit
from onelayer.statistics.marginal import MarginalEffects
from onelayer.statistics.result import LogitResult
from onelayer.statistics.summary import Summary

__all__ = ["Comparison", "LogitResult", "MarginalEffects", "Summary", "compare", "logit"]
