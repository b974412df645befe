"""Examples become predictions, and the sums that they were made from."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from onelayer.errors import DataError
from onelayer.layer import class_score
from onelayer.model import Model
from onelayer.model.unlike import in_words, rows_and_unlike
from onelayer.server.rejections import Rejection
from onelayer.server.sent import Sent

WORDS = 20
"""Of a text, that are named: those that add most."""


def class_names(model: Model) -> list[str]:
    """What the classes are called in JSON, whose keys are text."""
    return [str(label) for label in model.classes.tolist()]


def predictions(model: Model, examples: Sent) -> list[dict[str, Any]]:
    """Class and probabilities of each example: those of `predict` and `predict_proba`.

    Beside them why it is unlike any trained on, as `Model.unlike` says it; null where it is not.
    """
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            X, odd = rows_and_unlike(model, examples.inputs)
            Z = model.forward(X)
            labels, A = model.classes[model.readout.answers(Z)], model.readout.probabilities(Z)
    except DataError as error:  # a cell that the table has no place for
        raise Rejection(422, str(error)) from error
    if not np.isfinite(A).all():
        row = int(np.argmin(np.isfinite(A).all(axis=1)))
        raise Rejection(422, f"row {row}: its numbers are too large for the model's weights")
    names = class_names(model)
    return [
        {
            **name,
            "class": label,
            "probabilities": dict(zip(names, a, strict=True)),
            "unlike": in_words(odd[row]) if row in odd else None,
        }
        for row, (name, label, a) in enumerate(
            zip(examples.names, labels.tolist(), A.tolist(), strict=True)
        )
    ]


def explanations(model: Model, examples: Sent, of: str | None) -> list[dict[str, Any]]:
    """The predictions with what each number added to the score of a class, the predicted if None.

    The numbers of a picture's pixel are added up over its channels; of a picture that an encoder
    sees, what each place adds, where it ends in a mean over places.
    """
    found = predictions(model, examples)
    names = class_names(model)
    if of is not None and of not in names:
        raise Rejection(422, f"the class {of!r} is unknown: choose one of {', '.join(names[:20])}")
    explained = [names.index(of if of is not None else str(one["class"])) for one in found]
    return [
        {**one, **_explanation(model, examples, row, k)}
        for row, (one, k) in enumerate(zip(found, explained, strict=True))
    ]


def _explanation(model: Model, examples: Sent, row: int, k: int) -> dict[str, Any]:
    picture = None if examples.pictures is None else examples.pictures[row]
    places = None if picture is None else model.score_of_places(picture, k)
    x = model.rows(examples.inputs[row : row + 1])
    score, names = model.score(x, k), class_names(model)
    told: dict[str, Any] = {
        "explains": names[k],
        "against": names[1 - k] if len(names) == 2 else None,
        "z": float(class_score(model.forward(x), k)[0, 0]),
        "intercept": score.intercept,
        "temperature": model.temperature,
        "offset": _offset(model, k),
        "similar": [],
        "words": {name: told[:WORDS] for name, told in model.words_of(x, k)[0].items()},
    }
    if picture is None:
        return {**told, "contributions": score.shares[0].tolist(), "seen": None}
    told["similar"] = [
        {"class": str(one.label), "likeness": one.likeness, "picture": one.uri}
        for one in model.similar_to(x)[0]
    ]
    told["seen"] = as_png(model.inputs.seen(picture))
    if places is not None:
        return {**told, "contributions": places[0].tolist()}
    if model.inputs.pixels is None:
        return {**told, "contributions": score.shares[0].tolist()}
    return {**told, "contributions": score.shares.reshape(picture.shape).sum(axis=2).tolist()}


def _offset(model: Model, k: int) -> float:
    """What is added to class k's z / T, where class weights are taken out of the probabilities."""
    offsets = model.readout.offsets
    return 0.0 if offsets is None else float(class_score(offsets[None], k)[0, 0])


def as_png(pixels: np.ndarray) -> str:
    """Return uint8 pixels (height, width, 1, 3 or 4 channels) as a data URI, to the pixel."""
    file = BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(file, "PNG")
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode('ascii')}"
