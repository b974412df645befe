"""`onelayer predict MODEL FILE...`: the class of each file, and how sure."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from onelayer.cli import options
from onelayer.cli.outcome import FAILED
from onelayer.cli.output import print_json, progress_shown, show, warn

if TYPE_CHECKING:
    from onelayer.model import Model

Format: TypeAlias = Literal["table", "json", "csv"]
Predictions: TypeAlias = list[dict[str, Any]]


def predict(
    model: options.ModelFile,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Pictures and folders of pictures; or arrays (.npy, .npz, .h5, .svm, IDX), of "
            "which each row is named by its number.",
        ),
    ],
    x: Annotated[
        str | None,
        typer.Option("--x", metavar="NAME", help="X in a file of arrays.", show_default=False),
    ] = None,
    shape: Annotated[Format, typer.Option("--format", help="How to print the result.")] = "table",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    debug: options.Debug = False,
) -> None:
    """Name the class of each FILE, and its probability.

    A file that cannot be read is named on stderr; the others are still predicted, and the exit
    code is 1.
    """
    del debug
    from onelayer.model.fitted import load

    fitted = load(model)
    predictions, failed = _predict(fitted, files, x)
    for file, reason in failed.items():
        warn(f"{file}: {reason}")
    if as_json or shape == "json":
        failures = [{"file": file, "reason": reason} for file, reason in failed.items()]
        print_json({"predictions": predictions, "failed": failures})
    elif shape == "csv":
        _print_csv(predictions)
    else:
        _print_table(predictions)
    if failed:
        raise typer.Exit(FAILED)


def _predict(model: Model, paths: list[Path], x: str | None) -> tuple[Predictions, dict[str, str]]:
    """Return class and probability of each picture or row, and why some files have none."""
    from onelayer.model.sources import parts_of
    from onelayer.readers.arrays import array_kind

    arrays = [path for path in paths if array_kind(path)]
    pictures = [path for path in paths if path not in arrays]
    files, failed = _files(pictures)
    predictions: Predictions = []
    with progress_shown() as progress:
        if files:
            X, failures = model.read_files(files, lambda *at: progress("reading", *at))
            failed |= {str(files[row]): reason for row, reason in failures.items()}
            read = [file for row, file in enumerate(files) if row not in failures]
            predictions += _named(model, X, [{"file": str(file)} for file in read])
        for path in arrays:
            progress("reading", 0, 1)
            parts = parts_of(path, model.asked(x))
            if len(parts) > 1 and "test" in parts:
                warn(f"note: the test part of {path} is taken")
            X = model.read_arrays(path, x)
            rows = [{"file": str(path), "row": row} for row in range(X.shape[0])]
            predictions += _named(model, X, rows)
    return predictions, failed


def _named(model: Model, X: Any, which: Predictions) -> Predictions:
    """Add the class answered and its probability to what names each row of X."""
    Z = model.forward(X)
    answers, A = model.readout.answers(Z), model.readout.probabilities(Z)
    return [
        {**name, "class": model.classes[k].item(), "probability": float(a[k])}
        for name, k, a in zip(which, answers, A, strict=True)
    ]


def _files(paths: list[Path]) -> tuple[list[Path], dict[str, str]]:
    """Return the files of folders and the files named; a path that is not there has failed."""
    from onelayer.errors import DataError
    from onelayer.readers import find_pictures

    files: list[Path] = []
    failed: dict[str, str] = {}
    for path in paths:
        try:
            files += find_pictures([path])
        except OSError as error:
            failed[str(path)] = f"cannot be opened: {error.strerror or error}"
        except DataError as error:
            failed[str(path)] = str(error)
    return files, failed


def _columns(predictions: Predictions) -> list[str]:
    rows = ["row"] if any("row" in found for found in predictions) else []
    return ["file", *rows, "class", "probability"]


def _print_csv(predictions: Predictions) -> None:
    writer = csv.DictWriter(sys.stdout, _columns(predictions), lineterminator="\n")
    writer.writeheader()
    writer.writerows(predictions)


def _print_table(predictions: Predictions) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    columns = _columns(predictions)
    for name in columns:
        right = name in {"row", "probability"}
        table.add_column(name, overflow="fold", justify="right" if right else "left")
    for found in predictions:
        shown = {**found, "probability": f"{found['probability']:.3f}"}
        table.add_row(*(str(shown.get(name, "")) for name in columns))
    if predictions:
        show(table)
