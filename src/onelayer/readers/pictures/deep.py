"""Pixels of more than eight bits, signed ones and floats, by one rule.

    0 is black, and the largest value that the type has is white; of floats 1 is white.

What lies outside has no agreed range and is refused; so is a picture of 32 bits or floats that
would be all black, since its values fill less than one of 255 steps.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, TiffImagePlugin

from onelayer.errors import DataError

_BITS, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339  # tags of TIFF
_SIGNED, _MIN_IS_WHITE = 2, 0
_SIXTEEN = 2**16 - 1
_ROUNDING = 1e-6  # floats that were computed may end a little above 1

# Layouts that Pillow can unpack and does not list: (byte order, photometric, sample format, fill
# order, bits, extra samples) -> (mode, raw mode).
for _order, _mode in ((b"II", "I;16"), (b"MM", "I;16B")):
    for _photometric in (0, 1):
        _key = (_order, _photometric, (1,), 1)
        TiffImagePlugin.OPEN_INFO.setdefault((*_key, (16,), ()), (_mode, _mode))
        TiffImagePlugin.OPEN_INFO.setdefault((*_key, (12,), ()), ("I;16", "I;12"))
TiffImagePlugin.OPEN_INFO.setdefault((b"MM", 1, (1,), 1, (32,), ()), ("I", "I;32B"))


def is_deep(picture: Image.Image) -> bool:
    """Whether it has one channel of more than eight bits, signed values or floats."""
    return picture.mode.startswith(("I", "F")) or (picture.mode == "L" and _is_signed(picture))


def eight_bits(picture: Image.Image) -> Image.Image:
    """Return v / white * 255, rounded, as L; as LA where one value is transparent.

    Raises
    ------
    DataError
        For values outside 0 to white, and for a picture that would be all black.
    """
    pixels, white = _values(picture)
    low, high = pixels.min(), pixels.max()
    if not (low >= 0 and high <= white * (1 + _ROUNDING)):
        raise DataError(
            f"values from {low:g} to {high:g}, where 0 is black and {white:g} is white: convert it "
            "to 8 or 16 bits"
        )
    shown = np.rint(np.minimum(pixels.astype(np.float64) / white, 1) * 255).astype(np.uint8)
    if high > 0 and not shown.any() and white != _SIXTEEN:
        raise DataError(
            f"values up to {high:g}, where {white:g} is white, would all be black: convert it to "
            "8 or 16 bits"
        )
    grey = Image.fromarray(shown)
    key = picture.info.get("transparency")
    if not isinstance(key, int):
        return grey
    return Image.merge("LA", (grey, Image.fromarray(np.where(pixels == key, 0, 255).astype("u1"))))


def _values(picture: Image.Image) -> tuple[np.ndarray, float]:
    """The pixels as the file has them, and which value is white."""
    pixels = np.asarray(picture)
    if pixels.dtype.kind == "f":
        return pixels, 1.0
    if not isinstance(picture, TiffImagePlugin.TiffImageFile):
        return pixels, _SIXTEEN  # PNG and PPM, whose values Pillow brings to 16 bits
    bits = int(picture.tag_v2.get(_BITS, (1,))[0])
    if _is_signed(picture):
        return pixels.astype(np.uint8).view(np.int8) if bits == 8 else pixels, 2.0 ** (bits - 1) - 1
    if bits == 32:
        pixels = pixels.astype(np.int32).view(np.uint32)
    white = 2.0**bits - 1
    inverted = picture.tag_v2.get(_PHOTOMETRIC) == _MIN_IS_WHITE
    return white - pixels if inverted else pixels, white


def _is_signed(picture: Image.Image) -> bool:
    tags = picture.tag_v2 if isinstance(picture, TiffImagePlugin.TiffImageFile) else {}
    return bool(tags.get(_SAMPLE_FORMAT, (1,))[0] == _SIGNED)
