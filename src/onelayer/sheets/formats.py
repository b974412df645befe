"""A sheet in the formats of papers and pages: HTML, Markdown, LaTeX."""

from __future__ import annotations

import re
from html import escape
from importlib.resources import files
from unicodedata import normalize

from onelayer.sheets.sheet import Group, Pairs, Sheet

FIGURE_SPACE, POINT_SPACE = "\u2007", "\u2008"


def html_page(sheet: Sheet) -> str:
    """A whole page."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(sheet.title)}</title>\n</head>\n<body>\n{html_part(sheet)}</body>\n</html>\n"
    )


def html_part(sheet: Sheet) -> str:
    """What a notebook shows: the page's body with its style."""
    style = (files("onelayer.sheets") / "sheet.css").read_text(encoding="utf-8")
    alarm = f'<p class="alarm" role="alert">{escape(sheet.alarm)}</p>' if sheet.alarm else ""
    notes = "".join(f"<p>{escape(note)}</p>" for note in sheet.notes)
    parts = [
        f"<h1>{escape(sheet.title)}</h1>",
        _html_pairs(sheet.facts),
        alarm,
        _html_table(sheet) if sheet.groups else "",
        _html_pairs(sheet.figures),
        notes,
    ]
    body = "\n".join(part for part in parts if part)
    return f'<style>\n{style}</style>\n<main class="onelayer-sheet">\n{body}\n</main>\n'


def _html_pairs(pairs: Pairs) -> str:
    if not pairs:
        return ""
    items = "".join(f"<div><dt>{escape(a)}</dt><dd>{escape(b)}</dd></div>" for a, b in pairs)
    return f"<dl>{items}</dl>"


def _html_table(sheet: Sheet) -> str:
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in sheet.heads)
    bodies = "".join(_html_group(group, len(sheet.heads)) for group in sheet.groups)
    table = f"<table><thead><tr>{heads}</tr></thead>{bodies}</table>"
    return f'<div class="scroll" tabindex="0" role="region" aria-label="Table">{table}</div>'


def _html_group(group: Group, columns: int) -> str:
    span = f'<th scope="rowgroup" colspan="{columns}">{escape(group.heading)}</th>'
    heading = f'<tr class="group">{span}</tr>' if group.heading else ""
    return f"<tbody>{heading}{''.join(_html_row(row) for row in group.rows)}</tbody>"


def _html_row(row: tuple[str, ...]) -> str:
    cells = "".join(f"<td>{_figure_spaced(escape(cell))}</td>" for cell in row[1:])
    return f'<tr><th scope="row">{escape(row[0])}</th>{cells}</tr>'


def _figure_spaced(cell: str) -> str:
    """Spaces as wide as digits, the first as wide as the point that it stands for."""
    kept = cell.rstrip(" ")
    missing = len(cell) - len(kept)
    whole = missing > 0 and "." not in kept
    return kept + POINT_SPACE * whole + FIGURE_SPACE * (missing - whole)


def markdown(sheet: Sheet) -> str:
    """A heading, lists, and a table with pipes, aligned in the source too."""
    parts = [f"## {_md(sheet.title)}", _md_pairs(sheet.facts)]
    parts += [f"> **{_md(sheet.alarm)}**"] * bool(sheet.alarm)
    parts += [_md_table(sheet)] if sheet.groups else []
    parts += [_md_pairs(sheet.figures), *map(_md, sheet.notes)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _md(words: str) -> str:
    for mark in ("\\", "|", "*", "_", "`", "<"):
        words = words.replace(mark, f"\\{mark}")
    return words


def _md_pairs(pairs: Pairs) -> str:
    return "\n".join(f"- {_md(label)}: {_md(words)}" for label, words in pairs)


def _md_table(sheet: Sheet) -> str:
    rows = [sheet.heads]
    for group in sheet.groups:
        if group.heading:
            rows.append((f"**{_md(group.heading)}**", *[""] * (len(sheet.heads) - 1)))
        rows += [(_md(row[0]), *(_md(cell.strip()) for cell in row[1:])) for row in group.rows]
    widths = [max(3, *(len(row[i]) for row in rows)) for i in range(len(sheet.heads))]
    lines = [_md_row(row, widths) for row in rows]
    rule = [f":{'-' * (widths[0] - 1)}", *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    return "\n".join([lines[0], f"| {' | '.join(rule)} |", *lines[1:]])


def _md_row(row: tuple[str, ...], widths: list[int]) -> str:
    cells = [f"{row[0]:<{widths[0]}}"]
    cells += [f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)]
    return f"| {' | '.join(cells)} |"


def latex(sheet: Sheet) -> str:
    """A table environment; booktabs rules; points aligned by phantoms."""
    columns = f"l{'r' * (len(sheet.heads) - 1)}"
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{_tex(sheet.title)}}}",
        *([rf"\fbox{{\parbox{{.9\linewidth}}{{{_tex(sheet.alarm)}}}}}"] if sheet.alarm else []),
        *(_tex_table(sheet, columns) if sheet.groups else []),
        r"\par\smallskip\footnotesize\raggedright",
        *[f"{_tex(a)}: {_tex_number(b)}. " + r"\\" for a, b in (*sheet.facts, *sheet.figures)],
        *[_tex(note) + r"\\" for note in sheet.notes],
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _tex_table(sheet: Sheet, columns: str) -> list[str]:
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", _tex_row(sheet.heads), r"\midrule"]
    for position, group in enumerate(sheet.groups):
        if group.heading:
            span = rf"\multicolumn{{{len(columns)}}}{{l}}{{\textit{{{_tex(group.heading)}}}}} \\"
            lines += [r"\addlinespace"] * (position > 0) + [span]
        lines += [_tex_row(row) for row in group.rows]
    return [*lines, r"\bottomrule", r"\end{tabular}"]


def _tex_row(row: tuple[str, ...]) -> str:
    return " & ".join([_tex(row[0]), *map(_tex_cell, row[1:])]) + r" \\"


def _tex_cell(cell: str) -> str:
    """A number, and a phantom of the digits that others have after it."""
    kept = cell.rstrip(" ")
    missing = len(cell) - len(kept)
    point = missing > 0 and "." not in kept
    phantom = "." * point + "0" * (missing - point)
    return _tex_number(kept) + (rf"\phantom{{{phantom}}}" if phantom else "")


def _tex_number(words: str) -> str:
    """With a minus for a hyphen in front."""
    return "$-$" + _tex(words[1:]) if words.startswith("-") else _tex(words)


_TEX_MARKS: dict[str | int, str | int | None] = {
    "\\": r"\textbackslash{}",
    "~": r"$\sim$",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": r"\textbar{}",
    "[": "{[}",  # after a line's end it would be its height
    "*": "{*}",  # there it would be part of the line's end
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
}
_TEX_LIGATURE = re.compile("(?<=[-`',])(?=[-`',])|(?<=[!?])(?=`)")  # a dash for two hyphens


def _tex(words: str) -> str:
    """Words as LaTeX prints them, accents as one letter, which is all that pdfLaTeX knows of them.

    A line's end, or what no font has, is a space: an empty line would end an argument.
    """
    plain = "".join(letter if letter.isprintable() else " " for letter in normalize("NFC", words))
    return _TEX_LIGATURE.sub("{}", plain.translate(str.maketrans(_TEX_MARKS)))
