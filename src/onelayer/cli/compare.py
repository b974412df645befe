"""`onelayer compare MODEL MODEL SOURCE`: which of two saved models is better, and how surely."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onelayer.cli import options, source_options
from onelayer.cli.output import add_row, print_json, progress_shown, show, warn

if TYPE_CHECKING:
    from rich.table import Table

    from onelayer.model import Model
    from onelayer.model.comparing import Contest


def compare(
    first: options.ModelFile,
    second: Annotated[
        Path, typer.Argument(metavar="MODEL", help="The model that it is compared with.")
    ],
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="What `evaluate` takes: examples whose classes are known, that neither model was "
            "trained on.",
        ),
    ],
    x: source_options.LikewiseX = None,
    y: source_options.LikewiseY = None,
    delimiter: source_options.Delimiter = None,
    encoding: source_options.Encoding = None,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Compare two models on the same examples, pair by pair."""
    del debug
    from onelayer.model.comparing import compare as compared
    from onelayer.model.loading import load

    pair = load(first), load(second)
    how = pair[0].inputs.options.with_text(delimiter=delimiter, encoding=encoding)
    with progress_shown() as progress:
        found = compared(*pair, source, x=x, y=y, options=how, progress=progress)
    for path, model in zip((first, second), pair, strict=True):
        _warn_of_seen(path, model, source, x, y)
    if as_json:
        print_json(found.to_dict())
        return
    show(_table(found), "", *found.verdict)


def _warn_of_seen(path: Path, model: Model, source: str, x: str | None, y: str | None) -> None:
    from onelayer.sources import open_source

    opened = open_source(source, model.inputs.again(x, y))
    if not opened.is_split() and model.card.source_id == opened.identity:
        warn(f"note: {path} was trained on most of {source}, which flatters it here")


def _table(found: Contest) -> Table:
    from rich.table import Table

    from onelayer.model.comparing import measures_of

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(f"on {found.n:,}")
    for heading in ("first", "second"):
        table.add_column(heading, justify="right")
    for row in measures_of(found):
        add_row(table, *row)
    return table
