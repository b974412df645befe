"""The rows' data: real sets that lie beside the checkout, and small stand-ins of the same kind.

Real data are found in `../shared/data` of the checkout, or `$ONELAYER_SHARED/data`. A stand-in has
its original's dtype, storage and difficulty in little, so that the harness runs anywhere.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

Loaded = tuple[Any, np.ndarray]


def load(name: str, *, small: bool) -> Loaded:
    """X as a user has it, and labels 0..K-1 in int64."""
    real, stand_in = LOADERS[name]
    X, y = (stand_in if small else real)()
    return X, np.asarray(y).astype(np.int64)


def shared() -> Path:
    """The folder of real data; FileNotFoundError says where it was sought."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("ONELAYER_SHARED", beside)) / "data"
    if not folder.is_dir():
        raise FileNotFoundError(
            f"No real data in {folder}: set ONELAYER_SHARED, or use --small for the stand-ins"
        )
    return folder


def fashion() -> Loaded:
    """60000 x 784 uint8, 10 classes."""
    folder = shared() / "fashion-mnist"
    with gzip.open(folder / "train-images-idx3-ubyte.gz") as images:
        X = np.frombuffer(images.read(), np.uint8, offset=16).reshape(-1, 784)
    with gzip.open(folder / "train-labels-idx1-ubyte.gz") as labels:
        y = np.frombuffer(labels.read(), np.uint8, offset=8)
    return X.copy(), y.copy()


def shirts() -> Loaded:
    """Fashion-MNIST, shirts against the rest."""
    X, y = fashion()
    return X, y == 6


def some_shirts() -> Loaded:
    """The first 20000 rows of `shirts`."""
    X, y = shirts()
    return X[:20000], y[:20000]


def embeddings() -> Loaded:
    """20000 x 512 float16, 100 classes."""
    with np.load(shared() / "embeddings" / "train.npz") as file:
        return file["X"], file["y"]


def newsgroups() -> Loaded:
    """11314 x 56436 CSR float32, 20 classes."""
    folder = shared() / "20news-tfidf"
    return sparse.load_npz(folder / "X_train.npz").tocsr(), np.load(folder / "y_train.npy")


def computing() -> Loaded:
    """The five newsgroups comp.* against the rest."""
    X, y = newsgroups()
    return X, (y >= 1) & (y <= 5)


def leukemia() -> Loaded:
    """38 x 7129 float64, two classes."""
    folder = shared() / "leukemia"
    return sparse.load_npz(folder / "leu.npz").toarray(), np.load(folder / "leu_y.npy") > 0


def flowers() -> Loaded:
    """200 pictures of 64 x 64 x 3, daisies and roses: 200 x 12288 uint8."""
    from PIL import Image

    pictures, labels = [], []
    for label, kind in enumerate(("daisy", "rose")):
        for path in sorted((shared() / "flowers" / kind).glob("*.jpg"))[:100]:
            with Image.open(path) as picture:
                pictures.append(np.asarray(picture.convert("RGB").resize((64, 64))))
            labels.append(label)
    return np.stack(pictures).reshape(len(pictures), -1), np.array(labels)


def digits() -> Loaded:
    """1797 x 64 float64, 10 classes."""
    from sklearn.datasets import load_digits

    return load_digits(return_X_y=True)


def breast_cancer() -> Loaded:
    """569 x 30 float64, two classes, features from 1e-3 to 4e3."""
    from sklearn.datasets import load_breast_cancer

    return load_breast_cancer(return_X_y=True)


def _digit_bytes() -> Loaded:
    X, y = digits()
    return (X[:600] * 15).astype(np.uint8), y[:600]


def _eights() -> Loaded:
    X, y = _digit_bytes()
    return X, y == 8


def _half_digits() -> Loaded:
    X, y = digits()
    return X[:600].astype(np.float16), y[:600]


def _made_text(classes: int) -> Loaded:
    """300 documents of 20 words out of 800, each class fond of its own tenth; rows of norm 1."""
    from sklearn.preprocessing import normalize

    rng = np.random.default_rng(5)
    m, n = 300, 800
    y = np.arange(m) % classes
    own = y[:, None] * (n // classes) + rng.integers(0, n // classes, (m, 20))
    words = np.where(rng.random((m, 20)) < 0.3, own, rng.integers(0, n, (m, 20)))
    X = sparse.csr_matrix((rng.random(m * 20), (np.arange(m).repeat(20), words.ravel())), (m, n))
    return normalize(X).astype(np.float32), y


def _text() -> Loaded:
    return _made_text(20)


def _family() -> Loaded:
    X, y = _made_text(20)
    return X, (y >= 1) & (y <= 5)


def _made_wide() -> Loaded:
    rng = np.random.default_rng(6)
    X, y = rng.standard_normal((38, 300)), np.arange(38) % 2
    return X + 0.3 * y[:, None] * rng.standard_normal(300), y


def _wide_bytes() -> Loaded:
    X, y = _made_wide()
    return np.clip(128 + 40 * X, 0, 255).astype(np.uint8), y


LOADERS: dict[str, tuple[Callable[[], Loaded], Callable[[], Loaded]]] = {
    "fashion": (fashion, _digit_bytes),
    "shirts": (shirts, _eights),
    "some-shirts": (some_shirts, _eights),
    "embeddings": (embeddings, _half_digits),
    "newsgroups": (newsgroups, _text),
    "computing": (computing, _family),
    "leukemia": (leukemia, _made_wide),
    "flowers": (flowers, _wide_bytes),
    "digits": (digits, digits),
    "breast-cancer": (breast_cancer, breast_cancer),
}
"""Name: (the real set, its stand-in)."""
