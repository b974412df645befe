"""`onelayer train SOURCE`: from data to a judged and saved model."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import typer

from onelayer.cli import options, source_options
from onelayer.cli.cluster import expanded, given_to, who_works
from onelayer.cli.output import print_json, progress_shown, show, warn
from onelayer.errors import UsageError
from onelayer.settings import Settings

if TYPE_CHECKING:
    from onelayer.card import Card
    from onelayer.designs.cluster_workers import ClusterWorkers
    from onelayer.model import Model
    from onelayer.report.case import NextStep

Given: TypeAlias = str | list[str]
"""One source, or several tables that are read as one."""

Advised: TypeAlias = "tuple[NextStep, ...] | None"
"""What to do next, as the report says it; None where no report was wanted."""


def train(
    context: typer.Context,
    source: options.Source = None,
    like: options.LikeModel = None,
    output: options.Output = Path("model.safetensors"),
    report: options.Report = None,
    no_report: options.NoReport = False,
    mistakes: options.Mistakes = None,
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
    relabel: options.Relabel = None,
    test: options.Test = None,
    val: options.Val = None,
    test_size: options.TestSize = Settings.test_size,
    memory: options.Memory = None,
    cluster: options.Cluster = None,
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
    own = {name: value for name, value in settings.items() if _is_given(context, name)}
    asked = _Asked.of(source, settings) if like is None else _Asked.again(like, source, own)
    page = _report_path(output, report, no_report)
    from onelayer.cli.outputs import mistakes_beside

    outputs = _Outputs(output, page, mistakes_beside(page, mistakes))
    done = _trained(asked, outputs, cluster, overwrite=overwrite)
    if as_json:
        print_json(_object(done, outputs))
    else:
        from onelayer.cli.verdict import survivors, verdict
        from onelayer.model.weights_left import coefficients

        model = done.model
        left = survivors(coefficients(model)) if model.parameters.get("l1_ratio") else []
        show(*verdict(model.card, outputs.model, outputs.report, done.advised, done.before), *left)


def _is_given(context: typer.Context, name: str) -> bool:
    """Whether somebody wrote the option, be it with what is its default."""
    found = context.get_parameter_source(name)
    return found is not None and found.name != "DEFAULT"


@dataclass(frozen=True)
class _Asked:
    """What is trained on and how; `before` is the card of the model that it is like."""

    source: Given
    settings: dict[str, Any]
    before: Card | None = None

    @property
    def inputs(self) -> list[Any]:
        """What is read, and must not be written."""
        named = self.source if isinstance(self.source, list) else [self.source]
        return [*named, *(self.settings[name] for name in ("test", "val", "y", "costs"))]

    def given_to(self, workers: ClusterWorkers | None) -> dict[str, Any]:
        """What `train` takes, as these workers read it."""
        sources = {name: given_to(workers, self.settings[name]) for name in ("test", "val")}
        return {**self.settings, **sources, "source": given_to(workers, self.source)}

    @classmethod
    def of(cls, source: list[str] | None, settings: dict[str, Any]) -> _Asked:
        """As the command line says."""
        if not source:
            raise UsageError("there is nothing to train on: give a SOURCE, or --like MODEL")
        return cls(_one_or_several(source), settings)

    @classmethod
    def again(cls, like: Path, source: list[str] | None, own: dict[str, Any]) -> _Asked:
        """As a model was trained, and say how; what the command line says goes before."""
        from onelayer.card.train_again import as_command
        from onelayer.model.loading import load
        from onelayer.model.repeating import repeated, source_again

        card = load(like).card
        settings = repeated(card, own)
        given = _one_or_several(source) if source else source_again(card)
        named = given if isinstance(given, list) else [given]
        warn(f"as {like} was trained: {as_command(named, Settings(**settings))}")
        return cls(given, settings, card)


def _one_or_several(source: list[str]) -> Given:
    found = expanded(source)
    return found[0] if len(found) == 1 else found


class _Outputs(NamedTuple):
    """Where a training writes; what is None is not wanted."""

    model: Path
    report: Path | None
    mistakes: Path | None


class _Done(NamedTuple):
    """The model, what its report advises, and the card of the one that it stands in for."""

    model: Model
    advised: Advised
    before: Card | None


def _report_path(output: Path, asked: Path | None, refused: bool) -> Path | None:
    if refused and asked is not None:
        raise typer.BadParameter("--report and --no-report contradict each other: give one")
    if refused:
        return None
    return output.parent / f"{output.stem}.html" if asked is None else asked


def _trained(asked: _Asked, outputs: _Outputs, cluster: str | None, *, overwrite: bool) -> _Done:
    """Train, save and report, or on Ctrl-C save what there is beside the output."""
    from onelayer.cli.outputs import partial_path, reads_path

    replaced = _checked(asked, outputs, cluster, overwrite=overwrite)
    output, before = outputs.model, asked.before or replaced
    with who_works(cluster) as workers, progress_shown() as progress:
        progress("starting", 0, 1)
        from onelayer.cli.going_on import kept_reads
        from onelayer.designs.kept_reads import reads_kept
        from onelayer.model.training import TrainingInterrupted, train

        kept = kept_reads(reads_path(output), asked.inputs, asked.settings)
        try:
            with reads_kept(kept):
                model = train(**asked.given_to(workers), progress=progress)
        except TrainingInterrupted as interrupted:
            interrupted.model.save(partial_path(output))
            warn(f"the best parameters so far are in {partial_path(output)}")
            raise
        model.save(output)
        _say_replaced(output, replaced)
        kept.remove()
        advised = None
        if outputs.report is not None or outputs.mistakes is not None:
            told = model.report(outputs.report, mistakes=outputs.mistakes, progress=progress)
            advised = told if outputs.report is not None else None
    return _Done(model, advised, before)


def _checked(
    asked: _Asked, outputs: _Outputs, cluster: str | None, *, overwrite: bool
) -> Card | None:
    """Refuse what cannot be written before anything is read; return the card of what is replaced.

    Wrong use is told before anything slow is imported, a misspelt source before what its outputs
    would replace.
    """
    settings = asked.settings
    wanted = Settings(**settings)
    from onelayer.cli.outputs import check_output, check_pages, require_apart
    from onelayer.sources import open_source
    from onelayer.sources.files_there import require_files

    opened = open_source(asked.source, wanted)
    if cluster is not None:
        require_files(asked.source, wanted)
    output, report, mistakes = outputs
    require_apart({"model": output, "report": report, "table of mistakes": mistakes})
    table = settings["relabel"]
    inputs = [*asked.inputs, table]
    before = check_output(output, opened, inputs=inputs, overwrite=overwrite)
    check_pages(report, mistakes, opened, inputs=inputs, overwrite=overwrite, read=table)
    return before


def _say_replaced(output: Path, before: Card | None) -> None:
    """Say once a model has taken the place of another, and of which."""
    if before is not None:
        from onelayer.cli.verdict import in_short

        warn(f"replaced: {output} {in_short(before)}")


def _object(done: _Done, outputs: _Outputs) -> dict[str, Any]:
    from onelayer.cli.verdict import before_fields
    from onelayer.model.weights_left import coefficient_fields, coefficients

    model = done.model
    card, sparse = model.card.to_dict(), bool(model.parameters.get("l1_ratio"))
    left = {"coefficients": coefficient_fields(coefficients(model))} if sparse else {}
    return {
        "model": str(outputs.model),
        "report": outputs.report and str(outputs.report),
        "mistakes": outputs.mistakes and str(outputs.mistakes),
        "asked": model.card.asked,
        "before": before_fields(done.before),
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
        "findings": None if done.advised is None else [asdict(one) for one in done.advised],
        **left,
    }
