"""The options of the commands, each described once: its type, its name and its help.

A command names them in its signature, with their defaults. Those of training are called as the
fields of `Settings` are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from onelayer.model import settings


def _size(text: str) -> tuple[int, int]:
    """32 is (32, 32), 32x48 is (32, 48): height before width."""
    sides = text.lower().split("x")
    if len(sides) > 2 or not all(side.isdecimal() and int(side) > 0 for side in sides):
        raise typer.BadParameter(f"{text!r} is no size: give 64, or height x width as in 48x64")
    return int(sides[0]), int(sides[-1])


_PICTURES = "Pictures"
_ARRAYS = "Arrays"
TABLES = "Tables"
_TRAINING = "Training"
_JUDGING = "Judging"
_RUNNING = "Running"

# Of every command.

ModelFile: TypeAlias = Annotated[Path, typer.Argument(metavar="MODEL", help="A model file.")]

AsJson: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--json", help="One JSON object on stdout, nothing else.", rich_help_panel=_RUNNING
    ),
]

Debug: TypeAlias = Annotated[
    bool, typer.Option("--debug", help="Errors with their traceback.", rich_help_panel=_RUNNING)
]

Overwrite: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Replace an output file even if it came from another source.",
        rich_help_panel=_RUNNING,
    ),
]

# What is read, and where it goes.

Source: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="A folder with a sub-folder of pictures for each class (or with train/, val/ and "
        "test/ that have them); a table: .csv or .parquet, with --target; arrays: .npz, .npy, "
        ".h5, .svm or .libsvm (.gz too), or a folder of IDX files; or an embedded set: digits, "
        "breast_cancer.",
        show_default=False,
    ),
]

Output: TypeAlias = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help="The model file to write.")
]

Report: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="The report to write: one HTML file, and mistakes.csv beside it. "
        "Default: report.html beside the model.",
        show_default=False,
    ),
]

NoReport: TypeAlias = Annotated[bool, typer.Option("--no-report", help="Write no report.")]

# Pictures.

Size: TypeAlias = Annotated[
    Any,
    typer.Option(
        parser=_size,
        metavar="N|HxW",
        help="Pixels a side, or height x width. Default: their own where all share one of "
        "at most 64x64, else 64.",
        rich_help_panel=_PICTURES,
        show_default=False,
    ),
]

Mode: TypeAlias = Annotated[
    settings.Mode | None,
    typer.Option(
        help="What a pixel is: colours, L for grey, or colours and opacity. "
        "Default: L for digits, else RGB.",
        rich_help_panel=_PICTURES,
        show_default=False,
    ),
]

Fit: TypeAlias = Annotated[
    settings.Fit,
    typer.Option(help="How a picture becomes that size.", rich_help_panel=_PICTURES),
]

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

NFeatures: TypeAlias = Annotated[
    int | None,
    typer.Option(
        help="Features of a LIBSVM file. Default: its largest index.",
        rich_help_panel=_ARRAYS,
        show_default=False,
    ),
]

# Tables.

Target: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="The column of the classes, by name or place: 0 is the first, -1 the last.",
        rich_help_panel=TABLES,
        show_default=False,
    ),
]

Drop: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="A column that is not looked at; give it again for more.",
        rich_help_panel=TABLES,
        show_default=False,
    ),
]

Weights: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="How many rows each row counts for, to train and to judge.",
        rich_help_panel=TABLES,
        show_default=False,
    ),
]

Group: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="Rows of one value lie on one side of the hold-out.",
        rich_help_panel=TABLES,
        show_default=False,
    ),
]

Header: TypeAlias = Annotated[
    bool,
    typer.Option(
        " /--no-header",
        help="The first row of a CSV file is data; the columns are called column 0 and so on.",
        rich_help_panel=TABLES,
        show_default=False,
    ),
]

# Training.

C: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--C",
        help="Inverse strength of the penalty, inf for none. Default: the best of ten values "
        "by log loss, never on what judges.",
        rich_help_panel=_TRAINING,
        show_default=False,
    ),
]

L1Ratio: TypeAlias = Annotated[
    float,
    typer.Option(
        min=0,
        max=1,
        help="The share of L1 in the penalty: 1 is L1, which leaves few weights; between 0 and 1 "
        "the elastic net.",
        rich_help_panel=_TRAINING,
    ),
]

Solver: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="auto, gradient-descent, newton, lbfgs, truncated-newton, gram or, with L1, "
        "coordinate-descent.",
        rich_help_panel=_TRAINING,
    ),
]

LearningRate: TypeAlias = Annotated[
    float, typer.Option(help="The step of gradient descent.", rich_help_panel=_TRAINING)
]

MaxIter: TypeAlias = Annotated[
    int,
    typer.Option(
        help="Most steps of the solver; gradient descent takes them all.",
        rich_help_panel=_TRAINING,
    ),
]

ClassWeight: TypeAlias = Annotated[
    settings.ClassWeight | None,
    typer.Option(
        help="balanced: every class counts the same, however few its examples.",
        rich_help_panel=_TRAINING,
        show_default=False,
    ),
]

Seed: TypeAlias = Annotated[
    int, typer.Option(help="Of everything random.", rich_help_panel=_TRAINING)
]

Refit: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--refit",
        help="Once judged, train again on everything and save that model.",
        rich_help_panel=_TRAINING,
    ),
]

# Judging.

Test: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="SOURCE",
        help="A source that judges.",
        rich_help_panel=_JUDGING,
        show_default=False,
    ),
]

Val: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="SOURCE",
        help="A source that chooses C; judges where there is no test set.",
        rich_help_panel=_JUDGING,
        show_default=False,
    ),
]

TestSize: TypeAlias = Annotated[
    float,
    typer.Option(
        help="The fraction held out where no source judges; 0 for none.",
        rich_help_panel=_JUDGING,
    ),
]

# Running.

Strict: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="An unreadable or doubtful picture or row is an error, not a note.",
        rich_help_panel=_RUNNING,
    ),
]
