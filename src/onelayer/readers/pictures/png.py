"""What Pillow does not do for PNG: keys of transparency of other depths, and text of any length."""

from __future__ import annotations

import io
from typing import BinaryIO

from PIL import ImageFile

_MAGIC = b"\x89PNG\r\n\x1a\n"
_TEXT = {b"tEXt", b"zTXt", b"iTXt", b"iCCP"}
_STEPS = {"L;2": 85, "L;4": 17}  # 255 / (2^bits - 1): as Pillow spreads the values
_MOST = 2**31  # bytes of a chunk, by the standard


def mend_transparency(picture: ImageFile.ImageFile) -> None:
    """Bring the transparent colour to the eight bits of the pixels; the file has it in its own.

    Of 16-bit colours Pillow keeps the upper bytes, so their upper bytes are compared.
    """
    key = picture.info.get("transparency")
    if picture.format != "PNG" or key is None or not picture.tile:
        return
    mode = picture.tile[0][3]
    if mode in _STEPS and isinstance(key, int):
        picture.info["transparency"] = key * _STEPS[mode]
    elif mode == "RGB;16B":
        picture.info["transparency"] = tuple(value >> 8 for value in key)


def is_png(file: BinaryIO) -> bool:
    """Whether it begins as a PNG file does."""
    file.seek(0)
    return file.read(len(_MAGIC)) == _MAGIC


def without_text(file: BinaryIO) -> io.BytesIO | None:
    """Return the PNG file without text and colour profile, which say nothing of its pixels.

    Pillow refuses a picture whose text is longer than a bound, or damaged. None where there is no
    such chunk, or where the chunks cannot be told apart.
    """
    file.seek(len(_MAGIC))
    kept, dropped = [_MAGIC], False
    while len(head := file.read(8)) == 8:
        length = int.from_bytes(head[:4], "big")
        body = file.read(length + 4) if length < _MOST else b""
        if len(body) < length + 4:
            break
        if head[4:] in _TEXT:
            dropped = True
        else:
            kept += [head, body]
    return io.BytesIO(b"".join(kept)) if dropped else None
