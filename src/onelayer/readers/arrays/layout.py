"""What people call their arrays: which names mean X, which y, and which train, val and test."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from onelayer.errors import DataError
from onelayer.words import listed, spelt

_X_NAMES = ("x", "features", "images", "data", "inputs", "embedding", "embeddings")
_Y_NAMES = ("y", "labels", "label", "targets", "target")
_CLASS_NAMES = ("list_classes", "classes", "class_names", "label_names", "target_names")
_PARTS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
    "t10k": "test",
}
_FILLING = {"set", "orig", "data"}  # train_set_x_orig is train_x; `data` alone is X
_JOINED = re.compile(r"\b(?:(x|y)(train|test|val|valid)|(train|test|val|valid)(x|y))\b")
WHOLE = ""
"""The part of a file that has but one set."""


@dataclass(frozen=True)
class ArrayOptions:
    """What is known of a file of arrays, where it is not what most people do.

    Attributes
    ----------
    x, y
        What X and y are called in it; y may also be a file of labels.
    n_features, index_base
        Of a LIBSVM file: its width, and whether its indices count from 0 or 1.
    memory
        How much of it may be in memory, see `memory_budget`; no part of what is known.
    """

    x: str | None = None
    y: str | None = None
    n_features: int | None = None
    index_base: int | None = None
    memory: float | str | None = field(default=None, compare=False)


AS_MOST_DO = ArrayOptions()


@dataclass(frozen=True)
class Layout:
    """Which array of a file is X, and which y, of each part (train, val, test, or the whole)."""

    x: dict[str, str]
    y: dict[str, str]
    classes: str | None = None


def layout_of(names: Iterable[str], asked: ArrayOptions, source: object) -> Layout:
    """Find X and y of every part among the names in a file.

    `x_train`, `train_x`, `X_train`, `train_set_x_orig` and `train/x` all are X of the part train;
    a name that is asked for goes before those, in its parts too: `--x emb` finds `emb_test`.

    Raises
    ------
    DataError
        Where there is no X, or two arrays that may be; the names are listed.
    """
    names = list(names)
    x = _found(names, asked.x, _X_NAMES)
    if len(names) == 1 and asked.x is None and _parsed(names[0])[1] not in _Y_NAMES:
        x = {WHOLE: names}
    if not x:
        usual = f"no X among them, as {listed(_X_NAMES[:-1])} or {_X_NAMES[-1]}"
        what = usual if asked.x is None else f"no {asked.x} among them"
        raise DataError(f"{source} holds {_listed(names)}: {what}. Name it with {spelt('x')}")
    y = _found(names, asked.y, _Y_NAMES)
    classes = next((name for name in names if name.lower() in _CLASS_NAMES), None)
    return Layout(_single(x, "x", source), _single(y, "y", source), classes)


def beside(path: Path) -> list[Path]:
    """Return where the labels of a file with X alone may lie, best first.

    The word for X in the name is replaced by each word for y, y_test.npy for X_test.npz; then
    `<name>_y.npy` and `<name>_labels.npy`.
    """
    stem, folder = path.name.removesuffix(path.suffix), path.parent
    replaced = [
        re.sub(rf"(?<![a-zA-Z]){word}(?![a-zA-Z])", y, stem, count=1, flags=re.IGNORECASE)
        for word in _X_NAMES
        for y in _Y_NAMES
    ]
    stems = [name for name in replaced if name != stem] + [f"{stem}_y", f"{stem}_labels"]
    kinds = dict.fromkeys((path.suffix if path.suffix in {".pt", ".pth"} else ".npy", ".npy"))
    return [folder / f"{name}{kind}" for kind in kinds for name in dict.fromkeys(stems)]


def part_in(path: Path) -> str:
    """Return the part that a file's name says it is: train, val, test, or `WHOLE`."""
    return _parsed(path.name.removesuffix(path.suffix))[0]


def other_parts(path: Path) -> dict[str, Path]:
    """Return what the files of val and test beside one of train are called: X_test for X_train.

    The word for the part alone is replaced; val goes by several, the first that is there.
    """
    stem = path.name.removesuffix(path.suffix)
    found: dict[str, Path] = {}
    for word, part in _PARTS.items():
        if part == "train":
            continue
        named = re.sub(r"(?<![a-zA-Z])(training|train)(?![a-zA-Z])", word, stem, count=1)
        file = path.parent / f"{named}{path.suffix}"
        if named != stem and (part not in found or not found[part].is_file()):
            found[part] = file
    return found


def _found(names: list[str], asked: str | None, usual: tuple[str, ...]) -> dict[str, list[str]]:
    """Names of each part."""
    if asked in names and _parsed(asked)[0] == WHOLE:
        found = {WHOLE: [asked]}
        parts = {part: name for name in names if (part := _part_of(name, asked)) != WHOLE}
        return found | {part: [name] for part, name in parts.items()}
    roles = usual if asked is None else (_parsed(asked)[1],)
    by_part: dict[str, list[str]] = {}
    for name in names:
        part, role = _parsed(name)
        if role in roles:
            by_part.setdefault(part, []).append(name)
    return by_part


def _part_of(name: str, asked: str) -> str:
    part, role = _parsed(name)
    return part if role == _parsed(asked)[1] else WHOLE


def _parsed(name: str) -> tuple[str, str]:
    """The part that a name is of, and the rest: `train_set_x` is ("train", "x")."""
    spaced = _JOINED.sub(r"\1\3 \2\4", name.lower())
    words = re.findall(r"[a-z0-9]+", spaced)
    part = next((_PARTS[word] for word in words if word in _PARTS), WHOLE)
    rest = [word for word in words if word not in _PARTS]
    short = [word for word in rest if word not in _FILLING]
    return part, "_".join(short or rest[:1])


def _single(by_part: dict[str, list[str]], role: str, source: object) -> dict[str, str]:
    for names in by_part.values():
        if len(names) > 1:
            raise DataError(
                f"{source} holds {_listed(names)}, and any may be {role}: name one with "
                f"{spelt(role)}"
            )
    return {part: names[0] for part, names in by_part.items()}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"
