"""onelayer lesson: the lecture as a notebook to run and change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from onelayer.cli.output import print_json, show
from onelayer.errors import UsageError


def lesson(
    notebook: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the lecture as a Jupyter notebook, for example lecture.ipynb.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is there.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on stdout, nothing else.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Errors with their traceback.")] = False,
) -> None:
    """Write the lecture, from one neuron to a digit recognised, as a notebook."""
    del debug
    from onelayer.lesson.notebook import CELLS
    from onelayer.lesson.notebook import as_json as lecture
    from onelayer.model_file import write_atomically

    if notebook is None:
        raise UsageError("say what to write: onelayer lesson --notebook lecture.ipynb")
    _require_free(notebook, overwrite=overwrite)
    write_atomically(notebook, lecture().encode())
    if as_json:
        print_json({"notebook": str(notebook), "cells": len(CELLS)})
    else:
        show(f"Written: {notebook}, {len(CELLS)} cells. Open it with: jupyter lab {notebook}")


def _require_free(path: Path, *, overwrite: bool) -> None:
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name the notebook, for example {path}/lecture.ipynb")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent} is no folder: make it first, or write elsewhere")
    if path.exists() and not overwrite:
        raise UsageError(
            f"{path} exists, and what was changed in it would be lost: give another name, "
            "or --overwrite"
        )
