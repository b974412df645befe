"""Versions that must be the same in this process and on every worker."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import version

from onelayer.errors import UsageError

NEEDED = ("onelayer", "numpy")
"""Packages that must be of one version everywhere: sums and what is sent depend on them."""


@cache
def versions_here() -> dict[str, str]:
    """Of what must be the same everywhere."""
    return {name: version(name) for name in NEEDED}


def versions_there(names: tuple[str, ...]) -> Callable[[], dict[str, str]]:
    """Sent as it is, not by its name: a worker without onelayer can answer too."""

    def found() -> dict[str, str]:
        from importlib.metadata import PackageNotFoundError, version

        def one(name: str) -> str:
            try:
                return version(name)
            except PackageNotFoundError:
                return "not installed"

        return {name: one(name) for name in names}

    return found


def require_same(here: dict[str, str], there: dict[str, str], worker: str) -> None:
    """Raise a `UsageError` that names both versions of what differs."""
    for name, ours in here.items():
        if there[name] != ours:
            raise UsageError(
                f"{name} is {ours} here and {there[name]} on {worker}: install one version of it "
                "everywhere"
            )
