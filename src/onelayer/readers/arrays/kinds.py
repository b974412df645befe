"""Arrays in files: .npy, .npz, .h5, IDX and LIBSVM, each as sets of X and y by part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from onelayer.errors import DataError
from onelayer.readers.arrays.hdf5 import MAGIC as HDF5
from onelayer.readers.arrays.hdf5 import hdf5_names, read_hdf5
from onelayer.readers.arrays.idx import idx_files, idx_name, read_idx
from onelayer.readers.arrays.kept_libsvm import Tell
from onelayer.readers.arrays.layout import (
    WHOLE,
    ArrayOptions,
    beside,
    layout_of,
    other_parts,
    part_in,
)
from onelayer.readers.arrays.libsvm import rows_of_libsvm
from onelayer.readers.arrays.libsvm_text import SUFFIXES, looks_like_libsvm
from onelayer.readers.arrays.numpy_files import npz_names, read_npy, read_npz
from onelayer.readers.arrays.parquet_lists import (
    PARQUET_SUFFIXES,
    parquet_names,
    read_parquet_column,
)
from onelayer.readers.arrays.tensor_files import (
    SAFETENSORS,
    TORCH_SUFFIXES,
    WHOLE_FILE,
    read_safetensors,
    safetensors_names,
    torch_arrays,
)
from onelayer.words import spelt

_NPY, _NPZ = b"\x93NUMPY", b"PK\x03\x04"
_HDF5_SUFFIXES = (".h5", ".hdf5", ".hdf")
_JUDGES = ("test", WHOLE, "val", "train")  # what judges where a file has several parts
_BY_NAME: dict[str, tuple[Callable[[Path], list[str]], Callable[[Path, str], Any]]] = {
    "npz": (npz_names, read_npz),
    "parquet": (parquet_names, read_parquet_column),
    "safetensors": (safetensors_names, read_safetensors),
}
"""What the arrays of a file are called, and how one of them is read."""
_IDX_PARTS = {"t10k": "test", "valid": "val"}


@dataclass(frozen=True)
class ArraySet:
    """X and y of one part of a file, read when they are asked for.

    `load_y` is None where there are no labels, and `looked_for` says where they were looked for.
    `index_base` is that of a LIBSVM file, known once X was read.
    """

    load_x: Callable[[], Any]
    load_y: Callable[[], Any] | None
    load_classes: Callable[[], Any] | None = None
    looked_for: str = ""
    index_base: Callable[[], int] | None = None


def array_kind(path: Path) -> str | None:
    """Return npy, npz, hdf5, idx, libsvm, torch, safetensors or parquet by content and suffix.

    A folder of IDX files is idx. A Parquet file is parquet here even where it is a table to others.

    None for everything else. A suffix counts where the content is empty or says nothing.
    """
    if path.is_dir():
        return "idx" if any(idx_name(entry) for entry in path.iterdir()) else None
    if not path.is_file():
        return None
    if idx_name(path):
        return "idx"
    with path.open("rb") as file:
        head = file.read(8)
    by_magic = {_NPY: "npy", _NPZ: "npz", HDF5: "hdf5"}
    for magic, kind in by_magic.items():
        if head.startswith(magic):
            return _kind_by_name(path) if kind == "npz" and path.suffix != ".npz" else kind
    return _kind_by_name(path) or ("libsvm" if looks_like_libsvm(path) else None)


def find_arrays(path: Path, asked: ArrayOptions, tell: Tell | None = None) -> dict[str, ArraySet]:
    """Return the sets of a source by part: train, val, test, or `WHOLE` alone.

    `tell` is called while text is read that takes long.

    Raises
    ------
    DataError
        Where there is no X, or the file is damaged.
    MissingExtraError
        For HDF5 without h5py.
    """
    kind = array_kind(path)
    if kind == "idx":
        return _idx_sets(path)
    if kind == "libsvm":
        return {WHOLE: _libsvm_set(path, asked, tell)}
    if kind == "npy":
        own = ArraySet(partial(read_npy, path), *_labels_elsewhere(path, asked))
        return _with_parts_beside(path, own, asked)
    if kind == "torch":
        return _torch_sets(path, asked)
    if kind == "hdf5":
        read = partial(read_hdf5, path, memory=asked.memory)
        return _container_sets(path, hdf5_names(path), read, asked)
    names, load = _BY_NAME[str(kind)]
    return _container_sets(path, names(path), partial(load, path), asked)


def labelled(sets: dict[str, ArraySet]) -> dict[str, ArraySet]:
    """Return the sets that have labels."""
    return {part: found for part, found in sets.items() if found.load_y is not None}


def judging_set(path: Path, asked: ArrayOptions) -> ArraySet:
    """Return the set of a file that judges: its test part, or what there is."""
    return chosen_set(find_arrays(path, asked), None)[1]


def chosen_set(sets: dict[str, ArraySet], part: str | None) -> tuple[str, ArraySet]:
    """Return a part of a file and its name; without one that which judges."""
    if len(sets) == 1:
        return next(iter(sets.items()))
    order = _JUDGES if part is None else (part, WHOLE)
    found = next((name for name in order if name in sets), next(iter(sets)))
    return found, sets[found]


def _kind_by_name(path: Path) -> str | None:
    suffixes = path.suffixes[-2:]
    if any(suffix in SUFFIXES for suffix in suffixes):
        return "libsvm"
    named = {".npy": "npy", ".npz": "npz", SAFETENSORS: "safetensors"}
    named |= dict.fromkeys(_HDF5_SUFFIXES, "hdf5") | dict.fromkeys(TORCH_SUFFIXES, "torch")
    named |= dict.fromkeys(PARQUET_SUFFIXES, "parquet")
    return named.get(path.suffix.lower())


def _container_sets(
    path: Path, names: list[str], load: Callable[[str], Any], asked: ArrayOptions
) -> dict[str, ArraySet]:
    """Sets of a file that holds arrays by name; y may lie in another file."""
    inside = asked.y in names or asked.y is None or not _labels_file(path, asked.y)
    layout = layout_of(names, asked if inside else ArrayOptions(asked.x), path)
    classes = partial(load, layout.classes) if layout.classes else None
    sets = {}
    for part, x in layout.x.items():
        y = layout.y.get(part)
        if y is None and part == WHOLE and len(layout.x) == 1:
            found = _labels_elsewhere(path, asked)
            looked = f"it holds {', '.join(names)}; {found[2]}"
            sets[part] = ArraySet(partial(load, x), found[0], None, looked)
        else:
            load_y = None if y is None else partial(load, y)
            looked = f"it holds {', '.join(names)}"
            sets[part] = ArraySet(partial(load, x), load_y, classes, looked)
    return sets


def _torch_sets(path: Path, asked: ArrayOptions) -> dict[str, ArraySet]:
    """Sets of a file of PyTorch: tensors by name, or X alone."""
    arrays = torch_arrays(path)
    if WHOLE_FILE in arrays:
        own = ArraySet(lambda: arrays[WHOLE_FILE], *_labels_elsewhere(path, asked))
        return _with_parts_beside(path, own, asked)
    return _container_sets(path, list(arrays), arrays.__getitem__, asked)


def _with_parts_beside(path: Path, own: ArraySet, asked: ArrayOptions) -> dict[str, ArraySet]:
    """Sets of a file of X alone, and where it is train's, of its files of val and test beside it.

    As features_test.pt and targets_test.pt lie beside features_train.pt. Only what has labels is
    a part: X without them cannot choose or judge. Where a file of labels was named, it is
    train's, and nothing says where those of the others are. A test file stands for itself.
    """
    if own.load_y is None or asked.y is not None or part_in(path) != "train":
        return {WHOLE: own}
    sets = {"train": own}
    for part, file in other_parts(path).items():
        if file.is_file() and array_kind(file) == array_kind(path):
            load_y = _labels_elsewhere(file, ArrayOptions())[0]
            if load_y is not None:
                sets[part] = ArraySet(partial(_single_array, file), load_y)
    return sets if len(sets) > 1 else {WHOLE: own}


def _single_array(path: Path) -> np.ndarray:
    """X of a file that holds nothing else."""
    if array_kind(path) == "npy":
        return read_npy(path)
    arrays = torch_arrays(path)
    if WHOLE_FILE not in arrays:
        raise DataError(
            f"{path} holds {', '.join(arrays)}, and is taken for the other part of a file of one "
            f"tensor: name what judges with {spelt('test')}"
        )
    return arrays[WHOLE_FILE]


def _labels_elsewhere(path: Path, asked: ArrayOptions) -> tuple[Any, None, str]:
    """Labels in a file of their own, the one asked for or one beside; None, and where looked."""
    tried = beside(path) if asked.y is None else [Path(asked.y), path.parent / asked.y]
    file = next((file for file in tried if file.is_file() and file != path), None)
    if file is not None:
        return partial(_read_labels, file), None, ""
    if asked.y is not None:
        return None, None, f"{asked.y} is neither an array of it nor a file"
    return None, None, f"looked for {tried[0].name} beside it"


def _labels_file(path: Path, y: str) -> bool:
    return Path(y).is_file() or (path.parent / y).is_file()


def _read_labels(file: Path) -> np.ndarray:
    """Labels of a .npy, or of an .npz or IDX file with a single array."""
    kind = array_kind(file)
    if kind == "npy":
        return read_npy(file)
    if kind == "idx":
        return read_idx(file)
    if kind == "torch":
        return next(iter(torch_arrays(file).values()))
    names = npz_names(file) if kind == "npz" else []
    if len(names) != 1:
        raise DataError(f"{file} is no file of labels: give a .npy, one label a row")
    return np.asarray(read_npz(file, names[0]))


def _libsvm_set(path: Path, asked: ArrayOptions, tell: Tell | None) -> ArraySet:
    @cache
    def read() -> tuple[Any, np.ndarray, int]:
        return rows_of_libsvm(path, asked.n_features, asked.index_base, asked.memory, tell)

    return ArraySet(lambda: read()[0], lambda: read()[1], index_base=lambda: read()[2])


def _idx_sets(path: Path) -> dict[str, ArraySet]:
    """Sets of a folder of IDX files; of a file's own part alone where it is not that of train."""
    match = None if path.is_dir() else idx_name(path)
    if match is None and not path.is_dir():
        raise DataError(f"{path} is no IDX file by its name: expected train-images-idx3-ubyte")
    files = idx_files(path if match is None else path.parent, match and match["set"])
    parts = sorted({part for part, role in files if role == "images"})
    if match is not None and match["part"] != "train":
        parts = [match["part"]]
    sets = {_IDX_PARTS.get(part, part): _idx_set(path, files, part) for part in parts}
    if not sets:
        raise DataError(f"{path} has IDX files of labels alone: add the files of images")
    return sets if "train" in sets or len(sets) > 1 else {WHOLE: next(iter(sets.values()))}


def _idx_set(path: Path, files: dict[tuple[str, str], Path], part: str) -> ArraySet:
    images, labels = files.get((part, "images")), files.get((part, "labels"))
    if images is None:
        raise DataError(f"{path}: there is no file {part}-images-... beside it")
    load_y = None if labels is None else partial(read_idx, labels)
    return ArraySet(partial(read_idx, images), load_y, None, f"no {part}-labels-... beside it")
