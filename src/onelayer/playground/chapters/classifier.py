"""The lecture's own exercise: a classifier in the learner's own code, on whatever they chose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from onelayer import lesson
from onelayer.displays.painting import weight_pictures
from onelayer.lesson.blanks import BLANKS
from onelayer.lesson.calls import call
from onelayer.playground.chapters.own_code import compiled
from onelayer.playground.chapters.training import Task, asked
from onelayer.playground.screen import Answer, Entry, Number, Part, Thumbnail, symbol
from onelayer.report.inlining import inlined
from onelayer.words import percent

LONG = 60.0  # guard: seconds, for a training of the reader's own
_PARTS = ("sigmoid", "cost", "propagate", "optimize", "predict")


def answer(code: str, checked: int, written: dict[str, str], **which: Any) -> Answer:
    """Train the learner's classifier on the task that is chosen, and judge it on the rest."""
    if not checked:
        return Answer(
            "All of it together. `sigmoid`, `propagate` and the others are yours, where they "
            "passed their check; else they are the lesson's."
        )
    own = _passed(written)
    made = compiled(code, "classifier", own, LONG)
    if made.function is None:
        return Answer("That does not run yet.", told=made.trouble)
    return judged(made.function, asked(**which), tuple(own))


def judged(function: Callable[..., Any], task: Task, own: tuple[str, ...]) -> Answer:
    """Let the function train on X and Y, and count what its w and b get right on the rest."""
    ran = call(function, "classifier(X, Y)", task.X, task.Y)
    if ran.error is not None:
        return Answer("It raised an error.", told=f"{type(ran.error).__name__}: {ran.error}")
    try:
        w, b = ran.value
        J = lesson.propagate(w, b, task.X, task.Y)[1]
        right = float((lesson.predict(w, b, task.X_test) == task.Y_test).mean())
    except (ValueError, TypeError) as error:  # what came is no w and b that fit
        return Answer("It must return `w, b`: a column and a number.", told=str(error))
    base = max(float(task.Y_test.mean()), 1 - float(task.Y_test.mean()))
    painted, key = weight_pictures(np.asarray(w, float).T, task.shape)
    return Answer(
        _says(right, base, own),
        numbers=(
            symbol("J", J),
            Number("right", right, percent(right)),
            Number("never looks", base, percent(base)),
        ),
        thumbnails=(Thumbnail(inlined(painted[0]).uri, "your weights"),),
        told=f"The weights as a picture, {key}.",
    )


def _says(right: float, base: float, own: tuple[str, ...]) -> str:
    beats = "beats" if right > base else "does not yet beat: walk further, or faster"
    whose = f"Your own {', '.join(f'`{name}`' for name in own)} took part." if own else ""
    return (
        f"**Your classifier gets {percent(right)} right** on examples that it never saw; that "
        f"{beats} the {percent(base)} of one who never looks. {whose}"
    )


def _passed(written: dict[str, str]) -> dict[str, Callable[..., Any]]:
    """Return the learner's functions of earlier chapters that pass their check.

    Each calls those before it: a `propagate` of one's own uses a `sigmoid` of one's own.
    """
    own: dict[str, Callable[..., Any]] = {}
    for name in _PARTS:
        text = written.get(f"write-{name}", "")
        made = compiled(text, name, own) if text.strip() else None
        if made and made.function and lesson.check(made.function, like=name).passed:
            own[name] = made.function
    return own


CLASSIFIER = Part(
    "write-classifier",
    answer,
    (
        Entry("code", "code", "Your turn: write `classifier`", BLANKS["classifier"]),
        Entry("press", "checked", "Train it", 0),
    ),
    shares={"wanted": 8, "folder": "", "rest": ""},
    gathers=True,
)
