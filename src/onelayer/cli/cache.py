"""`onelayer cache`: what is kept between runs, where, how large it is, and how to empty it."""

from __future__ import annotations

from typing import Annotated

import typer

from onelayer.cache import BOUND, KERNELS, KNOWN, Cache, CompiledKernels, known_things
from onelayer.cli import options
from onelayer.cli.output import print_json, show
from onelayer.kept_folders import KeptFolders
from onelayer.words import count_of, size_in_words

FEATURES = "features"
FOLDERS = {
    "tables": ("the cells of {}", "tables"),
    "pictures": ("the pixels of {}", "sets of pictures"),
    "arrays": ("copies of {}", "arrays"),
    "sparse": ("the numbers of {}", "files of sparse rows"),
    "archives": ("what is in {}", "archives"),
}
"""What is kept in folders, by kind, in words."""
SAID = FOLDERS | {
    FEATURES: ("the features of {}", "pictures"),
    KNOWN: ("{}", "notes on files and encoders that need not be read again"),
    KERNELS: ("{}", "compiled parts of this program"),
}
One = Cache | KeptFolders | CompiledKernels
Kept = dict[str, One]


def cache(
    empty: Annotated[bool, typer.Option("--empty", help="Remove all that is kept.")] = False,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Show what is kept between runs, where, and how many bytes it takes; or empty it.

    Features and pixels of pictures, what of tables and arrays is larger than memory, and notes on
    files and encoders that were read; and kernels, the parts of this program that are compiled when
    they are first used.
    """
    del debug
    kept: Kept = {FEATURES: Cache(FEATURES), **{kind: KeptFolders(kind) for kind in FOLDERS}}
    kept |= {KNOWN: known_things(), KERNELS: CompiledKernels()}
    held = {kind: (one.place, _in_words(kind, one)) for kind, one in kept.items() if one}
    if empty:
        for one in kept.values():
            one.empty()
    if as_json:
        print_json(_object(kept))
    elif not held:
        place = kept[FEATURES].place
        show(f"Nothing is kept in {_text(place and place.parent)}")
    elif empty:
        show(*(f"Emptied: {place}, which held {was}" for place, was in held.values()))
        left = sum(map(len, kept.values()))
        if left:
            show(f"A training uses {left} of these, which stay")
    else:
        show(*(f"{kind.capitalize()}: {place}, {has}" for kind, (place, has) in held.items()))
        if held.keys() != {KERNELS}:
            show(
                f"At most {BOUND / 1e9:.1f} GB of each{' but kernels' * (KERNELS in held)}, or a "
                "larger one that was used last: what was used longest ago goes first"
            )
        show("Empty it: onelayer cache --empty")


def _in_words(kind: str, kept: One) -> str:
    said, units = SAID[kind]
    return f"{said.format(_count(len(kept), units))}, {size_in_words(kept.size)}"


def _count(n: int, units: str) -> str:
    first, _, rest = units.partition(" ")
    return f"{count_of(n, first)} {rest}".rstrip()


def _object(kept: Kept) -> dict[str, object]:
    """Features by themselves, then all other kinds."""
    features = kept[FEATURES]
    held = {"pictures": len(features), "bytes": features.size, "at_most": BOUND}
    others = [
        {"kind": kind, "folder": _text(one.place), "entries": len(one), "bytes": one.size}
        for kind, one in kept.items()
        if kind != FEATURES
    ]
    return {"folder": _text(features.place), **held, "kept": others}


def _text(folder: object) -> str | None:
    return None if folder is None else str(folder)
