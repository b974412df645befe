"""PNG and TIFF of all depths, written by hand from their standards: the right pixels are known."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from onelayer.errors import DataError
from onelayer.readers import Preprocessing, read_files, read_picture

WHITE = 255


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width, depth, colour, row, *more):
    """One row of pixels; `more` are chunks before them."""
    head = struct.pack(">IIBBBBB", width, 1, depth, colour, 0, 0, 0)
    parts = [(b"IHDR", head), *more, (b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def tiff(values, order="<", *, photometric=1, bits=None, sample=1, data=None, deflated=False):
    """One strip: (h, w) values of one channel."""
    values = np.asarray(values)
    data = values.astype(values.dtype.newbyteorder(order)).tobytes() if data is None else data
    data = zlib.compress(data) if deflated else data
    data += b"\0" * (len(data) % 2)
    bits = bits or 8 * values.dtype.itemsize
    height, width = values.shape
    tags = [
        (256, width),
        (257, height),
        (258, bits),
        (259, 8 if deflated else 1),
        (262, photometric),
        (273, 8),
    ]
    tags += [(277, 1), (278, height), (279, len(data)), (339, sample)]
    entries = b"".join(struct.pack(f"{order}HHIHH", tag, 3, 1, n, 0) for tag, n in tags)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    count = struct.pack(f"{order}H", len(tags))
    return mark + struct.pack(f"{order}I", 8 + len(data)) + data + count + entries + bytes(4)


def read(data, mode="L"):
    with Image.open(BytesIO(data)) as opened:
        width, height = opened.size
    return read_picture(data, (height, width), mode)


def grey(data):
    return read(data)[..., 0].ravel().tolist()


TRANSPARENT = {
    "1 bit": (png(8, 1, 0, b"\x55", (b"tRNS", b"\0\1")), [0] + [WHITE, 0] * 3 + [WHITE]),
    "1 bit, black": (png(8, 1, 0, b"\x55", (b"tRNS", b"\0\0")), [WHITE] * 8),
    "2 bits": (png(4, 2, 0, b"\x1b", (b"tRNS", b"\0\1")), [0, WHITE, 170, 255]),
    "4 bits": (png(4, 4, 0, b"\x05\xaf", (b"tRNS", b"\0\5")), [0, WHITE, 170, 255]),
    "8 bits": (png(4, 8, 0, b"\0\5d\xff", (b"tRNS", b"\0\5")), [0, WHITE, 100, 255]),
    "16 bits": (
        png(4, 16, 0, b"\0\0\x12\x34\x12\x35\x80\0", (b"tRNS", b"\x12\x34")),
        [0, WHITE, 18, 128],
    ),
    "16 bits without": (png(2, 16, 0, b"\x12\x34\x80\0"), [18, 128]),
}


@pytest.mark.parametrize(("data", "expected"), TRANSPARENT.values(), ids=TRANSPARENT)
def test_a_transparent_grey_of_any_depth_is_shown_on_white(data, expected):
    assert grey(data) == expected


def test_transparency_is_kept_where_it_is_asked_for():
    data = png(4, 2, 0, b"\x1b", (b"tRNS", b"\0\1"))
    assert read(data, "RGBA")[0, :, 3].tolist() == [255, 0, 255, 255]
    deep = png(2, 16, 2, struct.pack(">6H", 256, 512, 768, 2304, 2304, 2304))
    key = (b"tRNS", struct.pack(">3H", 256, 512, 768))
    keyed = png(2, 16, 2, struct.pack(">6H", 256, 512, 768, 2304, 2304, 2304), key)
    assert read(deep, "RGB").tolist() == [[[1, 2, 3], [9, 9, 9]]]
    assert read(keyed, "RGB").tolist() == [[[WHITE] * 3, [9, 9, 9]]]


U16 = np.array([[0, 0x1000, 0x8000, 0xFFFF]], np.uint16)
TWELVE = int("".join(f"{v:012b}" for v in (0, 16, 2048, 4095)), 2).to_bytes(6, "big")
U32 = np.array([[0, 2**24, 2**31, 2**32 - 1]], np.uint32)
S16 = np.array([[0, 129, 2**14, 2**15 - 1]], np.int16)
ONE = np.array([[0.0, 0.25, 0.5, 1.0]], np.float32)
DEEP = {
    "unsigned 16": ((U16,), {}, [0, 16, 128, 255]),
    "unsigned 16, 0 is white": ((U16,), {"photometric": 0}, [255, 239, 127, 0]),
    "unsigned 12": ((np.zeros((1, 4)),), {"bits": 12, "data": TWELVE}, [0, 1, 128, 255]),
    "12, 0 is white": (
        (np.zeros((1, 4)),),
        {"bits": 12, "data": TWELVE, "photometric": 0},
        [255, 254, 127, 0],
    ),
    "unsigned 32": ((U32,), {}, [0, 1, 128, 255]),
    "signed 16": ((S16,), {"sample": 2}, [0, 1, 128, 255]),
    "signed 32": ((S16.astype(np.int32) << 16,), {"sample": 2}, [0, 1, 128, 255]),
    "signed 8": ((np.array([[0, 1, 64, 127]], np.int8),), {"sample": 2}, [0, 2, 129, 255]),
    "float": ((ONE,), {"sample": 3}, [0, 64, 128, 255]),
    "float 64": ((ONE.astype(np.float64),), {"sample": 3}, [0, 64, 128, 255]),
    "float, 0 is white": ((ONE,), {"sample": 3, "photometric": 0}, [255, 191, 128, 0]),
    "float 64, 0 is white": (
        (ONE.astype(np.float64),),
        {"sample": 3, "photometric": 0},
        [255, 191, 128, 0],
    ),
    "8, 0 is white": ((np.array([[0, 1, 255]], np.uint8),), {"photometric": 0}, [255, 254, 0]),
}


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("values", "how", "expected"), DEEP.values(), ids=DEEP)
def test_zero_is_black_and_the_largest_value_of_the_type_is_white(values, how, expected, order):
    assert grey(tiff(*values, order, **how)) == expected


REFUSED = {
    "negative": (tiff(np.array([[-1, 3]], np.int16), sample=2), "values from -1 to 3, where 0 is"),
    "above 1": (tiff(np.array([[0, 4]], np.float32), sample=3), "from 0 to 4, where 0 is black an"),
    "NaN": (tiff(np.array([[np.nan, 1]], np.float32), sample=3), "values from nan to nan"),
    "dark": (tiff(np.array([[0, 9000]], np.uint32)), "up to 9000, where .* would all be black"),
    "float 64 above 1": (tiff(np.array([[0, 1e300]]), sample=3), "from 0 to inf, where 0 is black"),
    "float 16": (
        tiff(np.array([[0, 1]], np.float16), sample=3),
        "^a TIFF of one channel of 16-bit floats, which is not read: convert it to 8 or 16 bits",
    ),
    "compressed and big-endian": (
        tiff(ONE, ">", sample=3, deflated=True),
        r"floats in big-endian order, compressed \(tiff_adobe_deflate\), .* store them unc",
    ),
    "64 bits": (tiff(np.array([[0, 1]], np.uint64)), "one channel of 64-bit unsigned integers"),
    "no directory": (tiff(ONE, sample=3)[:30], "of a rare kind: a TIFF header that cannot"),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compressed_floats_are_read(dtype):
    assert grey(tiff(ONE.astype(dtype), sample=3, deflated=True)) == [0, 64, 128, 255]


def test_floats_in_three_channels_are_named():
    """How many bits each has stands where the pixels begin."""
    data = struct.pack("<3H", 32, 32, 32) + bytes(18)
    one = tiff(np.zeros((1, 2), np.float32), sample=3, data=data)
    three = one.replace(struct.pack("<HHIHH", 258, 3, 1, 32, 0), struct.pack("<HHII", 258, 3, 3, 8))
    three = three.replace(struct.pack("<HHIH", 277, 3, 1, 1), struct.pack("<HHIH", 277, 3, 1, 3))
    with pytest.raises(DataError, match="a TIFF of 3 channels of 32-bit floats, which is not read"):
        read_picture(three)


LONG = {
    "tEXt": (b"tEXt", b"k\0" + b"x" * 3_000_000),
    "zTXt": (b"zTXt", b"k\0\0" + zlib.compress(b"x" * 30_000_000)),
    "iTXt": (b"iTXt", b"k\0\1\0\0\0" + zlib.compress(b"x" * 3_000_000)),
    "profile": (b"iCCP", b"k\0\0" + zlib.compress(b"x" * 3_000_000)),
    "no text at all": (b"zTXt", b"k\0\0" + b"no zlib"),
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_text_and_profiles_of_any_length_are_no_damage(tmp_path, text):
    data = png(4, 8, 0, b"\0\5d\xff", text, (b"tRNS", b"\0\5"))
    assert read_picture(data, (1, 4), "L").ravel().tolist() == [0, WHITE, 100, 255]
    with pytest.raises(DataError, match="damaged"):
        read_picture(data[:-24], (1, 4), "L")
    (tmp_path / "a.png").write_bytes(data)
    assert read_files([tmp_path / "a.png"], Preprocessing(1, 4, "L"))[1] == {}


RGB = np.random.default_rng(0).integers(0, 256, (6, 5, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("kind", "how", "tolerance"),
    [
        ("PPM", {}, 0),
        ("TGA", {}, 0),
        ("TGA", {"compression": "tga_rle"}, 0),
        ("JPEG2000", {}, 0),
        ("AVIF", {"quality": 100, "subsampling": "4:4:4"}, 3),
    ],
)
def test_other_kinds_are_read(kind, how, tolerance):
    file = BytesIO()
    Image.fromarray(RGB).save(file, kind, **how)
    found = read(file.getvalue(), "RGB")
    assert np.abs(found.astype(int) - RGB).max() <= tolerance


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"P5 4 1 255\n\0\5d\xff", [0, 5, 100, 255]),
        (b"P2 4 1 15\n0 5 10 15\n", [0, 85, 170, 255]),
        (b"P5 2 1 65535\n\x80\0\xff\xff", [128, 255]),
        (b"P4 8 1\n\x55", [255, 0] * 4),
        (b"Pf 2 1 -1.0\n" + struct.pack("<2f", 0.5, 1), [128, 255]),
    ],
    ids=["PGM", "plain PGM", "deep PGM", "PBM", "PFM"],
)
def test_the_family_of_ppm(data, expected):
    assert grey(data) == expected
