"""Pictures of every kind that Pillow can write, and of many that nobody should."""

import struct
import sys
import threading
import warnings
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from onelayer.errors import DataError, MissingExtraError, UsageError
from onelayer.readers import Preprocessing, read_picture
from onelayer.readers.pictures.quiet import quiet

RANDOM = np.random.default_rng(0)
SMOOTH = np.add.outer(np.arange(48) * 3, np.arange(32) * 2).astype(np.uint8)  # 48 high, 32 wide
COLOUR = np.stack([SMOOTH, SMOOTH[::-1], 255 - SMOOTH], axis=2)


def file_bytes(picture, kind, **options):
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def own_size(data, mode="RGB"):
    with Image.open(BytesIO(data)) as picture:
        width, height = picture.size
    return read_picture(data, (height, width), mode)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF", "JPEG", "MPO", "WEBP"])
def test_every_kind_is_read_by_its_content_whatever_the_suffix(tmp_path, kind):
    path = tmp_path / "picture.txt"
    path.write_bytes(file_bytes(Image.fromarray(COLOUR), kind))
    read = read_picture(path, (48, 32))
    assert read.shape == (48, 32, 3)
    assert read.dtype == np.uint8
    assert read.flags.c_contiguous
    exact = kind in {"PNG", "BMP", "TIFF"}
    assert np.abs(read.astype(int) - COLOUR).mean() <= (0 if exact else 6)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    ("orientation", "stored"),
    # EXIF 2.32, tag 0x0112: how the stored rows and columns lie, as the camera was held.
    [
        (1, lambda a: a),
        (2, lambda a: a[:, ::-1]),
        (3, lambda a: a[::-1, ::-1]),
        (4, lambda a: a[::-1]),
        (5, lambda a: a.swapaxes(0, 1)),
        (6, lambda a: a.swapaxes(0, 1)[::-1]),
        (7, lambda a: a.swapaxes(0, 1)[::-1, ::-1]),
        (8, lambda a: a.swapaxes(0, 1)[:, ::-1]),
    ],
)
def test_all_eight_orientations_come_out_upright(kind, orientation, stored):
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.fromarray(np.ascontiguousarray(stored(COLOUR)))
    options = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
    options = {"lossless": True} if kind == "WEBP" else options
    data = file_bytes(picture, kind, exif=exif, **options)
    assert np.abs(read_picture(data, (48, 32)).astype(int) - COLOUR).max() <= 4
    upright = np.asarray(Image.fromarray(COLOUR).resize((10, 12), Image.Resampling.BICUBIC))
    for fit in ("stretch", "crop"):
        small = read_picture(data, (12, 10), fit=fit).astype(int)
        cropped = Image.fromarray(COLOUR).resize((10, 12), 3, (0, 4.8, 32, 43.2))
        expected = upright if fit == "stretch" else np.asarray(cropped)
        assert np.abs(small - expected).max() <= 4
    padded = read_picture(data, (48, 48), fit="pad").astype(int)
    assert np.abs(padded[:, 8:40] - COLOUR).max() <= 4
    assert padded[:, :8].max() == padded[:, 40:].max() == 0


def test_sixteen_bit_grey_is_scaled_and_not_clipped():
    values = np.array([[0, 128, 129, 257, 32768, 65534, 65535]], dtype=np.uint16)
    expected = np.round(values / 257).astype(np.uint8)
    for kind in ("PNG", "TIFF"):
        read = own_size(file_bytes(Image.fromarray(values), kind), "L")
        np.testing.assert_array_equal(read[:, :, 0], expected)
    big_endian = Image.frombytes("I;16B", (7, 1), values.astype(">u2").tobytes())
    read = own_size(file_bytes(big_endian, "TIFF"), "RGB")
    np.testing.assert_array_equal(read, np.repeat(expected[:, :, None], 3, axis=2))


def test_cmyk_becomes_colour_and_grey():
    cmyk = Image.new("CMYK", (8, 8), (255, 0, 0, 0))  # cyan, as ink
    for kind, tolerance in (("TIFF", 0), ("JPEG", 2)):
        data = file_bytes(cmyk, kind)
        assert np.abs(own_size(data).astype(int) - [0, 255, 255]).max() <= tolerance
        assert np.abs(own_size(data, "L").astype(int) - 179).max() <= tolerance  # 0.587 + 0.114


def test_transparency_is_shown_on_white_unless_it_is_kept():
    half_red = Image.new("RGBA", (4, 4), (255, 0, 0, 128))
    data = file_bytes(half_red, "PNG")
    np.testing.assert_array_equal(own_size(data)[0, 0], [255, 127, 127])
    np.testing.assert_array_equal(own_size(data, "RGBA")[0, 0], [255, 0, 0, 128])
    assert own_size(data, "L").shape == (4, 4, 1)
    assert own_size(data, "L")[0, 0, 0] == round(0.299 * 255 + 0.701 * 127)
    grey = Image.merge("LA", [Image.new("L", (4, 4), 0), Image.new("L", (4, 4), 0)])
    assert own_size(file_bytes(grey, "PNG")).min() == 255


@pytest.mark.parametrize("transparency", [0, bytes([0, 255])])
def test_palettes_with_transparency_are_shown_on_white(transparency):
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.putpixel((1, 0), 1)
    data = file_bytes(picture, "PNG", transparency=transparency)
    np.testing.assert_array_equal(own_size(data), [[[255, 255, 255], [40, 50, 60]]])


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_a_transparent_colour_is_shown_on_white(mode):
    colour = (7, 7, 7) if mode == "RGB" else 0
    picture = Image.new(mode, (2, 2), colour)
    data = file_bytes(picture, "PNG", transparency=colour)
    assert own_size(data).min() == 255


def test_black_and_white_and_palettes_become_colour():
    bits = Image.fromarray(np.array([[True, False]]))
    np.testing.assert_array_equal(own_size(file_bytes(bits, "PNG"), "L")[:, :, 0], [[255, 0]])
    few = Image.fromarray(COLOUR).quantize(16)
    read = own_size(file_bytes(few, "PNG"))
    np.testing.assert_array_equal(read, np.asarray(few.convert("RGB")))


def test_the_first_frame_counts():
    frames = [Image.new("L", (5, 5), value) for value in (10, 200)]
    for kind in ("GIF", "TIFF", "WEBP", "PNG"):
        data = file_bytes(frames[0], kind, save_all=True, append_images=frames[1:])
        assert abs(int(own_size(data, "L").max()) - 10) <= 2


def test_a_photograph_is_reduced_without_aliasing():
    checks = np.indices((512, 512)).sum(axis=0) % 2 * 255
    photograph = Image.fromarray(checks.astype(np.uint8)).convert("RGB")
    for kind in ("PNG", "JPEG"):
        read = read_picture(file_bytes(photograph, kind), 32).astype(int)
        assert np.abs(read - 127.5).max() <= 2.5


def test_reducing_while_decoding_is_as_good_as_afterwards():
    pixels = RANDOM.integers(0, 255, (40, 60, 3), dtype=np.uint8)
    photograph = Image.fromarray(pixels).resize((1200, 803), Image.Resampling.BICUBIC)
    data = file_bytes(photograph, "JPEG", quality=95)
    with Image.open(BytesIO(data)) as picture:
        whole = np.asarray(picture.resize((64, 64), Image.Resampling.BICUBIC)).astype(int)
    assert np.abs(read_picture(data) - whole).mean() < 1
    assert np.abs(read_picture(data) - whole).max() <= 8


def test_crop_takes_the_centre_and_pad_keeps_everything():
    picture = Image.new("RGB", (30, 10), "red")
    picture.paste((0, 0, 255), (10, 0, 20, 10))
    data = file_bytes(picture, "PNG")
    np.testing.assert_array_equal(
        read_picture(data, 10, fit="crop"), np.full((10, 10, 3), [0, 0, 255])
    )
    padded = read_picture(data, 30, fit="pad")
    np.testing.assert_array_equal(padded[10:20], np.asarray(picture))
    assert padded[:10].max() == padded[20:].max() == 0
    line = file_bytes(Image.new("RGB", (1000, 1), "white"), "PNG")
    assert read_picture(line, 8, fit="pad").sum() == 8 * 3 * 255


def huge_png(side):
    """A PNG of a few bytes whose header claims side x side pixels."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


JPEG = file_bytes(Image.fromarray(RANDOM.integers(0, 255, (90, 90, 3), dtype=np.uint8)), "JPEG")
PNG = file_bytes(Image.fromarray(RANDOM.integers(0, 255, (90, 90, 3), dtype=np.uint8)), "PNG")


def broken_checksum():
    at = PNG.index(b"IHDR") + 4
    return PNG[: at + 13] + bytes(4) + PNG[at + 17 :]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "an empty file"),
        (b"label,file\n1,a.jpg\n", "not a picture of a known kind"),
        (JPEG[:3000], "damaged: .*truncated"),
        (JPEG[:30], "damaged: Truncated File Read"),
        (b"\xff\xd8\xff" + bytes(9), "damaged: a JPEG header that cannot be read"),
        (PNG[:3000], "damaged: .*truncated"),
        (PNG[:20], "damaged: Truncated File Read"),
        (huge_png(60000), "more than 89478485 pixels"),
        (huge_png(10000), "10000 x 10000, more than 89478485 pixels"),
        (broken_checksum(), "damaged: a PNG header that cannot be read"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "damaged: a HEIC header that cannot be read"),
        (b"%PDF-1.7 ...", "not a picture of a known kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture of a known kind"),
    ],
)
def test_what_is_no_picture_says_why(tmp_path, data, reason):
    if b"heic" in data:
        pytest.importorskip("pillow_heif")
    path = tmp_path / "cat.jpg"
    path.write_bytes(data)
    with pytest.raises(DataError, match=reason) as caught:
        read_picture(path)
    assert str(caught.value).startswith(str(path))
    with pytest.raises(DataError, match=reason):
        read_picture(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "MPO"])
def test_damage_anywhere_is_a_data_error_or_a_picture(kind):
    whole = file_bytes(Image.fromarray(COLOUR), kind, exif=Image.Exif())
    for _ in range(60):
        data = bytearray(whole[: RANDOM.integers(1, len(whole) + 1)])
        for at in RANDOM.integers(0, len(data), 3):
            data[at] = RANDOM.integers(256)
        try:
            assert read_picture(bytes(data), 8).shape == (8, 8, 3)
        except DataError as error:
            assert str(error)  # noqa: PT017 - either outcome is right


def test_damaged_exif_does_not_cost_the_picture():
    exif = Image.Exif()
    exif[0x010E] = "a description that is long enough to lie outside of its entry"
    exif[0x0112] = 6
    block = exif.tobytes()
    data = file_bytes(Image.fromarray(COLOUR), "JPEG", exif=block[:-40])
    assert read_picture(data, 16).shape == (16, 16, 3)
    nonsense = file_bytes(Image.fromarray(COLOUR), "JPEG", exif=b"Exif\0\0" + bytes(range(60)))
    assert read_picture(nonsense, 16).shape == (16, 16, 3)


def test_a_pipe_does_not_hang(tmp_path):
    os = pytest.importorskip("os")
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes here")
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(DataError, match="not a regular file"):
        read_picture(tmp_path / "pipe.jpg")


def test_an_absent_file_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "absent.jpg")


def test_heic_is_read_with_the_extra_and_named_without(monkeypatch):
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    data = file_bytes(Image.fromarray(COLOUR), "HEIF", quality=95)
    assert np.abs(read_picture(data, (48, 32)).astype(int) - COLOUR).mean() < 6
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingExtraError, match=r"^HEIC: pip install 'onelayer\[heic\]'$"):
        read_picture(data)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"mode": "CMYK"}, "mode is 'CMYK': choose one of 'RGB', 'L', 'RGBA'"),
        ({"fit": "squash"}, "fit is 'squash': choose one of 'stretch', 'crop', 'pad'"),
        ({"size": 0}, "the size is 0 x 0: give pixels"),
        ({"size": (8, 2.5)}, r"the size is 8 x 2\.5: give pixels"),
        ({"size": (8, 8, 3)}, r"size is \(8, 8, 3\): give one whole number or \(height, width\)"),
        ({"size": True}, "the size is True x True"),
    ],
)
def test_wrong_use_says_what_is_right(options, text):
    with pytest.raises(UsageError, match=text):
        read_picture(PNG, **options)


def test_preprocessing_survives_a_dictionary():
    to = Preprocessing(12, 10, "L", "pad")
    assert Preprocessing.from_dict(to.to_dict()) == to
    assert to.shape == (12, 10, 1)


def test_quiet_leaves_the_filters_as_they_were_whatever_the_threads_do():
    before = list(warnings.filters)
    gate = threading.Barrier(2)

    def overlap(first):
        for _ in range(50):
            with quiet():
                gate.wait()
                if first:
                    gate.wait()
            if not first:
                gate.wait()

    threads = [threading.Thread(target=overlap, args=(first,)) for first in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before


def test_quiet_lets_other_warnings_through():
    with quiet(), pytest.warns(UserWarning, match="of someone else"):
        warnings.warn("of someone else", UserWarning, stacklevel=1)


def test_what_a_decoder_says_is_one_line():
    heif = pytest.importorskip("pillow_heif")
    file = BytesIO()
    heif.from_pillow(Image.fromarray(COLOUR)).save(file)
    with pytest.raises(DataError, match="damaged: ") as caught:
        read_picture(file.getvalue()[: len(file.getvalue()) // 2])
    assert "\\n" not in str(caught.value)
    assert not str(caught.value).endswith("damaged: ")
