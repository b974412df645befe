"""The options of the commands, each described once: its type, its name and its help.

A command names them in its signature, with their defaults. Those of training are called as the
fields of `Settings` are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from onelayer import settings


def _size(text: str) -> tuple[int, int]:
    """32 is (32, 32), 32x48 is (32, 48): height before width."""
    sides = text.lower().split("x")
    if len(sides) > 2 or not all(side.isdecimal() and int(side) > 0 for side in sides):
        raise typer.BadParameter(f"{text!r} is no size: give 64, or height x width as in 48x64")
    return int(sides[0]), int(sides[-1])


_PICTURES = "Pictures"
_TRAINING = "Training"
_ANSWERS = "Probabilities and answers"
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
    list[str] | None,
    typer.Argument(
        metavar="SOURCE...",
        help="A folder with a sub-folder of pictures or of .txt files for each class (or with "
        "train/, val/ and test/ that have them), in a .zip too; a table: .csv, .parquet or .xlsx, "
        "with --target, several of the same columns, or a folder of them; arrays: .npz, .npy, "
        ".h5, .safetensors, .pt, .svm or .libsvm (.gz too), .parquet with --x, or a folder of IDX "
        "files; or "
        "an embedded set: digits, breast_cancer. Not given: that of --like.",
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
        help="The report to write: one HTML file. Default: m.html beside m.safetensors.",
        show_default=False,
    ),
]

Mistakes: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.csv",
        help="Where to list the examples whose label the model contradicts most, with an empty "
        "column relabel. Default: beside the report, m.mistakes.csv of m.html.",
        show_default=False,
    ),
]

LikeModel: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--like",
        metavar="MODEL",
        help="Train as this model was trained, on its source if none is given; options given here "
        "go before.",
        show_default=False,
    ),
]

Relabel: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="A report's table of mistakes in whose column relabel somebody has written the right "
        "class, or 'leave out': it is done before anything else.",
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

Features: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE.onnx",
        help="Train one layer on the features of an encoder: efficientnet-lite0, or any ONNX file "
        "with one picture input. Default: on the pixels.",
        rich_help_panel=_PICTURES,
        show_default=False,
    ),
]

KeepPictures: TypeAlias = Annotated[
    int,
    typer.Option(
        metavar="N",
        help="With --features: small copies of so many training pictures are kept in the model "
        "file, at most 1.5 MB, and shown where they are similar. 0: the file holds none.",
        rich_help_panel=_PICTURES,
    ),
]

# Training.

C: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--C",
        help="Inverse strength of the penalty, inf for none. Default: the best of ten values or "
        "more by log loss in five folds, or on the validation set.",
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
        help="auto, gradient-descent, newton, lbfgs, truncated-newton, dual-ascent, gram or, "
        "with L1, coordinate-descent.",
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

Calibrate: TypeAlias = Annotated[
    settings.Calibrate | None,
    typer.Option(
        help="temperature: divide z by the T of least log loss on out-of-fold examples (or those "
        "of --val). Default: temperature where its 95 % interval leaves out 1; none for an "
        "explicit gradient descent.",
        rich_help_panel=_ANSWERS,
        show_default=False,
    ),
]

CorrectClassWeight: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--correct-class-weight",
        help="Take the class weights out of the probabilities; the answers keep them.",
        rich_help_panel=_ANSWERS,
    ),
]

Costs: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="TRUE:ANSWER=COST,...|FILE",
        help="Answer with what costs least on average. As ill:well=20,well:ill=1, other mistakes "
        "costing 1; or a CSV file, a row a true class, a column an answer.",
        rich_help_panel=_ANSWERS,
        show_default=False,
    ),
]

Recall: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="CLASS=SHARE",
        help="Answer CLASS above the threshold that finds this share of it, as in ill=0.95.",
        rich_help_panel=_ANSWERS,
        show_default=False,
    ),
]

Precision: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="CLASS=SHARE",
        help="Answer CLASS above the threshold that makes this share of such answers right.",
        rich_help_panel=_ANSWERS,
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

Memory: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="Rows of a .npy file larger than this stay on disk, as 4GB; not given: than half of "
        "what is free.",
        rich_help_panel=_TRAINING,
    ),
]

Cluster: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS|N",
        help="Have a table's files read and computed with by the workers of a Dask cluster: the "
        "address of its scheduler, as tcp://127.0.0.1:8786, or how many processes of this machine.",
        rich_help_panel=_RUNNING,
        show_default=False,
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
