"""HEIC, the photographs of telephones: an optional part, imported here alone."""

from __future__ import annotations

from typing import BinaryIO

from PIL import Image, ImageFile, UnidentifiedImageError

from onelayer.errors import DataError, MissingExtraError

# ISO/IEC 23008-12, the brands of still pictures coded with HEVC; mif1 and msf1 name any codec.
_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def is_heic(head: bytes) -> bool:
    """Tell HEIC by the first 12 bytes of a file."""
    return head[4:8] == b"ftyp" and head[8:12] in _BRANDS


def missing(what: str) -> MissingExtraError:
    """Return the error that names what needs the extra, and the command that installs it."""
    return MissingExtraError(what, "heic")


def open_heic(file: BinaryIO) -> ImageFile.ImageFile:
    """Read the header; upright already, as libheif turns the pixels itself."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError as error:
        raise missing("HEIC") from error
    file.seek(0)
    register_heif_opener()
    try:
        return Image.open(file, formats=["HEIF"])
    except UnidentifiedImageError as error:
        raise DataError("damaged: a HEIC header that cannot be read") from error
