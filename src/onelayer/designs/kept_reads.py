"""What long reads have found, kept in a folder: a training that was killed goes on from there.

A solver is deterministic: asked again from the start, it asks for the same reads in the same order,
and those that were kept are answered from the folder. So nothing of a solver's state is written,
and the end is the same to the last byte. An answer is kept under a digest of all that it depends
on: the file as it was, labels, weights, scaling, and the parameters asked about. Another source or
setting finds nothing of its own there, and starts anew.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any
from zipfile import BadZipFile

import numpy as np

LONG = 10.0  # guard: seconds; a shorter read is made again

OURS = re.compile(r"[0-9a-f]{32}\.(npz|part)|about\.json")
_ABOUT = "about.json"

Answer = tuple[Any, ...]
"""Arrays and numbers."""


@dataclass
class KeptReads:
    """A folder of answers.

    found: how many reads were answered from it so far.
    about: what the training depends on, in words, by name: kept beside them for people.
    """

    folder: Path
    found: int = 0
    about: Mapping[str, str] = field(default_factory=dict)
    tell: Callable[[int], None] = field(default=lambda found: None)  # noqa: ARG005 - says nothing

    def get(self, name: str) -> Answer | None:
        """The answer of this name; None where there is none, or only a part of one."""
        try:
            with (
                (self.folder / f"{name}.npz").open("rb") as handle,
                np.load(handle, allow_pickle=False) as file,
            ):
                answer = tuple(file[f"arr_{i}"] for i in range(len(file.files)))
        except (OSError, ValueError, BadZipFile, KeyError, EOFError):
            return None
        self.found += 1
        self.tell(self.found)
        return answer

    def put(self, name: str, answer: Answer) -> None:
        """Keep it, whole or not at all."""
        self.folder.mkdir(exist_ok=True)
        if self.of_another() != {} or not (self.folder / _ABOUT).exists():
            (self.folder / _ABOUT).write_text(json.dumps(dict(self.about)))
        part = self.folder / f"{name}.part"
        with part.open("wb") as file:
            np.savez(file, *answer)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.folder / f"{name}.npz")

    def of_another(self) -> dict[str, tuple[str | None, str | None]]:
        """In what the training whose reads are there differs: before and now, by name."""
        try:
            before = dict(json.loads((self.folder / _ABOUT).read_text()))
        except (OSError, ValueError, TypeError):
            return {}
        return {
            name: (before.get(name), self.about.get(name))
            for name in {**before, **self.about}
            if before.get(name) != self.about.get(name)
        }

    def remove(self) -> None:
        """Everything that was kept: the training is over."""
        if self.folder.is_dir():
            for file in self.folder.iterdir():
                if OURS.fullmatch(file.name):
                    file.unlink()
            if not any(self.folder.iterdir()):
                self.folder.rmdir()


_KEPT: ContextVar[KeptReads | None] = ContextVar("_KEPT", default=None)


@contextmanager
def reads_kept(kept: KeptReads) -> Iterator[None]:
    """Within it, long reads of rows on disk are kept there, and those that are there not made."""
    before = _KEPT.set(kept)
    try:
        yield
    finally:
        _KEPT.reset(before)


def read_once(depends_on: Callable[[], Iterable[Any]], read: Callable[[], Answer]) -> Answer:
    """What `read` finds, from the folder where it is kept; it is made and kept where it took long.

    `depends_on` gives all that the answer depends on: arrays, text and numbers.
    """
    kept = _KEPT.get()
    if kept is None:
        return read()
    name = digest_of((version("onelayer"), *depends_on()))
    answer = kept.get(name)
    if answer is None:
        began = perf_counter()
        answer = read()
        if perf_counter() - began >= LONG:
            kept.put(name, answer)
    return answer


def digest_of(things: Iterable[Any]) -> str:
    """A digest of arrays, text and numbers, of their types and shapes too."""
    told = blake2b(digest_size=16)
    for thing in things:
        if isinstance(thing, np.ndarray):
            told.update(f"{thing.dtype.str}{thing.shape}".encode())
            for start in range(0, max(len(thing), 1) if thing.ndim else 1, 1 << 20):
                some = thing[start : start + (1 << 20)] if thing.ndim else thing
                told.update(np.ascontiguousarray(some).tobytes())
        else:
            told.update(f"{thing!r}|".encode())
    return told.hexdigest()
