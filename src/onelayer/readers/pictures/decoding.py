"""One picture file becomes one uint8 array; what cannot is a DataError that gives the reason."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, TypeVar

import numpy as np
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from onelayer.errors import DataError, TooLargeError
from onelayer.readers.pictures.deep import eight_bits, is_deep, unread_tiff
from onelayer.readers.pictures.heic import is_heic, open_heic
from onelayer.readers.pictures.png import is_png, mend_transparency, without_text

if TYPE_CHECKING:
    from onelayer.readers.pictures.preprocessing import Preprocessing

MAX_PIXELS = 89_478_485
"""Pillow's own bound: 256 MiB as RGB. A small file may claim any size; the header is believed."""

# TGA comes last: it has no mark at its beginning, and is known by the sense that its header makes.
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "JPEG2000", "AVIF", "TGA")
_MAGIC = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG": "PNG",
    b"RIFF": "WebP",
    b"BM": "BMP",
    b"GIF8": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}
# What Pillow's plugins were seen to raise on damaged files: most of what Python has.
_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
T = TypeVar("T")
Box: TypeAlias = tuple[float, float, float, float]
"""(left, upper, right, lower), in pixels from the upper left corner."""

_LYING = {5, 6, 7, 8}  # orientations in which width and height change places
_DRAFT = 2  # JPEG is decoded at 1/2, 1/4 or 1/8 while that leaves twice the size asked for


def decode(file: BinaryIO, to: Preprocessing, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Read one picture, upright, as uint8 `to.shape`; the first frame where there are several.

    Raises
    ------
    TooLargeError
        Where its header claims more than `max_pixels`.
    DataError
        With the reason alone; the caller knows the file's name.
    """
    try:
        return _used(file, lambda picture: _preprocess(picture, to), max_pixels)
    except DataError:
        raise
    except _DAMAGE as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"damaged: {said}") from error


def _used(file: BinaryIO, use: Callable[[ImageFile.ImageFile], T], max_pixels: int) -> T:
    """What `use` makes of the picture; of a PNG that fails for its text, without that text."""
    try:
        with _open(file, max_pixels) as picture:
            return use(picture)
    except _DAMAGE:
        pixels = without_text(file) if is_png(file) else None
        if pixels is None:
            raise
    with _open(pixels, max_pixels) as picture:
        return use(picture)


def converted(picture: Image.Image, to: Preprocessing) -> np.ndarray:
    """Return a picture that is in memory as uint8 `to.shape`."""
    return _preprocess(picture, to)


def upright_size(file: BinaryIO) -> tuple[int, int] | None:
    """Return (height, width) as the header has it; None where the header cannot be read."""
    try:
        return _used(file, _upright, MAX_PIXELS)
    except (ImportError, *_DAMAGE):
        return None


def _upright(picture: ImageFile.ImageFile) -> tuple[int, int]:
    width, height = picture.size
    turned = width != height and picture.format != "TIFF" and _orientation(picture)
    return (width, height) if turned in _LYING else (height, width)


def _open(file: BinaryIO, max_pixels: int = MAX_PIXELS) -> ImageFile.ImageFile:
    try:
        picture = Image.open(file, formats=_FORMATS)
    except UnidentifiedImageError:
        picture = _open_other(file)
    except Image.DecompressionBombError as error:
        raise TooLargeError(f"more than {max_pixels} pixels") from error
    width, height = picture.size
    if width * height > max_pixels:
        raise TooLargeError(f"{width} x {height}, more than {max_pixels} pixels")
    mend_transparency(picture)
    return picture


def _open_other(file: BinaryIO) -> ImageFile.ImageFile:
    """Open HEIC, or say what is wrong with what Pillow does not know."""
    file.seek(0)
    head = file.read(12)
    if not head:
        raise DataError("an empty file")
    if is_heic(head):
        return open_heic(file)
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            unread = unread_tiff(file) if name == "TIFF" else ""
            if unread:
                raise DataError(f"{unread}, which is not read: convert it to 8 or 16 bits")
            what = "damaged, or of a rare kind" if name == "TIFF" else "damaged"
            raise DataError(f"{what}: a {name} header that cannot be read")
    raise DataError("not a picture of a known kind")


def _preprocess(picture: Image.Image, to: Preprocessing) -> np.ndarray:
    if picture.format not in {"JPEG", "MPO"}:
        picture.load()  # before the orientation is asked for: TIFF turns itself in here
    turn = _orientation(picture)
    inner = _inner_size(picture.size if turn not in _LYING else picture.size[::-1], to)
    lying = inner if turn not in _LYING else inner[::-1]
    drafted = picture.draft(None, (_DRAFT * lying[0], _DRAFT * lying[1]))
    box: Box = drafted[1] if drafted else (0, 0, *picture.size)
    if to.fit == "crop":
        box = _centred(box, lying)
    small = _convert(picture, to).resize(lying, Image.Resampling.BICUBIC, box, reducing_gap=3.0)
    if turn in _TURNS:
        small = small.transpose(_TURNS[turn])
    return np.asarray(_padded(small, to)).reshape(to.shape)


def _orientation(picture: Image.Image) -> int:
    """EXIF's orientation, 1 to 8; 1 where the EXIF is damaged, as its pixels need not be."""
    try:
        return int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except _DAMAGE:
        return 1


def _inner_size(size: tuple[int, int], to: Preprocessing) -> tuple[int, int]:
    """(width, height) of the picture in the result: all of it, but for the bars of `pad`."""
    if to.fit != "pad":
        return to.width, to.height
    scale = min(to.width / size[0], to.height / size[1])
    return max(1, round(scale * size[0])), max(1, round(scale * size[1]))


def _centred(box: Box, size: tuple[int, int]) -> Box:
    """Return the largest part of `box` that has the proportions of `size`, in its centre."""
    width, height = box[2], box[3]
    scale = min(width / size[0], height / size[1])
    across, down = (width - scale * size[0]) / 2, (height - scale * size[1]) / 2
    return max(across, 0), max(down, 0), min(width - across, width), min(height - down, height)


def _convert(picture: Image.Image, to: Preprocessing) -> Image.Image:
    """Return the picture in `to.mode`, transparency on white unless alpha is kept."""
    if is_deep(picture):
        picture = eight_bits(picture)
    if to.mode != "RGBA" and picture.has_transparency_data:
        picture = _on_white(picture.convert("RGBA"))
    if to.mode == "L" and picture.mode not in {"1", "L"}:
        picture = picture.convert("RGB")  # CMYK and others know no way to grey of their own
    return picture if picture.mode == to.mode else picture.convert(to.mode)


def _on_white(picture: Image.Image) -> Image.Image:
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white


def _padded(picture: Image.Image, to: Preprocessing) -> Image.Image:
    if picture.size == (to.width, to.height):
        return picture
    canvas = Image.new(to.mode, (to.width, to.height), "black")
    canvas.paste(picture, ((to.width - picture.width) // 2, (to.height - picture.height) // 2))
    return canvas
