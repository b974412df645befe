"""Pixels become pictures inside the page: data URIs, small and sharp."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

SIDE = 96
"""Pixels of the longer side, at most: thirty of them stay under a tenth of the page's 3 MB."""
FOR, AGAINST = np.array([11, 95, 165]), np.array([200, 84, 10])
"""The colours of what speaks for a class and against it, RGB; those of the server's page."""
SMALL = 40
"""Up to this side a picture is kept to the pixel, and shown with its pixels as squares."""


@dataclass(frozen=True)
class Inlined:
    """A picture for the page."""

    uri: str
    width: int
    height: int

    @property
    def small(self) -> bool:
        """Whether its pixels are to be seen."""
        return max(self.width, self.height) <= SMALL


def inlined(pixels: np.ndarray) -> Inlined:
    """Return uint8 pixels (height, width, 1, 3 or 4 channels) as a data URI, shrunk to `SIDE`.

    PNG for small pictures, where every pixel counts; JPEG for photographs. Opacity is shown on
    white.
    """
    picture = _opaque(pixels)
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    kind = "png" if max(picture.size) <= SMALL else "jpeg"
    file = BytesIO()
    if kind == "png":
        picture.save(file, "PNG", optimize=True)
    else:
        picture.save(file, "JPEG", quality=88)
    uri = f"data:image/{kind};base64,{b64encode(file.getvalue()).decode('ascii')}"
    return Inlined(uri, *picture.size)


def with_map(pixels: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Lay shares of places (h, w) over a picture in pale grey: uint8 RGB of the picture's size.

    Blue speaks for the class and orange against it, the stronger the denser; as on the page.
    """
    height, width = pixels.shape[:2]
    grey = 255 - 0.4 * (255 - np.asarray(_opaque(pixels).convert("L"), np.float64))[:, :, None]
    at = (np.arange(height) * places.shape[0] // height)[:, None]
    shares = places[at, np.arange(width) * places.shape[1] // width][:, :, None]
    opacity = 0.9 * np.abs(shares) / (np.abs(places).max() or 1.0)
    return np.rint(grey + opacity * (np.where(shares < 0, AGAINST, FOR) - grey)).astype(np.uint8)


def _opaque(pixels: np.ndarray) -> Image.Image:
    if pixels.shape[2] == 1:
        return Image.fromarray(np.ascontiguousarray(pixels[:, :, 0]))
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    if picture.mode != "RGBA":
        return picture
    paper = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(paper, picture).convert("RGB")
