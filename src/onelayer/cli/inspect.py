"""`onelayer inspect MODEL`: what a model file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from onelayer.cli import options
from onelayer.cli.output import print_json, show
from onelayer.errors import UsageError


def inspect(
    model: options.ModelFile,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also draw the weights as pictures, one a class, into this PNG, SVG or PDF.",
            show_default=False,
        ),
    ] = None,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Show where MODEL comes from, how it was made, and how well it did."""
    del debug
    from onelayer.model.fitted import load

    fitted = load(model)
    if weights is not None:
        if fitted.preprocessing is None:
            raise UsageError(f"{model} looks at a table, not at pictures: no weights to draw")
        from onelayer.report import save_weights

        save_weights(fitted.coef, fitted.classes, fitted.preprocessing.shape, weights)
    if as_json:
        print_json(
            {"model": str(model), **fitted.card.to_dict(), "weights": weights and str(weights)}
        )
        return
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("model", str(model))
    for heading, text in fitted.card.rows():
        table.add_row(heading, text)
    if weights is not None:
        table.add_row("weights", f"drawn into {weights}")
    show(table)
