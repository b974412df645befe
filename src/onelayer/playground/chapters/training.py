"""What chapter 9 trains: a task in columns, a descent in the lesson, the same fit by the engine.

Both minimise J + decay/2 ||w||^2. Without the second term the weights would grow for ever wherever
a plane separates the two classes, as it does here: there would be no answer to agree on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from onelayer import lesson
from onelayer.errors import UsageError
from onelayer.readers import Pictures, content_groups, read_pictures, stratified_split

if TYPE_CHECKING:
    from onelayer.solution import Solution

MARKS = (0, 1, 3, 10, 30, 100, 300, 1000, 3000)
"""Steps after which the weights are kept, to be looked at."""
SIDE = 16  # pixels of a reader's own pictures: 768 features, a descent of seconds
TEST_SIZE = 0.2


@dataclass(frozen=True, eq=False)
class Task:
    """One against the rest, in columns: `X (n_x, m)` from 0 to 1, `Y (1, m)`.

    `names` are what 1 is called and what 0 is called.
    """

    names: tuple[str, str]
    X: np.ndarray
    Y: np.ndarray
    X_test: np.ndarray
    Y_test: np.ndarray
    shape: tuple[int, int, int]
    alpha: float
    decay: float = 0.005


@dataclass(frozen=True, eq=False)
class Stretch:
    """Gradient descent from one of `MARKS` to the next: the end, and J with its term by step."""

    w: np.ndarray
    b: float
    objective: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class EngineFit:
    """The same fit by the engine: w `(n_x, 1)`, b, and how it was solved."""

    w: np.ndarray
    b: float
    solution: Solution


@cache
def digits(wanted: int = 8) -> Task:
    """1797 handwritten digits of 8 x 8 pixels; the last 397 judge."""
    from sklearn.datasets import load_digits

    found = load_digits()
    X = found.images.reshape(len(found.images), -1).T / 16
    Y = (found.target == wanted).astype(int).reshape(1, -1)
    parts = (X[:, :1400], Y[:, :1400], X[:, 1400:], Y[:, 1400:])
    return Task(
        (f"an {wanted}" if wanted == 8 else f"a {wanted}", "another digit"),
        *parts,
        (8, 8, 1),
        alpha=2.0,
    )


def asked(wanted: int, folder: str, rest: str) -> Task:
    """Return the task of a digit, or of the reader's own folders where one is named.

    `folder` holds the pictures of 1 and `rest` those of 0. With `rest` empty `folder` has a
    sub-folder a class, of which the first is 1.

    Raises
    ------
    DataError, UsageError
        As `read_pictures`; also if there is no such folder, or none is named for 0.
    """
    if not folder.strip():
        return digits(wanted)
    ones, zeros = _named(folder), _named(rest) if rest.strip() else None
    if zeros == ones:
        raise UsageError(f"both folders are {ones}: name another for 0")
    inside = _inside(ones)
    if zeros is None and len(inside) < 2:
        raise UsageError(f"{ones} holds the pictures of 1: name a folder for 0 too")
    kept = [ones, *([zeros] if zeros else inside)]
    return _own(ones, zeros, tuple(each.stat().st_mtime_ns for each in kept))


def _named(folder: str) -> Path:
    path = Path(folder.strip()).expanduser()
    if not path.is_dir():
        raise UsageError(f"{folder.strip()} is no folder: name one that holds pictures")
    return path.resolve()


def _inside(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_dir() and each.name[0] != ".")


@lru_cache(maxsize=4)
def _own(ones: Path, zeros: Path | None, _changed: tuple[int, ...]) -> Task:
    """Read the folders; kept until something is put into one or taken out."""
    if zeros is None:
        pictures = read_pictures(ones, SIDE)
        return one_against_rest(pictures, pictures.classes[0])
    with TemporaryDirectory() as both:
        same = ones.name == zeros.name
        names = [f"{f.parent.name} {f.name}" if same else f.name for f in (ones, zeros)]
        for name, own in zip(names, (ones, zeros), strict=True):
            (Path(both) / name).symlink_to(own, target_is_directory=True)
        return one_against_rest(read_pictures(both, SIDE), names[0])


def one_against_rest(pictures: Pictures, wanted: str) -> Task:
    """Ask of each picture whether it is of the class `wanted`; a fifth of them judges."""
    X = lesson.images_to_columns(pictures.images) / 255
    Y = (pictures.labels == pictures.classes.index(wanted)).astype(int).reshape(1, -1)
    groups = content_groups(pictures.images)
    test = stratified_split(pictures.labels, groups, TEST_SIZE, seed=0)
    # The largest eigenvalue of X X^T / m is at most its trace: this rate cannot overshoot.
    alpha = 4 / (1 + float((X**2).sum(axis=0).mean()))
    parts = (X[:, ~test], Y[:, ~test], X[:, test], Y[:, test])
    others = [name for name in pictures.classes if name != wanted]
    rest = others[0] if len(others) == 1 else "any of the others"
    return Task((wanted, rest), *parts, pictures.images.shape[1:], alpha)


@lru_cache(maxsize=4 * len(MARKS))
def descend(task: Task, steps: int) -> Stretch:
    """Descend from zeros for `steps` steps, one of `MARKS`; a pass each, kept for the next call."""
    if steps == 0:
        return Stretch(*lesson.initialize_with_zeros(len(task.X)), ())
    before = MARKS[MARKS.index(steps) - 1]
    w, b = descend(task, before).w, descend(task, before).b
    objective = []
    for _ in range(before, steps):
        grads, J = lesson.propagate(w, b, task.X, task.Y)
        objective.append(J + task.decay / 2 * float((w**2).sum()))
        w = w - task.alpha * (grads["dw"] + task.decay * w)
        b = b - task.alpha * grads["db"]
    return Stretch(w, b, tuple(objective))


def objective(task: Task, steps: int) -> np.ndarray:
    """J + decay/2 ||w||^2 before each of the first `steps` steps (at least one)."""
    walked = [descend(task, mark).objective for mark in MARKS if mark <= max(steps, 1)]
    return np.concatenate(walked)


@lru_cache(maxsize=4)
def engine(task: Task) -> EngineFit:
    """Let `LogisticRegression` minimise the same: its C is 1 / (decay m)."""
    from onelayer.estimators import LogisticRegression

    m = task.X.shape[1]
    # The engine holds an example as a row.
    fitted = LogisticRegression(C=1 / (task.decay * m)).fit(task.X.T, task.Y[0])
    return EngineFit(fitted.coef_.T, fitted.intercept_.item(), fitted.solution_)
