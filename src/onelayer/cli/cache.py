"""`onelayer cache`: what is kept between runs, where, how large it is, and how to empty it."""

from __future__ import annotations

from typing import Annotated

import typer

from onelayer.cache import BOUND, Cache, known_things
from onelayer.cli import options
from onelayer.cli.output import print_json, show
from onelayer.kept_folders import KeptFolders
from onelayer.words import count_of, size_in_words

FEATURES = "features"
FOLDERS = {
    "tables": ("the cells of {}", "tables"),
    "pictures": ("the pixels of {}", "sets of pictures"),
    "arrays": ("copies of {}", "arrays"),
    "archives": ("what is in {}", "archives"),
}
"""What is kept in folders, by kind, in words."""


def cache(
    empty: Annotated[bool, typer.Option("--empty", help="Remove all that is kept.")] = False,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Show what is kept between runs, where, and how many bytes it takes; or empty it.

    Features and pixels of pictures, and what of tables and arrays is larger than memory.
    """
    del debug
    features, folders = Cache(FEATURES), {kind: KeptFolders(kind) for kind in FOLDERS}
    of_features = f"the features of {count_of(len(features), 'pictures')}"
    held = {FEATURES: (features.folder, f"{of_features}, {size_in_words(features.size)}")}
    held = held if len(features) else {}
    held |= {kind: (kept.place, _in_words(kind, kept)) for kind, kept in folders.items() if kept}
    if empty:
        features.empty()
        known_things().empty()
        for kept in folders.values():
            kept.prune(-1)
    if as_json:
        now = {"pictures": len(features), "bytes": features.size, "at_most": BOUND}
        print_json({"folder": _text(features.folder), **now, "kept": [*map(_object, folders)]})
    elif not held:
        show(f"Nothing is kept in {_text(features.folder and features.folder.parent)}")
    elif empty:
        show(*(f"Emptied: {place}, which held {was}" for place, was in held.values()))
        left = sum(map(len, folders.values()))
        if left:
            show(f"A training uses {left} of these, which stay")
    else:
        show(*(f"{kind.capitalize()}: {place}, {has}" for kind, (place, has) in held.items()))
        show(
            f"At most {BOUND / 1e9:.1f} GB of each, but for a larger one that was used last: what "
            "was used longest ago goes first",
            "Empty it: onelayer cache --empty",
        )


def _in_words(kind: str, kept: KeptFolders) -> str:
    said, units = FOLDERS[kind]
    return f"{said.format(_count(len(kept), units))}, {size_in_words(kept.size)}"


def _count(n: int, units: str) -> str:
    first, _, rest = units.partition(" ")
    return f"{count_of(n, first)} {rest}".rstrip()


def _object(kind: str) -> dict[str, object]:
    kept = KeptFolders(kind)
    return {"kind": kind, "folder": _text(kept.place), "entries": len(kept), "bytes": kept.size}


def _text(folder: object) -> str | None:
    return None if folder is None else str(folder)
