"""Figures in scikit-learn's manner: `from_estimator`, `from_predictions`, `plot`.

Once drawn, a display keeps what matplotlib made: `figure_`, `ax_` (`WeightsDisplay`, which draws on
several, `axes_`), and the lines of a curve, `line_` or `lines_`. matplotlib is imported then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onelayer.late_names import late_names

if TYPE_CHECKING:  # what editors and type checkers see
    from onelayer.displays.coefficients import CoefficientsDisplay
    from onelayer.displays.cross_validation import CrossValidationDisplay
    from onelayer.displays.paths import PathDisplay
    from onelayer.displays.probes import ProbeDisplay, ShotsDisplay
    from onelayer.displays.reliability import ReliabilityDisplay
    from onelayer.displays.thresholds import ThresholdDisplay
    from onelayer.displays.weights import WeightsDisplay

_HOME = {
    "CoefficientsDisplay": "onelayer.displays.coefficients",
    "CrossValidationDisplay": "onelayer.displays.cross_validation",
    "PathDisplay": "onelayer.displays.paths",
    "ProbeDisplay": "onelayer.displays.probes",
    "ReliabilityDisplay": "onelayer.displays.reliability",
    "ShotsDisplay": "onelayer.displays.probes",
    "ThresholdDisplay": "onelayer.displays.thresholds",
    "WeightsDisplay": "onelayer.displays.weights",
}

__all__ = [
    "CoefficientsDisplay",
    "CrossValidationDisplay",
    "PathDisplay",
    "ProbeDisplay",
    "ReliabilityDisplay",
    "ShotsDisplay",
    "ThresholdDisplay",
    "WeightsDisplay",
]

__getattr__ = late_names(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
