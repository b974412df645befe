"""The options of `onelayer summary`, each described once: its type, its name and its help."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

_MODEL = "Model"
_SHOWN = "What is shown"


class IntervalKind(StrEnum):
    """How intervals are made."""

    WALD = "wald"
    PROFILE = "profile"


class SheetFormat(StrEnum):
    """What a table of results is written as."""

    TEXT = "text"
    HTML = "html"
    LATEX = "latex"
    MD = "md"
    CSV = "csv"


TableFile: TypeAlias = Annotated[
    Path,
    typer.Argument(
        metavar="TABLE", help="A .csv (.gz too), .tsv or .parquet table.", show_default=False
    ),
]

Formula: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="'Y ~ X'",
        help="In R's language: 'y ~ age*sex + C(race) + offset(z)'; '.' is every other column.",
        rich_help_panel=_MODEL,
        show_default=False,
    ),
]

Target: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="The response, instead of a formula: all other columns explain it.",
        rich_help_panel=_MODEL,
        show_default=False,
    ),
]

Reference: TypeAlias = Annotated[
    list[str],
    typer.Option(
        metavar="COLUMN=LEVEL",
        help="The level that others are compared with; may be given again for other columns. "
        "Default: the first in sorted order.",
        rich_help_panel=_MODEL,
        show_default=False,
    ),
]

RowWeights: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--weights",
        metavar="COLUMN",
        help="Frequency weights: 2 is the row twice.",
        rich_help_panel=_MODEL,
        show_default=False,
    ),
]

Robust: TypeAlias = Annotated[
    bool,
    typer.Option("--robust", help="Sandwich standard errors (HC1).", rich_help_panel=_MODEL),
]

Cluster: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="Standard errors that let the rows of a cluster depend on each other.",
        rich_help_panel=_MODEL,
        show_default=False,
    ),
]

Firth: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--firth",
        help="Firth's bias-reduced estimate: finite for separable classes too.",
        rich_help_panel=_MODEL,
    ),
]

Interval: TypeAlias = Annotated[
    IntervalKind | None,
    typer.Option(
        help="Estimate +- standard errors, or by the profile likelihood (two classes). "
        "Default: wald, with --firth profile.",
        rich_help_panel=_SHOWN,
        show_default=False,
    ),
]

Level: TypeAlias = Annotated[float, typer.Option(help="Of the intervals.", rich_help_panel=_SHOWN)]

Effects: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--effects",
        help="Average marginal effects on probabilities instead of coefficients.",
        rich_help_panel=_SHOWN,
    ),
]

Dummies: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--dummies",
        help="With --effects: columns of zeros and ones are changed from 0 to 1.",
        rich_help_panel=_SHOWN,
    ),
]

Format: TypeAlias = Annotated[
    SheetFormat,
    typer.Option("--format", help="csv has all digits.", rich_help_panel=_SHOWN),
]
