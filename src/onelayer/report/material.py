"""What a report is made from: examples, what a layer said of them, and how it came to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.calibration import Readout
from onelayer.inputs.kept_pictures import Similar
from onelayer.inputs.moving import ColumnMoves
from onelayer.inputs.shown import Shown
from onelayer.readers import Audit

if TYPE_CHECKING:
    from onelayer.card import Card
    from onelayer.estimators.folds import OutOfFold
    from onelayer.report.mistakes import MistakeRow
    from onelayer.solution import Record


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Examples with their labels.

    Attributes
    ----------
    X
        (M, n), a row an example, these among others; pictures as uint8.
    places
        (m,), which rows of X these are.
    labels
        (m,), positions in the classes.
    names
        (m,), the file of each row, or its number: given for one row, or for several again (m,).
    weights
        (m,), how many examples each counts for; None: every one counts the same.
    shown
        The pictures that an encoder made X of; None for anything else.
    """

    X: np.ndarray
    places: np.ndarray
    labels: np.ndarray
    names: Any
    weights: np.ndarray | None = None
    shown: Shown | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: np.ndarray) -> Sample:
        """Return these rows, ascending and each once; X is not copied."""
        if len(rows) == len(self):
            return self
        return Sample(
            X=self.X,
            places=self.places[rows],
            labels=self.labels[rows],
            names=self.names[rows],
            weights=None if self.weights is None else self.weights[rows],
            shown=self.shown,
        )


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Examples that a layer was judged on, and what it said of them.

    Attributes
    ----------
    sample
        The examples.
    Z
        The forward pass, (m, 1) or (m, K), before calibration; some rows are asked for at a time.
    who
        What they are, in words and in the plural: "held-out pictures".
    """

    sample: Sample
    Z: np.ndarray
    who: str


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a layer looks at, as its user knows it: the columns of a table, or named numbers.

    Attributes
    ----------
    names
        What the columns are called.
    shares
        Says of rows of X (m, n) what each column adds to z, (m, columns, k).
    cells
        Says of dense rows of X what stood in each column, as text.
    numbers
        The columns of numbers among them, and their values of dense rows of X, (m, numbers).
    moves
        Says how a column moves over what it holds in rows of X, by its place; None where it cannot.
    """

    names: tuple[str, ...]
    shares: Callable[[Any], np.ndarray]
    cells: Callable[[np.ndarray], list[tuple[str, ...]]]
    numbers: Callable[[np.ndarray], tuple[tuple[str, ...], np.ndarray]]
    moves: Callable[[int, Any], ColumnMoves | None]


@dataclass(frozen=True)
class Repeats:
    """Rows of numbers that are in a source more than once, where chance cannot have made them.

    Attributes
    ----------
    rows
        How many rows repeat an earlier one.
    of
        Among how many.
    both
        How many that judge are among those trained on.
    judging
        How many judge.
    witness
        The column whose values are otherwise nearly all different.
    """

    rows: int
    of: int
    both: int
    judging: int
    witness: str


@dataclass(frozen=True, kw_only=True)
class TrainedOn:
    """What a layer was trained on, and what else was asked of it.

    Attributes
    ----------
    sample
        The examples.
    fewer
        What layers of fewer of them say, the fewest first.
    repeats
        Rows that are there more than once; None where there are none to speak of.
    own_test
        Whether what judges was given by itself, not split off.
    """

    sample: Sample
    fewer: tuple[OutOfFold, ...]
    repeats: Repeats | None
    own_test: bool


@dataclass(frozen=True, kw_only=True)
class Reported:
    """The layer that is reported on.

    Attributes
    ----------
    classes
        (K,), what the labels are called.
    coef
        w for X as given, one row a class, (K, n), or (1, n) for two classes.
    sizes
        (n,), what w is multiplied by to be comparable between features: their spread, or 1.
    shape
        (height, width, channels) of pictures; None for a table.
    features
        What the columns of a table are called; None where nobody said.
    history
        One record a step, empty where it was not kept.
    card
        Where the model comes from, how it was made and solved, in words and numbers.
    readout
        What its z means: probabilities and answers.
    explain
        Says of a decoded picture and a class's number what each place adds to its score, (h, w);
        None where the layer sees no places.
    similar
        Says of features (n,) which pictures of training are most like them; empty where the model
        keeps none.
    seen
        What it looks at in its user's words; None where that has no names, as pixels have none.
    """

    classes: np.ndarray
    coef: np.ndarray
    sizes: np.ndarray
    shape: tuple[int, int, int] | None
    features: tuple[str, ...] | None
    history: tuple[Record, ...]
    card: Card
    readout: Readout
    explain: Callable[[np.ndarray, int], np.ndarray | None]
    similar: Callable[[np.ndarray], Sequence[Similar]] = lambda _: ()
    seen: Seen | None = None


@dataclass(frozen=True, kw_only=True)
class Material:
    """Everything that a report is made from.

    Attributes
    ----------
    source, source_id
        What the report is on, as its user named it, and a digest that tells sources apart.
    layer
        The model.
    audit
        Of what was read.
    judged
        What the layer was judged on; None where nothing was held out.
    unseen
        All examples of the training, judged or not, each with the forward pass of a layer that was
        not trained on it; None where there is none, and for a report on other data.
    folds
        The layers that looked at the examples of training; None as above.
    other_data
        Whether the report is on other data than was trained on.
    shares
        (K,), the share of each class in training, by weight: what a layer that never looks would
        answer.
    seen
        Whether the examples judged were among those trained on, which flatters the layer.
    trained
        What it was trained on; None for a report on other data.
    in_lines
        Whether the names of examples are their lines in a file.
    decided
        What a person has said of earlier mistakes, and was trained with.
    """

    source: str
    source_id: str
    layer: Reported
    audit: Audit
    judged: Judged | None
    unseen: Judged | None
    folds: OutOfFold | None
    shares: np.ndarray
    other_data: bool = False
    seen: bool = False
    trained: TrainedOn | None = None
    in_lines: bool = False
    decided: tuple[MistakeRow, ...] = ()
