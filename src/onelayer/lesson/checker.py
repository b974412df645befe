"""`check`: run what a learner wrote, from sigmoid to optimize, and name the slip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onelayer.errors import UsageError
from onelayer.lesson import slips
from onelayer.lesson.array_trials import ARRAY_TRIALS
from onelayer.lesson.trials import TRIALS as STEP_TRIALS

if TYPE_CHECKING:
    from collections.abc import Callable

    from onelayer.lesson.calls import Finding


TRIALS = STEP_TRIALS | ARRAY_TRIALS


@dataclass(frozen=True)
class CheckReport:
    """What `check` found; `print` it. `passed` is True where nothing was found."""

    kind: str
    function: str
    findings: tuple[Finding, ...]
    tried: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether no slip was found."""
        return not self.findings

    def __str__(self) -> str:
        name = self.kind if self.function == self.kind else f"{self.function}, as {self.kind}"
        if self.passed:
            rows = [f"  {call}" for call in self.tried]
            return "\n".join([f"check({name}): passed. Every value is right for", *rows])
        count = len(self.findings)
        title = f"check({name}): {count} finding{'s' * (count > 1)}"
        return "\n".join([title, *(f"  {i}. {f}" for i, f in enumerate(self.findings, start=1))])


def check(function: Callable[..., Any], like: str | None = None) -> CheckReport:
    """Run the learner's own function on small data and name its slips.

    `function` is a `sigmoid(z)`, `propagate(w, b, X, Y)`, `optimize(w, b, X, Y, num_iterations,
    learning_rate)`, `predict(w, b, X)`, `cost(A, Y)`, `backward(x, a, y)` of one example, or one
    that turns an array into another, `center(X)`, `with_squares(X)`, `images_to_columns(images)`;
    recognised by its name, or by `like="propagate"`.
    Returns a `CheckReport`; whatever the function raises is part of the report.

    Raises
    ------
    UsageError
        If `function` cannot be called, or neither its name nor `like` says what it is.
    """
    if not callable(function):
        raise UsageError(f"check takes a function, got {type(function).__name__}: leave out the ()")
    name = getattr(function, "__name__", type(function).__name__)
    kind = _kind(name, like, list(TRIALS))
    findings: list[Finding] = []
    tried = []
    for trial in TRIALS[kind]:
        said, found = trial(function)
        tried.append(said)
        findings += found
        if any(finding.slip in _FINAL for finding in found):
            break
    return CheckReport(kind, name, _told_once(findings), tuple(tried))


# After these the further trials would only repeat themselves.
_FINAL = {slips.RAISED.name, slips.RETURN_VALUE.name, slips.BLANK.name}


def _told_once(findings: list[Finding]) -> tuple[Finding, ...]:
    """Keep the first of each slip; an unnamed difference is kept only where nothing is named.

    A slip draws others after it (climbing the cost makes the costs wrong too): what has no name
    is most likely its consequence, and shows itself again once the named slip is mended.
    """
    first = {(f.slip, f.mend): f for f in reversed(findings)}
    once = [f for f in findings if first[f.slip, f.mend] is f]
    return tuple([f for f in once if f.slip != slips.OTHER.name] or once)


def _kind(name: str, like: str | None, kinds: list[str]) -> str:
    if like is not None:
        if like not in kinds:
            raise UsageError(f"like={like!r}: expected one of {', '.join(kinds)}")
        return like
    named = [kind for kind in kinds if kind in name]
    if len(named) != 1:
        raise UsageError(
            f"{name!r} could be any function: say check({name}, like=...), "
            f"with one of {', '.join(kinds)}"
        )
    return named[0]
