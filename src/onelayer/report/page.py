"""One HTML file that needs no network and no script: the results in a template, escaped."""

from __future__ import annotations

import math
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from onelayer.card import Card, Choice
from onelayer.displays.painting import weight_pictures, weight_titles
from onelayer.model_file import write_atomically
from onelayer.penalties import left_of
from onelayer.report import figures, mistakes, sentences
from onelayer.report.inlining import inlined, with_map
from onelayer.report.judgement import Judgement
from onelayer.report.results import Results
from onelayer.report.twins import without_twins
from onelayer.words import count_in_words, in_shell, loss_in_words, percent, spelt

GENERATOR = "onelayer"

CLASSES_SHOWN = 30  # rows of a table of classes; the model file's card has them all
CONFUSION_SHOWN = 12  # classes of a square table; with more, the pairs most often confused
NARROW = 6  # classes whose square table leaves room for another beside it
PAIRS_SHOWN = 6
THUMBS_SHOWN = 8  # at once: two rows on a telephone, one on a wide screen
ROWS_SHOWN = 5  # of a table's mistakes at once
NOTES_SHOWN = 4  # of the audit at once, on a telephone
WEIGHTS_AT_ONCE = 8  # of those below
EFFECTS_SHOWN = 2  # at once, on a telephone
LETTERS = 36  # of all headings of a matrix side by side, that a telephone has room for
LEFT_OUT_SHOWN = 12
WEIGHTS_SHOWN = 24  # pictures of weights: noise packs badly, so they are what a page weighs
FEATURES_SHOWN = 20
NAME_SHOWN = 30  # letters of a class under a figure


def write_report(results: Results, path: str | Path, table: str | Path | None = None) -> None:
    """Write the page, and its table of mistakes; each whole or not at all.

    `table` is where: None for beside the page.
    """
    place = mistakes.mistakes_path(Path(path)) if table is None else Path(table)
    write_atomically(path, render(results, place.name).encode())
    if results.suspects is not None or results.decided:
        write_mistakes(results, place)


def write_mistakes(results: Results, path: str | Path) -> None:
    """Write the table of mistakes alone, of no rows where nobody could look."""
    found = () if results.suspects is None else results.suspects.examples
    rows = mistakes.mistake_rows(found, results.decided)
    write_atomically(path, mistakes.as_csv(rows).encode())


def render(results: Results, table: str = "mistakes.csv") -> str:
    """Return the page; whatever came from the data is escaped. `table` is its table of mistakes."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("onelayer.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "counted": count_in_words,
        "percent": _percent,
        "chance": _chance,
        "two": _two,
        "signed": _signed,
        "four": _four,
        "unbroken": _unbroken,
        "inlined": inlined,
    }
    environment.globals |= {"with_map": with_map}
    return environment.get_template("report.html").render(_view(results, table))


def _percent(rate: float | None) -> str:
    return "–" if rate is None else _unbroken(percent(rate))


def _unbroken(words: str) -> str:
    """Keep a per cent sign on the line of its number."""
    return words.replace(" %", "\N{NO-BREAK SPACE}%")


def _chance(p: float) -> str:
    """A probability, which is never quite 0 or 1."""
    if p < 0.001:
        return "<\N{NO-BREAK SPACE}0.1\N{NO-BREAK SPACE}%"
    return ">\N{NO-BREAK SPACE}99.9\N{NO-BREAK SPACE}%" if p > 0.999 else _percent(p)


def _signed(w: float) -> str:
    return f"{w:+.3g}".replace("-", "\N{MINUS SIGN}")


def _four(value: float) -> str:
    """Four decimals; what is nothing by these has no sign."""
    return f"{round(value, 4) + 0.0:.4f}".replace("-", "\N{MINUS SIGN}")


def _two(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


_AT_ONCE = {
    "shown_at_once": THUMBS_SHOWN,
    "rows_at_once": ROWS_SHOWN,
    "notes_at_once": NOTES_SHOWN,
    "weights_at_once": WEIGHTS_AT_ONCE,
    "effects_at_once": EFFECTS_SHOWN,
}


def _view(results: Results, table: str) -> dict[str, Any]:
    judgement = results.judgement
    unit, place = results.audit.unit, "folder" if results.pictures else "class"
    return {
        "generator": GENERATOR,
        "source": results.source,
        "source_id": results.source_id,
        "results": results,
        **_AT_ONCE,
        "unit": unit,
        "single": unit.removesuffix("s"),
        "place": place,
        "verdict": None if judgement is None else _unbroken(sentences.verdict(judgement)),
        "judgement": judgement,
        "audit": _audit(results),
        "measures": None if judgement is None else _measures(judgement),
        "confusion": None if judgement is None else _confusion(judgement, results.names),
        "classes": None if judgement is None else _classes(judgement),
        "weights": _weights(results),
        "effects": _effects(results),
        "suspects": results.suspects,
        "table": table,
        "relabel": spelt(f"relabel={table!r}", f"--relabel {in_shell(table)}"),
        "figures": _figures(results),
        **_said(results, unit, place, table),
        "asked": results.layer.card.asked,
        "made": _made(results.layer.card),
    }


def _said(results: Results, unit: str, place: str, table: str) -> dict[str, Any]:
    """The page's sentences."""
    layer, card, judgement = results.layer, results.layer.card, results.judgement
    said = {
        "suspicion": sentences.suspicion(results.suspects, unit, place, table),
        "trust": judgement and sentences.trust(judgement),
        "trusts": [] if judgement is None else sentences.trusts(judgement),
        "unhelpful": judgement and sentences.unhelpful(judgement),
        "reached": sentences.reached(card.decision),
        "chance": judgement and sentences.chance(judgement),
        "calibrated": sentences.calibrated(card.calibration),
        "bins": sentences.bins(results),
        "rule": sentences.rule(card.decision),
        "judged": judgement and sentences.judged(judgement),
        "meaning": judgement and sentences.meaning(judgement, pictures=layer.shape is not None),
        "looked": sentences.looked(results),
        "learning": sentences.learning(results.curve),
        "caveats": sentences.caveats(results),
        "divided": sentences.divided(results),
        "per": sentences.per(layer),
        "moved": sentences.moved(results),
        "solved": [] if card.solution is None else sentences.solved(card.solution),
        "chosen": sentences.chosen(card.choice),
        "tried": sentences.tried(card.choice),
        "costs": sentences.costs(layer.history),
    }
    return {key: _unbroken(text) if isinstance(text, str) else text for key, text in said.items()}


def _audit(results: Results) -> dict[str, Any]:
    audit = results.audit
    mass = audit.mass
    most = max(mass.values(), default=0)
    shown = list(islice(audit.by_class.items(), CLASSES_SHOWN))
    return {
        "read": audit.read,
        "notes": audit.notes,
        "classes": [(name, n, mass[name], mass[name] / most if most else 0) for name, n in shown],
        "weighted": bool(audit.weights),
        "more_classes": len(audit.by_class) - len(shown),
        "left_out": audit.left_out[:LEFT_OUT_SHOWN],
        "more_left_out": max(0, len(audit.left_out) - LEFT_OUT_SHOWN),
        "all_left_out": len(audit.left_out),
        "features": results.layer.card.features,
        "shape": results.layer.shape,
    }


def _measures(judgement: Judgement) -> list[tuple[str, str, str, str]]:
    """Rows of measure, this layer, its 95 % interval, one that never looks."""
    right, loss = judgement.accuracy, judgement.loss
    base, base_loss = judgement.base, judgement.base_loss
    rows = [
        ("Accuracy", percent(right.value), sentences.within(right), percent(base.value)),
        (
            "Log loss",
            loss_in_words(loss.value),
            sentences.loss_within(loss),
            loss_in_words(base_loss.value),
        ),
    ]
    if judgement.auc is not None:
        rows.append(("AUC", f"{judgement.auc:.3f}", "", "0.500"))
    if judgement.cost is not None:
        rows.append(("Mean cost of an answer", f"{judgement.cost:.4g}", "", "–"))
    return rows


def _confusion(judgement: Judgement, names: list[str]) -> dict[str, Any]:
    """Return the square table of few classes; of many, the pairs most often confused."""
    counts = judgement.counts
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.where(totals > 0, totals, 1)
    wrong = counts * (1 - np.eye(len(names), dtype=int))
    worst = np.argsort(-wrong, axis=None, kind="stable")[:PAIRS_SHOWN]
    pairs = [divmod(int(place), len(names)) for place in worst]
    square = len(names) <= CONFUSION_SHOWN
    return {
        "square": square,
        "narrow": len(names) <= NARROW,
        "binary": len(names) == 2,
        "long": max(map(len, names)) * len(names) > LETTERS,
        "names": names,
        "rows": [
            (name, list(zip(counts[i].tolist(), shares[i].tolist(), strict=True)))
            for i, name in enumerate(names)
            if square
        ],
        "pairs": [
            (names[i], names[j], float(counts[i, j]), float(shares[i, j]))
            for i, j in pairs
            if wrong[i, j]
        ],
    }


def _classes(judgement: Judgement) -> dict[str, Any]:
    """Return all classes in their order; of many, those with the lowest F1."""
    found = list(judgement.classes)
    if len(found) > CLASSES_SHOWN:
        found = sorted(found, key=lambda one: 2.0 if one.f1 is None else one.f1)[:CLASSES_SHOWN]
    return {"shown": found, "more": len(judgement.classes) - len(found)}


def _weights(results: Results) -> dict[str, Any]:
    layer = results.layer
    titles = weight_titles(layer.classes)[:WEIGHTS_SHOWN]
    more = max(0, len(layer.coef) - WEIGHTS_SHOWN)
    if layer.shape is not None:
        painted, key = weight_pictures(layer.coef[:WEIGHTS_SHOWN], layer.shape)
        pictures = list(zip(titles, map(inlined, painted), strict=True))
        return {"pictures": pictures, "key": key, "bars": [], "more": more, "left": ""}
    comparable = layer.coef[:WEIGHTS_SHOWN] * layer.sizes
    bars = [
        (title, _bars(*without_twins(w, layer.features)))
        for title, w in zip(titles, comparable, strict=True)
    ]
    left = sentences.weights_left(comparable)
    return {"pictures": [], "key": "", "bars": bars, "more": more, "left": left}


def _effects(results: Results) -> list[dict[str, Any]]:
    """Return what each column does: a curve of a number, a dot a level, all over one scale."""
    effects = results.effects
    highest = min(1.0, 1.1 * max((float(one.probabilities.max()) for one in effects), default=1))
    found = []
    for place, one in enumerate(effects):
        classes = [_short(results.names[k]) for k in one.classes]
        drawn = None if one.moves.levels else figures.effect(place, one, classes, highest)
        levels = [(*level, [p / highest for p in level[2]]) for level in one.levels]
        more = len(one.moves.levels) - len(levels)
        found.append(
            {"name": one.name, "drawn": drawn, "classes": classes, "levels": levels, "more": more}
        )
    return found


def _bars(w: np.ndarray, features: tuple[str, ...] | None) -> list[tuple[str, float, float]]:
    """Return name, weight and share of the largest, of the weights that are largest by size.

    One of zero says nothing.
    """
    left = left_of(w)
    order = np.argsort(-np.abs(w), kind="stable")[:FEATURES_SHOWN].tolist()
    largest = [j for j in order if left[j]]
    most = float(np.abs(w).max()) or 1.0
    names = {j: f"column {j}" if features is None else features[j] for j in largest}
    return [(names[j], float(w[j]), abs(float(w[j])) / most) for j in largest]


def _figures(results: Results) -> dict[str, Any]:
    """Return the SVG of each figure there is something to draw for."""
    layer, judgement = results.layer, results.judgement
    tried = None if layer.card.choice is None else _penalties(layer.card.choice)
    found: dict[str, str] = {}
    if len(layer.history) > 1:
        found["cost"] = figures.cost_by_pass(layer.history)
    if tried is not None:
        found["choice"] = figures.loss_by_c(tried)
    if judgement is not None and results.curve is not None:
        found["learning"] = figures.learning_curve(results.curve, judgement.base_loss.value)
    if judgement is not None:
        found["reliability"] = _reliability(judgement, results.names)
        if judgement.roc is not None:
            found["roc"] = figures.roc_curve(judgement.roc)
        if (by := judgement.thresholds) is not None:
            found["threshold"] = figures.by_threshold(by, _short(results.names[by.position]))
            found["precision"] = figures.precision_recall(by)
    return found


def _reliability(judgement: Judgement, names: list[str]) -> str:
    before = None if judgement.before is None else judgement.before[0]
    return figures.reliability(
        judgement.bins, before, _short(names[1]) if len(names) == 2 else None
    )


def _short(name: str) -> str:
    """A name that fits under a figure."""
    return name if len(name) <= NAME_SHOWN else f"{name[: NAME_SHOWN - 1]}…"


def _penalties(choice: Choice) -> figures.Penalties | None:
    """What was tried, where there is a curve to draw; files of old have no standard errors."""
    errors = choice.std_errors or (math.inf,) * len(choice.tried)
    known = [
        (C, loss, error)
        for (C, loss), error in zip(choice.tried, errors, strict=True)
        if math.isfinite(loss)
    ]
    Cs, losses, errors = zip(*known, strict=True) if known else ((), (), ())
    if len(known) < 2 or choice.C not in Cs:
        return None
    shown = errors if all(map(math.isfinite, errors)) else ()
    return figures.Penalties(Cs, losses, shown, choice.C)


def _made(card: Card) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in card.versions.items())
    return f"{card.created} with {versions}"
