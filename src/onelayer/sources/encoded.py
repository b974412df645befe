"""Pictures of any source become an encoder's features, where one is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from onelayer.encoders import EFFICIENTNET_LITE0, Encoder, open_encoder
from onelayer.errors import UsageError
from onelayer.inputs import EncoderInputs, PictureInputs
from onelayer.inputs.encoder_reading import Features, features_of_files, features_of_pictures
from onelayer.inputs.examples import Examples
from onelayer.readers import Preprocessing
from onelayer.readers.arrays.layout import AS_MOST_DO
from onelayer.settings import Settings
from onelayer.sources.source import Like


def asked_encoder(settings: Settings, like: Like | None) -> Encoder | None:
    """Return the encoder of what was trained on, else the one that is asked for; None for none.

    Raises
    ------
    UsageError
        Where a size, mode or fit is asked for that the encoder has its own of.
    """
    if like is not None:
        return like.inputs.encoder if isinstance(like.inputs, EncoderInputs) else None
    if settings.features is None:
        return None
    size = settings.size
    own = settings.mode not in {None, "RGB"} or settings.fit != Settings.fit
    if own or (size is not None and settings.features == EFFICIENTNET_LITE0):
        raise UsageError(
            "size, mode and fit have no use beside features: an encoder sees the middle of a "
            "picture in its own size, in colours"
        )
    sides = (size, size) if isinstance(size, int) or size is None else tuple(size)
    if sides[0] != sides[1]:
        raise UsageError(f"size is {size!r}: an encoder sees squares, so give one number")
    return open_encoder(settings.features, sides[0])


class FileFeatures:
    """Reads files for `read_folder` by encoding them: it gives the small pictures back."""

    def __init__(self, encoder: Encoder, told: Callable[[int, int], None] | None = None) -> None:
        self.encoder, self.told = encoder, told
        self.found: Features | None = None

    def __call__(self, files: list[Path], to: Preprocessing) -> tuple[np.ndarray, dict[int, str]]:
        """Encode the files, and keep what was made of them."""
        del to  # the encoder has its own
        self.found = features_of_files(files, self.encoder, self.told)
        return self.found.shown.small, self.found.failures

    def examples(self, read: Examples) -> Examples:
        """Return the examples whose small pictures were read as features."""
        if self.found is None:
            raise ValueError("no file has been read")
        return _of_features(read, self.found, self.encoder)


def encoded(examples: Examples, images: np.ndarray, encoder: Encoder) -> Examples:
    """Return examples of pictures in memory, uint8 (M, h, w, c) of any size, as features."""
    return _of_features(examples, features_of_pictures(images, encoder), encoder)


def _of_features(examples: Examples, found: Features, encoder: Encoder) -> Examples:
    audit, spec = examples.audit, encoder.spec
    note = f"features: {spec.n:,} of {spec.in_words}"
    inputs = examples.inputs
    arrays = inputs.arrays if isinstance(inputs, PictureInputs) else AS_MOST_DO
    kept = [one for one in audit.notes if not one.startswith("size ")]
    return replace(
        examples,
        whole=found.X,
        survey=None,  # that was of the pictures
        digests=None,
        inputs=EncoderInputs.of(encoder, arrays),
        audit=replace(audit, notes=(note, *kept), unit="pictures"),
        shown=found.shown,
    )
