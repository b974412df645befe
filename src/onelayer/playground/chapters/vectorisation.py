"""Chapter 6, vectorisation: loops against one matrix product, timed when asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onelayer import lesson
from onelayer.playground.plot import BLUE, INK, ORANGE, Plot, drawing
from onelayer.playground.screen import (
    Answer,
    Chapter,
    Drawing,
    Entry,
    Number,
    Part,
    Slider,
    plain,
)

if TYPE_CHECKING:
    from onelayer.lesson.loops import Vectorisation


def again(m: int, n_x: int, times: int) -> Answer:
    """Answer the sliders; each press of the button, and each move, measures anew."""
    del times
    return answer(m, n_x)


def answer(m: int, n_x: int = 64) -> Answer:
    """Time one step over m examples of n_x features both ways, here and now."""
    return told(lesson.time_vectorisation(n_x, m))


def told(timing: Vectorisation) -> Answer:
    """Say what a measurement found."""
    return Answer(
        f"Both computed the same gradients, to {plain(timing.largest_difference, 1)}. The loops "
        f"touch {timing.m:,} × {timing.n_x} numbers one by one in Python; the product does it in "
        f"one call, **{timing.ratio:.0f} times faster**.",
        numbers=(
            Number("m", timing.m, f"{timing.m:,}", "$m$"),
            Number("n_x", timing.n_x, str(timing.n_x), "$n_x$"),
            _milliseconds("for-loops", timing.loop_seconds),
            _milliseconds("vectorised", timing.vector_seconds),
            Number("ratio", timing.ratio, f"{timing.ratio:.0f}"),
        ),
        drawings=(_bars(timing),),
        warns="" if timing.agree else "The two disagree: this should never happen.",
    )


def _milliseconds(name: str, seconds: float) -> Number:
    return Number(name, seconds, f"{plain(1e3 * seconds, 3)} ms")


def _bars(timing: Vectorisation) -> Drawing:
    both = {"loops": timing.loop_seconds, "vectors": timing.vector_seconds}
    longest = 1e3 * max(both.values())
    plot = Plot((0, 1.5 * longest), (-0.6, 1.6), ("milliseconds", ""), (400, 150), yticks=[])
    for place, (name, color) in enumerate(zip(both, (ORANGE, BLUE), strict=True)):
        ms, height = 1e3 * both[name], 1 - place
        plot.area((0, ms), (height - 0.3, height + 0.3), color, 0.9)
        plot.note(ms, height, f"{name}: {plain(ms, 3)} ms", INK, dx=7, dy=5)
    alt = " and ".join(f"{name} {plain(1e3 * s, 3)} ms" for name, s in both.items())
    caption = "One step, forward and backward, measured on the machine that answers."
    return drawing(plot, f"Two bars: {alt}", caption)


VECTORISATION = Chapter(
    "vectorisation",
    "Loops against one product",
    (
        (
            "With for-loops a step goes over $m$ examples, and within each over $n_x$ features. "
            "Put the examples side by side as columns of $X$, of shape $(n_x, m)$, and the same "
            "step is four lines without a loop. The numbers are the same. The time is not."
        ),
    ),
    (
        r"Z = w^T X + b \quad A = \sigma(Z) \quad dZ = A - Y",
        r"dw = \frac{1}{m} X \, dZ^T \quad db = \frac{1}{m} \sum_i dz^{(i)}",
    ),
    """\
A = lesson.sigmoid(w.T @ X + b)                # forward, (1, m)
dZ = A - Y                                     # residual
dw, db = X @ dZ.T / m, dZ.sum() / m            # backward""",
    (
        Part(
            "vectorisation",
            again,
            (
                Slider("m", "$m$", (10, 30, 100, 300, 1000, 3000), 300),
                Slider("n_x", "$n_x$", (4, 16, 64, 256), 64),
                Entry("press", "times", "Time it again", 0),
            ),
        ),
    ),
)
