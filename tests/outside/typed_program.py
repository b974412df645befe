"""A program as a user writes it: mypy and pyright, both strict, know what the package returns.

It is checked against the installed package (`scripts/package`), and never run.
"""

from pathlib import Path
from typing import assert_type

import numpy as np

import onelayer
from onelayer import LogisticRegression, Model, lesson
from onelayer.displays import ReliabilityDisplay
from onelayer.errors import DataError, ModelFileError
from onelayer.solution import Solution, Status


def trained(folder: Path) -> Model:
    try:
        model = onelayer.train(folder, C=1.0, test_size=0.25, features="efficientnet-lite0")
    except DataError as error:
        raise SystemExit(str(error)) from error
    assert_type(model, Model)
    model.save(folder / "model.safetensors")
    return model


def judged(path: str) -> float:
    try:
        model = onelayer.load(path)
    except ModelFileError:
        return 0.0
    assert_type(model.predict(["new.jpg"]), np.ndarray)
    assert_type(model.temperature, float)
    return model.evaluate("photos/").accuracy


def solved(X: np.ndarray, y: np.ndarray) -> Solution:
    classifier = LogisticRegression(C=0.5, scaling="standard").fit(X, y)
    assert_type(classifier, LogisticRegression)
    ReliabilityDisplay.from_estimator(classifier, X, y)
    if classifier.solution_.status is Status.CONVERGED:
        print(classifier.solution_.status.advice)
    return classifier.solution_


def learnt() -> float:
    X, Y, _, _ = lesson.random_examples(n_x=3, m=200)
    result = lesson.model(X, Y, X, Y, num_iterations=2000, learning_rate=0.1)
    assert_type(result, lesson.TrainedModel)
    return result.train_accuracy


assert_type(onelayer.__version__, str)
