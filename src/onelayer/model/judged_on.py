"""From a source to the examples that a model is judged on, as it sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onelayer.errors import DataError
from onelayer.inputs.examples import Examples
from onelayer.readers.tables.table_options import TableOptions
from onelayer.sources import Like, Progress, Source, no_progress, open_source

if TYPE_CHECKING:
    from onelayer.model.fitted import Model


def read_for(
    model: Model,
    source: Any,
    *,
    part: str | None = None,
    x: str | None = None,
    y: str | None = None,
    options: TableOptions | None = None,
    progress: Progress | None = no_progress,
) -> tuple[Source, Examples]:
    """Read a source as the model's own was read, not yet as rows of X.

    `part` names which of it, where it has several; None: the one that judges.
    """
    opened = open_source(source, model.inputs.again(x, y, options), progress)
    named = part if opened.is_split() else None
    return opened, opened.read(named, Like(model.inputs, model.classes))


def judged_on(model: Model, source: Any, **how: Any) -> tuple[Source, Examples]:
    """Read it as rows of X; parameters are those of `read_for`, errors `Model.evaluate`'s."""
    opened, read = read_for(model, source, **how)
    examples = read.encoded(model.inputs)
    if examples.n != model.layer.n:
        raise DataError(
            f"{opened.described} has {examples.n} features, and the model {model.layer.n}: give a "
            "source of the same kind"
        )
    return opened, examples
