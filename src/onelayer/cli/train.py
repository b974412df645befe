"""`onelayer train SOURCE`: from data to a judged and saved model."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import typer

from onelayer.cli import options, source_options
from onelayer.cli.output import print_json, progress_shown, show, warn
from onelayer.errors import UsageError
from onelayer.settings import Settings

if TYPE_CHECKING:
    from onelayer.model import Model
    from onelayer.report.case import NextStep

Given: TypeAlias = str | list[str]
"""One source, or several tables that are read as one."""

Advised: TypeAlias = "tuple[NextStep, ...] | None"
"""What to do next, as the report says it; None where no report was wanted."""


def train(
    source: options.Source,
    output: options.Output = Path("model.safetensors"),
    report: options.Report = None,
    no_report: options.NoReport = False,
    size: options.Size = Settings.size,
    mode: options.Mode = Settings.mode,
    fit: options.Fit = Settings.fit,
    features: options.Features = Settings.features,
    keep_pictures: options.KeepPictures = Settings.keep_pictures,
    x: source_options.X = Settings.x,
    y: source_options.Y = Settings.y,
    n_features: source_options.NFeatures = Settings.n_features,
    target: source_options.TargetColumn = None,
    drop: source_options.Drop = None,
    text: source_options.Text = None,
    weights: source_options.WeightColumn = None,
    group: source_options.GroupColumn = None,
    header: source_options.Header = Settings.header,
    delimiter: source_options.Delimiter = Settings.delimiter,
    encoding: source_options.Encoding = Settings.encoding,
    decimal: source_options.Decimal = Settings.decimal,
    missing: source_options.Missing = None,
    C: options.C = Settings.C,
    l1_ratio: options.L1Ratio = Settings.l1_ratio,
    solver: options.Solver = Settings.solver,
    learning_rate: options.LearningRate = Settings.learning_rate,
    max_iter: options.MaxIter = Settings.max_iter,
    class_weight: options.ClassWeight = Settings.class_weight,
    seed: options.Seed = Settings.seed,
    calibrate: options.Calibrate = Settings.calibrate,
    correct_class_weight: options.CorrectClassWeight = Settings.correct_class_weight,
    costs: options.Costs = None,
    recall: options.Recall = None,
    precision: options.Precision = None,
    refit: options.Refit = Settings.refit,
    test: options.Test = None,
    val: options.Val = None,
    test_size: options.TestSize = Settings.test_size,
    memory: options.Memory = None,
    strict: options.Strict = Settings.strict,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Train a model on SOURCE and judge it on examples that it has not seen."""
    given = dict(locals())  # by their names, which are those of the settings
    settings = {field.name: given[field.name] for field in fields(Settings)}
    several = {"drop": drop, "text": text, "missing": missing}
    settings |= {name: tuple(found or ()) for name, found in several.items()}
    given_source: Given = source[0] if len(source) == 1 else source
    outputs = _Outputs(output, _report_path(output, report, no_report))
    model, advised = _trained(given_source, outputs, settings, overwrite=overwrite)
    if as_json:
        print_json(_object(model, outputs, advised))
    else:
        from onelayer.cli.verdict import survivors, verdict
        from onelayer.model.weights_left import coefficients

        left = survivors(coefficients(model)) if model.parameters.get("l1_ratio") else []
        show(*verdict(model.card, outputs.model, outputs.report, advised), *left)


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


def _trained(
    source: Given, outputs: _Outputs, settings: dict[str, Any], *, overwrite: bool
) -> tuple[Model, Advised]:
    """Train, save and report, or on Ctrl-C save what there is beside the output."""
    asked = Settings(**settings)  # wrong use is told before anything slow is imported
    from onelayer.cli.outputs import check_output, check_report, partial_path, reads_path
    from onelayer.sources import open_source

    opened = open_source(source, asked)  # a misspelt one, before what its outputs would replace
    output, report = outputs
    if report == output:
        raise UsageError(f"{output} cannot be both the model and the report: give two names")
    named = [source] if isinstance(source, str) else source
    inputs = [*named, *(settings[name] for name in ("test", "val", "y", "costs"))]
    check_output(output, opened, inputs=inputs, overwrite=overwrite)
    if report is not None:
        check_report(report, opened, inputs=inputs, overwrite=overwrite)
    with progress_shown() as progress:
        progress("starting", 0, 1)
        from onelayer.cli.going_on import kept_reads
        from onelayer.designs.kept_reads import reads_kept
        from onelayer.model.training import TrainingInterrupted, train

        kept = kept_reads(reads_path(output), inputs, settings)
        try:
            with reads_kept(kept):
                model = train(source, progress=progress, **settings)
        except TrainingInterrupted as interrupted:
            interrupted.model.save(partial_path(output))
            warn(f"the best parameters so far are in {partial_path(output)}")
            raise
        model.save(output)
        kept.remove()
        advised = None if report is None else model.report(report, progress=progress)
    return model, advised


def _object(model: Model, outputs: _Outputs, advised: Advised) -> dict[str, Any]:
    from onelayer.model.weights_left import coefficient_fields, coefficients

    card, sparse = model.card.to_dict(), bool(model.parameters.get("l1_ratio"))
    left = {"coefficients": coefficient_fields(coefficients(model))} if sparse else {}
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
        "calibration": card["calibration"],
        "decision": card["decision"],
        "refit": card["refit"],
        "solution": card["solution"],
        "audit": card["audit"],
        "findings": None if advised is None else [asdict(one) for one in advised],
        **left,
    }
