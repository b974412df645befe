"""A table of results for people: what every format of it shows, and the text for a terminal."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

WIDTH = 80  # columns of a terminal
INDENT, GAP = "  ", "  "
SHORTEST = 12  # room that names have at least

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Group:
    """Rows of cells, the first a name; a group of a class has its heading."""

    heading: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A title, facts, an alarm where there is one, a table, figures, notes: all in words.

    Cells are padded on the right by spaces so that decimal points stand in one line.
    """

    title: str
    facts: Pairs = ()
    alarm: str = ""
    heads: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    figures: Pairs = ()
    notes: tuple[str, ...] = ()


def text(sheet: Sheet) -> str:
    """80 columns: names on the left, long ones on lines of their own, numbers under their heads."""
    parts = [textwrap.fill(sheet.title, WIDTH), _pairs(sheet.facts)]
    parts += [_alarm(sheet.alarm)] * bool(sheet.alarm)
    parts += [_table(sheet)] if sheet.groups else []
    parts += [_figures(sheet.figures), *(_note(note) for note in sheet.notes)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _pairs(pairs: Pairs) -> str:
    width = max((len(label) for label, _ in pairs), default=0)
    return "\n".join(
        textwrap.fill(
            words,
            WIDTH,
            initial_indent=f"{INDENT}{label:<{width}}{GAP}",
            subsequent_indent=" " * (len(INDENT) + width + len(GAP)),
            break_on_hyphens=False,
        )
        for label, words in pairs
    )


def _figures(pairs: Pairs) -> str:
    """Two pairs a line, where they fit."""
    half = (len(pairs) + 1) // 2
    left, right = pairs[:half], pairs[half:]
    lines = _pairs(left).splitlines()
    others = _pairs(right).splitlines()
    width = max((len(line) for line in lines), default=0)
    if len(lines) != half or width + 1 + max(map(len, others), default=0) > WIDTH:
        return _pairs(pairs)
    others += [""] * (half - len(others))
    return "\n".join(f"{a:<{width}}{GAP}{b}".rstrip() for a, b in zip(lines, others, strict=True))


def _alarm(words: str) -> str:
    rule = "!" * WIDTH
    return f"{rule}\n{textwrap.fill(words, WIDTH)}\n{rule}"


def _note(words: str) -> str:
    return textwrap.fill(words, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)


def _table(sheet: Sheet) -> str:
    rows = [row for group in sheet.groups for row in group.rows]
    widths = [
        max(len(head), *(len(row[i + 1]) for row in rows)) for i, head in enumerate(sheet.heads[1:])
    ]
    layout = _layout(max(len(row[0]) for row in rows), widths)
    rule = INDENT + "\u2500" * layout.width
    lines = [_line(sheet.heads, layout), rule]
    for position, group in enumerate(sheet.groups):
        lines += [""] * (position > 0) + [INDENT + group.heading] * bool(group.heading)
        for row in group.rows:
            lines += _lines(row, layout)
    return "\n".join([*lines, rule])


@dataclass(frozen=True)
class _Layout:
    """Widths of the names and of the cells, and what stands between these."""

    names: int
    widths: list[int]
    gap: str

    @property
    def width(self) -> int:
        return self.names + sum(self.widths) + len(self.gap) * len(self.widths)


def _layout(longest: int, widths: list[int]) -> _Layout:
    """Two spaces between columns, or one where names find no room otherwise."""
    room = WIDTH - len(INDENT)
    for gap in (GAP, " "):
        layout = _Layout(longest, widths, gap)
        if layout.width <= room:
            return layout
    others = layout.width - longest
    return _Layout(max(min(SHORTEST, longest), room - others), widths, " ")


def _lines(row: tuple[str, ...], layout: _Layout) -> list[str]:
    """One line, or for a long name two."""
    if len(row[0]) <= layout.names:
        return [_line(row, layout)]
    return [INDENT + row[0], _line(("", *row[1:]), layout)]


def _line(row: tuple[str, ...], layout: _Layout) -> str:
    cells = [f"{cell:>{width}}" for cell, width in zip(row[1:], layout.widths, strict=True)]
    return f"{INDENT}{row[0]:<{layout.names}}{layout.gap}{layout.gap.join(cells)}".rstrip()
