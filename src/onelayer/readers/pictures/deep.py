"""Pixels of more than eight bits, signed ones and floats, by one rule.

    0 is black, and the largest value that the type has is white; of floats 1 is white.

A TIFF that says so has it the other way round. What lies outside has no agreed range and is
refused; so is a picture of 32 bits or floats that would be all black, since its values fill less
than one of 255 steps, and what Pillow cannot unpack: floats of 16 bits or in several channels.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np
from PIL import Image, TiffImagePlugin

from onelayer.errors import DataError

_BITS, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339  # tags of TIFF
_SIGNED, _MIN_IS_WHITE = 2, 0
_KINDS = {1: "unsigned integers", 2: "signed integers", 3: "floats"}  # sample formats
_BIG = 43  # the version of a TIFF of more than 4 GB, whose header has 16 bytes instead of 8
_SIXTEEN = 2**16 - 1
_ROUNDING = 1e-6  # floats that were computed may end a little above 1

# Layouts that Pillow can unpack and does not list: (byte order, photometric, sample format, fill
# order, bits, extra samples) -> (mode, raw mode).
for _order, _mode in ((b"II", "I;16"), (b"MM", "I;16B")):
    for _photometric in (0, 1):
        _key = (_order, _photometric, (1,), 1)
        TiffImagePlugin.OPEN_INFO.setdefault((*_key, (16,), ()), (_mode, _mode))
        TiffImagePlugin.OPEN_INFO.setdefault((*_key, (12,), ()), ("I;16", "I;12"))
        _floats = (_order, _photometric, (3,), 1, (64,), ())
        TiffImagePlugin.OPEN_INFO.setdefault(_floats, ("F", f"F;64{_mode[4:]}F"))
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
    floats = pixels.dtype.kind == "f"
    if not isinstance(picture, TiffImagePlugin.TiffImageFile):
        # Of PNG and PPM Pillow brings the values to 16 bits.
        return pixels, 1.0 if floats else _SIXTEEN
    inverted = picture.tag_v2.get(_PHOTOMETRIC) == _MIN_IS_WHITE
    if floats:
        _require_order(picture)
        return 1 - pixels if inverted else pixels, 1.0
    bits = int(picture.tag_v2.get(_BITS, (1,))[0])
    if _is_signed(picture):
        return pixels.astype(np.uint8).view(np.int8) if bits == 8 else pixels, 2.0 ** (bits - 1) - 1
    if bits == 32:
        pixels = pixels.astype(np.int32).view(np.uint32)
    white = 2.0**bits - 1
    return white - pixels if inverted else pixels, white


def _require_order(picture: TiffImagePlugin.TiffImageFile) -> None:
    """Refuse compressed floats in big-endian order: Pillow turns the bytes round once too often."""
    compression = picture.info.get("compression", "raw")
    if picture.tag_v2.prefix == b"MM" and compression != "raw":
        raise DataError(
            f"floats in big-endian order, compressed ({compression}), which are not read: store "
            "them uncompressed, or convert it to 8 or 16 bits"
        )


def unread_tiff(file: BinaryIO) -> str:
    """What a TIFF holds that Pillow cannot unpack; nothing where that is not why it fails."""
    file.seek(0)
    try:
        head = file.read(8)
        tags = TiffImagePlugin.ImageFileDirectory_v2(head + file.read(8 * (_BIG in head[2:4])))
        file.seek(tags.next)
        tags.load(file)
        bits, kind = tags[_BITS], int(tags.get(_SAMPLE_FORMAT, (1,))[0])
    except (OSError, SyntaxError, KeyError, ValueError, TypeError, struct.error):
        return ""
    if kind not in _KINDS or (kind == 1 and max(bits) <= 16):
        return ""
    channels = "one channel" if len(bits) == 1 else f"{len(bits)} channels"
    return f"a TIFF of {channels} of {max(bits)}-bit {_KINDS[kind]}"


def _is_signed(picture: Image.Image) -> bool:
    tags = picture.tag_v2 if isinstance(picture, TiffImagePlugin.TiffImageFile) else {}
    return bool(tags.get(_SAMPLE_FORMAT, (1,))[0] == _SIGNED)
