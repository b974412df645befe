"""`onelayer predict MODEL FILE...`: the class of each file, and how sure."""

from __future__ import annotations

import csv
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from onelayer.cli import options, source_options
from onelayer.cli.cluster import expanded
from onelayer.cli.outcome import FAILED
from onelayer.cli.output import add_row, print_json, progress_shown, put_data, show, warn
from onelayer.cli.prediction_request import PredictionRequest
from onelayer.errors import UsageError
from onelayer.words import count_of, in_one_line

if TYPE_CHECKING:
    from onelayer.inputs.unlike_cells import Unlike
    from onelayer.model import Model
    from onelayer.model.answering import Answering

Format: TypeAlias = Literal["table", "json", "csv"]
Predictions: TypeAlias = list[dict[str, Any]]

_ANSWERS = ("class", "probability")
_WHY = "unlike"
"""Where there is one: why an example is unlike any trained on; see `model/unlike.py`."""


def predict(
    model: options.ModelFile,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Pictures and folders of pictures; tables (.csv, .parquet) or arrays (.npy, "
            ".npz, .h5, .svm, IDX), of which each row is named by its number; - is standard input.",
        ),
    ],
    output: source_options.Scores = None,
    keep: source_options.Keep = None,
    x: source_options.LikewiseX = None,
    delimiter: source_options.Delimiter = None,
    encoding: source_options.Encoding = None,
    shape: Annotated[Format, typer.Option("--format", help="How to print the result.")] = "table",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    every: source_options.Every = False,
    abstain: source_options.Abstain = 0.0,
    cluster: options.Cluster = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an output file that exists.")
    ] = False,
    debug: options.Debug = False,
) -> None:
    """Name the class of each FILE, and its probability.

    A file that cannot be read is named on stderr; the others are still predicted, and the exit
    code is 1. Of a table the columns are found by name, in any order.
    """
    del debug
    from onelayer.model.answering import Answering
    from onelayer.model.loading import load

    fitted = load(model)
    if keep and not fitted.columns:
        raise UsageError(f"{model} is no model of a table: it has no columns to --keep")
    how = fitted.inputs.options.with_text(delimiter=delimiter, encoding=encoding)
    files = [Path("/dev/stdin" if one == "-" else one) for one in expanded([*map(str, files)])]
    written: dict[str, Any]
    asked = PredictionRequest(files, x, keep or [], how, Answering(fitted, every, abstain))
    into_folder = _goes_into_folder(asked, output, cluster)
    if output is not None and into_folder:
        from onelayer.cli.scored_files import write_files

        rows, failed = write_files(fitted, asked, output, cluster, overwrite=overwrite)
        written = {"output": str(output), "rows": rows}
    elif output is not None:
        _check_result(output, [model, *files], overwrite=overwrite)
        rows, failed = _write(fitted, asked, output)
        written = {"output": str(output), "rows": rows}
    else:
        predictions, failed = _predict(fitted, asked)
        written = {"predictions": predictions}
    for file, reason in failed.items():
        warn(f"{file}: {reason}")
    if as_json or shape == "json":
        failures = [{"file": file, "reason": reason} for file, reason in failed.items()]
        print_json({**written, "failed": failures})
    elif output is not None:
        show(f"Written: {output}, {count_of(rows, 'rows')}")
    elif shape == "csv":
        _print_csv(predictions, asked.answering.titles)
    else:
        _print_table(predictions, asked.answering.titles)
    if failed:
        raise typer.Exit(FAILED)


def _goes_into_folder(asked: PredictionRequest, output: Path | None, cluster: str | None) -> bool:
    """Whether each table has a result of its own, in a folder; workers write no other."""
    tables = bool(asked.answering.model.columns)
    if tables and output is not None:
        from onelayer.cli.scored_files import is_folder

        if is_folder(output, asked.files, cluster):
            return True
    if cluster is not None:
        raise UsageError(
            "--cluster scores tables into a folder, a file for each: give -o FOLDER, as -o scored/"
            if tables
            else "--cluster is for models of tables, and this one takes none"
        )
    return False


def _write(model: Model, asked: PredictionRequest, output: Path) -> tuple[int, dict[str, str]]:
    """Write the answers, those of a table batch by batch; return how many, and what failed."""
    if model.columns:
        from onelayer.cli.scores import write_scores

        return write_scores(model, asked, output), {}
    from onelayer.model.table_scoring import write_rows
    from onelayer.model.unlike import can_tell

    predictions, failed = _predict(model, asked)
    whole = (
        [{**one, _WHY: one.get(_WHY)} for one in predictions] if can_tell(model) else predictions
    )
    write_rows(whole, output)
    return len(predictions), failed


def _predict(model: Model, asked: PredictionRequest) -> tuple[Predictions, dict[str, str]]:
    """Return class and probability of each picture or row, and why some files have none."""
    if model.columns:
        from onelayer.cli.scores import scores

        return scores(model, asked), {}
    return _predict_files(model, asked)


def _predict_files(model: Model, asked: PredictionRequest) -> tuple[Predictions, dict[str, str]]:
    from onelayer.readers.arrays.kinds import array_kind
    from onelayer.sources import open_source

    arrays = [path for path in asked.files if array_kind(path)]
    pictures = [path for path in asked.files if path not in arrays]
    files, failed = _files(pictures)
    predictions: Predictions = []
    with progress_shown() as progress:
        if files:
            X, failures = model.inputs.read_files(files, lambda *at: progress("reading", *at))
            failed |= {str(files[row]): reason for row, reason in failures.items()}
            read = [file for row, file in enumerate(files) if row not in failures]
            predictions += _named(asked.answering, X, [{"file": str(file)} for file in read])
        for path in arrays:
            progress("reading", 0, 1)
            opened = open_source(path, model.inputs.again(asked.x))
            if opened.is_split() and "test" in opened.parts():
                warn(f"note: the test part of {path} is taken")
            X = model.inputs.file_rows(path, asked.x)
            rows = [{"file": str(path), "row": row} for row in range(X.shape[0])]
            predictions += _named(asked.answering, X, rows)
    return predictions, failed


def _warn_of_unlike(found: Unlike, m: int) -> None:
    """Say once of some files how many are unlike any trained on."""
    from onelayer.model.unlike import counted

    said = counted(Counter(name for why in found.values() for name in why), len(found), m)
    if said:
        warn(f"note: {said}")


def _named(answering: Answering, X: Any, which: Predictions) -> Predictions:
    """Add the class answered and its probability to what names each row of X."""
    from onelayer.model.unlike import in_words, unlike_rows

    Z, readout = answering.model.forward(X), answering.model.readout
    said = answering.rows(readout.answers(Z), readout.probabilities(Z))
    found = unlike_rows(answering.model, X)
    _warn_of_unlike(found, len(said))
    return [
        {**name, **one, **({_WHY: in_words(found[row])} if row in found else {})}
        for row, (name, one) in enumerate(zip(which, said, strict=True))
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
            failed[str(path)] = _why_not_opened(path, error)
        except DataError as error:
            failed[str(path)] = str(error).removeprefix(in_one_line(f"{path} "))
    return files, failed


def _why_not_opened(path: Path, error: OSError) -> str:
    from onelayer.sources.embedded import NAMES

    if str(path) in NAMES and isinstance(error, FileNotFoundError):
        return "the set of that name is for train and evaluate: give files to name the classes of"
    return f"cannot be opened: {error.strerror or error}"


def _check_result(output: Path, inputs: list[Path], *, overwrite: bool) -> None:
    """Refuse a result that would replace a file, or what it is made from."""
    from onelayer.cli.outputs import require_place
    from onelayer.model.table_scoring import require_table_name

    require_place(output, "scored.csv", inputs)
    require_table_name(output)
    if output.exists() and not overwrite:
        raise UsageError(f"{output} exists: give another name with -o, or --overwrite")


def _columns(predictions: Predictions, every: list[str]) -> list[str]:
    """Return the names of all columns; those of a table that were kept stand in the middle.

    The probabilities of every class, where they are asked for, come after the answers, and last
    why an example is unlike any trained on, where one is.
    """
    named = dict.fromkeys(name for found in predictions for name in found)
    after = [name for name in named if name in every]
    why = [_WHY] * (_WHY in named)
    other = {*_ANSWERS, *every, _WHY}
    return [*(name for name in named if name not in other), *_ANSWERS, *after, *why]


def _print_csv(predictions: Predictions, every: list[str]) -> None:
    text = StringIO()
    writer = csv.DictWriter(text, _columns(predictions, every), lineterminator="\n")
    writer.writeheader()
    writer.writerows(predictions)
    put_data(text.getvalue())


def _print_table(predictions: Predictions, every: list[str]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    columns, chances = _columns(predictions, every), {"probability", *every}
    for name in columns:
        right = name in {"row", *chances}
        table.add_column(in_one_line(name), overflow="fold", justify="right" if right else "left")
    for found in predictions:
        shown = {**found, **{name: f"{found[name]:.3f}" for name in chances}}
        add_row(table, *(str(shown.get(name, "")) for name in columns))
    if predictions:
        show(table)
