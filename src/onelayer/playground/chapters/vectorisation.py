"""Chapter 5, vectorisation: loops against one matrix product, timed when asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onelayer import lesson
from onelayer.playground.drawing import drawn
from onelayer.playground.screen import Answer, Chapter, Drawing, Number, Part, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from onelayer.lesson.loops import Vectorisation


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
    alt = f"Two bars: loops {1e3 * timing.loop_seconds:.3g} ms, vectorised "
    alt += f"{1e3 * timing.vector_seconds:.3g} ms"

    def draw(ax: Axes) -> None:
        lesson.figures.loops_against_vectors(ax, timing)
        ax.set_yticks([0, 1], ["loops", "vectors"])

    return drawn(
        "vectorisation",
        draw,
        alt,
        "One step, forward and backward, on this machine just now.",
        (5.2, 2.0),
    )


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
            answer,
            (("m = 100", {"m": 100}), ("m = 1000", {"m": 1000})),
        ),
    ),
)
