"""What each place of a picture adds to a score, where an encoder ends in a mean over places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.errors import UsageError

if TYPE_CHECKING:
    from onelayer.model.fitted import Model


def maps_of(model: Model, given: Any, k: int | None) -> np.ndarray:
    """Return the maps (m, h, w) for class k, or for each picture's answer; see `Model.maps`."""
    pictures, known = model.inputs.pictures(given), model.classes.tolist()
    if k is None:
        chosen = [known.index(one) for one in model.predict(pictures).tolist()]
    else:
        chosen = [k] * len(pictures)
    found = [model.score_of_places(picture, k) for picture, k in zip(pictures, chosen, strict=True)]
    maps = [one[0] for one in found if one is not None]
    if len(maps) < len(found):
        raise UsageError("the model sees no places: contributions says what its numbers add")
    return np.array(maps)


def score_of_places(model: Model, picture: np.ndarray, k: int) -> tuple[np.ndarray, float] | None:
    """What places add to class k's score (h, w), and the intercept; see `Model`."""
    places = model.inputs.picture_places(picture)
    if places is None:
        return None
    h, w, n = places.shape
    score = model.layer.score(places.reshape(-1, n).astype(np.float64), k)
    shares = score.shares.sum(axis=1) / (h * w)
    of_row = model.layer.score(model.rows(picture[None]), k).shares.sum()
    return (shares + (of_row - shares.sum()) / (h * w)).reshape(h, w), score.intercept
