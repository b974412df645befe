"""Chapter 8, all of it: train, see the weights emerge, ask the engine, and be fooled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from onelayer import lesson
from onelayer.displays.painting import weight_pictures
from onelayer.lesson.figures.style import BLUE, FAINT, VERMILION
from onelayer.playground.chapters.training import (
    MARKS,
    EngineFit,
    Task,
    descend,
    digits,
    engine,
    objective,
)
from onelayer.playground.drawing import drawn
from onelayer.playground.screen import (
    Answer,
    Chapter,
    Drawing,
    Number,
    Part,
    Thumbnail,
    plain,
    symbol,
    whole,
)
from onelayer.readers import read_picture
from onelayer.report.pictures import inlined
from onelayer.words import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SAME = 1e-3  # between two chances: nobody acts otherwise for less


def train(steps: int, task: Task | None = None) -> Answer:
    """Show the layer after `steps` steps (one of `MARKS`), beside the engine's."""
    task = task or digits()
    w, b = descend(task, steps).w, descend(task, steps).b
    other = engine(task)
    J = lesson.propagate(w, b, task.X, task.Y)[1]
    right = _share_right(w, b, task)
    base = max(float(task.Y_test.mean()), 1 - float(task.Y_test.mean()))
    apart = np.abs(_chances(w, b, task) - _chances(other.w, other.b, task)).max()
    return Answer(
        " ".join((_says(task, steps, right, base), _compared(other, steps, float(apart)))),
        numbers=(
            whole("passes", steps),
            symbol("J", J),
            Number("right", right, percent(right)),
            Number("never looks", base, percent(base)),
            Number("engine's passes", other.solution.passes, f"{other.solution.passes:.0f}"),
            Number("largest difference", float(apart), plain(float(apart), 2)),
        ),
        thumbnails=_emerging(task, steps, other),
        told=f"The weights as pictures, {_key(task)}.",
        drawings=(_gaps(task, steps),),
    )


def _chances(w: np.ndarray, b: float, task: Task) -> np.ndarray:
    return lesson.logistic_output(w, b, task.X_test)


def _share_right(w: np.ndarray, b: float, task: Task) -> float:
    return float((lesson.predict(w, b, task.X_test) == task.Y_test).mean())


def _says(task: Task, steps: int, right: float, base: float) -> str:
    m, m_test = task.X.shape[1], task.X_test.shape[1]
    if steps == 0:
        return (
            f"Weights of zero: nothing learnt yet. {m:,} examples wait, {m_test} more will judge."
        )
    better = "beats" if right > base else "does not yet beat"
    return (
        f"{steps:,} steps, each one pass over {m:,} examples. Of {m_test} others it gets "
        f"{percent(right)} right; that {better} the {percent(base)} of one who never looks and "
        "always gives the more frequent answer."
    )


def _compared(other: EngineFit, steps: int, apart: float) -> str:
    passes = f"{other.solution.passes:.0f}"
    if apart <= _SAME:
        return (
            f"The engine found **the same answer** in {passes} passes: no chance differs by more "
            f"than {_SAME:g}."
        )
    return (
        f"The engine is done after {passes} passes. From its chances these still differ by up to "
        f"{plain(apart, 2)}: {'start' if steps == 0 else 'go on'}."
    )


def _emerging(task: Task, steps: int, other: EngineFit) -> tuple[Thumbnail, ...]:
    shown = [mark for mark in MARKS if 0 < mark <= steps]
    coefs = [descend(task, mark).w[:, 0] for mark in shown] + [other.w[:, 0]]
    said = [f"after {mark:,}" for mark in shown] + ["the engine"]
    painted, _ = weight_pictures(np.array(coefs), task.shape)
    return tuple(
        Thumbnail(inlined(pixels).uri, name) for pixels, name in zip(painted, said, strict=True)
    )


def _key(task: Task) -> str:
    return weight_pictures(engine(task).w.T, task.shape)[1]


def _gaps(task: Task, steps: int) -> Drawing:
    """Draw how far above the lowest both are, by passes paid."""
    lowest = engine(task).solution.objective
    history = engine(task).solution.history
    walk = objective(task, steps) - lowest
    floor = 1e-10

    def draw(ax: Axes) -> None:
        passes = np.arange(1, len(walk) + 1)
        ax.plot(passes, np.maximum(walk, floor), color=VERMILION, label="gradient descent")
        paid = [max(record.passes, 1) for record in history]
        above = [max(record.objective - lowest, floor) for record in history]
        ax.plot(paid, above, "o-", color=BLUE, markersize=5, label="the engine")
        ax.set(xscale="log", yscale="log", xlim=(0.9, 4000), ylim=(floor, 2))
        ax.set(xlabel="passes over the data", ylabel="cost above the lowest")
        ax.grid(visible=True, color=FAINT)
        ax.legend(loc="lower right")

    alt = f"Cost above the lowest by passes: {steps} of gradient descent beside the engine's few"
    caption = "Two ways down the same bowl. A pass is one read of all the data."
    return drawn("everything", draw, alt, caption)


def fool(
    example: int = 0,
    shift: int = 0,
    *,
    inverted: bool = False,
    file: bytes | None = None,
    task: Task | None = None,
) -> Answer:
    """Show the trained layer one picture that it should know, disturbed; or the reader's own.

    `example` counts among the test pictures of the class that is asked for, the surest first.
    """
    task = task or digits()
    image = _known(task, example) if file is None else _own(file, task)
    disturbed = _disturbed(image, shift, inverted=inverted)
    before, after = _chance(image, task), _chance(disturbed, task)
    seen = Thumbnail(_uri(disturbed), f"what it sees: a = {plain(after, 2)}")
    original = Thumbnail(_uri(image), f"as it was: a = {plain(before, 2)}")
    moved = shift != 0 or inverted
    return Answer(
        _says_of_picture(before, after, moved=moved, own=file is not None),
        numbers=(Number("a before", before, plain(before, 3), "$a$ before"), symbol("a", after, 3)),
        thumbnails=(original, seen) if moved else (seen,),
    )


def _known(task: Task, example: int) -> np.ndarray:
    of_class = np.flatnonzero(task.Y_test[0] == 1)
    chances = _chances(engine(task).w, engine(task).b, task)[0, of_class]
    of_class = of_class[np.argsort(-chances, kind="stable")]
    return task.X_test[:, of_class[example % len(of_class)]].reshape(task.shape)


def _own(file: bytes, task: Task) -> np.ndarray:
    height, width, channels = task.shape
    size = (height, width)
    grey = channels == 1
    return (read_picture(file, size, "L") if grey else read_picture(file, size)) / 255


def _disturbed(image: np.ndarray, shift: int, *, inverted: bool) -> np.ndarray:
    """Shift to the right by so many pixels, the edge drawn out, and swap dark and bright."""
    width, beyond = image.shape[1], abs(shift)
    padded = np.pad(image, ((0, 0), (beyond, beyond), (0, 0)), mode="edge")
    moved = padded[:, beyond - shift : beyond - shift + width]
    return 1 - moved if inverted else moved


def _chance(image: np.ndarray, task: Task) -> float:
    return lesson.logistic_output(engine(task).w, engine(task).b, image.reshape(-1, 1)).item()


def _uri(image: np.ndarray) -> str:
    return inlined(np.rint(255 * image).astype(np.uint8)).uri


def _says_of_picture(before: float, after: float, *, moved: bool, own: bool) -> str:
    yes, still = before > 0.5, after > 0.5
    whose = "Your own picture" if own else "A picture of the test"
    first = f"{whose} gets $a = {plain(before, 2)}$: {'yes' if yes else 'no'}."
    if not moved:
        if own:
            return f"{first} Swap dark and bright, or shift it, and see what that does."
        return f"{first} Now disturb it: a person would read it all the same."
    turned = f"Disturbed, $a = {plain(after, 2)}$: {'yes' if still else 'no'}."
    lesson_ = (
        "It has a weight for each place, not an idea of the shape."
        if yes != still
        else "The answer held this time."
    )
    return f"{first} {turned} {lesson_}"


EVERYTHING = Chapter(
    "everything",
    "All of it: is it an 8?",
    (
        (
            "1797 handwritten digits of 8 by 8 pixels; the label is 1 for an 8, else 0. A weight "
            "stands on each pixel, so the weights are a picture too: blue speaks for an 8, red "
            "against it. Walk on, and see what the neuron learns to look for."
        ),
        (
            "One term is new. A plane separates these eights from the rest, and without a brake "
            "the weights would grow for ever: $\\lambda w$ pulls them back a little at every step. "
            "With it there is one answer, and every method must find the same."
        ),
    ),
    (r"w \gets w - \alpha (dw + \lambda w)",),
    """\
grads, J = lesson.propagate(w, b, X, Y)
w = w - alpha * (grads["dw"] + decay * w)
LogisticRegression(C=1 / (decay * m)).fit(X.T, Y[0])    # the engine: rows""",
    (
        Part(
            "train",
            train,
            (
                ("10 steps", {"steps": 10}),
                ("300 steps", {"steps": 300}),
                ("3,000 steps", {"steps": 3000}),
            ),
        ),
        Part(
            "fool",
            fool,
            (
                ("as it was", {}),
                ("one pixel to the right", {"shift": 1}),
                ("dark and bright swapped", {"inverted": True}),
            ),
        ),
    ),
    (
        (
            "Why your own photograph may come out wrong: the neuron knows only pictures like those "
            "it was shown. Bright ink on a dark ground, the digit upright, filling the frame, in "
            "the middle. Dark ink on white paper is the opposite in every pixel; a digit off "
            "centre meets the weights of other places. One layer on raw pixels cannot undo that: "
            "it is what deeper networks are for."
        ),
    ),
)
