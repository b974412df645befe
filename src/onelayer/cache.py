"""Where results that took long are kept, to be used again: a folder of the user's, of bounded size.

An entry is one file, written beside its place and moved there, so that a reader sees it whole or
not at all; a digest of what it holds stands at its beginning, so that a damaged one is none.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

BOUND = 4 * 2**30
"""Bytes that are kept at most; the entries that were used longest ago go first. *Guard*."""
KNOWN = "known"
"""The kind of cache of what is known of files and encoders."""
KERNELS = "kernels"
"""What the names of folders of compiled kernels begin with; a digest of their sources follows."""
_DIGEST = 16


def user_cache() -> Path:
    """The system's folder for what can be made again; RuntimeError where there is no home."""
    if os.environ.get("XDG_CACHE_HOME"):
        return Path(os.environ["XDG_CACHE_HOME"])
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if "LOCALAPPDATA" in os.environ:
        return Path(os.environ["LOCALAPPDATA"])
    return Path.home() / ".cache"


class Cache:
    """Entries by name; a folder that cannot be written to keeps nothing, and is no error."""

    def __init__(self, kind: str) -> None:
        try:
            self.place: Path | None = user_cache() / "onelayer" / kind
        except RuntimeError:
            self.place = None

    def get(self, name: str) -> bytes | None:
        """Return what was put under a name, or None; it counts as used now."""
        if self.place is None:
            return None
        path = self._path(self.place, name)
        try:
            content = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        digest, kept = content[:_DIGEST], content[_DIGEST:]
        return kept if blake2b(kept, digest_size=_DIGEST).digest() == digest else None

    def put(self, name: str, content: bytes) -> None:
        """Keep an entry."""
        if self.place is None:
            return
        path = self._path(self.place, name)
        part = path.with_name(f".{path.name}-{secrets.token_hex(6)}.part")
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                part.write_bytes(blake2b(content, digest_size=_DIGEST).digest() + content)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)

    @property
    def size(self) -> int:
        """Bytes of all entries."""
        return sum(size for _, size, _ in self._files())

    def __len__(self) -> int:
        return sum(1 for _ in self._files())

    def prune(self, bound: int = BOUND) -> None:
        """Remove the entries that were used longest ago, until the others are of `bound` bytes."""
        found = sorted(self._files(), reverse=True)
        held = 0
        for _, size, path in found:
            held += size
            if held > bound:
                with suppress(OSError):
                    path.unlink()

    def empty(self) -> None:
        """Remove every entry."""
        self.prune(-1)
        if self.place is not None:
            for folder in sorted(self.place.rglob("*"), reverse=True):
                with suppress(OSError):
                    folder.rmdir()

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """When each file was used, its size and its place; parts that nobody finished too."""
        if self.place is None or not self.place.is_dir():
            return
        for path in self.place.rglob("*"):
            with suppress(OSError):
                if path.is_file():
                    told = path.stat()
                    yield told.st_mtime, told.st_size, path

    @staticmethod
    def _path(folder: Path, name: str) -> Path:
        return folder / name[:2] / name


def known_things() -> Cache:
    """What is known of files and encoders, so that they need not be read again."""
    return Cache(KNOWN)


class CompiledKernels:
    """What kernels were compiled to, by this version and by others: a folder of each."""

    def __init__(self) -> None:
        try:
            self.place: Path | None = user_cache() / "onelayer" / f"{KERNELS}-*"
        except RuntimeError:
            self.place = None

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for size, _ in self._files())

    def __len__(self) -> int:
        return sum(1 for _, path in self._files() if path.suffix == ".nbi")  # an index a kernel

    def empty(self) -> None:
        """Remove what is whole; the folders stay, for a process that compiles writes into them."""
        for _, path in self._files():
            with suppress(OSError):
                path.unlink()

    def _files(self) -> Iterator[tuple[int, Path]]:
        """Size and place of each file."""
        if self.place is None:
            return
        for path in self.place.parent.glob(f"{self.place.name}/*/*.nb[ic]"):
            with suppress(OSError):
                yield path.stat().st_size, path
