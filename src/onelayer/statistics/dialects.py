"""Formulas that R or Python reads otherwise: refused, with the nearest right formula."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np

from onelayer.errors import DataError, UsageError
from onelayer.words import quoted_name

_REWRITTEN = (  # what R writes, what formulaic does, and why
    (r"(?<![\w.])(?:as\.)?factor\(\s*([^()]+?)\s*\)", r"C(\1)", "a category is written C(...)"),
    (
        r"(?<![\w.])relevel\(\s*([^(),]+?)\s*,\s*(?:ref\s*=\s*)?([^()]+?)\s*\)",
        r"C(\1, Treatment(\2))",
        "the level to compare with is that of Treatment(...)",
    ),
    (
        r"(?<![\w.])ns\(\s*([^(),]+?)\s*,\s*(?:df\s*=\s*)?(\d+)\s*\)",
        r"cr(\1, df=\2, constraints='center')",
        "a natural spline is written cr(...)",
    ),
    (r"(?<![\w.])s\(\s*([^()]+?)\s*\)", r"bs(\1, df=4)", "a smooth curve is a spline, bs(...)"),
    (r"(?<![\w.])ifelse\(", "np.where(", "ifelse(...) is written np.where(...)"),
)
_POWER = re.compile(r"(?<![\w.)])((?!\d)[\w.]+)\s*(?:\^|\*\*)\s*(\d+)")


def refuse_dialects(formula: str, names: Sequence[str]) -> None:
    """Raise where a formula would not mean what it seems to.

    `x-ray` for a column of that name would be x without ray, `I(k^2)` the bits of k turned over,
    `x^2` x itself and a misspelt `- sxe` nothing at all; R's `factor(g)` and `(1 | g)` are unknown.

    Raises
    ------
    UsageError
        With the formula that was probably meant.
    """
    outside, inside = _parts(formula)
    if "~" not in outside and "=" in outside:
        _refuse(formula, formula.replace("==", "=").replace("=", "~", 1), "'~' stands between")
    for pattern, written, reason in _REWRITTEN:
        if re.search(pattern, formula):
            _refuse(formula, re.sub(pattern, written, formula), reason)
    if "|" in outside:
        _refuse_groups(formula, outside)
    if "^" in inside:
        marked = zip(formula, inside, strict=True)
        meant = "".join("**" if mark == "^" else letter for letter, mark in marked)
        _refuse(formula, meant, "inside a call a power is written **")
    power = _POWER.search(outside)
    if power:
        name = formula[slice(*power.span(1))]
        meant = f"I({name}**{power[2]})"
        start, end = power.span()
        reason = f"{formula[start:end]} is {name} itself in a formula, its power is {meant}"
        _refuse(formula, f"{formula[:start]}{name} + {meant}{formula[end:]}", reason)
    _require_backticks(formula, outside, names)
    for word in re.findall(r"(?<![\w.`%])(?!\d+(?:\W|$))[\w.]*\w[\w.]*(?![\w.`%(])", outside):
        require_column(word, names, formula)


def _parts(formula: str) -> tuple[str, str]:
    """What stands outside of calls, and what inside: blanks elsewhere, and for what is quoted."""
    outside, inside = list(" " * len(formula)), list(" " * len(formula))
    calls: list[bool] = []
    plain = re.sub(r"`[^`]*`", lambda m: f"`{'·' * (len(m[0]) - 2)}`", formula)
    plain = re.sub(r"'[^']*'|\"[^\"]*\"", lambda m: " " * len(m[0]), plain)
    for i, letter in enumerate(plain):
        if letter in ")}" and calls:
            calls.pop()
        (inside if any(calls) else outside)[i] = letter
        if letter in "({":
            calls.append(letter == "{" or bool(re.search(r"[\w.]\s*$", plain[:i])))
    return "".join(outside), "".join(inside)


def _refuse(formula: str, meant: str, reason: str) -> None:
    raise UsageError(f"The formula {formula!r} cannot be used: {reason}. Write {meant!r}")


def _refuse_groups(formula: str, outside: str) -> None:
    """`y ~ x | g` and `(1 | g)` are groups, of which there are two kinds here."""
    at = outside.index("|")
    group = re.match(r"\s*(`[^`]*`|[\w.]+)", formula[at + 1 :])
    name = group[1] if group else "g"
    kept = re.sub(r"\s*\+?\s*\([^()]*$|\s*$", "", formula[:at])
    kept += " 1" * kept.rstrip().endswith("~")
    raise UsageError(
        f"The formula {formula!r} cannot be used: there are no groups '|'. For a coefficient for "
        f"each level write '{kept} + C({name})'; for errors that let the rows of a group depend on "
        f"each other write {kept!r} with cluster={name.strip('`')!r}"
    )


def _require_backticks(formula: str, outside: str, names: Sequence[str]) -> None:
    """`x-ray` is x less ray, unless these are columns, and nothing else can be meant."""
    for name in sorted(names, key=len, reverse=True):
        pieces = [piece for piece in re.split(r"[^\w.]+", name) if piece]
        if "".join(pieces) == name or all(piece in names for piece in pieces):
            continue
        pattern = rf"(?<![\w.`]){re.escape(name)}(?![\w.`])"
        found = re.search(pattern, outside)
        if found:
            meant = formula[: found.start()] + f"`{name}`" + formula[found.end() :]
            _refuse(formula, meant, f"a name like {name!r} is written in backticks")


def require_column(name: str, names: Sequence[str], formula: str = "") -> None:
    """That a column is there, and once."""
    if name in names:
        if list(names).count(name) > 1:
            raise DataError(f"Two columns are called {name!r}: rename one")
        return
    if f"{name}(" in formula.replace(" ", ""):
        raise UsageError(f"There is no function {name!r} in formulas{_function_hint(name)}")
    near = get_close_matches(name, [str(column) for column in names], 1)
    quoted = [
        quoted_name(column) if "`" in quoted_name(column) else repr(column) for column in near
    ]
    hint = f"; did you mean {quoted[0]}?" if near else "."
    columns = ", ".join(map(str, names[:12])) + ", ..." * (len(names) > 12)
    raise UsageError(f"There is no column {name!r}{hint} The columns are {columns}")


def _function_hint(name: str) -> str:
    from formulaic.transforms import TRANSFORMS

    if hasattr(np, name):
        return f": write np.{name}(...)"
    near = get_close_matches(name, TRANSFORMS, 1)
    some = "np.sqrt and all others of NumPy, log, exp, C, I, bs, cr, poly, center, scale"
    return f"; did you mean {near[0]!r}?" if near else f". There are {some}"
