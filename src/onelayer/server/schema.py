"""What the API takes and answers, as OpenAPI says it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from onelayer.inputs.columns import Column
from onelayer.model import Model
from onelayer.server.answers import class_names
from onelayer.server.limits import Limits
from onelayer.server.scored_table import MEDIA_TYPE
from onelayer.server.sent import LARGEST, media_types
from onelayer.server.uploads import FIELD

PICTURES = ("image/jpeg", "image/png", "image/webp", "image/bmp", "image/gif", "image/tiff")


class Trouble(BaseModel):
    """What is wrong with a request."""

    detail: str


class Health(BaseModel):
    """That the server is up."""

    status: str


class Prediction(BaseModel):
    """What the layer says of one file or row."""

    file: str | None = Field(None, description="The file's name.")
    row: int | None = Field(None, description="The row's number, from 0.")
    label: str | int | float | bool = Field(alias="class")
    probabilities: dict[str, float]
    unlike: str | None = Field(
        description="Why it is unlike anything that the model was trained on, so that the answer "
        "is a guess; null where it is not, or where the model does not know."
    )


class Predictions(BaseModel):
    """One prediction for each file or row, in their order."""

    predictions: list[Prediction]


class SimilarPicture(BaseModel):
    """A picture of training."""

    label: str = Field(alias="class", description="The class that it was in.")
    likeness: float = Field(description="The cosine between its features and those of this one.")
    picture: str = Field(description="64 x 64 pixels, a JPEG as a data URI.")


class Explanation(Prediction):
    """A prediction, and the sum that a class's score is."""

    explains: str = Field(description="The class whose score z is.")
    against: str | None = Field(
        description="Of two classes the other. Of more, none: z is the class's score above the "
        "mean score of all."
    )
    z: float = Field(
        description="The intercept plus all contributions. z / temperature + offset is what the "
        "probability is made of: with two classes it is the log-odds."
    )
    intercept: float
    temperature: float
    offset: float
    contributions: list[float] | list[list[float]] = Field(
        description="What each number of a row, each pixel (rows of pixels, its channels added up) "
        "or each place that an encoder sees (rows of places) adds to z."
    )
    words: dict[str, list[tuple[str, float]]] = Field(
        description="Of each column of free text the words and pairs of words that add most to z."
    )
    similar: list[SimilarPicture] = Field(
        description="Of an encoder's model the most similar of the pictures of training that it "
        "keeps, the most similar first; empty where it keeps none."
    )
    seen: str | None = Field(description="The picture as the model sees it, a PNG as a data URI.")


class Explanations(BaseModel):
    """One explanation for each file or row, in their order."""

    explanations: list[Explanation]


class ScoredTable(BaseModel):
    """A table with an answer in every row."""

    rows: int
    classes: dict[str, int] = Field(description="How often each class was answered.")
    notes: list[str] = Field(description="What was found odd, or not looked at.")
    table: str = Field(
        description="The CSV: the columns that came, then class, probability, of few classes that "
        "of each, and why a row is unlike any trained on."
    )


class Heading(BaseModel):
    """A line of the card, for people."""

    heading: str
    text: str


class ColumnDescription(BaseModel):
    """A column of a table."""

    name: str
    kind: str = Field(description="`number`, `category`, `date`, or free `text`.")
    levels: list[str]
    boolean: bool
    median: float
    low: float
    high: float
    least: float | None = Field(description="The smallest number of training, where it is known.")
    most: float | None = Field(description="The largest number of training, where it is known.")
    usual: str | None = Field(description="The most frequent level of training, if known.")


class Description(BaseModel):
    """What the model takes and tells apart."""

    kind: str = Field(description="`pictures`, `rows` of numbers, or `table`: rows of columns.")
    classes: list[str]
    features: int
    preprocessing: dict[str, Any] | None
    encoder: str | None = Field(
        description="What makes features of pictures, with its digest; null where nothing does."
    )
    columns: list[ColumnDescription]
    summary: list[Heading]
    card: dict[str, Any]
    rule: str | None = Field(
        description="How a class is answered, in words; null where it is the likeliest."
    )
    target: str | None = Field(
        description="The column that held the classes; null where none did, as for pictures."
    )
    worth: str | None = Field(
        description="How often it was right on what it had not been trained on, in words; null "
        "where nobody judged."
    )
    alike: dict[str, list[str]] = Field(
        description="By column, levels that count as one, as they were rare in training."
    )
    limits: dict[str, int]


_REFUSALS = {
    400: "The body is not what its Content-Type says, or was cut short.",
    408: "The body did not arrive in time.",
    413: "Too many bytes, pixels or files.",
    415: "A Content-Type that the model does not take.",
    422: "A file, row or field that cannot be used; the detail names it.",
    503: "Too much is asked at once: come again after the seconds that Retry-After gives.",
}


def refusals(*, protected: bool) -> dict[int | str, dict[str, Any]]:
    """Return the answers other than 200, for a route that takes a body."""
    told: dict[int | str, dict[str, Any]] = {
        status: {"model": Trouble, "description": text} for status, text in _REFUSALS.items()
    }
    return told | unauthorised(protected)


def unauthorised(protected: bool) -> dict[int | str, dict[str, Any]]:
    """Return the answer to a request without the token, where one is asked for."""
    return {401: {"model": Trouble, "description": "A token is needed."}} if protected else {}


def predict(model: Model, limits: Limits) -> dict[str, Any]:
    """Return what /v1/predict takes."""
    return {"requestBody": _request_body(model, limits)}


def explain(model: Model, limits: Limits) -> dict[str, Any]:
    """Return what /v1/explain takes."""
    label = {
        "name": "class",
        "in": "query",
        "description": "The class whose score is explained; without, the predicted one.",
        "schema": {"type": "string", "enum": class_names(model)},
    }
    return {"parameters": [label], "requestBody": _request_body(model, limits)}


def score(limits: Limits) -> dict[str, Any]:
    """Return what /v1/score takes."""
    told = f"A CSV of up to {limits.table_rows} rows; its first line names the columns."
    content = {MEDIA_TYPE: {"schema": {"type": "string", "minLength": 1, "description": told}}}
    return {"requestBody": {"required": True, "content": content}}


def _request_body(model: Model, limits: Limits) -> dict[str, Any]:
    """Return what a model can be sent: files, rows, or both."""
    known = {
        "multipart/form-data": {
            "schema": _files(limits),
            "encoding": {FIELD: {"contentType": ", ".join(PICTURES)}},
        },
        "application/json": {"schema": _rows(model, limits)},
    }
    return {"required": True, "content": {kind: known[kind] for kind in media_types(model)}}


def _files(limits: Limits) -> dict[str, Any]:
    one = {"type": "string", "format": "binary", "minLength": 1}
    told = f"Up to {limits.files} pictures, known by their content."
    return _object({FIELD: {"type": "array", "items": one, "minItems": 1, "description": told}})


def _rows(model: Model, limits: Limits) -> dict[str, Any]:
    n = model.coef.shape[1]
    row = {"type": "array", "items": _number("number"), "minItems": n, "maxItems": n}
    if model.columns:
        row = _object({column.name: _cell(column) for column in model.columns})
    return _object(
        {"rows": {"type": "array", "items": row, "minItems": 1, "maxItems": limits.rows}}
    )


def _number(*types: str) -> dict[str, Any]:
    return {"type": list(types), "minimum": -LARGEST, "maximum": LARGEST}


def _cell(column: Column) -> dict[str, Any]:
    if column.kind == "number":
        return _number("number", "null")
    return {"type": ["string", "boolean", "null"] if column.boolean else ["string", "null"]}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
