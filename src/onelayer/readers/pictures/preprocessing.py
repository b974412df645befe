"""What is done to every picture, in training and in prediction alike."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from numbers import Integral
from typing import Any, get_args

from onelayer.errors import UsageError
from onelayer.settings import Fit, Mode, Size

_CHANNELS: dict[str, int] = {"L": 1, "RGB": 3, "RGBA": 4}


@dataclass(frozen=True)
class Preprocessing:
    """Every picture becomes uint8 `(height, width, channels)`.

    Attributes
    ----------
    height, width
        In pixels.
    mode
        `RGB`, `L` (grey, 1 channel, Rec. 601 luma) or `RGBA`. Without an alpha channel to keep,
        transparency is shown on white.
    fit
        `stretch` to the size; `crop` the centre to the size's proportions; `pad` with black.
    """

    height: int
    width: int
    mode: Mode = "RGB"
    fit: Fit = "stretch"

    def __post_init__(self) -> None:
        if self.mode not in get_args(Mode):
            raise UsageError(f"mode is {self.mode!r}: choose one of {_listed(get_args(Mode))}")
        if self.fit not in get_args(Fit):
            raise UsageError(f"fit is {self.fit!r}: choose one of {_listed(get_args(Fit))}")
        for side in (self.height, self.width):
            if not isinstance(side, Integral) or isinstance(side, bool) or side < 1:
                raise UsageError(
                    f"the size is {self.height!r} x {self.width!r}: give pixels, "
                    "one whole number or (height, width), each at least 1"
                )

    @classmethod
    def of_size(cls, size: Size, mode: Mode, fit: Fit) -> Preprocessing:
        """Take `size` as one whole number, or as (height, width)."""
        sides = tuple(size) if isinstance(size, (tuple, list)) else (size, size)
        if len(sides) != 2:
            raise UsageError(f"size is {size!r}: give one whole number or (height, width)")
        return cls(*sides, mode=mode, fit=fit)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return self.height, self.width, _CHANNELS[self.mode]

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Preprocessing:
        """Return what `to_dict` described."""
        return cls(**fields)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(repr(name) for name in names)
