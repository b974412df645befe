"""What Arrow says of a damaged table, in our words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from onelayer.errors import DataError
from onelayer.readers.tables.text import no_utf8

_UNEVEN = re.compile(r"Expected (\d+) columns, got (\d+)(?:: (.*))?", re.DOTALL)


@contextmanager
def said_in_words(path: Path) -> Iterator[None]:
    """Arrow's errors as ours."""
    try:
        yield
    except pa.ArrowNotImplementedError as error:
        raise DataError(f"{path} holds what cannot be read: {error}") from error
    except pa.ArrowInvalid as error:
        text = str(error)
        if "UTF8" in text or "UTF-8" in text:
            raise DataError(no_utf8(path)) from error
        uneven = _UNEVEN.search(text)
        if uneven:
            raise DataError(
                f"{path}: a row has {uneven[2]} cell{'s' * (uneven[2] != '1')}, and the first one "
                f"{uneven[1]}: "
                f"{(uneven[3] or '')[:200]!r}"
            ) from error
        raise DataError(f"{path} is damaged, or not what its name says: {text}") from error
