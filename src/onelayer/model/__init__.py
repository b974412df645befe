"""From a source to a model that is trained, judged, saved and loaded: what the command line does.

The names are loaded when they are first used: predicting from a file must not wait for what only
training needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    """Import a public name from where it lives (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'onelayer.model' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
