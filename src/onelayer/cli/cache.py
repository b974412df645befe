"""`onelayer cache`: what is kept between runs, where, how large it is, and how to empty it."""

from __future__ import annotations

from typing import Annotated

import typer

from onelayer.cache import BOUND, Cache
from onelayer.cli import options
from onelayer.cli.output import print_json, show
from onelayer.kept_folders import KeptFolders
from onelayer.words import count_of, size_in_words

FEATURES, TABLES = "features", "tables"


def cache(
    empty: Annotated[bool, typer.Option("--empty", help="Remove all that is kept.")] = False,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Show what is kept between runs, where, and how many bytes it takes; or empty it.

    Features of pictures, and the cells of tables that are larger than memory.
    """
    del debug
    features, tables = Cache(FEATURES), KeptFolders(TABLES)
    before = [
        f"the features of {count_of(len(features), 'pictures')}, {size_in_words(features.size)}",
        f"the cells of {count_of(len(tables), 'tables')}, {size_in_words(tables.size)}",
    ]
    if empty:
        features.empty()
        tables.prune(-1)
    if as_json:
        held = {"pictures": len(features), "bytes": features.size, "at_most": BOUND}
        of_tables = {"folder": _text(tables.place), "kept": len(tables), "bytes": tables.size}
        print_json({"folder": _text(features.folder), **held, "tables": of_tables})
        return
    if empty:
        show(f"Emptied: {features.folder}, which held {before[0]}")
        show(f"Emptied: {tables.place}, which held {before[1]}", *_in_use(len(tables)))
        return
    show(
        f"Features: {features.folder}, {before[0]}",
        f"Tables: {tables.place}, {before[1]}",
        f"At most {BOUND / 1e9:.1f} GB of each, but for a larger table that was used last: "
        "what was used longest ago goes first",
        *(["Empty it: onelayer cache --empty"] if len(features) + len(tables) else []),
    )


def _text(folder: object) -> str | None:
    return None if folder is None else str(folder)


def _in_use(left: int) -> list[str]:
    return [f"A training uses {count_of(left, 'tables')}, which stay"] if left else []
