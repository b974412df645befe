"""What a training came to, for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from onelayer.card.model_card import kept_in_words
from onelayer.cli.output import add_row
from onelayer.words import (
    RAW_PIXELS,
    c_in_words,
    count_in_words,
    count_of,
    in_one_line,
    in_shell,
    interval_in_words,
    loss_in_words,
    percent,
    way_out,
)

if TYPE_CHECKING:
    from onelayer.card import Calibration, Card, Choice
    from onelayer.evaluation import Evaluation
    from onelayer.model.weights_left import Coefficients
    from onelayer.report.case import NextStep
    from onelayer.solution import Solution

SURVIVORS_SHOWN = 12  # weights that L1 has left
WORRYING = 0.02  # calibration error from which on it is said where it may be chance
TELLS_APART = 0.6  # AUC from which on another threshold finds a class that is never answered
NOTES_SHOWN = 16  # lines of the audit; the file has them all


def verdict(
    card: Card,
    output: Path,
    report: Path | None = None,
    advised: Sequence[NextStep] | None = None,
    before: Card | None = None,
) -> list[str | Text | Table]:
    """What was read, the measures as a small table, what they mean and advise, what was written.

    `before` is the card of the model that this one stands in for.
    """
    chosen = [] if card.choice is None else _choice(card.choice)
    chosen += [f"Calibrated: {card.calibration.words}"] if card.calibration else []
    chosen += [f"Answers: {card.decision.words}"] if card.decision else []
    kept = f"Keeps {kept_in_words(card.kept_pictures)}"
    chosen += [kept] if card.kept_pictures else []
    written = _named("Written: ", output)
    looked = [] if report is None else [_named("Report: ", report)]
    since = [said] if (said := _since(card, before)) else []
    meaning = [*_meaning(card), *since, *_next(advised or ())]
    return [*_audit(card), *chosen, "", _measures(card), "", *meaning, *looked, written]


def in_short(card: Card) -> str:
    """Say when a model was made, and how good it was."""
    judged = "" if card.test is None else f", accuracy {percent(card.test.accuracy)}"
    return f"of {card.created[:10]}{judged}"


def before_fields(card: Card | None) -> dict[str, Any] | None:
    """The same as JSON has it; None where there was none."""
    if card is None:
        return None
    test = card.test
    measured = {} if test is None else {"accuracy": test.accuracy, "log_loss": test.log_loss}
    return {"created": card.created, **measured}


def _since(card: Card, before: Card | None) -> str:
    """Say how the model before did, and whether the same examples judged it; else nothing."""
    now, was = card.test, None if before is None else before.test
    if before is None or now is None or was is None:
        return ""
    alike = [(one.source_id, one.judge, _relabelled(one)) for one in (card, before)]
    others = "" if alike[0] == alike[1] else ", on other held-out examples or labels"
    was_at = f"accuracy {percent(was.accuracy)}, log loss {loss_in_words(was.log_loss)}"
    now_at = f"{percent(now.accuracy)} and {loss_in_words(now.log_loss)}"
    return f"The model before, of {before.created[:10]}: {was_at}{others}; now {now_at}."


def _relabelled(card: Card) -> list[str]:
    """What the audit says was relabelled or left out by hand, which tells two trainings apart."""
    given = None if card.settings is None else card.settings.relabel
    return [] if given is None else str(card.audit).splitlines()


def weights_table(found: Coefficients, shown: int) -> list[str | Text | Table]:
    """Return so many of the largest weights, by feature, and what the others are."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    several = len({one.label for one in found.kept}) > 1
    for one in found.kept[:shown]:
        add_row(table, f"{one.weight:+.3g}", one.feature + f", for {one.label}" * several)
    more = len(found.kept) - shown
    said = [] if more <= 0 else [f"and {more:,} smaller ones: onelayer inspect --json has all"]
    return [table, *said]


def survivors(found: Coefficients) -> list[str | Text | Table]:
    """Say which weights an L1 penalty has left."""
    if not found.kept:
        return ["", f"Weights: {found.summary}."]
    return ["", f"Weights: {weights_in_words(found)}:", *weights_table(found, SURVIVORS_SHOWN)]


def weights_in_words(found: Coefficients) -> str:
    """Say how many weights there are, and what their sign means."""
    labels = {one.label for one in found.kept}
    sign = f", above 0 for {labels.pop()}" if len(labels) == 1 else ""
    return f"{found.summary}; the largest{sign}"


def _next(advised: Sequence[NextStep]) -> list[str]:
    """The first thing to see to; the report has the others, and the figures that say so."""
    if not advised:
        return []
    more = len(advised) - 1
    others = f" The report says {more} more." * (more > 0)
    return [f"Next: {advised[0].title}. {advised[0].advice}{others}"]


def _named(what: str, file: Path) -> Text:
    return Text.assemble(what, (in_one_line(str(file)), "bold"), overflow="fold")


def _audit(card: Card) -> list[str]:
    if card.audit is None:
        return []
    lines = str(card.audit).splitlines()
    more = len(lines) - NOTES_SHOWN
    return lines[:NOTES_SHOWN] + [f"and {more} more: onelayer inspect shows them"] * (more > 0)


def _choice(choice: Choice) -> list[str]:
    """Which C, and why; below it what a layer without weights means."""
    note = [] if choice.note is None else [choice.note]
    return [f"C = {c_in_words(choice.C)}, {choice.words}", *note]


def _measures(card: Card) -> Table:
    # In two lines the headings fit 60 columns.
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    headings = ("examples", "accuracy", "95 %\ninterval", "log loss", "calibration\nerror")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, measures in (("train", card.train), ("test", card.test)):
        if measures is not None:
            table.add_row(name, *_cells(measures, judged=name == "test"))
    return table


def _cells(measures: Evaluation, *, judged: bool) -> tuple[str | Text, ...]:
    interval = measures.interval if judged else None
    accuracy = percent(measures.accuracy)
    return (
        count_in_words(measures.n),
        Text(accuracy, style="bold") if judged else accuracy,
        interval_in_words(list(interval)) if interval else "",
        loss_in_words(measures.log_loss),
        percent(measures.calibration_error) if judged else "",
    )


def _meaning(card: Card) -> list[str]:
    """Say in words what the figures mean, beside a model that never looks."""
    baseline, train, test = card.baseline, card.train, card.test
    if baseline is None or train is None:
        return []
    judged = train if test is None else test
    lines = [] if test is None else [f"Judged by {card.judge}."]
    if test is None:
        lines.append("Nothing was held out: nobody has judged this model.")
    lines += [*_by_chance(judged), *_before(judged, card.calibration)] if test is not None else []
    lines.append(f"Always {baseline.label} would score {percent(baseline.accuracy)}.")
    if test is not None or _never_answered(train):
        lines.append(f"{_worst(judged, by_rule=card.decision is not None)}.")
    if card.needs_encoder:
        lines.append(f"A weak result: {RAW_PIXELS}.")
        lines.append(f"{way_out()}.")
    if card.refit:
        lines.append("Trained again on everything after the judging: the saved model is that one.")
    if card.solution is not None:
        lines.append(_solved(card.solution))
    return lines


def _before(judged: Evaluation, calibration: Calibration | None) -> list[str]:
    """What calibration changed on examples that had no part in it; of a loss, what it gained."""
    before = judged.uncalibrated
    if before is None:
        return []
    loss, error = loss_in_words(before.log_loss), percent(before.calibration_error)
    lines = [f"Before calibration: log loss {loss}, calibration error {error}."]
    worse = judged.log_loss > before.log_loss
    if worse and calibration is not None and calibration.before and calibration.after:
        was, became = (loss_in_words(at.log_loss) for at in (calibration.before, calibration.after))
        lines.append(
            "Here it did not help; where the temperature was found, the log loss fell from "
            f"{was} to {became}."
        )
    return lines


def _by_chance(judged: Evaluation) -> list[str]:
    """Say where a calibration error that people may worry about is no sign of anything."""
    error, limit = judged.calibration_error, judged.chance_limit
    if limit is None or not WORRYING <= error <= limit:
        return []
    on = f"on {count_in_words(judged.n)} examples perfect probabilities show up to {percent(limit)}"
    return [f"The calibration error of {percent(error)} may be chance: {on}."]


def _worst(measures: Evaluation, *, by_rule: bool) -> str:
    name, recall = measures.worst
    never = _never_answered(measures)
    if never and not by_rule:
        return _never(never, measures.auc)
    if recall == 1:
        whole = "" if None not in measures.recall.values() else " that has examples here"
        return f"Every class{whole} is recognised in all of its examples"
    return f"Worst class: {name}, of which {percent(recall)} are recognised"


def _never(names: list[str], auc: float | None) -> str:
    """Name classes that no example was taken for, and what finds them where the layer can."""
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    said = f"It never answers {shown}, nowhere the likeliest"
    can = auc is not None and auc >= TELLS_APART
    return f"{said}; {_to_find(names[0])} lowers the bar" if can else said


def _to_find(name: str) -> str:
    """The option that asks for eight tenths of a class."""
    return f"--recall {in_shell(f'{name}=0.8')}"


def _never_answered(measures: Evaluation) -> list[str]:
    """Classes that are there, and that no example was taken for."""
    if measures.confusion is None:
        return []
    answered = [sum(column) for column in zip(*measures.confusion, strict=True)]
    there = zip(measures.recall.items(), answered, strict=True)
    return [name for (name, recall), n in there if recall is not None and n == 0]


def _solved(solution: Solution) -> str:
    solver, steps = solution.solver, count_of(solution.iterations, "steps")
    ended = {
        "converged": f"Solved by {solver} in {steps}",
        "max_iter": f"All {steps} of {solver} taken",
        "separable": f"Separable classes: {solver} stopped after {steps}",
        "stalled": f"Stalled: {solver} stopped after {steps}",
    }
    return f"{ended[solution.status]}, {solution.seconds:.2f} s."
