"""onelayer predict MODEL FILE...: the class of each picture, and its probability."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from onelayer.cli.outcome import FAILED
from onelayer.cli.output import print_json, progress_shown, show, warn

if TYPE_CHECKING:
    from onelayer.model import Model

Format: TypeAlias = Literal["table", "json", "csv"]
Predictions: TypeAlias = list[dict[str, Any]]


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file.")],
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Pictures, and folders of pictures.")
    ],
    shape: Annotated[Format, typer.Option("--format", help="How to print the result.")] = "table",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Errors with their traceback.")] = False,
) -> None:
    """Name the class of each FILE, and its probability.

    A file that cannot be read is named on stderr; the others are still predicted, and the exit
    code is 1.
    """
    del debug
    from onelayer.model.fitted import load

    fitted = load(model)
    predictions, failed = _predict(fitted, files)
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


def _predict(model: Model, paths: list[Path]) -> tuple[Predictions, dict[str, str]]:
    """Return file, class and probability of each picture, and why some have none."""
    files, failed = _files(paths)
    with progress_shown() as progress:
        X, failures = model.read_files(files, lambda *at: progress("reading", *at))
    failed |= {str(files[row]): reason for row, reason in failures.items()}
    read = [str(file) for row, file in enumerate(files) if row not in failures]
    A = model.probabilities(X)
    best = A.argmax(axis=1)
    predictions = [
        {"file": file, "class": model.classes[k].item(), "probability": float(a[k])}
        for file, k, a in zip(read, best, A, strict=True)
    ]
    return predictions, failed


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


def _print_csv(predictions: Predictions) -> None:
    writer = csv.DictWriter(sys.stdout, ["file", "class", "probability"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(predictions)


def _print_table(predictions: Predictions) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("file", overflow="fold")
    table.add_column("class")
    table.add_column("probability", justify="right")
    for found in predictions:
        table.add_row(found["file"], str(found["class"]), f"{found['probability']:.3f}")
    if predictions:
        show(table)
