"""Inference on unpenalised fits: standard errors, tests, intervals, effects, comparisons."""

from onelayer.statistics.comparison import Comparison, compare
from onelayer.statistics.logit import logit
from onelayer.statistics.marginal import MarginalEffects
from onelayer.statistics.result import LogitResult
from onelayer.statistics.summary import Summary

__all__ = ["Comparison", "LogitResult", "MarginalEffects", "Summary", "compare", "logit"]
