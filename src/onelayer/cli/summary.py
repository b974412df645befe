"""`onelayer summary TABLE`: coefficients without a penalty, and what they are worth."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onelayer.cli import options as o
from onelayer.cli import source_options
from onelayer.cli import summary_options as s
from onelayer.cli.output import print_json, put_sheet, terminal_columns
from onelayer.errors import DataError, UsageError
from onelayer.readers.tables.table_options import TableOptions
from onelayer.words import quoted_name

if TYPE_CHECKING:
    from onelayer.readers.tables.table_files import TableFile
    from onelayer.statistics import LogitResult
    from onelayer.statistics.formula import ColumnRoles


def summary(
    table: s.TableFile,
    formula: s.Formula = None,
    target: s.Target = None,
    reference: s.Reference = [],  # noqa: B006 (typer's way to say none)
    weights: s.RowWeights = None,
    robust: s.Robust = False,
    cluster: s.Cluster = None,
    firth: s.Firth = False,
    header: source_options.Header = True,
    delimiter: source_options.Delimiter = None,
    encoding: source_options.Encoding = None,
    decimal: source_options.Decimal = None,
    missing: source_options.Missing = None,
    drop: source_options.Drop = None,
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
    from onelayer.statistics.formula import ColumnRoles

    asked = _asked_formula(formula, target, drop or ())
    levels = dict(_named_level(text) for text in reference)
    columns = ColumnRoles(weights, cluster, levels)
    options = TableOptions.of(
        {
            "header": header,
            "delimiter": delimiter,
            "encoding": encoding,
            "decimal": decimal,
            "missing": missing,
        }
    )
    result = _fitted(_open(table, options), asked, columns, robust=robust, firth=firth)
    shown: Any = result.summary(interval=interval and interval.value, level=level)
    if effects and not shown.separable:
        shown = result.marginal_effects(dummies=dummies, level=level)
    if as_json:
        print_json({"table": str(table), **shown.to_dict()})
    else:
        text = form is s.SheetFormat.TEXT
        put_sheet(shown.to_text(terminal_columns()) if text else shown.to(form.value))
    if result.estimate.separable:
        some = bool(result.summary().frame.coef.notna().any())
        exist = "not all estimates exist" if some else "there are no estimates"
        raise DataError(f"the classes are separable: {exist}")


def _asked_formula(formula: str | None, target: str | None, drop: Collection[str]) -> str:
    """What is dropped is taken away from it."""
    if (formula is None) == (target is None):
        raise UsageError("give either --formula 'y ~ age + sex' or --target y")
    asked = f"{quoted_name(target)} ~ ." if target is not None else str(formula)
    return " - ".join([asked, *map(quoted_name, drop)])


def _named_level(text: str) -> tuple[str, str]:
    """race=white."""
    name, sign, level = text.partition("=")
    if not (name and sign and level):
        raise UsageError(f"--reference {text!r}: expected COLUMN=LEVEL, as in race=white")
    return name, level


def _open(table: Path, options: TableOptions) -> TableFile:
    from onelayer.readers.tables.table_files import open_table

    return open_table(table, options)


def _fitted(file: TableFile, formula: str, columns: ColumnRoles, **how: Any) -> LogitResult:
    """On the columns that are used, alone of them read."""
    from onelayer.statistics.formula import columns_used
    from onelayer.statistics.frames import read_frame
    from onelayer.statistics.logit import fit_formula

    keys = [] if columns.cluster is None else [columns.cluster]
    used = columns_used(formula, file.names, columns)
    response = formula.partition("~")[0].strip().strip("`")
    frame = read_frame(file, used, keys=keys, response=response)
    return fit_formula(formula, frame, columns, **how)
