"""`onelayer inspect MODEL`: what a model file holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onelayer.cli import options
from onelayer.cli.output import print_json, show
from onelayer.errors import UsageError
from onelayer.words import in_one_line

if TYPE_CHECKING:
    from onelayer.model import Model
    from onelayer.model.weights_left import Coefficients

WEIGHTS_SHOWN = 30
_PICTURES = (".png", ".svg", ".pdf")


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
    from onelayer.model.loading import load

    if weights is not None:
        _require_picture(weights, model)
    fitted = load(model)
    if weights is not None:
        _draw(fitted, model, weights)
    from onelayer.model.unlike import warns_in_words
    from onelayer.model.weights_left import are_named, coefficients

    found = coefficients(fitted) if are_named(fitted) else None
    if as_json:
        drawn = {"weights": weights and str(weights)}
        print_json(
            {"model": str(model), **fitted.card.to_dict(), **drawn, **_fields(fitted, found)}
        )
        return
    drawn_into = [] if weights is None else [("weights", in_one_line(f"drawn into {weights}"))]
    warns = [("warns", warns_in_words(fitted))]
    rows = [
        ("model", in_one_line(str(model))),
        *fitted.card.rows(),
        *warns,
        *drawn_into,
        *_rows(fitted, found),
    ]
    _show(rows, found)


def _draw(fitted: Model, model: Path, weights: Path) -> None:
    if fitted.inputs.pixels is None:
        raise UsageError(f"{model} does not look at pixels: there are no weights to draw")
    from onelayer.report import save_weights

    save_weights(fitted.coef, fitted.classes, fitted.inputs.pixels, weights)


def _show(rows: list[tuple[str, str]], found: Coefficients | None) -> None:
    from rich.table import Table

    from onelayer.cli.verdict import weights_table

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for heading, text in rows:
        table.add_row(heading, text)
    show(table, *([] if found is None else weights_table(found, WEIGHTS_SHOWN)))


def _require_picture(weights: Path, model: Path) -> None:
    """Refuse what is no place for a picture; one that is there is drawn again."""
    from onelayer.cli.outputs import require_place

    require_place(weights, "weights.png", [model])
    if weights.suffix.lower() not in _PICTURES:
        raise UsageError(f"{weights} has no suffix that says what to draw: give {_PICTURES[0]}")


def _fields(fitted: Model, found: Coefficients | None) -> dict[str, Any]:
    from onelayer.model.weights_left import coefficient_fields

    columns = {"columns": [asdict(column) for column in fitted.columns]} if fitted.columns else {}
    return columns if found is None else {**columns, "coefficients": coefficient_fields(found)}


def _rows(fitted: Model, found: Coefficients | None) -> Iterator[tuple[str, str]]:
    from onelayer.cli.verdict import weights_in_words
    from onelayer.model.weights_left import columns_in_words

    if fitted.columns:
        yield "columns", "\n".join(columns_in_words(fitted))
    if found is not None:
        yield "weights", in_one_line(weights_in_words(found))
