"""Examples unlike any that a model was trained on: what it says of them is a guess."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.designs import is_sparse
from onelayer.inputs import RowInputs
from onelayer.words import count_of

if TYPE_CHECKING:
    from onelayer.inputs.unlike_cells import Unlike
    from onelayer.model.fitted import Model

COLUMN = "unlike"
"""What the column or field is called that says why an example is unlike any trained on."""

_SHOWN = 3  # reasons of an example, and names in a note


def can_tell(model: Model) -> bool:
    """Whether a model knows what it was trained on; those of older versions do not."""
    return (
        model.inputs.can_tell_unlike
        or _deviations(model) is not None
        or (model.kept is not None and model.kept.least_likeness is not None)
    )


def rows_and_unlike(model: Model, given: Any) -> tuple[Any, Unlike]:
    """Return X (m, n) of what `predict` takes, and which rows are unlike any trained on."""
    X, found = model.inputs.rows_and_unlike(given)
    return X, found | unlike_rows(model, X, seen=True)


def unlike_rows(model: Model, X: Any, *, seen: bool = False) -> Unlike:
    """Find rows of X (m, n) that are unlike any trained on, as far as rows show it.

    `seen` says that the model's inputs have been asked already.
    """
    found = {} if seen else model.inputs.unlike_rows(X)
    limit = _deviations(model)
    if limit is not None:
        found = found | _far(model, X, limit)
    if model.kept is not None:
        found = found | model.kept.unlike(X)
    return found


def _deviations(model: Model) -> float | None:
    """Standard deviations that no row of m trained on can be from the mean: sqrt(m - 1).

    Source: Samuelson 1968. None where the model did not standardise numbers.
    """
    train = model.card.train
    if not isinstance(model.inputs, RowInputs) or model.scaling is None or train is None:
        return None
    standardised = model.card.scaling == "standard" and train.n > 1
    return float(np.sqrt(train.n - 1)) if standardised else None


def _far(model: Model, X: Any, limit: float) -> Unlike:
    """Find rows with a number more than so many deviations from the mean."""
    scaling, names = model.scaling, model.inputs.parts
    if scaling is None or is_sparse(X):
        return {}
    found: Unlike = {}
    room = (1 + 1e-9) * limit / scaling.scale  # rounding of a mean and a deviation
    odd = np.abs(np.asarray(X, np.float64) - scaling.centre) > room
    for row, column in np.argwhere(odd).tolist():
        name, centre, deviation = names[column], scaling.centre[column], 1 / scaling.scale[column]
        said = f"{name} is {X[row, column]:.6g}, and was about {centre:.6g} in training"
        found.setdefault(row, {})[name] = f"{said}, give or take {deviation:.3g}"
    return found


def in_words(why: dict[str, str]) -> str:
    """Say why an example is unlike any trained on."""
    more = f"; and {len(why) - _SHOWN} more" if len(why) > _SHOWN else ""
    return "; ".join([*why.values()][:_SHOWN]) + more


def counted(names: Counter[str], rows: int, m: int) -> str:
    """Say how many of m examples are unlike any trained on, and by what; empty for none."""
    if rows == 0:
        return ""
    shown = ", ".join(f"{name} {count:,}" for name, count in names.most_common(_SHOWN))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    are = "is" if rows == 1 else "are"
    return f"{rows:,} of {count_of(m, 'examples')} {are} unlike any trained on: {shown}{more}"


def warns_in_words(model: Model) -> str:
    """Say whether `predict` warns of examples unlike any trained on."""
    if not can_tell(model):
        return "of no example that is unlike any trained on: the file does not say what those were"
    return "of examples that are unlike any trained on"
