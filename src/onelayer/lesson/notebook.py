"""The lecture as a Jupyter notebook: its cells in order, prose and code, all through the lesson.

`CELLS` is the one source; no notebook with outputs is stored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from onelayer.lesson.blanks import BLANKS


@dataclass(frozen=True)
class Prose:
    """A cell to read, in Markdown; formulas between dollars."""

    text: str

    def fields(self) -> dict[str, Any]:
        """Return what nbformat 4.5 says of such a cell."""
        return {"cell_type": "markdown", "metadata": {}}


@dataclass(frozen=True)
class CodeCell:
    """A cell to run."""

    text: str

    def fields(self) -> dict[str, Any]:
        """Return what nbformat 4.5 says of such a cell."""
        return {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}


def as_json() -> str:
    """Return the notebook as nbformat 4.5 has it: no outputs, the same text every time."""
    cells = [
        {**cell.fields(), "id": f"cell-{number:02}", "source": cell.text.rstrip().splitlines(True)}
        for number, cell in enumerate(CELLS, start=1)
    ]
    python = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": python, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def turn(name: str, words: str) -> tuple[Prose, CodeCell]:
    """Return the cells of one exercise: what is asked, and the blank with its check."""
    asked = f"**Your turn.** {words} Fill in the blanks, `...`, and run the cell again.\n"
    return Prose(asked), CodeCell(f"{BLANKS[name]}\n\nprint(lesson.check({name}))\n")


CELLS: tuple[Prose | CodeCell, ...] = (
    Prose("""\
# Logistic regression is one neuron

This notebook goes through the lecture with your hands on it. Every cell runs; change a number, run
it again, see what happens. The question all along: **a picture of a handwritten digit is given. Is
it an 8?**

The notation is the lecture's. An example is a **column**: $X$ is $(n_x, m)$, $Y$ is $(1, m)$, $w$
is $(n_x, 1)$, and $b$ is a number.
"""),
    CodeCell("""\
%matplotlib inline
import numpy as np
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits

from onelayer import lesson
from onelayer.lesson import cost, initialize_with_zeros, optimize, predict, propagate, sigmoid
"""),
    Prose("""\
## 1. One neuron

A neuron takes the features $x$ of an example, weighs each, adds them up with a bias, and squeezes
the sum into a probability:

$$z = w^T x + b, \\qquad a = \\sigma(z) = \\frac{1}{1 + e^{-z}}$$

Read $a$ as *the chance that $y = 1$*. The answer is 1 where $a > 0.5$, which is where $z > 0$.
"""),
    CodeCell("""\
lesson.figures.sigmoid_curve();
"""),
    CodeCell("""\
lesson.sigmoid(np.array([-800, -2, 0, 2, 800]))
"""),
    *turn("sigmoid", "Write sigma, for any $z$; it must not overflow at -800."),
    Prose("""\
## 2. What should the output be?

**Option 1** is the sum itself, $w^T x + b$: a straight line. It can be 3 or -1, and no chance is.
**Option 2** sends the same sum through $\\sigma$: always between 0 and 1, and still rising where
the line rises.
"""),
    CodeCell("""\
w, b = np.array([[1.5], [-2.0]]), 0.5
X = np.array([[3.0, 0.0, -1.0], [0.5, 0.5, 2.0]])  # three examples, a column each
print("option 1:", lesson.linear_output(w, b, X))
print("option 2:", lesson.logistic_output(w, b, X).round(3))
"""),
    CodeCell("""\
lesson.figures.outputs();
"""),
    Prose("""\
## 3. The loss of one example

How wrong is $a$ when the truth is $y$?

$$L(a, y) = -\\big(y \\log a + (1 - y) \\log(1 - a)\\big)$$

Where $y = 1$ only $-\\log a$ is left, and where $y = 0$ only $-\\log(1 - a)$. To be right and sure
costs nothing; to be unsure costs $\\log 2$; to be sure and wrong costs without limit.
"""),
    CodeCell("""\
for a in (0.99, 0.5, 0.01):
    print(f"a = {a}:  L(a, 1) = {lesson.loss(a, 1):.3f}   L(a, 0) = {lesson.loss(a, 0):.3f}")
"""),
    CodeCell("""\
lesson.figures.loss_curves();
"""),
    Prose("""\
## 4. The cost of all examples

The cost is the mean of the losses, $J(w, b) = \\frac{1}{m} \\sum_i L(a^{(i)}, y^{(i)})$. With
weights of zero every $a$ is 0.5, so every learner starts at $\\log 2$.
"""),
    CodeCell("""\
X, Y, true_w, true_b = lesson.random_examples(n_x=4, m=500)
w, b = lesson.initialize_with_zeros(4)
A = lesson.logistic_output(w, b, X)
print(X.shape, Y.shape, A.shape)
print("cost at zero:", lesson.cost(A, Y), " log 2:", np.log(2))
"""),
    *turn("cost", "Write the cost: the mean of the losses. Mind $a = 0$ and $a = 1$."),
    Prose("""\
## 5. Gradient descent

$J$ is a bowl: it has one lowest point. Stand anywhere in it, feel which way is down, take a step,
and repeat:

$$w := w - \\alpha\\, dw, \\qquad b := b - \\alpha\\, db$$

$dw$ and $db$ are the derivatives of $J$, and $\\alpha$ is the learning rate.
"""),
    CodeCell("""\
lesson.figures.bowl();
"""),
    Prose("""\
With a small $\\alpha$ you crawl. With one that is too large you leap across the bowl and may land
higher than you stood.
"""),
    CodeCell("""\
lesson.figures.learning_rates();
"""),
    Prose("""\
Here is the descent itself. The weights that it finds come close to those which the labels were
drawn from:
"""),
    CodeCell("""\
params, grads, costs = lesson.optimize(w, b, X, Y, num_iterations=1000, learning_rate=0.05)
print("costs:", np.round(costs[:4], 4), "...", round(costs[-1], 4))
print("found:", params["w"].ravel().round(2), round(params["b"], 2))
print("drawn from:", true_w.ravel().round(2), true_b)
"""),
    *turn("optimize", "Write the descent: a step for $w$, a step for $b$."),
    Prose("""\
## 6. The computation graph

Where does $dw$ come from? Draw the computation as a graph. Forward, every node gets its value, from
left to right. Backward, every node gets $dJ/d(\\text{node})$, from right to left, one factor of the
chain rule at a time. The factors of the last two nodes are unwieldy, yet their product is not:

$$dz = \\frac{dJ}{da} \\cdot a (1 - a) = a - y$$
"""),
    CodeCell("""\
graph = lesson.computation_graph(w=[[2.0], [-1.0]], b=0.5, x=[[1.0], [3.0]], y=1)
print(graph)
"""),
    CodeCell("""\
lesson.figures.graph();
"""),
    *turn("backward", "Write the way back of one example: $dz$, $dw$, $db$."),
    Prose("""\
Do not believe a derivative that you have not checked. Push each parameter a little to both sides,
see what the cost does, and compare:
"""),
    CodeCell("""\
print(lesson.gradient_check(w, b, X, Y))
"""),
    Prose("""\
## 7. Loops against vectors

With for-loops a step goes over $m$ examples, and within each over $n_x$ features. Vectorised, it
is four lines without a loop:

    Z = w.T @ X + b          A = sigmoid(Z)        # forward
    dZ = A - Y                                     # residual
    dw = X @ dZ.T / m        db = dZ.sum() / m     # backward

The numbers are the same. The time is not.
"""),
    CodeCell("""\
slow, slow_cost = lesson.propagate_with_loops(w, b, X, Y)
fast, fast_cost = lesson.propagate(w, b, X, Y)
print("largest difference:", np.abs(slow["dw"] - fast["dw"]).max())
timing = lesson.time_vectorisation()
print(timing)
"""),
    CodeCell("""\
lesson.figures.loops_against_vectors(timing=timing);
"""),
    *turn("propagate", "Write one pass over all examples, without a loop."),
    Prose("""\
## 8. A picture is a column

A picture of $h \\times w$ pixels in three colours is $3hw$ numbers. Written one below the other
they are a column, and $m$ pictures side by side are the matrix $X$.
"""),
    CodeCell("""\
lesson.figures.picture_as_column();
"""),
    CodeCell("""\
picture = lesson.example_picture()
x = lesson.image_to_column(picture)
print(picture.shape, "->", x.shape)
back = lesson.column_to_image(x, 16, 16)
print("and back, unchanged:", np.array_equal(back, picture))
"""),
    *turn("images_to_columns", "Turn `(m, h, w, 3)` into $(n_x, m)$, a picture a column."),
    Prose("""\
## 9. Broadcasting, and arrays of rank 1

In `w.T @ X + b` a number is added to a whole row. NumPy copies what is missing: that is
broadcasting, and its rule fits in one sentence. *Two lengths go together if they are equal, or if
one of them is 1.*
"""),
    CodeCell("""\
print(lesson.explain_broadcast((3, 4), (1, 4)))
print()
print(lesson.explain_broadcast((3, 4), (3, 1)))
"""),
    Prose("""\
The rule has a trap. An array of shape `(5,)` is neither a row nor a column; beside a column it
makes a square that nobody asked for, and no error:
"""),
    CodeCell("""\
column, rank_1 = np.ones((5, 1)), np.ones(5)
print((column - rank_1).shape, " where (5, 1) was meant")
print(lesson.explain_broadcast(column, rank_1))
"""),
    Prose("""\
So the lesson refuses it, and says how to mend it:
"""),
    CodeCell("""\
try:
    lesson.propagate(np.zeros(4), 0.0, X, Y)
except lesson.ShapeError as error:
    print(error)
"""),
    *turn("center", "Take from each feature its mean, by a broadcast."),
    Prose("""\
## 10. Is it an 8?

Now all of it together, on 1797 handwritten digits of 8 by 8 pixels. A digit is a column of 64
numbers from 0 to 16, scaled to lie from 0 to 1; its label is 1 if it is an 8, else 0.
"""),
    CodeCell("""\
digits = load_digits()
X = digits.images.reshape(len(digits.images), -1).T / 16
Y = (digits.target == 8).astype(int).reshape(1, -1)
X_train, Y_train, X_test, Y_test = X[:, :1400], Y[:, :1400], X[:, 1400:], Y[:, 1400:]
print("X_train", X_train.shape, " Y_train", Y_train.shape, " eights:", int(Y_train.sum()))

fig, axes = plt.subplots(1, 8, figsize=(9, 1.5))
for i, ax in enumerate(axes):
    ax.imshow(digits.images[i + 5], cmap="gray_r")
    ax.set_title("8" if digits.target[i + 5] == 8 else "not 8")
    ax.axis("off")
"""),
    CodeCell("""\
eight = lesson.model(X_train, Y_train, X_test, Y_test, num_iterations=3000, learning_rate=0.5)
print(f"right on {eight.train_accuracy:.1%} of training and {eight.test_accuracy:.1%} of the test")
print(f"always saying 'no' would be right on {1 - Y_test.mean():.1%} of the test")
"""),
    *turn("predict", "Write what makes labels of chances."),
    Prose("""\
The last line matters. Only one digit in ten is an 8, so a learner that never looks is right nine
times in ten. Judge a learner beside that, not beside zero.

The cost fell all the way, quickly at first:
"""),
    CodeCell("""\
fig, ax = plt.subplots(figsize=(6, 3.2))
ax.plot(100 * np.arange(len(eight.costs)), eight.costs)
ax.set(xlabel="iteration", ylabel="cost J", ylim=(0, None));
"""),
    Prose("""\
A weight stands on each pixel, so the weights are a picture too: what the neuron looks for. Blue
speaks for an 8, red against it. Look for the
waist: ink in the middle speaks for an 8, ink to its left and right against it.
"""),
    CodeCell("""\
largest = np.abs(eight.w).max()
fig, ax = plt.subplots(figsize=(3, 3))
ax.imshow(eight.w.reshape(8, 8), cmap="RdBu", vmin=-largest, vmax=largest)
ax.axis("off");
"""),
    Prose("""\
And where is it wrong? Every learner deserves to have its mistakes looked at:
"""),
    CodeCell("""\
wrong = np.flatnonzero(eight.Y_prediction_test != Y_test)
print(len(wrong), "mistakes of", Y_test.size)
fig, axes = plt.subplots(1, 8, figsize=(9, 1.6))
for ax, i in zip(axes, wrong):
    ax.imshow(X_test[:, i].reshape(8, 8), cmap="gray_r")
    ax.set_title("was 8" if Y_test[0, i] else "was not 8", fontsize=9)
for ax in axes:
    ax.axis("off")
"""),
    Prose("""\
## 11. What one neuron cannot do

It draws one straight line. With one class in a ring around the other, no line parts them:
"""),
    CodeCell("""\
X, Y = lesson.plane_examples("circles")
alone, _, _ = lesson.optimize(*lesson.initialize_with_zeros(2), X, Y, 800, 1.0)
print("right:", int((lesson.predict(**alone, X=X) == Y).sum()), "of", Y.size)
"""),
    Prose("""\
Two features made by hand, $x_1^2$ and $x_2^2$, and the same algorithm draws a curve:
"""),
    CodeCell("""\
rows = np.vstack([X, X**2])
mended, _, _ = lesson.optimize(*lesson.initialize_with_zeros(4), rows, Y, 800, 1.0)
print("right:", int((lesson.predict(**mended, X=rows) == Y).sum()), "of", Y.size)
"""),
    *turn("with_squares", "Write that line as a function."),
    Prose("""\
Who tells you which features to make? A **hidden layer** does: neurons like this one, side by side,
whose outputs are the features of the next. That is where the course goes on.

## All of it

Your own functions are defined above; this calls them. Put your own two folders in its place: read
their pictures, turn them into columns with your `images_to_columns`, and divide by 255.
"""),
    CodeCell(BLANKS["classifier"]),
    Prose("""\
Which learning rate is the largest that still descends? Try 5 and 50. And ask for a 1 instead of an
8: is it easier? Why?
"""),
)
