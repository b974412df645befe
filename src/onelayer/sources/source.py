"""What every kind of source does: name its parts, and read one as examples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self, TypeAlias

import numpy as np

from onelayer.designs import file_of, size_of, stays_on_disk
from onelayer.errors import UsageError
from onelayer.inputs import Inputs
from onelayer.inputs.base import is_path
from onelayer.inputs.examples import Examples
from onelayer.settings import Settings
from onelayer.words import size_in_words, spelt

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called as progress(what is under way, done, total)."""

JUDGES = ("test", "val", "train")
"""The part that judges, where a source has several and none is named."""


COLUMNS = ("target", "drop", "weights", "group", "text")
"""The settings that name columns of a table."""

WRITTEN = ("header", "delimiter", "decimal", "missing")
"""Those that say how a table is written; its encoding is one that a folder of texts has too."""


def no_progress(stage: str, done: int, total: int) -> None:
    """Say nothing."""
    del stage, done, total


def who_is_told(progress: Progress | None) -> Progress:
    """Return what is called as a training goes on, nobody for None; UsageError for anything else.

    It is asked before the first call, so that no work is lost to it.
    """
    if progress is None:
        return no_progress
    if not callable(progress):
        raise UsageError(
            f"progress is {progress!r}: give a function of what is under way, done and total, or "
            "None"
        )
    return progress


@dataclass(frozen=True)
class Like:
    """What a source is read like: the inputs of what was trained on, and its classes (K,)."""

    inputs: Inputs
    classes: np.ndarray


class Source(ABC):
    """Something that a person points at.

    Attributes
    ----------
    given
        What it was opened with.
    settings
        How it is read; the rest of them are not looked at.
    progress
        Told while it is read.
    """

    def __init__(self, given: Any, settings: Settings, progress: Progress = no_progress) -> None:
        self.given, self.settings, self.progress = given, settings, progress

    @classmethod
    @abstractmethod
    def takes(cls, given: Any, settings: Settings) -> bool:
        """Whether this is a source of the kind."""

    @classmethod
    def opened(cls, given: Any, settings: Settings, progress: Progress) -> Self:
        """Return the source, not read yet."""
        return cls(given, settings, progress)

    @abstractmethod
    def read(self, part: str | None, like: Like | None = None) -> Examples:
        """Read one part, or without a name the one that judges.

        Parameters
        ----------
        part
            "train", "val", "test" or None.
        like
            What was trained on, for examples that choose or judge; None: these are trained on.

        Raises
        ------
        DataError
            Where it cannot be used, or its classes or features are not those of `like`.
        """

    def parts(self) -> tuple[str, ...]:
        """Return the parts that it has: "train", and "val" and "test" where they are."""
        return ("train",)

    def require_no_columns(self, like: Like | None, *also: str) -> None:
        """Refuse what is said of a table for what is none, which would be passed over; UsageError.

        `also` are further settings that mean nothing here.
        """
        named = [
            name
            for name in (*COLUMNS, *WRITTEN, *also)
            if getattr(self.settings, name) != getattr(Settings, name)
        ]
        if like is None and named:
            what = self.no_table
            if named[0] in COLUMNS:
                raise UsageError(f"{what}: it has no column for {spelt(named[0])}")
            header = spelt("header=False", "--no-header")
            said = header if named[0] == "header" else spelt(named[0])
            raise UsageError(f"{what}: leave {said} out")

    @property
    def no_table(self) -> str:
        """What is said where columns were named of what has none."""
        return f"{self.described} is no table, .csv or .parquet"

    def require_no_pictures(self, like: Like | None) -> None:
        """Refuse what is asked of pictures and of LIBSVM's files alone; UsageError."""
        named = [
            name
            for name in ("size", "mode", "n_features")
            if getattr(self.settings, name) is not None
        ]
        if like is None and named:
            raise UsageError(f"{self.described} is a table: {spelt(named[0])} is not for tables")

    def is_split(self) -> bool:
        """Whether it has a part that judges."""
        return len(self.parts()) > 1

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say of what has no part in training or judging."""
        return ()

    @property
    def described(self) -> str:
        """What it is called, on a card and in messages."""
        return str(self.given)

    @property
    def paths(self) -> tuple[str, ...]:
        """What opens it again: paths, or a name; nothing where it lies in memory."""
        return (str(self.given),)

    @property
    def identity(self) -> str:
        """A digest that tells sources apart."""
        return digest(f"path:{self.described}".encode())


def place_of(X: Any, source: Any = None) -> list[str]:
    """That X is read in turn from its file, `source`, or from the one that it was copied to."""
    if not stays_on_disk(X):
        return []
    own = is_path(source) and file_of(X).resolve() == Path(source).resolve()
    where = "stays in its file" if own or source is None else f"lies in {file_of(X)}"
    return [f"X {where}, {size_in_words(size_of(X))}, and is read from there"]


def digest(content: bytes) -> str:
    """Return 16 bytes that tell contents apart, as text."""
    return blake2b(content, digest_size=16).hexdigest()
