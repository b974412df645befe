"""The lecture's algorithm in the lecture's notation: AN EXAMPLE IS A COLUMN.

X is (n_x, m), Y is (1, m), w is (n_x, 1), b is a number. (Everywhere else in this package a row is
an example; only the lesson transposes.) NumPy alone, and small enough to read beside the lecture::

    from onelayer import lesson

    result = lesson.model(X_train, Y_train, X_test, Y_test)   # columns, labels 0 and 1
    print(lesson.computation_graph(result.w, result.b, x, y)) # one example, forward and backward
    print(lesson.check(my_propagate, like="propagate"))       # what is wrong with mine?
    lesson.figures.bowl()                                     # and what does it look like?
"""

from onelayer.errors import ShapeError
from onelayer.lesson import figures
from onelayer.lesson.activations import leaky_relu, relu, tanh
from onelayer.lesson.algorithm import (
    TrainedModel,
    cost,
    initialize_with_zeros,
    linear_output,
    logistic_output,
    loss,
    model,
    optimize,
    predict,
    propagate,
    sigmoid,
)
from onelayer.lesson.broadcasting import Broadcast, explain_broadcast
from onelayer.lesson.calls import Finding
from onelayer.lesson.checker import CheckReport, check
from onelayer.lesson.gradient_check import GradientCheck, gradient_check
from onelayer.lesson.graph import ComputationGraph, computation_graph
from onelayer.lesson.images import (
    column_to_image,
    columns_to_images,
    image_to_column,
    images_to_columns,
    load_h5,
)
from onelayer.lesson.loops import Vectorisation, propagate_with_loops, time_vectorisation
from onelayer.lesson.sample_data import (
    example_picture,
    one_feature_examples,
    plane_examples,
    random_examples,
)

__all__ = [
    "Broadcast",
    "CheckReport",
    "ComputationGraph",
    "Finding",
    "GradientCheck",
    "ShapeError",
    "TrainedModel",
    "Vectorisation",
    "check",
    "column_to_image",
    "columns_to_images",
    "computation_graph",
    "cost",
    "example_picture",
    "explain_broadcast",
    "figures",
    "gradient_check",
    "image_to_column",
    "images_to_columns",
    "initialize_with_zeros",
    "leaky_relu",
    "linear_output",
    "load_h5",
    "logistic_output",
    "loss",
    "model",
    "one_feature_examples",
    "optimize",
    "plane_examples",
    "predict",
    "propagate",
    "propagate_with_loops",
    "random_examples",
    "relu",
    "sigmoid",
    "tanh",
    "time_vectorisation",
]
