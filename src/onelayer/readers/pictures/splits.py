"""Which folders of a set are for training, which choose and which judge; doubt is an error."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from onelayer.errors import DataError
from onelayer.readers.pictures.folders import LAYOUT, class_folders, class_name, loose_files
from onelayer.words import count_of

_USUAL = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
_WORDS = {
    "train": {"train", "training", "trn"},
    "val": {"val", "valid", "validation", "validate", "dev", "development"},
    "test": {"test", "testing", "tst", "unseen", "holdout", "heldout"},
}
_EITHER = {"eval", "evaluate", "evaluation"}  # a test set, and beside one a validation set
_END = re.compile("(set|data|images|imgs)$")  # testset, traindata
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True)
class Splits:
    """Where the training, validation and test pictures lie; None where there are none."""

    train: Path
    val: Path | None = None
    test: Path | None = None
    notes: tuple[str, ...] = ()


def require_classes(folder: Path) -> list[Path]:
    """Return the class folders of a training set: two at least, and no train/ among them."""
    found = class_folders(folder)
    if not found:
        loose = count_of(loose_files(folder), "files")
        raise DataError(f"{folder} has no class folders, {loose}.", *LAYOUT)
    train = find_splits(folder).train
    if train != folder:
        raise DataError(f"{folder} is split into {train.name}/ and others: read each by itself")
    return found


def unwrapped(folder: Path) -> Path:
    """Return what lies in a folder of the same name and nothing beside, as archives unpack."""
    while True:
        inner = class_folders(folder)
        only = len(inner) == 1 and not loose_files(folder)
        if not only or inner[0].name != folder.name or not class_folders(inner[0]):
            return folder
        folder = inner[0]


def find_splits(folder: Path | str) -> Splits:
    """Say whether `folder` holds train/ (and val/, test/) with class folders, or is one set.

    A part is known by a word in its name, in any case: train, training; val, valid, validation,
    validate, dev; test, testing, unseen, holdout; eval is a test set, or beside one a validation
    set. Of a longer name, such as seg_train or TestImages, the folders in it must be those of the
    training set. A class may be called `train`: it is taken for a part only where it has
    sub-folders, and no other class stands beside it.

    Raises
    ------
    DataError
        Where folders look like parts and it cannot be said of which: nothing is trained that would
        tell training pictures from test pictures.
    """
    return _Layout(unwrapped(Path(folder))).splits()


class _Layout:
    """A folder and the folders in it, which are parts or classes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.entries = folder, class_folders(folder)
        self._held: dict[Path, frozenset[str]] = {}

    def splits(self) -> Splits:
        train = self._train()
        if train is None:
            self._require_no_parts()
            return Splits(self.folder, notes=self._alike_notes())
        parts = self._parts(train)
        rest = [path for path in self.entries if path not in (train, *parts.values())]
        unknown = [path for path in rest if self._alike(path, train)]
        if unknown:
            raise self._asked([train, *unknown], f"does {unknown[0].name}/ choose, or judge?")
        others = [path for path in rest if not _is_called_a_part(path)]
        if others and not parts:
            self._require_class(train, others)
            return Splits(self.folder)
        notes = tuple(f"{path.name}/ has no part in training or judging" for path in rest)
        within = {part: unwrapped(path) for part, path in parts.items()}
        return Splits(unwrapped(train), within.get("val"), within.get("test"), notes)

    def _train(self) -> Path | None:
        """The folder for training; of a longer name, where another holds the same folders."""
        named = [path for path in self.entries if _part(path) == "train" and self._inside(path)]
        train = self._one("train", named)
        if train is None or _is_usual(train, "train") or len(self.entries) == 1:
            return train
        others = [path for path in self.entries if path != train]
        return train if any(self._alike(path, train) for path in others) else None

    def _parts(self, train: Path) -> dict[str, Path]:
        """The folders that choose and judge: by their usual names, or by a word and what is in."""
        others = [path for path in self.entries if path != train and self._inside(path)]
        like = [p for p in others if _is_usual(p, "val", "test") or self._alike(p, train)]
        found = {part: self._one(part, like) for part in ("val", "test")}
        either = [path for path in like if _words(path) & _EITHER]
        for part in ("test", "val"):
            if found[part] is None and either:
                found[part] = either.pop(0)
        return {part: path for part, path in found.items() if path is not None}

    def _one(self, part: str, paths: list[Path]) -> Path | None:
        """The folder of a part: one of its usual names, else the only one with a word for it."""
        for name in _USUAL[part]:
            usual = [path for path in paths if path.name.lower() == name]
            if usual:
                return usual[0]
        named = [path for path in paths if _part(path) == part]
        if len(named) > 1 and self._alike(*named[:2]):
            raise self._asked(named, f"which of them is the {part} set?")
        return named[0] if len(named) == 1 else None

    def _require_no_parts(self) -> None:
        """Without a training set folders are no classes that are called parts of one."""
        named = [path for path in self.entries if _is_called_a_part(path)]
        if len({_part(path) for path in named}) > 1 and len(named) == len(self.entries):
            raise DataError(
                f"{self.folder} has {_listed(named)} and no other class: their names are those of "
                "parts of a set, and a classifier would tell one part from the other.",
                *LAYOUT,
            )
        for one in named:
            alike = [path for path in self.entries if path == one or self._alike(path, one)]
            if len(alike) > 1:
                raise self._asked(alike, "which of them is for training?")

    def _require_class(self, train: Path, rest: Sequence[Path]) -> None:
        """A class that is called train has pictures of its own, or sub-folders of one kind."""
        if len(self._inside(train)) > 1 and not loose_files(train):
            raise DataError(
                f"{self.folder} has {train.name}/, which holds folders as a training set does, and "
                f"{_listed(rest)}: to train on {train.name}/, give {train}; if it is a class, "
                "give its folder another name"
            )

    def _alike_notes(self) -> tuple[str, ...]:
        """Say it where classes hold the same folders, which may be parts of a set."""
        first = self.entries[:1]
        if not first or len(self._inside(first[0])) < 2:
            return ()
        alike = [path for path in self.entries if self._inside(path) == self._inside(first[0])]
        if len(alike) < 2:
            return ()
        said = f"{_listed(alike)} hold the same folders, {self._classes(alike[0])}"
        return (f"{said}, and are classes: call them train/ and test/ if they are parts of a set",)

    def _asked(self, paths: Sequence[Path], question: str) -> DataError:
        first, second = paths[:2]
        return DataError(
            f"{self.folder}: {_listed(paths)} hold the same folders, {self._classes(first)}: "
            f"{question} Call them train/, val/ and test/, or name each: train on {first} with "
            f"{second} as its test or val set"
        )

    def _inside(self, path: Path) -> frozenset[str]:
        if path not in self._held:
            self._held[path] = frozenset(map(class_name, class_folders(unwrapped(path))))
        return self._held[path]

    def _alike(self, path: Path, other: Path) -> bool:
        """Whether the second has at least half of the folders that the first has."""
        own = self._inside(path)
        return bool(own) and 2 * len(own & self._inside(other)) >= len(own)

    def _classes(self, path: Path, most: int = 4) -> str:
        names = sorted(self._inside(path))
        return ", ".join(names[:most]) + ", ..." * (len(names) > most)


def part_named(name: str) -> str | None:
    """Return the part that a file of this name is for: train, val, test; None where it is none."""
    return _part(Path(name))


def _words(path: Path) -> set[str]:
    return {_END.sub("", word.lower()) or word.lower() for word in _WORD.findall(class_name(path))}


def _part(path: Path) -> str | None:
    """The part that a folder's name has a word for, where it has one alone."""
    found = [part for part, words in _WORDS.items() if words & _words(path)]
    return found[0] if len(found) == 1 else None


def _is_called_a_part(path: Path) -> bool:
    return _part(path) is not None or bool(_words(path) & _EITHER)


def _is_usual(path: Path, *parts: str) -> bool:
    return any(path.name.lower() in _USUAL[part] for part in parts)


def _listed(paths: Sequence[Path]) -> str:
    return " and ".join(f"{path.name}/" for path in paths[:4])
