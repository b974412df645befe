"""From a source to a model that is trained, judged, saved and loaded: what the command line does.

The names are loaded when they are first used: predicting from a file must not wait for what only
training needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onelayer.late_names import late_names

if TYPE_CHECKING:  # what editors and type checkers see
    from onelayer.card import Card
    from onelayer.evaluation import Evaluation
    from onelayer.model.conversion import save
    from onelayer.model.fitted import Model
    from onelayer.model.loading import load
    from onelayer.model.training import TrainingInterrupted, train
    from onelayer.settings import Settings

_HOME = {
    "Card": "onelayer.card",
    "Evaluation": "onelayer.evaluation",
    "Model": "onelayer.model.fitted",
    "Settings": "onelayer.settings",
    "TrainingInterrupted": "onelayer.model.training",
    "load": "onelayer.model.loading",
    "save": "onelayer.model.conversion",
    "train": "onelayer.model.training",
}

__all__ = [
    "Card",
    "Evaluation",
    "Model",
    "Settings",
    "TrainingInterrupted",
    "load",
    "save",
    "train",
]

__getattr__ = late_names(__name__, _HOME)
