"""What can be asked of how a table is read, where it does not show by itself."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from onelayer.errors import UsageError
from onelayer.words import spelt

_NAMED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "space": " "}


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """How a table is read.

    Attributes
    ----------
    header
        Whether the first row of a text file names the columns.
    delimiter
        What stands between the cells of a text file; None: it is found out.
    encoding
        Of a text file, as Python calls it; None: UTF-8, or what its byte order mark says.
    decimal
        "." or ",", the decimal sign of its numbers; None: what the columns show.
    missing
        Words that stand for no value, beside those that always do.
    """

    header: bool = True
    delimiter: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.decimal not in {None, ".", ","}:
            raise UsageError(f"{spelt('decimal')} is {self.decimal!r}: give '.' or ','")
        sign = self.sign
        if sign is not None and (len(sign) != 1 or not sign.isascii() or sign in '"\r\n\0'):
            raise UsageError(f"{spelt('delimiter')} is {sign!r}: give one character, as ';' or tab")
        if self.encoding is not None:
            _require_text(self.encoding)

    @property
    def sign(self) -> str | None:
        """The delimiter itself, where it was named in words."""
        return None if self.delimiter is None else _NAMED.get(self.delimiter, self.delimiter)

    def with_text(
        self, *, delimiter: str | None = None, encoding: str | None = None
    ) -> TableOptions:
        """Return the same for a text file that is written otherwise; None leaves it as it was."""
        return replace(
            self,
            delimiter=self.delimiter if delimiter is None else delimiter,
            encoding=self.encoding if encoding is None else encoding,
        )

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> TableOptions:
        """Return the options among the settings of a training."""
        known = {
            name: settings[name]
            for name in ("header", "delimiter", "encoding", "decimal")
            if settings.get(name) is not None
        }
        return cls(**known, missing=_words(settings.get("missing") or ()))


AS_USUAL = TableOptions()


def _words(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(word.strip() for word in given)


def _require_text(encoding: str) -> None:
    try:
        codecs.getincrementaldecoder(encoding)()
        "".encode(encoding)
    except (LookupError, TypeError, ValueError):
        raise UsageError(
            f"there is no encoding {encoding!r}: give one that Python knows, as cp1252, latin-1, "
            "utf-16 or shift_jis"
        ) from None
