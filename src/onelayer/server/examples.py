"""A request's body becomes examples: their names, and what the model predicts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from onelayer.model import Model
from onelayer.server.limits import Limits
from onelayer.server.problems import Problem
from onelayer.server.service import Service
from onelayer.server.uploads import parse_files, parse_json

LARGEST = 1e100
"""A number of a row, at most: z is a sum of products, which shall be finite."""


@dataclass(frozen=True)
class Examples:
    """Examples of one request.

    Attributes
    ----------
    names
        What each is called in the answer: {"file": its name} or {"row": its number}.
    inputs
        What the model predicts from: (m, n).
    pictures
        uint8 (m, height, width, channels); None where rows were sent.
    """

    names: list[dict[str, Any]]
    inputs: Any
    pictures: np.ndarray | None = None


def read_examples(
    service: Service, limits: Limits, media_type: str, content_type: str, body: bytes
) -> Examples:
    """Return the files or rows of a body.

    Raises
    ------
    Problem
        4xx, naming the file or row.
    """
    if media_type == "multipart/form-data":
        return _pictures(service, content_type, body)
    if media_type == "application/json":
        return _rows(service.model, limits, parse_json(body))
    raise Problem(
        415, f"the Content-Type is {media_type!r}: send {' or '.join(media_types(service.model))}"
    )


def media_types(model: Model) -> list[str]:
    """What a model can be sent."""
    files = ["multipart/form-data"] if model.preprocessing is not None else []
    return [*files, "application/json"]


def _pictures(service: Service, content_type: str, body: bytes) -> Examples:
    to = service.model.preprocessing
    if to is None:
        raise Problem(415, "the model takes rows of numbers, not pictures: send application/json")
    files = parse_files(body, content_type, service.limits)
    pictures = service.decoders.decode(files, to)
    names = [{"file": file.name} for file in files]
    return Examples(names, pictures.reshape(len(pictures), -1), pictures)


def _rows(model: Model, limits: Limits, sent: Any) -> Examples:
    rows = _list_of_rows(sent, limits)
    n = model.coef.shape[1]
    X = np.array([_row(number, row, n) for number, row in enumerate(rows)], dtype=np.float64)
    return Examples([{"row": number} for number in range(len(X))], X)


def _list_of_rows(sent: Any, limits: Limits) -> list[Any]:
    if not isinstance(sent, dict) or set(sent) != {"rows"} or not isinstance(sent["rows"], list):
        raise Problem(422, 'the JSON is not of the form {"rows": [...]}')
    rows: list[Any] = sent["rows"]
    if not rows:
        raise Problem(422, "no row was sent: send one or more in rows")
    if len(rows) > limits.rows:
        raise Problem(422, f"more than {limits.rows} rows: send them in several requests")
    return rows


def _row(number: int, row: Any, n: int) -> list[float]:
    if not isinstance(row, list) or len(row) != n:
        what = f"{len(row)} values" if isinstance(row, list) else f"a {type(row).__name__}"
        raise Problem(422, f"row {number} is {what}: the model takes a list of {n} numbers")
    for column, value in enumerate(row):
        if type(value) not in {int, float} or not abs(value) <= LARGEST:
            raise Problem(
                422,
                f"row {number} has {str(value)[:40]!r} in column {column}, counted from 0: "
                f"send numbers from -{LARGEST:g} to {LARGEST:g}",
            )
    return row
