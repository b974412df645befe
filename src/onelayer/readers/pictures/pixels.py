"""Pictures that are arrays already: their mode, and another size."""

from __future__ import annotations

import numpy as np
from PIL import Image

from onelayer.readers.pictures.decoding import converted
from onelayer.readers.pictures.preprocessing import Preprocessing
from onelayer.settings import Mode

_MODES: dict[int, Mode] = {1: "L", 3: "RGB", 4: "RGBA"}


def mode_of(channels: int) -> Mode:
    """What a pixel of so many bytes is: grey, colours, or colours and opacity."""
    return _MODES[channels]


def resized(images: np.ndarray, to: Preprocessing) -> np.ndarray:
    """Return uint8 (m, height, width, channels) as `to` has them; the same array if they are so.

    What is done is what is done to a file with those pixels.
    """
    if images.shape[1:] == to.shape:
        return images
    if not len(images):
        return np.empty((0, *to.shape), np.uint8)
    return np.stack([converted(_picture(image), to) for image in images])


def _picture(image: np.ndarray) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(image[:, :, 0] if image.shape[2] == 1 else image))
