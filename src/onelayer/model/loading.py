"""From a model file to the model that it holds; `record.py` writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onelayer.card import Card
from onelayer.errors import ModelFileError
from onelayer.inputs import Inputs, PictureInputs, RowInputs, TableInputs, inputs_from
from onelayer.inputs.encoding import Encoding
from onelayer.inputs.kept_pictures import kept_from
from onelayer.measures import head_of
from onelayer.model.fitted import Model
from onelayer.model.readouts import read_readout
from onelayer.model.soundness import require_known, sound_layer
from onelayer.model_file import ModelRecord, decode_labels, read
from onelayer.readers import Preprocessing
from onelayer.readers.arrays.layout import ArrayOptions
from onelayer.readers.tables.table_options import TableOptions


def load(path: str | Path) -> Model:
    """Read a model file; no code from it is ever run.

    Raises
    ------
    ModelFileError
        Where the file is damaged, foreign or newer than this version; the message says which.
    FileNotFoundError
        Where there is none.
    """
    record = read(path)
    try:
        return model_of(record)
    except ModelFileError as error:
        raise ModelFileError(f"{path} {error}") from error


def model_of(record: ModelRecord) -> Model:
    """Return the model that `record_of` described; ModelFileError if it cannot have."""
    require_known(record)
    arrays, metadata = record.arrays, record.metadata
    try:
        classes = decode_labels(metadata["classes"])
        layer = sound_layer(arrays, classes)
        readout = metadata.get("readout")
        inputs = (
            _of_first_format(metadata, layer.n)
            if "preprocessing" in metadata
            else inputs_from(metadata["inputs"])
        )
        model = Model(
            layer=layer,
            classes=classes,
            inputs=inputs,
            readout=read_readout(head_of(classes), len(classes), arrays, readout),
            parameters=dict(metadata["parameters"]),
            card=Card.from_dict(metadata["card"]),
            kept=kept_from(arrays, len(classes), layer.n),
        )
    except ModelFileError:
        raise
    except KeyError as error:
        raise ModelFileError(f"is damaged: {error} is missing") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ModelFileError(f"is damaged: {error}") from error
    _require_fitting(model)
    return model


def _of_first_format(metadata: dict[str, Any], n: int) -> Inputs:
    """Return the inputs of a file of format 1, which left some of them to the card."""
    settings = metadata["card"].get("settings") or {}
    reading = metadata["card"].pop("reading", None) or {}
    arrays = ArrayOptions(settings.get("x"), settings.get("y"), None, reading.get("index_base"))
    pictures, table = metadata["preprocessing"], metadata.get("table")
    if pictures:
        return PictureInputs(Preprocessing.from_dict(pictures), arrays)
    if table:
        target, weights = settings.get("target"), settings.get("weights")
        options = TableOptions.of(settings)
        return TableInputs.of(
            Encoding.from_dict(table), target=target, weights=weights, options=options
        )
    return RowInputs(n, arrays)


def _require_fitting(model: Model) -> None:
    inputs, n = model.inputs, model.layer.n
    if inputs.n == n and (not inputs.features or len(inputs.features) == n):
        return
    of = "" if inputs.preprocessing is None else f" of {inputs.preprocessing.shape}"
    raise ModelFileError(
        f"is damaged: {n} weights a class for {inputs.unit}{of} of {inputs.n} features"
    )
