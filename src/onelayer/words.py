"""Numbers and names as people read them: one way to write each, wherever it is shown."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and line feed, DEL, C1
    r"\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"  # what turns or breaks the line
    r"\ufeff\ud800-\udfff]"  # a mark of byte order, half a pair
)

RAW_PIXELS = "raw pixels see colour and position, not shape"
"""Why the pixels of photographs give a weak result; see `way_out`."""


_OPTIONS = ContextVar("_OPTIONS", default=False)
"""Whether what is said is said on the command line."""


@contextmanager
def options_spoken() -> Iterator[None]:
    """Within it, messages name the options of the command line, not the parameters of Python."""
    before = _OPTIONS.set(True)
    try:
        yield
    finally:
        _OPTIONS.reset(before)


def speaks_of_options() -> bool:
    """Whether what is said is said on the command line."""
    return _OPTIONS.get()


def spelt(parameter: str, option: str | None = None) -> str:
    """Return how the caller writes a parameter: `n_features`, or on the command line an option.

    `option` is what it is there, where that is more than `--n-features`.
    """
    if not _OPTIONS.get():
        return parameter
    return option or f"--{parameter.replace('_', '-')}"


def to_drop(names: Sequence[str]) -> str:
    """Return what leaves columns of these names out: `drop=['a', 'b']`, `--drop a --drop b`."""
    return spelt(f"drop={list(names)}", " ".join(f"--drop {in_shell(name)}" for name in names))


def visible(text: str) -> str:
    r"""Write what would steer a terminal, or turn the line round, as an escape: ESC is \x1b.

    Names come from data and from files of strangers: a raw escape sequence in one could colour,
    hide or overwrite what a terminal shows. Tabs and line feeds stay. Inside JSON text the same
    character is \u001b, see `visible_in_json`.
    """
    return _UNSEEN.sub(_escaped, text)


def in_one_line(text: str) -> str:
    r"""Write what `visible` does, and tabs and line feeds too: \t, \n.

    For names, and for sentences and cells that name something: none may break the line it is in.
    """
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def in_shell(word: str) -> str:
    r"""Write a word so that a shell takes it, in one line: $'a\nb' where it has such characters."""
    shown = in_one_line(word)
    if shown == word:
        return shlex.quote(word)
    kept = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{in_one_line(kept)}'"


def visible_in_json(text: str) -> str:
    """Return JSON text that means the same, with `visible`'s characters as JSON escapes."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def listed(names: Sequence[str], shown: int = 40) -> str:
    """Name columns or classes for people, so many of them."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def percent(rate: float) -> str:
    """A rate for people: 0.658 is 65.8 %."""
    return f"{100 * rate:.1f} %"


def interval_in_words(interval: list[float]) -> str:
    """An interval of rates for people: (0.57, 0.74) is 57 to 74 %."""
    return f"{100 * interval[0]:.0f} to {100 * interval[1]:.0f} %"


def loss_in_words(loss: float | None) -> str:
    """A log loss with three decimals, or three digits where a descent overshot."""
    if loss is None or not math.isfinite(loss):
        return "not finite"
    return f"{loss:.3f}" if loss < 1000 else f"{loss:.3g}"


def count_in_words(n: float) -> str:
    """Examples: 1,234; a sum of weights with a decimal, a small one with three digits."""
    if abs(n - round(n)) <= 1e-9 * max(1.0, n):
        return f"{n:,.0f}"
    return f"{n:,.1f}" if n >= 10 else f"{n:.3g}"


def count_of(n: float, units: str) -> str:
    """So many of something: 1,234 rows, 1 row."""
    return f"{count_in_words(n)} {units.removesuffix('s') if n == 1 else units}"


def size_in_words(size: float) -> str:
    """Bytes for people: 31.4 GB, 212 MB, 9.6 KB."""
    for unit, of_one in (("GB", 1e9), ("MB", 1e6)):
        if size >= of_one:
            return f"{size / of_one:.3g} {unit}"
    return f"{size / 1e3:.3g} KB"


def c_in_words(C: float) -> str:
    """C, or that there is no penalty."""
    return "inf (no penalty)" if math.isinf(C) else f"{C:g}"


def short_c(C: float) -> str:
    """C in two digits, in a figure: 230, 0.63, 1e-05."""
    return f"{float(f'{C:.2g}'):g}"


def quoted_name(name: str) -> str:
    """A column's name as a formula has it."""
    return name if name.isidentifier() else f"`{name}`"


def counted(mass: float) -> float:
    """A sum of weights; a whole number as one, so that it is read as one."""
    return int(mass) if mass == int(mass) else float(mass)


def way_out() -> str:
    """What to do where raw pixels give a weak result, as it is written where this is asked."""
    option = spelt("features='efficientnet-lite0'", "--features efficientnet-lite0")
    return f"An encoder's features see shapes: train with {option}"
