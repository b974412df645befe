"""The options that say what arrays and tables hold, each described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

_ARRAYS = "Arrays"
_TABLES = "Tables"

# Arrays.

X: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--x",
        metavar="NAME",
        help="X in a file of arrays. Default: x, features, images and the like, with train and "
        "test before or after.",
        rich_help_panel=_ARRAYS,
        show_default=False,
    ),
]

Y: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--y",
        metavar="NAME|FILE",
        help="y in it, or a file of labels. Default: y, labels, target; or beside X_a.npy a "
        "file y_a.npy.",
        rich_help_panel=_ARRAYS,
        show_default=False,
    ),
]

LikewiseX: TypeAlias = Annotated[
    str | None,
    typer.Option("--x", metavar="NAME", help="X in a file of arrays.", show_default=False),
]
"""As in training where none is named; so the next."""

LikewiseY: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--y", metavar="NAME|FILE", help="y in it, or a file of labels.", show_default=False
    ),
]

NFeatures: TypeAlias = Annotated[
    int | None,
    typer.Option(
        help="Features of a LIBSVM file. Default: its largest index.",
        rich_help_panel=_ARRAYS,
        show_default=False,
    ),
]

# Tables.

TargetColumn: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="The column of the classes, by name or place: 0 is the first, -1 the last.",
        rich_help_panel=_TABLES,
        show_default=False,
    ),
]

Drop: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="A column that is not looked at; give it again for more.",
        rich_help_panel=_TABLES,
        show_default=False,
    ),
]

Text: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="A column of free text, whose words are looked at; give it again for more.",
        rich_help_panel=_TABLES,
        show_default=False,
    ),
]

WeightColumn: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="How many examples each row counts for: 2 is the row twice, in the training and in "
        "every figure that judges.",
        rich_help_panel=_TABLES,
        show_default=False,
    ),
]

GroupColumn: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="Rows of one value lie on one side of the hold-out.",
        rich_help_panel=_TABLES,
        show_default=False,
    ),
]

Header: TypeAlias = Annotated[
    bool,
    typer.Option(
        " /--no-header",
        help="The first row of a CSV file is data; the columns are called column 0 and so on.",
        rich_help_panel=_TABLES,
        show_default=False,
    ),
]

Delimiter: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="SIGN",
        help="What stands between the cells of a CSV file, as ';' or tab. Default: what sets the "
        "header and the rows apart alike.",
        rich_help_panel=_TABLES,
        show_default=False,
    ),
]

Encoding: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Of a CSV file, as cp1252. Default: UTF-8, or what its byte order mark says.",
        rich_help_panel=_TABLES,
        show_default=False,
    ),
]

Decimal: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar=".|,",
        help="The decimal sign of a table's numbers. Default: what its columns show.",
        rich_help_panel=_TABLES,
        show_default=False,
    ),
]

Missing: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WORD",
        help="A word that stands for no value, beside an empty cell, NA, NaN and null; give it "
        "again for more.",
        rich_help_panel=_TABLES,
        show_default=False,
    ),
]

Keep: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMNS",
        help="Columns of a table that go into the result, as id,date.",
        rich_help_panel=_TABLES,
        show_default=False,
    ),
]

Every: TypeAlias = Annotated[
    bool,
    typer.Option("--all", help="Also the probability of every class, in columns P(class)."),
]

Abstain: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="P",
        min=0.0,
        max=1.0,
        help="Answer 'unsure' where the probability of the answer is below P.",
        show_default=False,
    ),
]

Scores: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write the result to a .csv or .parquet file; a table of any length, batch by batch. "
        "Of several tables into a folder, a file for each.",
        show_default=False,
    ),
]
