"""The lecture's figures: every function takes matplotlib axes (or makes its own) and returns them.

All numbers come from the lesson's own functions. matplotlib is imported when the first is drawn.
"""

from onelayer.lesson.figures.curves import activations, loss_curves, outputs, sigmoid_curve
from onelayer.lesson.figures.descent import bowl, bowl_surface, learning_rates
from onelayer.lesson.figures.drawings import graph, loops_against_vectors, picture_as_column

__all__ = [
    "activations",
    "bowl",
    "bowl_surface",
    "graph",
    "learning_rates",
    "loops_against_vectors",
    "loss_curves",
    "outputs",
    "picture_as_column",
    "sigmoid_curve",
]
