"""A request's body becomes examples: their names, and what the model predicts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from onelayer.inputs.codes import lacking_in_words
from onelayer.inputs.columns import Column
from onelayer.model import Model
from onelayer.server.limits import Limits
from onelayer.server.rejections import Rejection
from onelayer.server.service import Service
from onelayer.server.uploads import parse_files, parse_json

LARGEST = 1e100
"""A number of a row, at most: z is a sum of products, which shall be finite."""


@dataclass(frozen=True)
class Sent:
    """Examples of one request.

    Attributes
    ----------
    names
        What each is called in the answer: {"file": its name} or {"row": its number}.
    inputs
        What the model predicts from: (m, n), or a table's rows as dictionaries.
    pictures
        uint8 (m, height, width, channels); None where rows were sent.
    """

    names: list[dict[str, Any]]
    inputs: Any
    pictures: np.ndarray | None = None


def read_examples(
    service: Service, limits: Limits, media_type: str, content_type: str, body: bytes
) -> Sent:
    """Return the files or rows of a body.

    Raises
    ------
    Rejection
        4xx, naming the file or row.
    """
    if media_type == "multipart/form-data":
        return _pictures(service, content_type, body)
    if media_type == "application/json":
        return _rows(service.model, limits, parse_json(body))
    raise Rejection(
        415, f"the Content-Type is {media_type!r}: send {' or '.join(media_types(service.model))}"
    )


def media_types(model: Model) -> list[str]:
    """What a model can be sent."""
    files = ["multipart/form-data"] if model.preprocessing is not None else []
    return [*files, "application/json"]


def _pictures(service: Service, content_type: str, body: bytes) -> Sent:
    to = service.model.preprocessing
    if to is None:
        kind = "a table" if service.model.columns else "numbers"
        raise Rejection(415, f"the model takes rows of {kind}, not files: send application/json")
    files = parse_files(body, content_type, service.limits)
    pictures = service.decoders.decode(files, to)
    names = [{"file": file.name} for file in files]
    X = service.model.rows(pictures.reshape(len(pictures), -1))  # an encoder is asked once
    return Sent(names, X, pictures)


def _rows(model: Model, limits: Limits, sent: Any) -> Sent:
    rows = _list_of_rows(sent, limits)
    names = [{"row": number} for number in range(len(rows))]
    if model.columns:
        return Sent(names, [_record(at, row, model.columns) for at, row in enumerate(rows)])
    n = model.coef.shape[1]
    return Sent(names, np.array([_row(at, row, n) for at, row in enumerate(rows)], np.float64))


def _list_of_rows(sent: Any, limits: Limits) -> list[Any]:
    if not isinstance(sent, dict) or set(sent) != {"rows"} or not isinstance(sent["rows"], list):
        raise Rejection(422, 'the JSON is not of the form {"rows": [...]}')
    rows: list[Any] = sent["rows"]
    if not rows:
        raise Rejection(422, "no row was sent: send one or more in rows")
    if len(rows) > limits.rows:
        raise Rejection(422, f"more than {limits.rows} rows: send them in several requests")
    return rows


def _row(number: int, row: Any, n: int) -> list[float]:
    if not isinstance(row, list) or len(row) != n:
        what = f"{len(row)} values" if isinstance(row, list) else f"a {type(row).__name__}"
        raise Rejection(422, f"row {number} is {what}: the model takes a list of {n} numbers")
    for column, value in enumerate(row):
        if type(value) not in {int, float} or not abs(value) <= LARGEST:
            raise Rejection(
                422,
                f"row {number} has {str(value)[:40]!r} in column {column}, counted from 0: "
                f"send numbers from -{LARGEST:g} to {LARGEST:g}",
            )
    return row


def _record(number: int, row: Any, columns: tuple[Column, ...]) -> dict[str, Any]:
    """Return a row's cells by column, of which each is sent: one that is missing is null."""
    names = [column.name for column in columns]
    if not isinstance(row, dict):
        raise Rejection(
            422,
            f"row {number} is a {type(row).__name__}: the model takes an object of the columns "
            f"{', '.join(names[:20])}",
        )
    unknown = [name for name in row if name not in names]
    if unknown:
        raise Rejection(
            422,
            f"row {number} has the column {unknown[0][:40]!r}, which the model does not know: "
            f"it looks at {', '.join(names[:20])}",
        )
    lacking = [name for name in names if name not in row]
    if lacking:
        raise Rejection(
            422,
            f"row {number} has {lacking_in_words(lacking)}; send null where a value is missing",
        )
    return {column.name: _cell(number, column, row[column.name]) for column in columns}


def _cell(number: int, column: Column, value: Any) -> float | str | None:
    if value is None:
        return None
    if column.kind == "number" and type(value) in {int, float} and abs(value) <= LARGEST:
        return float(value)
    if column.kind in {"category", "text", "date"} and isinstance(value, str) and _is_text(value):
        return value
    if column.kind == "category" and isinstance(value, bool) and column.boolean:
        return str(value).lower()
    due = f"a number from -{LARGEST:g} to {LARGEST:g}" if column.kind == "number" else "a text"
    if column.boolean:
        due = "true or false"
    raise Rejection(
        422, f"row {number} has {ascii(value)[:40]} in column {column.name!r}: send {due}, or null"
    )


def _is_text(value: str) -> bool:
    """Whether it can be written: JSON may hold half a character."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
