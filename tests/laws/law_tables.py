"""Tables at random: every kind of column, in every order, with and without weights and groups."""

from __future__ import annotations

import os
import string
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import Phase, settings
from hypothesis import strategies as st

M = 80


def _with_gaps(cells: Any, random: np.random.Generator, share: float = 0.15) -> np.ndarray:
    """Make some of the cells missing."""
    missing = np.nan if np.asarray(cells).dtype.kind == "f" else None
    return np.where(random.random(len(cells)) < share, missing, cells)


def _letters(random: np.random.Generator, many: int) -> list[str]:
    drawn = random.choice(list(string.ascii_lowercase), (many, 9))
    return ["".join(one) for one in drawn]


def _lonely(random: np.random.Generator, m: int) -> np.ndarray:
    cells = np.full(m, np.nan)
    cells[random.integers(m)] = 3.5
    return cells


def _days(random: np.random.Generator, m: int) -> pd.DatetimeIndex:
    hours = pd.to_timedelta(random.integers(0, 20_000, m), unit="h")
    return pd.DatetimeIndex(pd.Timestamp("2022-02-28") + hours)


WORDS = ["sun", "rain", "Schön", "snow", "wind", "猫が好き", "it's", "42", "fog", "hail", "हिन्दी"]

USEFUL: dict[str, Callable[[np.random.Generator, int], Any]] = {
    "number": lambda random, m: random.normal(5, 3, m),
    "number with gaps": lambda random, m: _with_gaps(random.normal(size=m), random),
    "whole number": lambda random, m: random.integers(-3, 9, m),
    "identifying number": lambda random, m: random.permutation(m) + 1000,
    "category": lambda random, m: random.choice(["red", "green", "blue"], m, p=[0.5, 0.3, 0.2]),
    "category with gaps": lambda random, m: _with_gaps(
        random.choice(["A", "b b", 'ü"'], m), random
    ),
    "category with a rare level": lambda random, m: np.array(
        [f"rare {at}" if at < 3 else "ab"[int(random.integers(2))] for at in range(m)], object
    ),
    "truths": lambda random, m: random.choice([True, False], m),
    "truths with gaps": lambda random, m: _with_gaps(random.choice(["TRUE", "False"], m), random),
    "codes": lambda random, m: random.choice(["007", "012", "100"], m),
    "levels like numbers": lambda random, m: random.choice(["1", "2.0", "x"], m),
    "sentences": lambda random, m: [
        " ".join(random.choice(WORDS, random.integers(5, 9))) for _ in range(m)
    ],
    "sentences with gaps": lambda random, m: _with_gaps(
        [" ".join(random.choice(WORDS, 6)) for _ in range(m)], random
    ),
    "dates": lambda random, m: _days(random, m).strftime("%d/%m/%Y").to_numpy(object),
    "dates with gaps and times": lambda random, m: _with_gaps(
        _days(random, m).strftime("%Y-%m-%d %H:%M").to_numpy(object), random
    ),
    "a number or nothing": lambda random, m: _with_gaps(np.full(m, 7.0), random, 0.5),
}
"""Columns that become features, by what they hold: (random, rows) -> cells."""

USELESS: dict[str, Callable[[np.random.Generator, int], Any]] = {
    "constant number": lambda _, m: np.full(m, 2.5),
    "constant text": lambda _, m: np.full(m, "same"),
    "empty": lambda _, m: np.full(m, np.nan),
    "identifying text": lambda _, m: [f"key {at}" for at in range(m)],
    "free text": _letters,
    "mostly rare": lambda random, m: [
        f"town {at}" if at < 0.7 * m else "Oslo" for at in random.permutation(m)
    ],
}
"""Columns that say nothing, and are left out."""

ODD = {"all missing but one": _lonely}
KINDS = {**USEFUL, **USELESS, **ODD}
SIGNAL, DUPLICATE = "what decides y", "the same once more"


@dataclass(frozen=True)
class RandomTable:
    """A table for training and one for testing, of the same columns.

    Attributes
    ----------
    made_of
        What each column holds, by name, in the order of the file.
    train, test
        With the target `y`, and `weight` and `group` where these are asked for.
    settings
        Of the training: target, weights and group.
    """

    made_of: dict[str, str]
    train: pd.DataFrame
    test: pd.DataFrame
    settings: dict[str, Any]

    def written(self, folder: Path, suffix: str = ".csv") -> tuple[Path, Path]:
        """Write both, and return their paths."""
        paths = folder / f"train{suffix}", folder / f"test{suffix}"
        for frame, path in zip((self.train, self.test), paths, strict=True):
            write_frame(frame, path)
        return paths

    @property
    def rows(self) -> pd.DataFrame:
        """The test set as `predict` takes it."""
        return self.test[list(self.made_of)]


def write_frame(frame: pd.DataFrame, path: Path, **options: Any) -> Path:
    """Write a frame as the suffix says."""
    if ".csv" in path.suffixes:
        frame.to_csv(path, index=False, **options)
    else:
        frame.to_parquet(path)
    return path


def _frame(
    made_of: dict[str, str], random: np.random.Generator, *, weights: bool, groups: bool
) -> pd.DataFrame:
    signal = random.normal(size=M)
    columns = {
        name: signal if kind in {SIGNAL, DUPLICATE} else KINDS[kind](random, M)
        for name, kind in made_of.items()
    }
    noisy = 2 * signal + random.logistic(size=M)
    frame = pd.DataFrame({**columns, "y": np.where(noisy > 0, "yes", "no")})
    if weights:
        frame["weight"] = random.integers(1, 4, M)
    if groups:
        frame["group"] = random.integers(0, M // 4, M)
    return frame


@st.composite
def random_tables(
    draw: st.DrawFn, *, extra: bool = True, without: tuple[str, ...] = ()
) -> RandomTable:
    """Up to eight columns of any kinds in any order, one of them a number that decides y."""
    kinds = [kind for kind in (*KINDS, DUPLICATE) if not kind.startswith(without)]
    chosen = draw(st.lists(st.sampled_from(kinds), max_size=7))
    chosen.insert(draw(st.integers(0, len(chosen))), SIGNAL)
    names = draw(st.permutations(string.ascii_letters[: len(chosen)]))
    made_of = dict(zip(names, chosen, strict=True))
    weights, groups = (extra and draw(st.booleans()) for _ in range(2))
    random = np.random.default_rng(draw(st.integers(0, 2**16)))
    train, test = (_frame(made_of, random, weights=weights, groups=groups) for _ in range(2))
    settings = {"target": "y", "C": 1.0}
    settings |= {"weights": "weight"} if weights else {}
    settings |= {"group": "group"} if groups else {}
    return RandomTable(made_of, train, test, settings)


LONG = int(os.environ.get("ONELAYER_LONG", "1"))
"""How many times as many tables are tried; the long run of `CONTRIBUTING.md` sets it."""


def tries(examples: int) -> settings:
    """Settings of a law that tries so many tables, always the same ones.

    In a long run an exception is made as small as it can be, which takes a minute.
    """
    shrunk = (Phase.shrink,) if LONG > 1 else ()
    return settings(
        max_examples=examples * LONG,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate, *shrunk),
    )
