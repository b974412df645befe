"""Chapter 9, all of it: train, see the weights emerge, ask the engine, and be fooled."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import numpy as np

from onelayer import lesson
from onelayer.displays.painting import weight_pictures
from onelayer.playground.chapters.picture import SUFFIXES
from onelayer.playground.chapters.training import (
    MARKS,
    EngineFit,
    Task,
    asked,
    descend,
    digits,
    engine,
    objective,
)
from onelayer.playground.plot import BLUE, ORANGE, Plot, drawing
from onelayer.playground.screen import (
    RAISED,
    Answer,
    Chapter,
    Drawing,
    Entry,
    Number,
    Part,
    Slider,
    Thumbnail,
    Tick,
    plain,
    symbol,
    whole,
)
from onelayer.readers import read_picture
from onelayer.report.inlining import inlined
from onelayer.words import percent

_SAME = 1e-3  # between two chances: nobody acts otherwise for less


def taught(steps: int, **which: Any) -> Answer:
    """Answer the first part: `which` task, as `training.asked` has it."""
    return train(steps, asked(**which))


def fooled(example: int, shift: int, inverted: bool, file: str | None, **which: Any) -> Answer:
    """Answer the second part, of the task of the first; the file is base64."""
    own = None if file is None else b64decode(file)
    return fool(example, shift, inverted=inverted, file=own, task=asked(**which))


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
    what = f"Is it **{_word(task.names[0])}** or {_word(task.names[1])}?"
    if steps == 0:
        return (
            f"{what} Weights of zero: nothing learnt yet. {m:,} examples wait, {m_test} more will "
            "judge."
        )
    better = "beats" if right > base else "does not yet beat"
    return (
        f"{what} {steps:,} {'step' if steps == 1 else 'steps'}, each one pass over {m:,} examples. "
        f"Of {m_test} others it gets {percent(right)} right; that {better} the {percent(base)} of "
        "one who never looks and always gives the more frequent answer."
    )


def _word(name: str) -> str:
    """Leave out of a reader's own name what would be taken for markup."""
    return name.translate(dict.fromkeys(map(ord, "$`*")))


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
    """Draw how far above the lowest both are, by passes paid, on logarithmic axes."""
    lowest, history = engine(task).solution.objective, engine(task).solution.history
    walk = objective(task, steps) - lowest
    powers = [(float(k), plain(10.0**k)) for k in range(4)]
    heights = [(float(k), f"10{str(k).translate(RAISED)}") for k in range(-10, 1, 2)]
    labels = ("passes over the data", "cost above the lowest")
    plot = Plot((-0.05, 3.6), (-10.2, 0.4), labels, xticks=powers, yticks=heights, left=64)
    passes = np.unique(np.geomspace(1, len(walk), 120).astype(int))
    plot.line(np.log10(passes), _height(walk[passes - 1]), ORANGE)
    paid = np.log10([max(record.passes, 1) for record in history])
    above = _height(np.array([record.objective for record in history]) - lowest)
    plot.line(paid, above)
    plot.dots(paid, above, BLUE, 4)
    plot.note(3.5, -8.4, "gradient descent", ORANGE, anchor="end")
    plot.note(3.5, -9.3, "the engine", BLUE, anchor="end")
    alt = f"Cost above the lowest by passes: {steps} of gradient descent beside the engine's few"
    return drawing(plot, alt, "Two ways down the same bowl. A pass is one read of all the data.")


def _height(above: np.ndarray) -> np.ndarray:
    return np.log10(np.maximum(above, 1e-10))


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
        _says_of_picture(task, (before, after), moved=moved, own=file is not None),
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


def _says_of_picture(task: Task, chances: tuple[float, float], *, moved: bool, own: bool) -> str:
    before, after = chances
    first, then = (_word(task.names[0] if a > 0.5 else task.names[1]) for a in chances)
    whose = "Your own picture" if own else "A picture of the test"
    told = f"{whose} gets $a = {plain(before, 2)}$: **{first}**."
    if not moved:
        if own:
            return f"{told} Swap dark and bright, or shift it, and see what that does."
        return f"{told} Now disturb it: a person would read it all the same."
    turned = f"Disturbed, $a = {plain(after, 2)}$: **{then}**."
    lesson_ = (
        "It has a weight for each place, not an idea of the shape."
        if (before > 0.5) != (after > 0.5)
        else "The answer held this time."
    )
    return f"{told} {turned} {lesson_}"


EVERYTHING = Chapter(
    "everything",
    "All of it: is it an 8?",
    (
        (
            "1797 handwritten digits of 8 by 8 pixels; the label is 1 for an 8, else 0. Or name "
            "two folders of your own, whatever they hold. A weight stands on each pixel, so the "
            "weights are a picture too. Walk on, and see what the neuron learns to look for."
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
            taught,
            (
                Slider("steps", "steps", MARKS, 100),
                Slider("wanted", "which digit is 1", tuple(range(10)), 8, (8,)),
                Entry("path", "folder", "or a folder of your own for 1", "", "photos/cats"),
                Entry("path", "rest", "and one for 0", "", "photos/dogs"),
            ),
        ),
        Part(
            "fool",
            fooled,
            (
                Slider("example", "which of the test", tuple(range(21)), 0),
                Slider("shift", "pixels to the right", tuple(range(-3, 4)), 0),
                Tick("inverted", "dark and bright swapped"),
                Entry("file", "file", "Your own photograph", None, ",".join(SUFFIXES)),
            ),
            shares={"wanted": 8, "folder": "", "rest": ""},
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
