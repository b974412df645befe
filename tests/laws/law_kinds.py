"""The one list of all kinds of source that the laws run over; a new kind is one line of `KINDS`.

A law draws a sample of a kind, takes rows of it, writes it where `train` finds it, and hands its
rows to `predict` and the server. A kind says how each of these is done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from shutil import make_archive
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from scipy import sparse
from sklearn.datasets import dump_svmlight_file, load_breast_cancer, load_digits

M = 150
"""Examples of a sample that is made, in three classes or two: enough for a fit in milliseconds."""


@dataclass(frozen=True)
class Sample:
    """Examples in memory: X is a frame, an array of pictures or numbers, or a sparse matrix."""

    X: Any
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: Any) -> Sample:
        """Return these rows, in this order."""
        X = self.X.iloc[rows] if isinstance(self.X, pd.DataFrame) else self.X[rows]
        return Sample(X, self.y[rows])


@dataclass(frozen=True)
class Kind:
    """One kind of source.

    Attributes
    ----------
    make
        A sample from a seed.
    write
        Writes a sample under a path without suffix, and returns what `train` and `evaluate` take.
    inputs
        Writes a sample's rows there, and returns what `predict` takes.
    request
        A sample's rows as httpx sends them to the server.
    settings
        Of the training.
    name
        Of an embedded set, which is what is trained on whatever the sample; None for all others.
    """

    make: Callable[[int], Sample]
    write: Callable[[Sample, Path], Any]
    inputs: Callable[[Sample, Path], Any] = lambda sample, _: sample.X
    request: Callable[[Sample], dict[str, Any]] = lambda sample: {
        "json": {"rows": sample.X.tolist()}
    }
    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None

    def source(self, sample: Sample, path: Path) -> Any:
        """Return what is trained on."""
        return self.write(sample, path) if self.name is None else self.name


def _labels(Z: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draw classes from their scores (m, K)."""
    return (Z + random.gumbel(size=Z.shape)).argmax(axis=1)


def _table(seed: int) -> Sample:
    random = np.random.default_rng(seed)
    age, town = random.normal(45, 12, M).round(1), random.choice(["Oslo", "Rome", "Lima"], M)
    frame = pd.DataFrame(
        {
            "age": np.where(random.random(M) < 0.1, np.nan, age),
            "town": np.where(random.random(M) < 0.1, None, town),
            "member": random.choice(["true", "false"], M),
            "code": random.choice(["007", "012", "100"], M),
            "height": random.normal(170, 9, M),
        }
    )
    z = (age - 45) / 8 + 2 * (town == "Rome") - 1
    return Sample(frame, np.array(["no", "yes"])[_labels(np.column_stack([-z, z]), random)])


def _messages(seed: int) -> Sample:
    random = np.random.default_rng(seed)
    words = np.array(["win", "prize", "call", "now", "home", "dinner", "see", "you", "ok"])
    y = random.integers(0, 2, M)
    shares = np.array([[0.03, 0.03, 0.06, 0.1, 0.18, 0.15, 0.15, 0.15, 0.15], np.full(9, 1 / 9)])
    texts = [" ".join(random.choice(words, random.integers(5, 12), p=shares[k])) for k in y]
    frame = pd.DataFrame({"message": texts, "hour": random.integers(0, 24, M).astype(float)})
    return Sample(frame, np.array(["ham", "spam"])[y])


def _pictures(seed: int) -> Sample:
    random = np.random.default_rng(seed)
    shades = np.array([(113, 128, 143), (143, 128, 113), (118, 138, 118)])
    y = np.arange(M) % 3
    X = random.normal(shades[y][:, None, None], 70, (M, 5, 5, 3)).clip(0, 255).astype(np.uint8)
    return Sample(X, np.array(["cold", "warm", "green"])[y])


def _numbers(seed: int) -> Sample:
    random = np.random.default_rng(seed)
    X = random.normal(size=(M, 7)) * [1, 10, 100, 0.1, 1, 1, 1] + [0, 5, 1000, 0, -3, 0, 0]
    Z = np.column_stack([X[:, 0], X[:, 1] / 10, (X[:, 2] - 1000) / 100])
    return Sample(X, _labels(2 * Z, random))


def _single(seed: int) -> Sample:
    sample = _numbers(seed)
    return Sample(sample.X.astype(np.float32), sample.y)


def _bytes(seed: int) -> Sample:
    random = np.random.default_rng(seed)
    X = random.integers(0, 256, (M, 6)).astype(np.uint8)
    return Sample(X, _labels(np.column_stack([X[:, 0], X[:, 1]]) / 64, random))


def _sparse(seed: int) -> Sample:
    random = np.random.default_rng(seed)
    dense = random.normal(size=(M, 25)).round(3) * (random.random((M, 25)) < 0.2)
    X = sparse.csr_matrix(dense)
    z = X @ np.random.default_rng(99).normal(size=25)
    return Sample(X, _labels(2 * np.column_stack([-z, z]), random))


def _digits(seed: int) -> Sample:
    """Digits that are no exact copies of those that are trained on; those are left out there."""
    found, random = load_digits(), np.random.default_rng(seed)
    rows = random.permutation(len(found.target))[:M]
    noisy = found.images[rows] * (255 / 16) + random.integers(-9, 10, (M, 8, 8))
    return Sample(noisy.clip(0, 255).astype(np.uint8), found.target[rows].astype(str))


def _breast_cancer(seed: int) -> Sample:
    found, random = load_breast_cancer(), np.random.default_rng(seed)
    rows = random.permutation(len(found.target))[:M]
    X = found.data[rows] * random.uniform(0.99, 1.01, (M, 30))
    return Sample(X, found.target_names[found.target[rows]])


def whole_table(sample: Sample) -> pd.DataFrame:
    """Return a table's columns and its target, y."""
    return sample.X.assign(y=sample.y)


def _as_csv(sample: Sample, path: Path) -> Path:
    whole_table(sample).to_csv(path.with_suffix(".csv"), index=False)
    return path.with_suffix(".csv")


def _as_parquet(sample: Sample, path: Path) -> Path:
    whole_table(sample).to_parquet(path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


def _rounded(seed: int) -> Sample:
    """Numbers that a workbook holds: what writes it keeps sixteen digits."""
    sample = _table(seed)
    return Sample(sample.X.round(3), sample.y)


def _as_collection(sample: Sample, _: Path) -> Any:
    """A data frame of Dask in three partitions, the last with its columns in another order."""
    import dask
    import dask.dataframe as dd

    whole = whole_table(sample)
    parts = [whole.iloc[rows] for rows in np.array_split(np.arange(len(whole)), 3)]
    parts[-1] = parts[-1][whole.columns[::-1]]
    return dd.from_delayed(
        [dask.delayed(part) for part in parts], meta=whole.iloc[:0], verify_meta=False
    )


def _as_excel(sample: Sample, path: Path) -> Path:
    whole_table(sample).to_excel(path.with_suffix(".xlsx"), index=False)
    return path.with_suffix(".xlsx")


def _as_several(sample: Sample, path: Path) -> Path:
    """A folder of two files, the second with its columns in another order and with other signs."""
    half = len(sample) // 2
    path.mkdir(exist_ok=True)
    whole_table(sample.take(slice(half))).to_csv(path / "1.csv", index=False)
    second = whole_table(sample.take(slice(half, None)))
    second[second.columns[::-1]].to_csv(path / "2.csv", index=False, sep="\t")
    return path


def _as_texts(sample: Sample, path: Path) -> Path:
    for number, (text, label) in enumerate(zip(sample.X.message, sample.y, strict=True)):
        (path / label).mkdir(parents=True, exist_ok=True)
        (path / label / f"{number:03}.txt").write_text(text, encoding="utf-8")
    return path


def _as_text_files(sample: Sample, path: Path) -> list[Path]:
    path.mkdir(exist_ok=True)
    files = [path / f"{number:03}.txt" for number in range(len(sample))]
    for text, file in zip(sample.X.message, files, strict=True):
        file.write_text(text, encoding="utf-8")
    return files


def _sent_texts(sample: Sample) -> dict[str, Any]:
    return {"json": {"rows": [{"text": text} for text in sample.X.message]}}


def _as_zip(sample: Sample, path: Path) -> Path:
    folder = _as_folder(sample, path)
    return Path(make_archive(str(path), "zip", folder.parent, folder.name))


def _as_folder(sample: Sample, path: Path) -> Path:
    for number, (pixels, label) in enumerate(zip(sample.X, sample.y, strict=True)):
        (path / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path / label / f"{number:03}.png")
    return path


def _as_files(sample: Sample, path: Path) -> list[Path]:
    path.mkdir(exist_ok=True)
    files = [path / f"{number:03}.png" for number in range(len(sample))]
    for pixels, file in zip(sample.X, files, strict=True):
        Image.fromarray(pixels).save(file)
    return files


def _as_npz(sample: Sample, path: Path) -> Path:
    np.savez(path.with_suffix(".npz"), X=sample.X, y=sample.y)
    return path.with_suffix(".npz")


def _as_npy(sample: Sample, path: Path) -> Path:
    path.mkdir(exist_ok=True)
    np.save(path / "X.npy", sample.X)
    np.save(path / "y.npy", sample.y)
    return path / "X.npy"


def _as_svm(sample: Sample, path: Path) -> Path:
    dump_svmlight_file(sample.X, sample.y, str(path.with_suffix(".svm")), zero_based=False)
    return path.with_suffix(".svm")


def _as_pair(sample: Sample, _: Path) -> tuple[Any, np.ndarray]:
    return sample.X, sample.y


def _with_channel(sample: Sample, _: Path) -> np.ndarray:
    return sample.X[..., None]


def _as_dask_arrays(sample: Sample, _: Path) -> Any:
    """Chunks of rows that divide no group."""
    import dask.array as da

    return da.from_array(sample.X, chunks=(41, 3)), da.from_array(sample.y, chunks=60)


def _sent_records(sample: Sample) -> dict[str, Any]:
    records = sample.X.astype(object).where(sample.X.notna(), None).to_dict("records")
    return {"json": {"rows": records}}


def _sent_pictures(sample: Sample) -> dict[str, Any]:
    return {"files": [("files", (f"{at}.png", _png(one))) for at, one in enumerate(sample.X)]}


def _sent_dense(sample: Sample) -> dict[str, Any]:
    return {"json": {"rows": sample.X.toarray().tolist()}}


def _png(pixels: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


FIXED: Mapping[str, Any] = {"C": 1.0, "calibrate": "none"}
"""For the kinds that would take seconds to choose C and a temperature."""

TABLE: Mapping[str, Any] = {"target": "y"}

ENCODER: dict[str, Kind] = {}
if find_spec("onnxruntime") is not None:
    from law_encoder import write_encoder

    _file = write_encoder(Path(mkdtemp(prefix="onelayer-law-")) / "small.onnx")
    _features = {**FIXED, "features": str(_file)}
    ENCODER["encoder"] = Kind(_pictures, _as_folder, _as_files, _sent_pictures, _features)

KINDS = {
    "csv": Kind(_table, _as_csv, request=_sent_records, settings=TABLE),
    "parquet": Kind(_table, _as_parquet, request=_sent_records, settings=TABLE),
    "text": Kind(_messages, _as_csv, request=_sent_records, settings={**TABLE, "text": "message"}),
    "dask": Kind(_table, _as_collection, request=_sent_records, settings=TABLE),
    "excel": Kind(_rounded, _as_excel, request=_sent_records, settings=TABLE),
    "several": Kind(_table, _as_several, request=_sent_records, settings=TABLE),
    "texts": Kind(_messages, _as_texts, _as_text_files, _sent_texts, FIXED),
    "zip": Kind(_pictures, _as_zip, _as_files, _sent_pictures, FIXED),
    "pictures": Kind(_pictures, _as_folder, _as_files, _sent_pictures, FIXED),
    "npz": Kind(_numbers, _as_npz),
    "npy": Kind(_numbers, _as_npy),
    "on disk": Kind(_numbers, _as_npy, settings={"memory": "1KB"}),
    "pictures on disk": Kind(
        _pictures, _as_npy, request=_sent_pictures, settings={**FIXED, "memory": 1000}
    ),
    "float64": Kind(_numbers, _as_pair),
    "float32": Kind(_single, _as_pair),
    "uint8": Kind(_bytes, _as_pair),
    "dask arrays": Kind(_numbers, _as_dask_arrays),
    "svm": Kind(_sparse, _as_svm, request=_sent_dense, settings={"n_features": 25}),
    "csr": Kind(_sparse, _as_pair, request=_sent_dense),
    **ENCODER,
    "digits": Kind(_digits, _as_pair, _with_channel, _sent_pictures, FIXED, "digits"),
    "breast_cancer": Kind(_breast_cancer, _as_pair, name="breast_cancer"),
}
