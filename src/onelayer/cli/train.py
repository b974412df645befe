"""`onelayer train SOURCE`: from data to a judged and saved model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from onelayer.cli.output import print_json, progress_shown, show, warn
from onelayer.errors import UsageError
from onelayer.model.settings import ClassWeight, Fit, Mode, Settings

if TYPE_CHECKING:
    from onelayer.model import Model


def _size(text: str) -> tuple[int, int]:
    """32 is (32, 32), 32x48 is (32, 48): height before width."""
    sides = text.lower().split("x")
    if len(sides) > 2 or not all(side.isdecimal() and int(side) > 0 for side in sides):
        raise typer.BadParameter(f"{text!r} is no size: give 64, or height x width as in 48x64")
    return int(sides[0]), int(sides[-1])


_PICTURES, _ARRAYS, _TRAINING = "Pictures", "Arrays", "Training"
_JUDGING, _RUNNING = "Judging", "Running"


def train(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A folder with a sub-folder of pictures for each class (or with train/, val/ and "
            "test/ that have them); arrays: .npz, .npy, .h5, .svm or .libsvm (.gz too), or a "
            "folder of IDX files; or an embedded set: digits, breast_cancer.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The model file to write.")
    ] = Path("model.safetensors"),
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The report to write: one HTML file, and mistakes.csv beside it. "
            "Default: report.html beside the model.",
            show_default=False,
        ),
    ] = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no report.")] = False,
    size: Annotated[
        Any,
        typer.Option(
            parser=_size,
            metavar="N|HxW",
            help="Pixels a side, or height x width. Default: their own where all share one of "
            "at most 64x64, else 64.",
            rich_help_panel=_PICTURES,
            show_default=False,
        ),
    ] = None,
    mode: Annotated[
        Mode | None,
        typer.Option(
            help="What a pixel is: colours, L for grey, or colours and opacity. "
            "Default: L for digits, else RGB.",
            rich_help_panel=_PICTURES,
            show_default=False,
        ),
    ] = Settings.mode,
    fit: Annotated[
        Fit, typer.Option(help="How a picture becomes that size.", rich_help_panel=_PICTURES)
    ] = Settings.fit,
    x: Annotated[
        str | None,
        typer.Option(
            "--x",
            metavar="NAME",
            help="X in a file of arrays. Default: x, features, images and the like, with train and "
            "test before or after.",
            rich_help_panel=_ARRAYS,
            show_default=False,
        ),
    ] = Settings.x,
    y: Annotated[
        str | None,
        typer.Option(
            "--y",
            metavar="NAME|FILE",
            help="y in it, or a file of labels. Default: y, labels, target; or beside X_a.npy a "
            "file y_a.npy.",
            rich_help_panel=_ARRAYS,
            show_default=False,
        ),
    ] = Settings.y,
    n_features: Annotated[
        int | None,
        typer.Option(
            help="Features of a LIBSVM file. Default: its largest index.",
            rich_help_panel=_ARRAYS,
            show_default=False,
        ),
    ] = Settings.n_features,
    C: Annotated[
        float | None,
        typer.Option(
            "--C",
            help="Inverse strength of the penalty, inf for none. Default: the best of ten values "
            "by log loss, never on what judges.",
            rich_help_panel=_TRAINING,
            show_default=False,
        ),
    ] = Settings.C,
    solver: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="auto, gradient-descent, newton, lbfgs or gram.",
            rich_help_panel=_TRAINING,
        ),
    ] = Settings.solver,
    learning_rate: Annotated[
        float,
        typer.Option(help="The step of gradient descent.", rich_help_panel=_TRAINING),
    ] = Settings.learning_rate,
    max_iter: Annotated[
        int,
        typer.Option(
            help="Most steps of the solver; gradient descent takes them all.",
            rich_help_panel=_TRAINING,
        ),
    ] = Settings.max_iter,
    class_weight: Annotated[
        ClassWeight | None,
        typer.Option(
            help="balanced: every class counts the same, however few its examples.",
            rich_help_panel=_TRAINING,
            show_default=False,
        ),
    ] = Settings.class_weight,
    seed: Annotated[
        int, typer.Option(help="Of everything random.", rich_help_panel=_TRAINING)
    ] = Settings.seed,
    refit: Annotated[
        bool,
        typer.Option(
            "--refit",
            help="Once judged, train again on everything and save that model.",
            rich_help_panel=_TRAINING,
        ),
    ] = Settings.refit,
    test: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="A source that judges.",
            rich_help_panel=_JUDGING,
            show_default=False,
        ),
    ] = None,
    val: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="A source that chooses C; judges where there is no test set.",
            rich_help_panel=_JUDGING,
            show_default=False,
        ),
    ] = None,
    test_size: Annotated[
        float,
        typer.Option(
            help="The fraction held out where no source judges; 0 for none.",
            rich_help_panel=_JUDGING,
        ),
    ] = Settings.test_size,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="An unreadable or doubtful picture is an error, not a note.",
            rich_help_panel=_RUNNING,
        ),
    ] = Settings.strict,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Replace an output file even if it came from another source.",
            rich_help_panel=_RUNNING,
        ),
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="One JSON object on stdout, nothing else.", rich_help_panel=_RUNNING
        ),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Errors with their traceback.", rich_help_panel=_RUNNING),
    ] = False,
) -> None:
    """Train a model on SOURCE and judge it on examples that it has not seen."""
    del debug
    settings = {
        "size": size,
        "mode": mode,
        "fit": fit,
        "x": x,
        "y": y,
        "n_features": n_features,
        "C": C,
        "solver": solver,
        "learning_rate": learning_rate,
        "max_iter": max_iter,
        "class_weight": class_weight,
        "seed": seed,
        "refit": refit,
        "test": test,
        "val": val,
        "test_size": test_size,
        "strict": strict,
    }
    outputs = _Outputs(output, _report_path(output, report, no_report))
    model = _trained(source, outputs, settings, overwrite=overwrite)
    if as_json:
        print_json(_object(model, outputs))
    else:
        from onelayer.cli.summary import summary

        show(*summary(model.card, outputs.model, outputs.report))


class _Outputs(NamedTuple):
    """Where a training writes; a report of None is not wanted."""

    model: Path
    report: Path | None


def _report_path(output: Path, asked: Path | None, refused: bool) -> Path | None:
    if refused and asked is not None:
        raise typer.BadParameter("--report and --no-report contradict each other: give one")
    if refused:
        return None
    return output.parent / "report.html" if asked is None else asked


def _trained(source: str, outputs: _Outputs, settings: dict[str, Any], *, overwrite: bool) -> Model:
    """Train, save and report, or on Ctrl-C save what there is beside the output."""
    Settings.of(settings)  # wrong use is told before anything slow is imported
    from onelayer.model.output import check_output, check_report, partial_path

    output, report = outputs
    if report == output:
        raise UsageError(f"{output} cannot be both the model and the report: give two names")
    check_output(output, source, overwrite=overwrite)
    if report is not None:
        check_report(report, source, overwrite=overwrite)
    with progress_shown() as progress:
        progress("starting", 0, 1)
        from onelayer.model.training import TrainingInterrupted, train

        try:
            model = train(source, progress=progress, **settings)
        except TrainingInterrupted as interrupted:
            interrupted.model.save(partial_path(output))
            warn(f"the best parameters so far are in {partial_path(output)}")
            raise
        model.save(output)
        if report is not None:
            model.report(report, progress=progress)
    return model


def _object(model: Model, outputs: _Outputs) -> dict[str, Any]:
    card = model.card.to_dict()
    return {
        "model": str(outputs.model),
        "report": outputs.report and str(outputs.report),
        "classes": card["classes"],
        "examples": card["audit"]["read"],
        "features": card["features"],
        "choice": card["choice"],
        "judge": card["judge"],
        "train": card["train"],
        "test": card["test"],
        "baseline": card["baseline"],
        "refit": card["refit"],
        "solution": card["solution"],
        "audit": card["audit"],
    }
