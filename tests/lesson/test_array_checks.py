"""`check` on a cost, one example's derivatives, a broadcast, a reshape: each slip by its name."""

from types import FunctionType

import numpy as np
import pytest

from onelayer import lesson
from onelayer.lesson.blanks import BLANKS
from onelayer.lesson.checker import TRIALS


def _log(p):
    return np.log(np.maximum(p, 1e-300))


def _losses(A, Y, log=_log):
    return -(Y * log(A) + (1 - Y) * log(1 - A))


RIGHT = {
    "cost": [
        lambda A, Y: _losses(A, Y).mean(),
        lambda A, Y: -np.log(np.where(Y == 1, A, 1 - A)).sum() / Y.size,
        lesson.cost,
    ],
    "backward": [lambda x, a, y: (x * (a - y), a - y)],
    "center": [
        lambda X: X - X.mean(axis=1, keepdims=True),
        lambda X: X - X.mean(axis=1).reshape(-1, 1),
        lambda X: (X.T - X.T.mean(axis=0)).T,
        lambda X: X - np.mean(X, 1)[:, None],
    ],
    "with_squares": [
        lambda X: np.vstack([X, X**2]),
        lambda X: np.concatenate([X, X * X]),
        lambda X: np.array([X[0], X[1], X[0] ** 2, X[1] ** 2]),
    ],
    "images_to_columns": [
        lambda images: images.reshape(len(images), -1).T,
        lambda images: np.stack([image.reshape(-1) for image in images], axis=1),
        lambda images: np.hstack([image.reshape(-1, 1) for image in images]),
        lesson.images_to_columns,
    ],
}
SLIPS = [
    ("cost", lambda A, Y: _losses(A, Y).sum(), "1/m missing"),
    ("cost", lambda A, Y: -_losses(A, Y).mean(), "sign of the cost"),
    ("cost", lambda A, Y: -(Y * np.log(A) + (1 - Y) * np.log(1 - A)).mean(), "cost is nan"),
    ("cost", lambda A, Y: _losses(A, Y).mean() / np.log(2), "log base"),
    ("cost", lambda A, Y: -(Y * _log(A)).mean(), "half of the loss missing"),
    ("cost", lambda A, Y: ((A - Y) ** 2).mean(), "squared error"),
    ("cost", lambda A, Y: _losses(A, Y).mean(keepdims=True), "cost is an array"),
    ("backward", lambda x, a, y: (x * (y - a), y - a), "sign of dZ"),
    ("backward", lambda x, a, y: (x * (a - y) * a * (1 - a), a - y), "slope of sigma twice"),
    ("backward", lambda x, a, y: (x * (a - y) / (a * (1 - a)), a - y), "dJ/da in place of dJ/dz"),
    ("backward", lambda x, a, y: (0 * x + a - y, a - y), "x forgotten"),
    ("backward", lambda x, a, y: (x * (a - y), (x * (a - y)).sum()), "x in db"),
    ("backward", lambda x, a, y: (x.T * (a - y), a - y), "dw transposed"),
    ("backward", lambda x, a, y: x * (a - y), "return value"),
    ("center", lambda X: X - X.mean(axis=1), "mean of rank 1"),
    ("center", lambda X: X - X.mean(axis=0), "mean over the features"),
    ("center", lambda X: X - X.mean(), "one mean for all"),
    ("center", lambda X: X + X.mean(axis=1, keepdims=True), "sign of the mean"),
    ("center", lambda X: X, "nothing done"),
    ("with_squares", lambda X: np.vstack([X, 2 * X]), "doubled, not squared"),
    ("with_squares", lambda X: np.vstack([X**2, X]), "squares first"),
    ("with_squares", lambda X: np.hstack([X, X**2]), "wrong shape"),
    ("with_squares", lambda X: np.vstack([X, X**2]).T, "examples as rows"),
    ("images_to_columns", lambda i: i.reshape(-1, len(i)), "pictures scrambled"),
    ("images_to_columns", lambda i: i.reshape(len(i), -1), "pictures as rows"),
    (
        "images_to_columns",
        lambda i: i.transpose(0, 3, 1, 2).reshape(len(i), -1).T,
        "channel by channel",
    ),
    ("images_to_columns", lambda i: i.reshape(len(i), -1, order="F").T, "down before across"),
    ("images_to_columns", lambda i: i[::-1].reshape(len(i), -1).T, "order of the pictures"),
    ("images_to_columns", lambda i: i.reshape(-1), "rank-1 array"),
]


@pytest.mark.parametrize(("kind", "function"), [(k, f) for k, all_ in RIGHT.items() for f in all_])
def test_a_right_function_gives_no_finding(kind, function):
    report = lesson.check(function, like=kind)
    assert report.passed, str(report)


@pytest.mark.parametrize(
    ("kind", "function", "slip"), SLIPS, ids=[f"{k}: {s}" for k, _, s in SLIPS]
)
def test_each_slip_is_named(kind, function, slip):
    report = lesson.check(function, like=kind)
    assert any(finding.slip.startswith(slip) for finding in report.findings), str(report)


def test_an_argument_that_is_changed_is_named():
    def center(X):
        X -= X.mean(axis=1, keepdims=True)
        return X

    (finding,) = lesson.check(center).findings
    assert finding.slip == "input modified in place"
    assert finding.came == "X changed"


@pytest.mark.parametrize("name", [name for name in BLANKS if name != "classifier"])
def test_every_blank_can_be_checked_and_is_found_blank(name):
    names = ("sigmoid", "cost", "propagate", "optimize", "predict")
    space = {"np": np, **{each: getattr(lesson, each) for each in names}}
    FunctionType(compile(BLANKS[name], name, "exec"), space)()
    report = lesson.check(space[name])
    assert report.kind == name
    assert not report.passed
    assert "a line still says `...`" in str(report)


def test_every_kind_that_is_checked_has_a_blank():
    assert {*TRIALS} == {*BLANKS} - {"classifier"}
