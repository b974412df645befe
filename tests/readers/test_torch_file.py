"""Files of PyTorch are read without it, and nothing that they name is run."""

import zipfile
from collections import OrderedDict

import numpy as np
import pytest
from torch_pickles import REBUILD, Called, Named, Stored, pickled, write_legacy, write_zip

from onelayer.errors import DataError
from onelayer.readers.torch_file import read_tensors


@pytest.mark.parametrize("write", [write_zip, write_legacy])
def test_tensors_come_back_as_arrays(write, tmp_path):
    X = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    found = read_tensors(
        write(tmp_path / "x.pt", OrderedDict(X=X, turned=X.T, extra=[1, "a", None]))
    )
    np.testing.assert_array_equal(found["X"], X)
    np.testing.assert_array_equal(found["extra"], np.array([1, "a", None], object))
    assert found["turned"].shape == (3, 4)


@pytest.mark.parametrize("dtype", ["f4", "f2", "i8", "u1"])
def test_every_type_of_number_stays_what_it_is(dtype, tmp_path):
    X = np.arange(6).reshape(2, 3).astype(dtype)
    found = read_tensors(write_zip(tmp_path / "x.pt", X))
    np.testing.assert_array_equal(found, X)
    assert found.dtype == X.dtype


ATTACKS = {
    "system": Called(Named("os", "system"), "touch {there}"),
    "nt": Called(Named("posix", "system"), "touch {there}"),
    "builtins": Called(Named("builtins", "exec"), "open('{there}', 'w')"),
    "getattr": Called(Named("builtins", "getattr"), Named("os", "sep"), "join"),
    "torch's own": Called(Named("torch.storage", "_load_from_bytes"), b"abc"),
    "numpy": Called(Named("numpy.core.multiarray", "_reconstruct"), 1),
    "dotted": Called(Named("collections", "OrderedDict.fromkeys"), "ab"),
    "subprocess": Called(Named("subprocess", "Popen"), ["touch", "{there}"]),
}


@pytest.mark.parametrize("write", [write_zip, write_legacy])
@pytest.mark.parametrize("attack", ATTACKS)
def test_no_code_of_a_file_is_run(attack, write, tmp_path):
    there = tmp_path / "there"
    call = ATTACKS[attack]
    arguments = [
        str(one).format(there=there) if isinstance(one, str) else one for one in call.arguments
    ]
    path = write(tmp_path / "bad.pt", {"weights": Called(call.function, *arguments)})
    with pytest.raises(DataError, match=r"bad\.pt"):
        read_tensors(path)
    assert not there.exists()
    assert list(tmp_path.iterdir()) == [path]


def tensor(offset, sizes, strides, stated=6):
    storage = Stored(("storage", Named("torch", "FloatStorage"), "0", "cpu", stated))
    return Called(REBUILD, storage, offset, sizes, strides, False, OrderedDict())


@pytest.mark.parametrize(
    ("offset", "sizes", "strides"),
    [
        (4, (3,), (1,)),
        (-1, (3,), (1,)),
        (0, (2, 4), (4, 1)),
        (5, (3,), (-1,)),
        (0, (1 << 40,), (0,)),
        (0, (2,), (1 << 60,)),
        (0, (-2,), (1,)),
        (0, (2, 2), (1,)),
        ("0", (2,), (1,)),
    ],
)
def test_a_tensor_lies_inside_its_storage(offset, sizes, strides, tmp_path):
    path = tmp_path / "bad.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", pickled(tensor(offset, sizes, strides), {}))
        archive.writestr("a/data/0", np.zeros(6, np.float32).tobytes())
    with pytest.raises(DataError, match=r"bad\.pt"):
        read_tensors(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04nothing",
        b"\x80\x02.",
        b"\x80\x02}q\x00.",
        b"\x80\x02Nr\xff\xff\xff\x7f.",  # a memo of two thousand million places
        b"\x80\x02(" + b"(" * 100_000 + b".",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x89HDF\r\n\x1a\n",
        bytes(range(256)) * 8,
    ],
)
def test_what_is_no_such_file_is_an_error_in_words(content, tmp_path):
    path = tmp_path / "odd.pt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"odd\.pt"):
        read_tensors(path)


def test_any_damaged_byte_is_an_error_in_words_or_no_harm(tmp_path):
    path = write_zip(tmp_path / "x.pt", {"X": np.ones((2, 3), np.float32)})
    content, random, said = path.read_bytes(), np.random.default_rng(0), []
    for _ in range(300):
        bytes_ = bytearray(content)
        bytes_[random.integers(len(content))] = random.integers(256)
        path.write_bytes(bytes_)
        try:
            read_tensors(path)
        except DataError as error:
            said.append(str(error))
    assert len(said) > 20
    assert all("x.pt" in one for one in said)
