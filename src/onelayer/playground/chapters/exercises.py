"""The exercises: what the learner is asked to write, and what the answer says of what they wrote.

`lesson.check` names the slip in words. The figure beside it shows the same: theirs in orange, the
lesson's in blue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from onelayer import lesson
from onelayer.lesson import slips
from onelayer.lesson.blanks import BLANKS
from onelayer.lesson.checker import CheckReport
from onelayer.playground.chapters import yours
from onelayer.playground.chapters.classifier import CLASSIFIER
from onelayer.playground.chapters.own_code import Code, compiled
from onelayer.playground.screen import Answer, Drawing, Entry, Part

Figure = Callable[[Callable[..., Any]], Sequence[Drawing]]


def exercise(name: str, figure: Figure) -> Part:
    """Return the part in which the function `name` is written, from what is blank at first."""
    label = f"Your turn: write `{name}`"
    controls = (Entry("code", "code", label, BLANKS[name]), Entry("press", "checked", "Check", 0))
    return Part(f"write-{name}", partial(answer, name=name, figure=figure), controls)


def answer(code: str, checked: int, name: str, figure: Figure) -> Answer:
    """Check what was written, when asked to."""
    if not checked:
        return Answer(f"Fill in the blanks of `{name}`, then let it be checked.")
    own = compiled(code, name)
    if own.function is None:
        return Answer("That does not run yet.", told=own.trouble)
    report = lesson.check(own.function, like=name)
    return Answer(_says(report), told=str(report), drawings=tuple(drawn(own, figure)))


def drawn(own: Code, figure: Figure) -> Sequence[Drawing]:
    """Draw what the function gives; nothing where it gives nothing that can be drawn."""
    if own.function is None:
        return ()
    try:
        return figure(own.function)
    except yours.UNDRAWABLE:
        return ()


_NO_CODE = {slips.RETURN_VALUE.mend, slips.RAISED.mend, slips.BLANK.mend, slips.OTHER.mend}


def _says(report: CheckReport) -> str:
    if report.passed:
        return f"**Right.** Your `{report.kind}` gives what the lesson's gives, on every trial."
    named = list(dict.fromkeys(finding.slip for finding in report.findings))
    first = report.findings[0]
    others = f" And: {'; '.join(named[1:])}." if named[1:] else ""
    mend = f" Mend it: `{first.mend}`." if first.mend not in _NO_CODE else ""
    if first.slip == slips.RAISED.name:
        return "**It raised an error.** Below stands which, and in which line."
    name = named[0][0].upper() + named[0][1:] if named[0][1:2].isalpha() else named[0]
    why = first.explanation.replace("`", "")
    return f"**{name}:** {why}.{mend}{others}"


EXERCISES = {
    "neuron": exercise("sigmoid", yours.sigmoid),
    "loss": exercise("cost", yours.cost),
    "descent": exercise("optimize", yours.optimize),
    "points": exercise("predict", yours.predict),
    "graph": exercise("backward", yours.backward),
    "vectorisation": exercise("propagate", yours.propagate),
    "picture": exercise("images_to_columns", yours.images_to_columns),
    "broadcasting": exercise("center", yours.center),
    "everything": CLASSIFIER,
    "beyond": exercise("with_squares", yours.with_squares),
}
"""What the learner writes at the end of each chapter."""
