"""Figures in scikit-learn's manner: `from_estimator`, `from_predictions`, `plot`.

Once drawn, a display keeps what matplotlib made: `figure_`, `ax_` (`WeightsDisplay`, which draws on
several, `axes_`), and the lines of a curve, `line_` or `lines_`. matplotlib is imported then.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    """Import a display from where it lives (PEP 562): the report needs one of them, not all."""
    if name not in _HOME:
        raise AttributeError(f"module 'onelayer.displays' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
