"""The rule that answers, in words and in numbers, where it is not the largest probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from onelayer.card.json_values import plain

Share: TypeAlias = Literal["recall", "precision"]


@dataclass(frozen=True)
class CostRule:
    """The answer that costs least on average.

    Attributes
    ----------
    costs
        (K, K): what each answer costs where each class is true.
    words
        The same for people.
    """

    costs: tuple[tuple[float, ...], ...]
    words: str

    def by_class(self, names: Sequence[str]) -> dict[tuple[str, str], float]:
        """Return {(true, answer): cost} of what is not free."""
        rows = zip(names, self.costs, strict=True)
        every = {(true, said): c for true, row in rows for said, c in zip(names, row, strict=True)}
        return {pair: cost for pair, cost in every.items() if cost or pair[0] != pair[1]}

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {"kind": "costs", "costs": plain(self.costs), "words": self.words}


@dataclass(frozen=True)
class Reached:
    """What a threshold came to on the examples that judge; None: there was nothing to count."""

    recall: float | None
    precision: float | None


@dataclass(frozen=True, kw_only=True)
class ShareRule:
    """A threshold on the probability of a class, chosen for a recall or a precision of it.

    Attributes
    ----------
    kind
        Which of the two was asked for.
    of_class, wanted
        Of which class, and how much of it.
    threshold
        Above it the answer is that class.
    words
        The same for people.
    promised, confidence
        The recall that new examples reach at least, and how surely; None where none is promised.
    reached
        What it came to on the examples that judge; None where nobody did.
    """

    kind: Share
    of_class: str
    wanted: float
    threshold: float
    words: str
    promised: float | None = None
    confidence: float | None = None
    reached: Reached | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        told = {name: value for name, value in asdict(self).items() if value is not None}
        told["class"] = told.pop("of_class")
        return told


def decision_from(told: dict[str, Any]) -> CostRule | ShareRule:
    """Return the rule that `to_dict` described."""
    fields = dict(told)
    kind = fields.pop("kind")
    if kind == "costs":
        return CostRule(tuple(map(tuple, fields["costs"])), fields["words"])
    if kind not in {"recall", "precision"}:
        raise ValueError(f"a rule of the kind {kind!r} is unknown")
    if "reached" in fields:
        fields["reached"] = Reached(**fields["reached"])
    return ShareRule(kind=kind, of_class=fields.pop("class"), **fields)
