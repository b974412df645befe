"""What each published protocol does: a line a protocol, in the words of its source.

All minimise J(W, b) = mean L + lambda/2 ||W||^2 over softmax regression on frozen features, the
intercept free. They differ in what is done to the features, in which penalties are tried, on what
one is chosen and in what the chosen layer is trained on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onelayer.errors import UsageError

PER_SUM = (
    "C of scikit-learn, per sum: C x sum of L + ||W||^2 / 2, the intercept free; per mean it is "
    "lambda = 1 / (C m), m the examples trained on"
)
NEVER = "never"


@dataclass(frozen=True)
class Grid:
    """All of so many powers of ten, evenly spaced from the lowest to the highest."""

    lowest: float
    highest: float
    count: int

    @property
    def values(self) -> list[float]:
        """C, from the strongest penalty to the weakest."""
        return [float(C) for C in np.logspace(self.lowest, self.highest, self.count)]


@dataclass(frozen=True)
class Halving:
    """Powers of ten first, then halved steps about the best, to so many steps a decade."""

    lowest: int
    highest: int
    first_step: int
    per_decade: int

    def value(self, place: int) -> float:
        """C of a place, a whole number of the finest steps."""
        return float(10.0 ** (place / self.per_decade))

    @property
    def places(self) -> list[int]:
        """Those that are tried first, from the strongest penalty to the weakest."""
        unit = self.per_decade
        step = self.first_step * unit
        return list(range(self.lowest * unit, self.highest * unit + 1, step))


@dataclass(frozen=True, kw_only=True)
class ProbeProtocol:
    """What a protocol does.

    Attributes
    ----------
    name
        What it is asked for by.
    source
        Where it is published.
    features
        What is done to them, in words; `dtype` and `scaled` do it.
    number
        What the penalty's number means.
    tried
        Which numbers, in words; `search` does it, None where they are our own choice.
    chosen
        On what, and by what.
    without_val
        What stands for a validation set where there is none; `held_out` is its share of train.
    stratified
        Whether that share is taken of every class.
    trained
        What the layer that is judged is trained on; `refit` says whether val is in it.
    on_test
        Whether the number is ever chosen on what judges.
    differs
        What is done here otherwise than in the published code.
    """

    name: str
    source: str
    features: str
    number: str
    tried: str
    chosen: str
    without_val: str
    trained: str
    differs: str
    on_test: str = NEVER
    search: Grid | Halving | None = None
    held_out: float = 0.1
    stratified: bool = True
    refit: bool = True
    scaled: bool = False
    dtype: str | None = None

    def rows(self) -> tuple[tuple[str, str], ...]:
        """What it does, a label and words a row."""
        return (
            ("source", self.source),
            ("features", self.features),
            ("number", self.number),
            ("tried", self.tried),
            ("chosen", self.chosen),
            ("without val", self.without_val),
            ("trained on", self.trained),
            ("judged on", "test, once"),
            ("chosen on test", self.on_test),
            ("differs", self.differs),
        )


_OPTIMUM = (
    "every fit ends at its optimum, by a stated gap, where the published code stops after at most "
    "1,000 steps of L-BFGS"
)
_BOTH = "train and val together, at the C chosen"
_TENTH = "a tenth of every class of train, by the seed"
_AS_GIVEN = "as given, neither centred nor normalised, in their own type"

PROTOCOLS = {
    one.name: one
    for one in (
        ProbeProtocol(
            name="onelayer",
            source="this package: what `onelayer train` does",
            features="standardised, with the moments of train",
            number="lambda per mean of L, the same in every fold; shown as C = 1 / (lambda m)",
            tried="ten values over six decades of lambda, from the sum of the features' variances "
            "down; ends where two are clearly worse than the best, goes on where an end is best",
            chosen="on val, or without one in five folds of train, by log loss",
            without_val="five folds of train",
            trained="train, at the C chosen",
            differs="there is no calibration, which moves no answer; C is chosen on fits of a gap "
            "of 1e-4, and the layer that is judged has the gap asked for",
            refit=False,
            scaled=True,
        ),
        ProbeProtocol(
            name="simclr",
            source="Chen et al. 2020, A Simple Framework for Contrastive Learning, appendix B.8; "
            "after Kornblith et al. 2019",
            features=_AS_GIVEN,
            number=f"{PER_SUM}. The paper calls the 45 values strengths of L2 and does not say per "
            "what; code that follows it, DINOv2's for one, takes them as C, and so does this",
            tried="45 values, logspace(-6, 5, 45)",
            chosen="on val, by the measure (top-1, or mean per class for sets that report it)",
            without_val=_TENTH,
            trained=_BOTH,
            differs=_OPTIMUM,
            search=Grid(-6, 5, 45),
        ),
        ProbeProtocol(
            name="dinov2",
            source="Oquab et al. 2023, DINOv2; its dinov2/eval/log_regression.py",
            features="as given, neither centred nor normalised, in float64",
            number=f"{PER_SUM} (cuML's C is the same)",
            tried="45 values, 10^linspace(-6, 5, 45)",
            chosen="on a random tenth of train, or on val where there is one, by the measure "
            "(top-1)",
            without_val="a random tenth of train, not stratified, by the seed",
            trained=_BOTH,
            on_test="never here; the published finetune_on_val does so, and is not offered",
            differs="every fit ends at its optimum, by a stated gap, where the published code runs "
            "cuML for at most 1,000 steps; NumPy draws the tenth, where it is torch.randperm(0)",
            search=Grid(-6, 5, 45),
            stratified=False,
            dtype="float64",
        ),
        ProbeProtocol(
            name="clip",
            source="Radford et al. 2021, Learning Transferable Visual Models, appendix A.3",
            features=_AS_GIVEN,
            number=f"{PER_SUM}. The paper calls it lambda; the grid is the same either way",
            tried="10^-6, 10^-4, 10^-2, 1, 10^2, 10^4, 10^6, then steps halved about the best to "
            "eight a decade: 15 fits for a grid of 97",
            chosen="on val, by the measure (top-1, or mean per class for sets that report it); of "
            "equals the strongest penalty",
            without_val=_TENTH,
            trained=_BOTH,
            differs=_OPTIMUM,
            search=Halving(-6, 6, 2, 8),
        ),
        ProbeProtocol(
            name="few-shot",
            source="Radford et al. 2021, section 3.1; Zhou et al. 2022, CoOp, lpclip/",
            features=_AS_GIVEN,
            number=PER_SUM,
            tried="as clip, for every number of examples a class and every seed",
            chosen="on at most four a class of val, drawn by the seed, by the measure (top-1); of "
            "equals the strongest penalty",
            without_val="at most four a class of what is left of train",
            trained="the examples drawn alone, at the C chosen",
            differs=f"{_OPTIMUM}; CoOp's code halves eight times from one decade on each side and "
            "goes on with the better end, this searches as clip does; NumPy draws the examples",
            search=Halving(-6, 6, 2, 8),
            refit=False,
        ),
    )
}
"""By name."""


def protocol_called(name: str) -> ProbeProtocol:
    """Return the protocol of that name; UsageError where there is none."""
    if name not in PROTOCOLS:
        raise UsageError(f"there is no protocol {name!r}: give one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]
