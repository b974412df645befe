"""`onelayer evaluate MODEL SOURCE`: a saved model judged on other data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onelayer.cli import options, source_options
from onelayer.cli.output import add_row, print_json, progress_shown, show, warn

if TYPE_CHECKING:
    from rich.table import Table

    from onelayer.estimators.optimality import Optimality
    from onelayer.model import Evaluation


def evaluate(
    model: options.ModelFile,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="What `train` takes: a folder of pictures, a file of arrays, an embedded set. "
            "Of a file with a part for testing, that part judges.",
        ),
    ],
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also write a report on SOURCE: one HTML file, and r.mistakes.csv beside r.html.",
            show_default=False,
        ),
    ] = None,
    mistakes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="Also list the mistakes whose labels are least likely, with an empty column "
            "relabel for --relabel of train.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace a report even if it is on another source."),
    ] = False,
    x: source_options.LikewiseX = None,
    y: source_options.LikewiseY = None,
    delimiter: source_options.Delimiter = None,
    encoding: source_options.Encoding = None,
    gap: Annotated[
        bool,
        typer.Option(
            "--gap",
            help="Also say how far the weights are from the optimum of their own objective on "
            "SOURCE: of the examples that were trained on, the gap of the training.",
        ),
    ] = False,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Judge MODEL on SOURCE, whose classes are known."""
    del debug
    from onelayer.model.loading import load
    from onelayer.sources import open_source

    table = _checked(report, mistakes, source, [model, source, y], overwrite=overwrite)
    fitted = load(model)
    opened = open_source(source, fitted.inputs.again(x, y))
    if opened.is_split() and "test" in opened.parts():
        warn(f"note: the test part of {source} judges")
    elif fitted.card.source_id == opened.identity:
        warn(f"note: the model was trained on most of {source}, which flatters it here")
    how = fitted.inputs.options.with_text(delimiter=delimiter, encoding=encoding)
    with progress_shown() as progress:
        found = fitted.evaluate(
            source,
            x=x,
            y=y,
            report=report,
            mistakes=table,
            progress=progress,
            options=how,
        )
    held = fitted.optimality(source, x=x, y=y) if gap else None
    if as_json:
        written_to = {"report": report, "mistakes": table}
        more: dict[str, Any] = {name: str(at) for name, at in written_to.items() if at}
        more |= {} if held is None else {"optimality": held._asdict()}
        print_json(found.to_dict() | more)
    else:
        files = {"Report": report, "Mistakes": table}
        written = [f"{name}: {file}" for name, file in files.items() if file]
        show(_measures(found), "", _recalls(found))
        if held is not None:
            show("", _optimality(held))
        if written:
            show("", *written)


def _checked(
    report: Path | None, mistakes: Path | None, source: str, inputs: list[Any], *, overwrite: bool
) -> Path | None:
    """Refuse what cannot be written; return where the table of mistakes goes, None for nowhere."""
    from onelayer.cli.outputs import check_pages, mistakes_beside, require_apart

    table = mistakes_beside(report, mistakes)
    require_apart({"report": report, "table of mistakes": table})
    check_pages(report, table, source, inputs=inputs, overwrite=overwrite)
    return table


def _optimality(held: Optimality) -> Table:
    return _pairs(
        {
            "objective here": f"{held.objective:.8g}",
            "its least value": f"{held.least:.8g}",
            "relative gap": f"{held.gap:.1e} ({held.kind})",
        }
    )


def _measures(found: Evaluation) -> Table:
    from onelayer.words import count_in_words, interval_in_words, loss_in_words, percent

    within = f"  (95 %: {interval_in_words(list(found.interval))})" if found.interval else ""
    rows = {
        "examples": count_in_words(found.n),
        "accuracy": f"{percent(found.accuracy)}{within}",
        "balanced accuracy": percent(found.balanced_accuracy),
        "top-5 accuracy": None if found.top_5 is None else percent(found.top_5),
        "log loss": _both(found, "log_loss", loss_in_words),
        "Brier score": _both(found, "brier", "{:.4f}".format),
        "calibration error": _both(found, "calibration_error", percent),
        "chance alone": _limit(found),
        "mean cost": None if found.cost is None else f"{found.cost:.4g}",
        "AUC": None if found.auc is None else f"{found.auc:.3f}",
    }
    return _pairs({name: text for name, text in rows.items() if text is not None})


def _limit(found: Evaluation) -> str | None:
    from onelayer.words import percent

    return None if found.chance_limit is None else f"up to {percent(found.chance_limit)}"


def _both(found: Evaluation, name: str, shown: Callable[[float], str]) -> str:
    """A measure of the probabilities, and what it was before calibration."""
    now = shown(getattr(found, name))
    if found.uncalibrated is None:
        return now
    return f"{now}  ({shown(getattr(found.uncalibrated, name))} before calibration)"


def _recalls(found: Evaluation) -> Table:
    from onelayer.words import percent

    rates = {name: "none here" if r is None else percent(r) for name, r in found.recall.items()}
    return _pairs({"class": "recall", **rates})


def _pairs(rows: dict[str, str]) -> Table:
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    for name, text in rows.items():
        add_row(table, name, text)
    return table
