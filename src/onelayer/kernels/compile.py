"""How kernels are compiled and where the compiled code is kept.

The cache lies in the user's cache folder, under a hash of the version and of every kernel's
source: Numba looks at a function's own file alone, and would go on using a kernel whose inlined
helper has changed. A folder that cannot be written means a temporary one.
"""

from __future__ import annotations

import atexit
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba

from onelayer.cache import KERNELS, user_cache

# Sums may be reordered and products fused; NaN and infinity keep their meaning.
FASTMATH = {"reassoc", "contract", "nsz", "arcp"}

# Python calls none of these. What would let it call them would be compiled with each, and again
# with each function that calls them: a fifth of what a machine's first training compiles.
_CALLED_BY_KERNELS = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a serial kernel that releases the GIL, cached across processes."""
    return _cached(function, fastmath=FASTMATH)


def strict_kernel(function: Callable[..., Any]) -> Any:
    """The same in IEEE order: sums over indices, which vector units would gather slowly."""
    return _cached(function, fastmath=False)


def helper(function: Callable[..., Any]) -> Any:
    """Compile what kernels call; LLVM inlines it where that pays."""
    return numba.njit(fastmath=FASTMATH, error_model="numpy", **_CALLED_BY_KERNELS)(function)


def part(function: Callable[..., Any]) -> Any:
    """The same, inlined by Numba before it compiles: for what has one caller, or is short."""
    return numba.njit(inline="always", error_model="numpy", **_CALLED_BY_KERNELS)(function)


def strict_helper(function: Callable[..., Any]) -> Any:
    """The same for strict kernels."""
    return numba.njit(error_model="numpy", **_CALLED_BY_KERNELS)(function)


def _cached(function: Callable[..., Any], fastmath: Any) -> Any:
    previous = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache_folder())
    try:
        return numba.njit(
            nogil=True, cache=True, fastmath=fastmath, error_model="numpy", no_cfunc_wrapper=True
        )(function)
    finally:
        numba.config.CACHE_DIR = previous


@cache
def cache_folder() -> Path:
    """Where compiled kernels of exactly these sources are kept."""
    try:
        folder = user_cache() / "onelayer" / f"{KERNELS}-{_fingerprint()}"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except (OSError, RuntimeError):  # RuntimeError: no home at all
        temporary = Path(tempfile.mkdtemp(prefix="onelayer-kernels-"))
        atexit.register(shutil.rmtree, temporary, ignore_errors=True)
        return temporary


def _fingerprint() -> str:
    digest = hashlib.sha256(f"{numba.__version__} {sys.version}".encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
