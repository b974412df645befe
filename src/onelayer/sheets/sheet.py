"""A table of results for people: what every format of it shows, and the text for a terminal."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, fields
from typing import Any

from onelayer.words import in_one_line

WIDTH = 80  # columns of a terminal
NARROWEST = 40  # that a table is laid out for
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

    Cells are padded on the right by spaces so that decimal points stand in one line. `together`
    says how many columns belong together, group by group, where a narrow page breaks the table.
    """

    title: str
    facts: Pairs = ()
    alarm: str = ""
    heads: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    figures: Pairs = ()
    notes: tuple[str, ...] = ()
    together: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Names are part of its words: none may break a line or a row."""
        for field in fields(self):
            object.__setattr__(self, field.name, _in_lines(getattr(self, field.name)))


def _in_lines(told: Any) -> Any:
    if isinstance(told, str):
        return in_one_line(told)
    if isinstance(told, Group):
        return Group(in_one_line(told.heading), _in_lines(told.rows))
    return tuple(map(_in_lines, told)) if isinstance(told, tuple) else told


def text(sheet: Sheet, width: int = WIDTH) -> str:
    """Names on the left, long ones on lines of their own, numbers under their heads.

    Columns that find no room in `width` follow below, with the names again.
    """
    width = max(width, NARROWEST)
    parts = [textwrap.fill(sheet.title, width), _pairs(sheet.facts, width)]
    parts += [_alarm(sheet.alarm, width)] * bool(sheet.alarm)
    parts += [_table(sheet, panel, width) for panel in _panels(sheet, width)]
    parts += [_figures(sheet.figures, width), *(_note(note, width) for note in sheet.notes)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _pairs(pairs: Pairs, page: int) -> str:
    width = max((len(label) for label, _ in pairs), default=0)
    return "\n".join(
        textwrap.fill(
            words,
            page,
            initial_indent=f"{INDENT}{label:<{width}}{GAP}",
            subsequent_indent=" " * (len(INDENT) + width + len(GAP)),
            break_on_hyphens=False,
        )
        for label, words in pairs
    )


def _figures(pairs: Pairs, page: int) -> str:
    """Two pairs a line, where they fit."""
    half = (len(pairs) + 1) // 2
    left, right = pairs[:half], pairs[half:]
    lines = _pairs(left, page).splitlines()
    others = _pairs(right, page).splitlines()
    width = max((len(line) for line in lines), default=0)
    if len(lines) != half or width + 1 + max(map(len, others), default=0) > page:
        return _pairs(pairs, page)
    others += [""] * (half - len(others))
    return "\n".join(f"{a:<{width}}{GAP}{b}".rstrip() for a, b in zip(lines, others, strict=True))


def _alarm(words: str, page: int) -> str:
    rule = "!" * page
    return f"{rule}\n{textwrap.fill(words, page)}\n{rule}"


def _note(words: str, page: int) -> str:
    return textwrap.fill(words, page, initial_indent=INDENT, subsequent_indent=INDENT)


def _panels(sheet: Sheet, page: int) -> list[range]:
    """Columns that stand side by side: groups of `together` whole where they can be."""
    if not sheet.groups:
        return []
    widths = _widths(sheet)
    names = min(SHORTEST, _longest(sheet))
    room = page - len(INDENT) - names

    def fits(columns: range) -> bool:
        return sum(widths[i] + 1 for i in columns) <= room

    panels, start = [], 0
    ends = [sum(sheet.together[: i + 1]) for i in range(len(sheet.together))] or [len(widths)]
    while start < len(widths):
        whole = [end for end in ends if end > start and fits(range(start, end))]
        single = [end for end in range(start + 1, len(widths) + 1) if fits(range(start, end))]
        end = max(whole or single or [start + 1])
        panels.append(range(start, end))
        start = end
    return panels


def _longest(sheet: Sheet) -> int:
    """Of the names and their head, the longest."""
    rows = [row for group in sheet.groups for row in group.rows]
    return max(len(row[0]) for row in [sheet.heads, *rows])


def _widths(sheet: Sheet) -> list[int]:
    """Of the columns behind the names."""
    rows = [row for group in sheet.groups for row in group.rows]
    return [
        max(len(head), *(len(row[i + 1]) for row in rows)) for i, head in enumerate(sheet.heads[1:])
    ]


def _table(sheet: Sheet, panel: range, page: int) -> str:
    def cut(row: tuple[str, ...]) -> tuple[str, ...]:
        return (row[0], *(row[i + 1] for i in panel))

    widths = _widths(sheet)
    longest = _longest(sheet)
    layout = _layout(longest, [widths[i] for i in panel], page)
    rule = INDENT + "\u2500" * layout.width
    lines = [_line(cut(sheet.heads), layout), rule]
    for position, group in enumerate(sheet.groups):
        lines += [""] * (position > 0) + [INDENT + group.heading] * bool(group.heading)
        for row in group.rows:
            lines += _lines(cut(row), layout, page)
    return "\n".join([*lines, rule])


@dataclass(frozen=True)
class _Widths:
    """Widths of the names and of the cells, and what stands between these."""

    names: int
    widths: list[int]
    gap: str

    @property
    def width(self) -> int:
        return self.names + sum(self.widths) + len(self.gap) * len(self.widths)


def _layout(longest: int, widths: list[int], page: int) -> _Widths:
    """Two spaces between columns, or one where names find no room otherwise."""
    room = page - len(INDENT)
    for gap in (GAP, " "):
        layout = _Widths(longest, widths, gap)
        if layout.width <= room:
            return layout
    others = layout.width - longest
    return _Widths(max(min(SHORTEST, longest), room - others), widths, " ")


def _lines(row: tuple[str, ...], layout: _Widths, page: int) -> list[str]:
    """One line, or more for a long name."""
    if len(row[0]) <= layout.names:
        return [_line(row, layout)]
    name = textwrap.wrap(
        row[0], page, initial_indent=INDENT, subsequent_indent=2 * INDENT, break_on_hyphens=False
    )
    return [*name, _line(("", *row[1:]), layout)]


def _line(row: tuple[str, ...], layout: _Widths) -> str:
    cells = [f"{cell:>{width}}" for cell, width in zip(row[1:], layout.widths, strict=True)]
    return f"{INDENT}{row[0]:<{layout.names}}{layout.gap}{layout.gap.join(cells)}".rstrip()
