"""Tensors in files of safetensors and of PyTorch, by name; float16 stays float16."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from onelayer.errors import DataError
from onelayer.readers.torch_file import read_tensors

TORCH_SUFFIXES = (".pt", ".pth")
SAFETENSORS = ".safetensors"
WHOLE_FILE = ""
"""What the only tensor of a file without names is called here."""


def torch_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the tensors of a file by name, or the only one as `WHOLE_FILE`.

    Raises
    ------
    DataError
        Where it is damaged, or holds no tensors.
    """
    found = read_tensors(path)
    if isinstance(found, np.ndarray):
        return {WHOLE_FILE: found}
    named = found.items() if isinstance(found, dict) else ()
    arrays = {str(name): one for name, one in named if isinstance(one, np.ndarray)}
    if not arrays:
        raise DataError(f"{path} holds no tensor by name: give a tensor, or a dictionary of them")
    return arrays


def safetensors_names(path: Path) -> list[str]:
    """Return what the tensors of a file are called."""
    try:
        with safe_open(path, framework="numpy") as file:
            return list(file.keys())
    except (OSError, SafetensorError) as error:
        raise DataError(f"{path} is damaged, or no safetensors file: {error}") from error


def read_safetensors(path: Path, name: str) -> np.ndarray:
    """Return one tensor of a file."""
    try:
        with safe_open(path, framework="numpy") as file:
            return np.asarray(file.get_tensor(name))
    except (AttributeError, OSError, SafetensorError, TypeError) as error:
        raise DataError(
            f"{path}: {name} cannot be read: {error}; NumPy has no bfloat16: write float16"
        ) from error
