"""Where a training writes, and what it must not overwrite."""

from __future__ import annotations

import os
from pathlib import Path

from onelayer.errors import UsageError
from onelayer.model.fitted import load
from onelayer.model.sources import Source, identity


def check_output(path: str | Path, source: Source, *, overwrite: bool = False) -> None:
    """Refuse an output that cannot be written, or that holds what came from elsewhere.

    A file is overwritten only where it is a model of the same source, or where `overwrite` says so.

    Raises
    ------
    UsageError
        With what to do instead.
    """
    path = Path(path)
    if path.is_dir():
        raise UsageError(
            f"{path} is a folder: name the model file, for example {path}/m.safetensors"
        )
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent} is no folder: make it first, or write elsewhere with -o")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path.parent} cannot be written to: write elsewhere with -o")
    if path.exists() and not overwrite and _source_of(path) != identity(source):
        raise UsageError(
            f"{path} exists and did not come from {source}: "
            "give another name with -o, or --overwrite"
        )


def _source_of(path: Path) -> str | None:
    try:
        return load(path).card.source_id
    except (OSError, ValueError):
        return None  # no model of ours, whatever it is


def partial_path(path: str | Path) -> Path:
    """Where an interrupted training leaves its model: m.safetensors is m.partial.safetensors."""
    path = Path(path)
    return path.with_name(f"{path.stem}.partial{path.suffix or '.safetensors'}")
