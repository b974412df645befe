"""python benchmarks/report.py: the CSVs of `results/`, and `remarks.md`, become RESULTS.md.

A contender's time at a gap is the median over repeats at its loosest tolerance that reaches it.
Gaps are computed anew from the objectives and the best ever reached, which later runs may lower.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from judge import gap
from results import Best, Record, read

LEVELS = (1e-4, 1e-6)
AIM, OVERALL_AIM = 3.0, 10.0  # times the fastest peer; times scikit-learn's best, over the rows
US = "onelayer"
INTRODUCTION = """# Results

Made by `python benchmarks/report.py` from `benchmarks/results/`; how the rows are judged stands in
[README.md](README.md).

"""
OURS = ("onelayer", "onelayer-tol", "onelayer-cv")


@dataclass
class Line:
    """One contender on one problem."""

    name: str
    seconds: dict[float, float]  # level: median at the loosest tolerance that reaches it
    least: dict[float, float]
    reached: float = math.inf
    passes: float = math.nan
    cold: float = math.nan
    memory: float = math.nan  # bytes above the input, over the bytes of the input
    mark: str = ""

    @classmethod
    def of(cls, name: str, records: list[Record], best: list[float]) -> Line:
        """From this contender's records of one problem."""
        line = cls(name, {}, {})
        fits = [record for record in records if record.kind == "fit"]
        for tol in sorted({r.tol for r in fits}, key=lambda tol: -(tol or 0)):
            line._add([record for record in fits if record.tol == tol], best)
        for record in records:
            if record.kind == "cold":
                line.cold, line.memory = record.seconds, record.memory / max(1, record.nbytes)
            if record.kind == "mark":
                line.mark = record.status
        return line

    def _add(self, same: list[Record], best: list[float]) -> None:
        reached = median(gap(record.objectives, best) for record in same)
        for level in LEVELS:
            if reached <= level and level not in self.seconds:
                self.seconds[level] = median(record.seconds for record in same)
                self.least[level] = min(record.seconds for record in same)
                self.passes = same[0].passes
        self.reached = min(self.reached, reached)


@dataclass
class Table:
    """One problem: a line for every contender."""

    problem: str
    lines: list[Line]

    def ours(self) -> Line | None:
        """The default of onelayer, or its cross-validation where that ran."""
        found = {line.name: line for line in self.lines if line.seconds}
        return found.get("onelayer-cv") or found.get(US)

    def fastest(self, level: float, prefix: str = "") -> Line | None:
        """The fastest peer that reaches the level."""
        peers = [line for line in self.lines if line.name not in OURS and level in line.seconds]
        peers = [line for line in peers if line.name.startswith(prefix)]
        return min(peers, key=lambda line: line.seconds[level], default=None)

    def advantage(self, level: float, prefix: str = "") -> float:
        """The fastest peer's seconds over ours; NaN where one of the two is missing."""
        ours, peer = self.ours(), self.fastest(level, prefix)
        if ours is None or peer is None or level not in ours.seconds:
            return math.nan
        return peer.seconds[level] / ours.seconds[level]

    def text(self) -> str:
        """The problem's table in Markdown."""
        head = (
            f"### {self.problem}\n\n"
            "| contender | s to 1e-4 | s to 1e-6 (least) | times ours | gap reached | passes "
            "| first fit, s | memory / input | mark |\n"
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n"
        )
        ran = sorted(
            (line for line in self.lines if line.seconds or line.reached < math.inf), key=_rank
        )
        rest = [line for line in self.lines if line not in ran]
        return head + "".join(map(self._row, ran)) + _not_run(rest)

    def _row(self, line: Line) -> str:
        ours = self.ours()
        seconds, level = line.seconds, LEVELS[1]
        ratio = math.nan
        if ours is not None and level in ours.seconds and level in seconds:
            ratio = seconds[level] / ours.seconds[level]
        exact = _number(seconds.get(level))
        if level in seconds:
            exact += f" ({_number(line.least[level])})"
        name = f"**{line.name}**" if line is ours else line.name
        cells = (
            name, _number(seconds.get(LEVELS[0])), exact, _number(ratio), f"{line.reached:.0e}",
            _number(line.passes), _number(line.cold), _number(line.memory), line.mark,
        )  # fmt: skip
        return "| " + " | ".join(cells) + " |\n"


def _rank(line: Line) -> tuple[float, float]:
    return (line.seconds.get(LEVELS[1], math.inf), line.seconds.get(LEVELS[0], math.inf))


def _not_run(lines: list[Line]) -> str:
    marked = [f"{line.name} ({line.mark})" for line in lines if line.mark]
    return f"\nNot run: {'; '.join(marked)}.\n" if marked else ""


def _number(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.3g}"


def tables(folder: Path) -> list[Table]:
    """A table for every problem of every CSV, in their order."""
    best = Best(folder / "best.json")
    found = []
    for path in sorted(folder.glob("?.csv")):
        records = [record for record in read(path) if record.problem != "G-process"]
        for problem in dict.fromkeys(record.problem for record in records):
            here = [record for record in records if record.problem == problem]
            names = dict.fromkeys(record.contender for record in here)
            lines = [
                Line.of(name, [r for r in here if r.contender == name], best.of(problem))
                for name in names
            ]
            found.append(Table(problem, lines))
    return found


def summary(found: list[Table]) -> str:
    """Advantage over the fastest peer and over scikit-learn's best, and the geometric means."""
    level = LEVELS[1]
    text = (
        "| problem | ours, s | fastest peer, s | times faster | scikit-learn's best, s "
        "| times faster |\n"
        "| --- | ---: | --- | ---: | --- | ---: |\n"
    )
    for table in found:
        ours, peer, sk = table.ours(), table.fastest(level), table.fastest(level, "sklearn")
        cells = (
            table.problem, _number(ours.seconds.get(level) if ours else None), _named(peer),
            _number(table.advantage(level)), _named(sk), _number(table.advantage(level, "sklearn")),
        )  # fmt: skip
        text += "| " + " | ".join(cells) + " |\n"
    overall = geometric_mean(table.advantage(level, "sklearn") for table in found)
    rows = geometric_mean(_by_row(found).values())
    return (
        f"{text}\nGeometric mean against scikit-learn's best at 1e-6: {_number(rows)} over the "
        f"rows, {_number(overall)} over the problems (aim: {OVERALL_AIM:.0f}). Problems without a "
        "figure on one side do not count.\n"
    )


def _named(line: Line | None) -> str:
    return "" if line is None else f"{_number(line.seconds[LEVELS[1]])} ({line.name})"


def _by_row(found: list[Table]) -> dict[str, float]:
    """Each row's geometric mean over its problems."""
    rows: dict[str, list[float]] = {}
    for table in found:
        row = table.problem.removeprefix("small-")[0]
        rows.setdefault(row, []).append(table.advantage(LEVELS[1], "sklearn"))
    return {row: geometric_mean(values) for row, values in rows.items()}


def geometric_mean(values: Iterable[float]) -> float:
    """exp(mean log) of those that are numbers; NaN of none."""
    logs = [math.log(value) for value in values if not math.isnan(value)]
    return math.exp(sum(logs) / len(logs)) if logs else math.nan


def shortfalls(found: list[Table]) -> str:
    """What falls short of an aim, one line each."""
    lines = []
    for table in found:
        ours, advantage = table.ours(), table.advantage(LEVELS[1])
        if ours is None or LEVELS[1] not in ours.seconds:
            own = "onelayer-cv" if table.problem.removeprefix("small-")[0] == "H" else US
            marks = [line.mark for line in table.lines if line.name == own and line.mark]
            why = marks[0] if marks else "the default stops short of 1e-6"
            lines.append(f"- {table.problem}: no figure of ours ({why}).")
        elif advantage < AIM:
            peer = table.fastest(LEVELS[1])
            name = peer.name if peer else ""
            lines.append(
                f"- {table.problem}: {_number(advantage)} times {name}, short of {AIM:.0f}."
            )
    return "\n".join(lines) + "\n" if lines else "Nothing: every problem meets its aim.\n"


def processes(folder: Path) -> str:
    """Whole processes, from row G's file."""
    path = folder / "G.csv"
    records = [r for r in read(path) if r.kind == "process"] if path.exists() else []
    if not records:
        return ""
    text = "## Whole processes\n\n| what | seconds |\n| --- | ---: |\n"
    for name in dict.fromkeys(record.contender for record in records):
        seconds = median(record.seconds for record in records if record.contender == name)
        text += f"| {name} | {seconds:.3f} |\n"
    return text + "\n"


def machines(folder: Path) -> str:
    """Where each row was measured."""
    text = ""
    for path in sorted(folder.glob("?.machine.json")):
        about: dict[str, Any] = json.loads(path.read_text())
        versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
        text += (
            f"- {path.name[0]}: {about['date']}, {about['cpu']}, {about['cores']} cores, "
            f"{about['threads']} threads; {'; '.join(about['blas'])}; {versions}\n"
        )
    return text


def document(folder: Path) -> str:
    """The whole of RESULTS.md."""
    found = tables(folder)
    parts = [
        INTRODUCTION,
        "## Where\n\n" + machines(folder) + "\n",
        "## In one table, at a relative gap of 1e-6\n\n" + summary(found) + "\n",
        "## What falls short\n\n" + shortfalls(found) + "\n",
        processes(folder),
        "## Problem by problem\n\n" + "\n".join(table.text() for table in found),
    ]
    return "".join(parts)


def main() -> None:
    """Write RESULTS.md."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description="CSVs to RESULTS.md")
    parser.add_argument("--results", type=Path, default=here / "results")
    parser.add_argument("--out", type=Path, default=here / "RESULTS.md")
    arguments = parser.parse_args()
    remarks = (here / "remarks.md").read_text()
    arguments.out.write_text(document(arguments.results) + "\n" + remarks)


if __name__ == "__main__":
    main()
