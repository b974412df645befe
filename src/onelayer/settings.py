"""What can be asked of a training: one field an option, its default beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from onelayer.errors import UsageError
from onelayer.words import spelt

Mode: TypeAlias = Literal["RGB", "L", "RGBA"]
Fit: TypeAlias = Literal["stretch", "crop", "pad"]
Size: TypeAlias = int | tuple[int, int]
"""One side for both, or (height, width)."""
ClassWeight: TypeAlias = Literal["balanced"]
Calibrate: TypeAlias = Literal["temperature", "none"]
CostsGiven: TypeAlias = str | Path | Mapping[tuple[Any, Any], float] | Sequence[Any] | np.ndarray
"""`"a:b=5, b:a=1"`, a CSV file, {(true, answer): cost}, or a matrix (K, K)."""
RelabelGiven: TypeAlias = str | Path | Mapping[Any, Any]
"""A report's table of mistakes with its column `relabel` filled in, or {example: class}."""
ShareGiven: TypeAlias = str | tuple[Any, float] | Mapping[Any, float]
"""A class and a share: `"ill=0.95"`, `("ill", 0.95)` or `{"ill": 0.95}`."""


_WORDS: Mapping[str, Sequence[str | None]] = {
    "mode": get_args(Mode),
    "fit": get_args(Fit),
    "class_weight": (*get_args(ClassWeight), None),
    "calibrate": get_args(Calibrate),
}
"""The words that these may be; None is their default."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to read, train and judge.

    Attributes
    ----------
    size
        Pictures become this many pixels a side, or (height, width). None: their own size where
        all share one of at most 64 x 64, else 64 x 64.
    mode
        What a pixel is: `RGB`, `L` (grey) or `RGBA`. None: `L` for `digits`, else `RGB`.
    fit
        How a picture becomes that size: `stretch`, `crop` or `pad`.
    features
        The encoder that makes features of pictures, and one layer goes on top of it:
        `efficientnet-lite0`, the path of an ONNX graph with one picture input, or in Python a
        function of one picture, uint8 (height, width, 3). None: the pixels themselves.
    keep_pictures
        How many pictures of training a model of an encoder keeps at most, 64 x 64 pixels each with
        their features, within 1.5 MB of its file: the page and the report show the most similar.
        Whoever has the file or its page sees them; 0 keeps none. No prediction depends on it.
    x, y
        What X and y are called in a file of arrays, where it is not what most people call them; y
        may also be a file of labels.
    n_features
        How many features a LIBSVM file has; None: its largest index.
    target
        The column of a table that holds the classes, by name or, counted from 0, by place.
    drop
        Columns of a table that are not looked at, by name or place.
    text
        Columns of a table that are free text, of which words and pairs of words are looked at, by
        name or place. Others are taken as text by themselves where their values nearly all differ
        and most have five words or more.
    weights
        The column of a table that says how many examples each row counts for: 2 is the row twice,
        in the training and in every figure that judges. They are not sampling weights, whose
        intervals would be too narrow; and a row is held out whole, whatever it weighs.
    group
        The column of a table whose rows of one value lie on one side of the hold-out.
    header
        Whether the first row of a CSV file names the columns.
    delimiter
        What stands between the cells of a CSV file, as ";" or "tab"; None: it is found out.
    encoding
        Of a CSV file, as "cp1252"; None: UTF-8, or what its byte order mark says.
    decimal
        "." or ",", the decimal sign of a table's numbers; None: what its columns show.
    missing
        Words that stand for no value in a table, beside an empty cell, NA, NaN and null.
    C
        The inverse strength of the penalty, scikit-learn's C; infinity for no penalty. None: chosen
        from a path of ten values or more by the log loss in five folds, or on the validation set;
        at optima, whatever the solver, and never on what judges the model.
    l1_ratio
        The share of L1 in the penalty: 0 is L2 alone, 1 is L1 alone, between them the elastic net.
    solver, learning_rate, max_iter, class_weight
        As in `LogisticRegression`.
    calibrate
        `temperature`: z is divided by the T of least log loss on examples that the layer was not
        trained on, never those that judge; `none`. None: temperature where its 95 % interval
        leaves out 1, but none for an explicit
        gradient descent without a validation set, of which it would take five more runs.
    correct_class_weight
        Take the class weights out of the probabilities, which are then those of the classes as they
        come; the answers keep them.
    costs
        What mistakes cost: `"true:answer=cost, ..."`, a CSV file, `{(true, answer): cost}` or a
        matrix (K, K). The answer is the one that costs least on average.
    recall, precision
        A class and a share, `"ill=0.95"` or `{"ill": 0.95}`: it is answered above the threshold
        that finds that share of it, or of whose answers that share is right. Chosen on examples
        that the layer was not trained on.
    relabel
        What a person says of examples: a report's table of mistakes whose column `relabel` is
        filled in, with a class or `leave out`; or {example: class or "leave out"}. They are
        called as in that table.
    test, val
        Sources that judge and that choose; they go before the folder's own `test/` and `val/`.
    test_size
        The fraction that is held out where no source judges; 0 for none.
    seed
        Of everything random: the same seed gives the same model.
    refit
        Train again on everything, judged or not, once the model has been judged.
    memory
        Rows of arrays in a `.npy` file that are larger than this, a number of bytes or "4GB", are
        read from disk in turn, and as much of them stays in memory. None: half of what is free.
        What is solved on disk differs from what is solved in memory in the last digits alone.
    strict
        What else would be left out, or kept with a note, is an error.
    """

    size: Size | None = None
    mode: Mode | None = None
    fit: Fit = "stretch"
    features: Any = None
    keep_pictures: int = 256
    x: str | None = None
    y: str | None = None
    n_features: int | None = None
    target: str | int | None = None
    drop: tuple[str | int, ...] = ()
    text: str | int | tuple[str | int, ...] = ()
    weights: str | int | None = None
    group: str | int | None = None
    header: bool = True
    delimiter: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    missing: tuple[str, ...] = ()
    C: float | None = None
    l1_ratio: float = 0.0
    solver: str = "auto"
    learning_rate: float = 0.005
    max_iter: int = 1000
    class_weight: ClassWeight | None = None
    calibrate: Calibrate | None = None
    correct_class_weight: bool = False
    costs: CostsGiven | None = None
    recall: ShareGiven | None = None
    precision: ShareGiven | None = None
    relabel: RelabelGiven | None = None
    test: Any = None
    val: Any = None
    test_size: float = 0.2
    seed: int = 0
    refit: bool = False
    memory: float | str | None = None
    strict: bool = False

    @property
    def texts(self) -> tuple[str | int, ...]:
        """The columns of free text that were asked for."""
        return (self.text,) if isinstance(self.text, (str, int)) else tuple(self.text)

    def __post_init__(self) -> None:
        self._require_numbers()
        self._require_words()
        self._require_one_rule()

    def _require_numbers(self) -> None:
        C, n, rate, size = self.C, self.n_features, self.learning_rate, self.test_size
        _require(C is None or (_real(C) and C > 0), "C", C, "a number above 0, or inf")
        whole = n is None or (_whole(n) and n >= 1)
        _require(whole, "n_features", n, "a whole number, at least 1")
        ratio, most = self.l1_ratio, self.max_iter
        _require(_real(ratio) and 0 <= ratio <= 1, "l1_ratio", ratio, "a number from 0 to 1")
        _require(_real(rate) and 0 < rate < math.inf, "learning_rate", rate, "a number above 0")
        _require(_whole(most) and most >= 1, "max_iter", most, "a whole number, at least 1")
        kept = _whole(self.keep_pictures) and self.keep_pictures >= 0
        _require(kept, "keep_pictures", self.keep_pictures, "a whole number, 0 for none")
        fraction = _real(size) and 0 <= size < 1
        _require(fraction, "test_size", size, "a fraction, at least 0 and below 1")
        whole = _whole(self.seed) and 0 <= self.seed < 2**32
        _require(whole, "seed", self.seed, "a whole number from 0 to 4294967295")

    def _require_words(self) -> None:
        for name in ("header", "correct_class_weight", "refit", "strict"):
            value = getattr(self, name)
            _require(isinstance(value, (bool, np.bool_)), name, value, "True or False")
        for name in ("target", "weights", "group"):
            value = getattr(self, name)
            column = value is None or isinstance(value, (str, Integral, tuple))
            _require(column, name, value, "the name of a column of a table, or its place")
        columns = self.text if isinstance(self.text, Sequence) else [self.text]
        named = [isinstance(one, (str, Integral)) and not isinstance(one, bool) for one in columns]
        _require(all(named), "text", self.text, "the names of columns of a table, or their places")
        for name in ("drop", "missing"):
            value = getattr(self, name)
            several = isinstance(value, Sequence) and not isinstance(value, str)
            _require(several, name, value, f"a list, as [{value!r}]")
        for name, known in _WORDS.items():
            value = getattr(self, name)
            _require(
                value is None or (isinstance(value, str) and value in known),
                name,
                value,
                " or ".join(map(repr, known)),
            )

    def _require_one_rule(self) -> None:
        """Check what is said of probabilities and answers."""
        rules = {"costs": self.costs, "recall": self.recall, "precision": self.precision}
        given = [name for name, rule in rules.items() if rule is not None]
        if len(given) > 1:
            raise UsageError(
                f"{' and '.join(map(spelt, given))} are two rules for one answer: give one"
            )
        for kind in set(given) - {"costs"}:
            share_of(kind, rules[kind])
        weighted, corrected = self.class_weight is not None, self.correct_class_weight
        if corrected and not weighted:
            raise UsageError(
                f"{spelt('correct_class_weight')} takes class weights out: give "
                f"{spelt('class_weight')} too"
            )
        if weighted and not corrected and self.costs is not None:
            raise UsageError(
                f"{spelt('costs')} need the probabilities of the classes as they come, which "
                f"{spelt('class_weight')} distorts: give {spelt('correct_class_weight')} too, or "
                f"no {spelt('class_weight')}"
            )


def share_of(kind: str, given: Any) -> tuple[str, float]:
    """Return the class and the share of it that a `recall` or `precision` asks for.

    Raises
    ------
    UsageError
        Where it cannot be understood.
    """
    pairs = list(given.items()) if isinstance(given, Mapping) else [given]
    pair = pairs[0] if len(pairs) == 1 else None
    name, _, share = pair.rpartition("=") if isinstance(pair, str) else _both(pair)
    try:
        wanted = float(share)
    except (TypeError, ValueError):
        wanted = math.nan
    _require(
        str(name) != "" and 0 < wanted <= 1,
        kind,
        given,
        "a class and a share above 0 and at most 1, as in "
        + spelt(f"{kind}='ill=0.95'", f"--{kind} ill=0.95"),
    )
    return str(name), wanted


def _both(pair: Any) -> tuple[Any, str, Any]:
    return (pair[0], "=", pair[1]) if isinstance(pair, tuple) and len(pair) == 2 else ("", "", "")


def _real(value: Any) -> bool:
    """Whether this is a number, and not one beyond every float, as 10**400 is."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return not math.isnan(float(value))
    except OverflowError:
        return False


def _whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    """In one line, the beginning of what is long."""
    return " ".join(repr(value).split())[:200]


def _require(holds: bool, name: str, value: Any, expected: str) -> None:
    if not holds:
        raise UsageError(f"{spelt(name)} is {_shown(value)}: give {expected}")
