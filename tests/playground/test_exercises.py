"""A learner's own code: checked in words and on the figure, and harmless where it does not end."""

import time

import numpy as np
import pytest

from onelayer import lesson
from onelayer.lesson.blanks import BLANKS
from onelayer.playground import fragments
from onelayer.playground.chapters import CHAPTERS, own_code, training
from onelayer.playground.chapters.exercises import EXERCISES

FILLED = {
    "sigmoid": [("a = ...", "e = np.exp(-np.abs(z)); a = np.where(z >= 0, 1, e) / (1 + e)")],
    "cost": [("J = ...", "J = -np.log(np.where(Y == 1, A, 1 - A)).sum() / m")],
    "optimize": [
        ("w = ...", 'w = w - learning_rate * grads["dw"]'),
        ("b = ...", 'b = b - learning_rate * grads["db"]'),
    ],
    "predict": [("return ...", "return (A > 0.5).astype(int)")],
    "backward": [("dz = ...", "dz = a - y"), ("dw = ...", "dw = x * dz"), ("db = ...", "db = dz")],
    "propagate": [
        ("dZ = ...", "dZ = A - Y"),
        ("dw = ...", "dw = X @ dZ.T / m"),
        ("db = ...", "db = dZ.sum() / m"),
    ],
    "images_to_columns": [("reshape(...)", "reshape(m, -1).T")],
    "center": [("mean = ...", "mean = X.mean(axis=1, keepdims=True)")],
    "with_squares": [("rows = ...", "rows = np.vstack([X, X**2])")],
    "classifier": [("= ...", "= optimize(w, b, X, Y, 300, 0.5)")],
}
PARTS = {part.name.removeprefix("write-"): part for part in EXERCISES.values()}


def filled(name, *others):
    """The exercise with its blanks filled, then the `others` put in the place of what is right."""
    text = BLANKS[name]
    for before, after in [*FILLED[name], *others]:
        assert before in text
        text = text.replace(before, after)
    return text


def checked(name, text, **more):
    return PARTS[name].shown({"code": text, "checked": 1, **more})


def test_every_chapter_has_one_at_its_end():
    last = [chapter.parts[-1].name.removeprefix("write-") for chapter in CHAPTERS]
    assert last == [*PARTS]
    assert {*PARTS} == {*BLANKS} == {*FILLED}


@pytest.mark.parametrize("name", [name for name in FILLED if name != "classifier"])
def test_solved_rightly(name):
    found = checked(name, filled(name))
    assert found.says.startswith("**Right.**")
    assert "passed" in found.told
    assert len(found.drawings) == 1
    assert "svg" in fragments.answered(found)
    asked = PARTS[name].shown({"code": filled(name), "checked": 0})
    assert (asked.drawings, asked.told) == ((), "")


SHOWN = [
    ("propagate", ("X @ dZ.T / m", "X @ dZ.T"), "1/m missing", "points elsewhere"),
    ("propagate", ("A - Y", "Y - A"), "Sign of dZ", "points uphill: it is −1 times the one due"),
    ("sigmoid", ("return a", "return 1 - a"), "Sign of z", "yours? no: 0.119; due is 0.881"),
    ("cost", (".sum() / m", ".sum()"), "1/m missing", "yours is 2.08; due is 0.693"),
    ("optimize", ("w - learning", "w + learning"), "Gradient ascent", "the lesson's at"),
    ("predict", ("A > 0.5", "A < 0.5"), "Classes swapped", "0 of 24 labels are as due"),
    ("backward", ("dw = x * dz", "dw = 0 * x + dz"), "X forgotten", "Yours: −0.2, −0.2, −0.2"),
    (
        "center",
        ("axis=1, keepdims=True", "axis=1"),
        "Mean of rank 1",
        "The means of your rows: 0.33 0.33 −0.67",
    ),
    ("with_squares", ("X**2", "2 * X"), "Doubled, not squared", "Trained on your 4 rows, 11 of 24"),
    (
        "images_to_columns",
        ("reshape(m, -1).T", "reshape(-1, m)"),
        "Pictures scrambled",
        "Column 0 of yours, of shape (768, 4)",
    ),
]


@pytest.mark.parametrize(("name", "slip", "words", "caption"), SHOWN, ids=[s[0] for s in SHOWN])
def test_a_slip_is_named_in_words_and_on_the_figure(name, slip, words, caption):
    found = checked(name, filled(name, slip))
    assert found.says.lower().startswith(f"**{words.lower()}")
    (drawing,) = found.drawings
    assert caption.replace("yours? no: ", "") in drawing.caption
    assert "mend" in found.told


def test_the_missing_mean_shows_as_a_gradient_m_times_too_long():
    both = filled("propagate", ("X @ dZ.T / m", "X @ dZ.T"), ("dZ.sum() / m", "dZ.sum()"))
    found = checked("propagate", both)
    assert found.says.startswith("**1/m missing:** dw is a sum over the examples, not a mean.")
    m = lesson.one_feature_examples()[0].shape[1]
    assert f"Yours is {m} times too long, one for each of the {m} examples" in (
        found.drawings[0].caption
    )


def test_scrambled_pictures_are_seen_to_be():
    right, wrong = (
        checked("images_to_columns", text).drawings[0].svg
        for text in (
            filled("images_to_columns"),
            filled("images_to_columns", ("reshape(m, -1).T", "reshape(-1, m)")),
        )
    )
    first = [svg.split('href="')[1].split('"')[0] for svg in (right, wrong)]
    due = right.split('href="')[2].split('"')[0]
    assert first[0] == due != first[1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def sigmoid(z:\n", "Python cannot read line 1"),
        ("x = 1", "There is no function sigmoid in it: begin with def sigmoid(...):"),
        ("import nowhere_at_all", "ModuleNotFoundError"),
        ("raise SystemExit", "SystemExit"),
        ("", "There is no function sigmoid"),
        ("sigmoid = 3", "There is no function sigmoid"),
        ("def sigmoid(z): return {}", "return value"),
        ("def sigmoid(z): return 'a'", "return value"),
        ("def sigmoid(z): raise SystemExit(3)", "SystemExit: 3"),
        ("def sigmoid(z):\n    return zz", "in line 2: return zz"),
        ("def sigmoid(z): return np.ones(10_000)", "wrong shape"),
        ("def sigmoid(z): return '<script>'", "&lt;script&gt;"),
        ("def sigmoid(z): return sigmoid(z)", "RecursionError"),
        ("def sigmoid(z):\n    z[...] = 0\n    return z", "does not support item assignment"),
    ],
)
def test_what_a_learner_may_write_is_answered(text, told):
    assert told in fragments.answered(checked("sigmoid", text)).replace("&#39;", "'")


@pytest.mark.parametrize(
    "text",
    [
        "while True: pass",
        "def sigmoid(z):\n    while True: z = z",
        "for _ in iter(int, 1):\n    a = 1",
    ],
)
def test_a_loop_that_never_ends_is_given_up(text, monkeypatch):
    monkeypatch.setattr(own_code, "LASTS", 0.2)
    began = time.process_time()
    found = checked("sigmoid", text)
    assert "does a loop never end?" in found.told
    assert time.process_time() - began < 10


def test_a_classifier_of_their_own_words_on_their_own_folders(colours):
    which = {"folder": str(colours / "blue"), "rest": str(colours / "red")}
    written = {
        f"write-{name}": filled(name) for name in ("sigmoid", "cost", "propagate", "predict")
    }
    written["write-optimize"] = BLANKS["optimize"]  # not solved: the lesson's takes its place
    found = checked("classifier", filled("classifier"), written=written, **which)
    task = training.asked(8, **which)
    start = lesson.initialize_with_zeros(len(task.X))
    params, _, _ = lesson.optimize(*start, task.X, task.Y, 300, 0.5)
    assert found["J"] == pytest.approx(lesson.propagate(**params, X=task.X, Y=task.Y)[1], rel=1e-9)
    assert found["right"] == 1.0
    assert "Your own `sigmoid`, `cost`, `propagate`, `predict` took part" in found.says


def test_an_optimize_of_their_own_calls_a_propagate_of_their_own():
    """A slip that check cannot see from outside would show: both of theirs take part."""
    written = {f"write-{name}": filled(name) for name in ("propagate", "optimize")}
    found = checked("classifier", filled("classifier"), written=written)
    assert "Your own `propagate`, `optimize` took part" in found.says
    assert found["right"] > found["never looks"]


@pytest.mark.parametrize(
    ("mended", "says", "told"),
    [
        ('return params["w"], params["b"]', "must return `w, b`", ""),
        ("= ...", "It raised an error", "cannot unpack"),
    ],
)
def test_a_classifier_that_is_none(mended, says, told):
    text = filled("classifier", (mended, "return 3")) if not told else BLANKS["classifier"]
    found = checked("classifier", text)
    assert says in found.says
    assert told in found.told


def test_weights_of_zero_and_of_nan_are_answered():
    zero = "def classifier(X, Y):\n    return np.zeros((X.shape[0], 1)), 0.0"
    assert checked("classifier", zero)["J"] == pytest.approx(np.log(2))
    nan = "def classifier(X, Y):\n    return np.full((X.shape[0], 1), np.nan), 0.0"
    assert "must return" in checked("classifier", nan).says
