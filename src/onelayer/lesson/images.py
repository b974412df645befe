"""Pictures become columns: (height, width, 3) -> (height * width * 3, 1), and back.

A column runs through the picture row by row, pixel by pixel, red green blue: the order of NumPy's
`reshape`, so that no value moves in memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from onelayer.errors import DataError, MissingExtraError, ShapeError

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import ArrayLike


def image_to_column(image: ArrayLike) -> np.ndarray:
    """`(height, width, 3)` -> `(height * width * 3, 1)`, dtype kept."""
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3:
        raise ShapeError(f"image has shape {image.shape}, expected (height, width, 3)")
    return image.reshape(-1, 1)


def column_to_image(column: ArrayLike, height: int, width: int) -> np.ndarray:
    """`(height * width * 3, 1)` -> `(height, width, 3)`, dtype kept."""
    column = np.asarray(column)
    expected = (height * width * 3, 1)
    if column.shape != expected:
        raise ShapeError(
            f"column has shape {column.shape}, expected {expected} for {height} x {width} pixels "
            f"of 3 channels{_reshape_hint(column, expected[0])}"
        )
    return column.reshape(height, width, 3)


def _reshape_hint(column: np.ndarray, size: int) -> str:
    return ". Mend it: column = column.reshape(-1, 1)" if column.size == size else ""


def images_to_columns(images: ArrayLike) -> np.ndarray:
    """`(m, height, width, 3)` -> X `(height * width * 3, m)`: column i is picture i."""
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[3] != 3:
        raise ShapeError(
            f"images has shape {images.shape}, expected (m, height, width, 3)"
            + (". One picture: image_to_column(image)" if images.ndim == 3 else "")
        )
    return images.reshape(len(images), np.prod(images.shape[1:])).T


def columns_to_images(X: ArrayLike, height: int, width: int) -> np.ndarray:
    """X `(height * width * 3, m)` -> `(m, height, width, 3)`."""
    X = np.asarray(X)
    n_x = height * width * 3
    if X.ndim != 2 or X.shape[0] != n_x:
        raise ShapeError(
            f"X has shape {X.shape}, expected ({n_x}, m) for {height} x {width} pixels of 3 "
            "channels" + (". Mend it: X = X.T" if X.ndim == 2 and X.shape[1] == n_x else "")
        )
    return X.T.reshape(-1, height, width, 3)


Dataset = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def load_h5(train: str | PathLike[str], test: str | PathLike[str]) -> Dataset:
    """Read the exercise's two HDF5 files as its `load_dataset` did.

    Returns `train_set_x (m, h, w, 3)`, `train_set_y (1, m)`, `test_set_x`, `test_set_y` and
    `classes` (byte strings, as stored in the test file).

    Raises
    ------
    MissingExtraError
        If h5py, the extra `hdf5`, is not installed.
    DataError
        If a file is not HDF5 or lacks a dataset; the message lists what it holds.
    FileNotFoundError
        If a file is not there.
    """
    train_set = _read(Path(train), ["train_set_x", "train_set_y"])
    test_set = _read(Path(test), ["test_set_x", "test_set_y", "list_classes"])
    return (
        train_set[0],
        train_set[1].reshape(1, -1),
        test_set[0],
        test_set[1].reshape(1, -1),
        test_set[2],
    )


def _read(path: Path, names: list[str]) -> list[np.ndarray]:
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError("Reading HDF5 needs h5py", "hdf5") from error
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there")
    if not h5py.is_hdf5(path):
        raise DataError(f"{path} is not an HDF5 file")
    with h5py.File(path, "r") as file:
        missing = [name for name in names if name not in file]
        if missing:
            raise DataError(
                f"{path} has no dataset {missing[0]!r}; it holds {', '.join(sorted(file))}"
            )
        return [np.asarray(file[name]) for name in names]
