"""`onelayer cache`: where features are kept, how large that is, and how to empty it."""

from __future__ import annotations

from typing import Annotated

import typer

from onelayer.cache import BOUND, Cache
from onelayer.cli import options
from onelayer.cli.output import print_json, show

KEPT = "features"


def cache(
    empty: Annotated[bool, typer.Option("--empty", help="Remove all that is kept.")] = False,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Show where the features of pictures are kept, and how many bytes they take; or empty it."""
    del debug
    kept = Cache(KEPT)
    pictures, size = len(kept), kept.size
    if empty:
        kept.empty()
    if as_json:
        now = {"pictures": len(kept), "bytes": kept.size, "at_most": BOUND}
        print_json({"folder": kept.folder and str(kept.folder), **now})
        return
    of = f"{pictures:,} {'picture' if pictures == 1 else 'pictures'}, {size / 1e6:,.1f} MB"
    if empty:
        show(f"Emptied: {kept.folder}, which held the features of {of}")
        return
    show(
        f"Features: {kept.folder}",
        f"of {of}; at most {BOUND / 1e9:.1f} GB, and what was used longest ago goes first",
        *(["Empty it: onelayer cache --empty"] if pictures else []),
    )
