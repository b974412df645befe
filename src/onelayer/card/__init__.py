"""What is said of a model beside its weights: typed here, JSON only at a file's edge.

No prediction depends on it.
"""

from onelayer.card.decided import CostRule, Reached, ShareRule
from onelayer.card.json_values import plain
from onelayer.card.learnt import Calibration, Choice
from onelayer.card.model_card import LEVELS, NUMBERS, Baseline, Card, made_now
from onelayer.card.recorded import recorded

__all__ = [
    "LEVELS",
    "NUMBERS",
    "Baseline",
    "Calibration",
    "Card",
    "Choice",
    "CostRule",
    "Reached",
    "ShareRule",
    "made_now",
    "plain",
    "recorded",
]
