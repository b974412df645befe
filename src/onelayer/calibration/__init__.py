"""Probabilities that mean what they say, and decisions that are taken with them."""

from onelayer.calibration.costs import cost_matrix
from onelayer.calibration.decisions import (
    Chosen,
    Costs,
    Decision,
    Threshold,
    share_in_words,
    threshold_for_precision,
    threshold_for_recall,
)
from onelayer.calibration.readout import Readout, class_offsets
from onelayer.calibration.reliability import (
    BINS,
    Bin,
    brier_of_rows,
    brier_score,
    calibration_error,
    chance_error,
    chance_limit,
    confidences,
    reliability,
)
from onelayer.calibration.temperature import (
    COLDEST,
    HOTTEST,
    fit_temperature,
    temperature_interval,
)
from onelayer.calibration.tolerance import Promise, promise

__all__ = [
    "BINS",
    "COLDEST",
    "HOTTEST",
    "Bin",
    "Chosen",
    "Costs",
    "Decision",
    "Promise",
    "Readout",
    "Threshold",
    "brier_of_rows",
    "brier_score",
    "calibration_error",
    "chance_error",
    "chance_limit",
    "class_offsets",
    "confidences",
    "cost_matrix",
    "fit_temperature",
    "promise",
    "reliability",
    "share_in_words",
    "temperature_interval",
    "threshold_for_precision",
    "threshold_for_recall",
]
