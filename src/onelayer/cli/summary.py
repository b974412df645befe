"""`onelayer summary TABLE`: coefficients without a penalty, and what they are worth."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onelayer.cli import options as o
from onelayer.cli import summary_options as s
from onelayer.cli.output import print_json
from onelayer.errors import DataError, UsageError

if TYPE_CHECKING:
    from onelayer.statistics import LogitResult


def summary(
    table: s.TableFile,
    formula: s.Formula = None,
    target: s.Target = None,
    reference: s.Reference = [],  # noqa: B006 (typer's way to say none)
    weights: s.RowWeights = None,
    robust: s.Robust = False,
    cluster: s.Cluster = None,
    firth: s.Firth = False,
    interval: s.Interval = None,
    level: s.Level = 0.95,
    effects: s.Effects = False,
    dummies: s.Dummies = False,
    form: s.Format = s.SheetFormat.TEXT,
    as_json: o.AsJson = False,
    debug: o.Debug = False,
) -> None:
    """Explain a response by columns of TABLE, and say how sure each coefficient is.

    Without a penalty, on all complete rows: nothing is held out. To predict, use train.
    """
    del debug
    asked = _asked_formula(formula, target)
    levels = dict(_named_level(text) for text in reference)
    how = {"robust": robust, "cluster": cluster, "weights": weights, "firth": firth}
    result = _fitted(table, asked, reference=levels, **how)
    shown: Any = result.summary(interval=interval and interval.value, level=level)
    if effects and not shown.separable:
        shown = result.marginal_effects(dummies=dummies, level=level)
    if as_json:
        print_json({"table": str(table), **shown.to_dict()})
    else:
        _write(shown.to(form.value))
    if result.estimate.separable:
        raise DataError("the classes are separable: there are no estimates")


def _asked_formula(formula: str | None, target: str | None) -> str:
    from onelayer.statistics.formula import quoted

    if (formula is None) == (target is None):
        raise UsageError("Give either --formula 'y ~ age + sex' or --target y")
    return f"{quoted(target)} ~ ." if target is not None else str(formula)


def _named_level(text: str) -> tuple[str, str]:
    """race=white."""
    name, sign, level = text.partition("=")
    if not (name and sign and level):
        raise UsageError(f"--reference {text!r}: expected COLUMN=LEVEL, as in race=white")
    return name, level


def _fitted(table: Path, formula: str, **how: Any) -> LogitResult:
    from onelayer.readers.frames import read_frame
    from onelayer.statistics import logit

    return logit(formula, read_frame(table), **how)


def _write(text: str) -> None:
    """To stdout; where it has no letters for a line, with hyphens."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = text.replace("\u2500", "-")
    sys.stdout.write(text)
