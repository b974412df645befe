"""What lies where a file of data should be: web pages, pointers, XML."""

import re

import numpy as np
import pandas as pd
import pytest

import onelayer
from onelayer.errors import DataError, ModelFileError

PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>a, b</body></html>\n"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
STAND_INS = {
    PAGE: "is a web page, not a file of data",
    b"\xef\xbb\xbf \n<HTML lang='en'>": "is a web page, not a file of data",
    POINTER: "is a pointer of Git LFS, .* git lfs pull",
    b'<?xml version="1.0"?>\n<rows/>\n': "is XML, and nothing that is read",
}
NAMES = ["t.csv", "t.parquet", "t.xlsx", "t.npz", "t.npy", "t.h5", "t.pt", "t.svm", "t.png", "t"]


@pytest.mark.parametrize("content", STAND_INS, ids=lambda content: repr(content[:12]))
@pytest.mark.parametrize("name", NAMES)
def test_a_stand_in_is_named_whatever_it_is_called(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=rf"{re.escape(name)} {STAND_INS[content]}"):
        onelayer.train(tmp_path / name)


def test_predict_and_models_say_the_same(tmp_path):
    frame = pd.DataFrame({"a": np.arange(40.0) % 7, "y": ["p", "q"] * 20})
    model = onelayer.train(frame, target="y", C=1.0, calibrate="none")
    (tmp_path / "t.csv").write_bytes(PAGE)
    with pytest.raises(DataError, match=r"t\.csv is a web page"):
        model.predict(tmp_path / "t.csv")
    (tmp_path / "m.safetensors").write_bytes(POINTER)
    with pytest.raises(ModelFileError, match=r"a model file: a pointer of Git LFS, .* lfs pull"):
        onelayer.load(tmp_path / "m.safetensors")


def test_a_column_may_be_called_as_a_pointer_begins(tmp_path):
    rows = [f"{k % 7},{'pq'[k % 2]}" for k in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["version,y", *rows]))
    assert onelayer.train(tmp_path / "t.csv", target="y", C=1.0).classes.tolist() == ["p", "q"]
