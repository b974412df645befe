"""Curves of one variable: sigma, the two outputs, the loss, the activations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.lesson import activations as other
from onelayer.lesson.algorithm import (
    initialize_with_zeros,
    linear_output,
    logistic_output,
    loss,
    optimize,
    sigmoid,
)
from onelayer.lesson.figures.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    SHADE,
    VERMILION,
    label,
    new_axes,
    note,
    styled,
)
from onelayer.lesson.sample_data import one_feature_examples

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike


@styled
def sigmoid_curve(ax: Axes | None = None) -> Axes:
    """a = sigma(z) over z in [-6, 6], with the cut-off at a = 0.5."""
    ax = new_axes(ax, (6.6, 4))
    z = np.linspace(-6, 6, 241)
    ax.plot(z, sigmoid(z), color=BLUE)
    ax.axhline(0.5, color=VERMILION, linestyle="--", linewidth=1.4)
    ax.plot([0], [sigmoid(0)], "o", color=VERMILION, markersize=6)
    note(ax, -5.9, 0.55, r"cut-off $a=0.5$", VERMILION)
    note(ax, 3.1, 0.72, "class 1\nwhere $a>0.5$", INK, ha="left")
    note(ax, -3.1, 0.2, "class 0\nwhere $a\\leq 0.5$", INK, ha="right")
    ax.set(xlim=(-6.2, 6.2), ylim=(-0.04, 1.04), yticks=[0, 0.25, 0.5, 0.75, 1])
    label(ax, r"The sigmoid: $a=\sigma(z)=1\,/\,(1+e^{-z})$", r"$z=w^{T}x+b$", r"$a$")
    return ax


@styled
def outputs(ax: Axes | None = None, X: ArrayLike | None = None, Y: ArrayLike | None = None) -> Axes:
    """w x + b beside sigma(w x + b) for the same w and b: only the second stays in [0, 1].

    X and Y are `(1, m)`; w and b come from 300 steps of gradient descent on them.
    """
    ax = new_axes(ax, (6.6, 4))
    X, Y = one_feature_examples() if X is None or Y is None else (np.asarray(X), np.asarray(Y))
    params, _, _ = optimize(*initialize_with_zeros(1), X, Y, 300, 0.1)
    grid = np.linspace(X.min() - 0.4, X.max() + 0.4, 241).reshape(1, -1)
    linear, logistic = linear_output(**params, X=grid)[0], logistic_output(**params, X=grid)[0]
    for low, high in ((-9, 0), (1, 9)):
        ax.axhspan(low, high, color=SHADE, zorder=0)
    ax.plot(grid[0], linear, color=VERMILION, label=r"option 1:  $w^{T}x+b$")
    ax.plot(grid[0], logistic, color=BLUE, label=r"option 2:  $\sigma(w^{T}x+b)$")
    ax.plot(X[0], Y[0], "o", color=INK, markersize=5, alpha=0.75, label=r"examples $(x,y)$")
    ax.set(xlim=(grid.min(), grid.max()), ylim=(-0.8, 1.8), yticks=[-0.5, 0, 0.5, 1, 1.5])
    ax.text(grid.max() - 0.15, -0.42, "outside [0, 1]: not a probability", color=MUTED, ha="right")
    ax.legend(loc="upper left")
    label(ax, "Two outputs, the same w and b: one leaves [0, 1]", r"$x$", "output")
    return ax


@styled
def loss_curves(ax: Axes | None = None) -> Axes:
    """L(a, y) over a in (0, 1) for y = 1 and y = 0."""
    ax = new_axes(ax, (6.6, 4))
    a = np.linspace(0.004, 0.996, 249)
    ax.plot(a, loss(a, 1), color=BLUE)
    ax.plot(a, loss(a, 0), color=VERMILION)
    ax.plot([0.5], [loss(0.5, 1)], "o", color=INK, markersize=5)
    ax.annotate(
        r"$a=0.5$:  $L=\log 2=0.693$",
        (0.5, loss(0.5, 1)),
        (0.5, 2.1),
        ha="center",
        color=INK,
        arrowprops={"arrowstyle": "-", "color": MUTED, "shrinkB": 5},
    )
    note(ax, 0.1, 3.6, r"$y=1$:  $L=-\log a$", BLUE)
    note(ax, 0.9, 3.6, r"$y=0$:  $L=-\log(1-a)$", VERMILION, ha="right")
    ax.set(xlim=(0, 1), ylim=(0, 5))
    label(ax, "The loss of one example: certain and wrong costs most", r"$a$", r"$L(a,y)$")
    return ax


@styled
def activations(axes: Any = None) -> Any:
    """Draw sigmoid, tanh, ReLU and leaky ReLU (slope 0.1, to be seen) on four axes."""
    axes = new_axes(axes, (7.4, 5.6), 2, 2)
    z = np.linspace(-4, 4, 161)
    drawn = [
        ("sigmoid", r"$\sigma(z)=1\,/\,(1+e^{-z})$", sigmoid(z), BLUE),
        ("tanh", r"$2\,\sigma(2z)-1$", other.tanh(z), GREEN),
        ("ReLU", r"$\max(0,\,z)$", other.relu(z), VERMILION),
        ("leaky ReLU", r"$\max(0.1\,z,\,z)$", other.leaky_relu(z, 0.1), INK),
    ]
    for ax, (name, formula, a, color) in zip(np.ravel(axes), drawn, strict=True):
        ax.axhline(0, color=MUTED, linewidth=0.8)
        ax.axvline(0, color=MUTED, linewidth=0.8)
        ax.plot(z, a, color=color)
        high = 1.4 if a.max() <= 1 else 4.2
        ax.set(xlim=(-4, 4), ylim=(-1.4 if high < 2 else -1, high))
        label(ax, name, r"$z$", r"$a$")
        note(ax, -3.7, 0.88 * high, formula, color, va="top", fontsize=9.5)
    return axes
