"""onelayer lesson: the lecture to move in the browser, as one page, or as a notebook."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from onelayer.cli.output import print_json, show, warn
from onelayer.errors import UsageError


def lesson(
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the lesson as one HTML page that needs no server, for example lesson.html.",
            show_default=False,
        ),
    ] = None,
    notebook: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the lecture as a Jupyter notebook, for example lecture.ipynb.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where to serve on this machine; 0: any free.")
    ] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is there.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on stdout, nothing else.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Errors with their traceback.")] = False,
) -> None:
    """Open the lesson, from one neuron to a classifier, in the browser (extra `lesson`).

    Every figure moves with what you choose, examples are dragged, code of yours is checked.

    It is served to this machine alone, until Ctrl-C.

    With --export or --notebook the lesson is written instead, and needs no extra.
    """
    del debug
    for path, example in ((export, "lesson.html"), (notebook, "lecture.ipynb")):
        if path is not None:
            _require_free(path, example, overwrite=overwrite)
    if notebook is None and export is None:
        _serve(port, browser=not no_browser, as_json=as_json)
        return
    written: dict[str, Any] = {}
    if notebook is not None:
        written |= _write_notebook(notebook, quiet=as_json)
    if export is not None:
        written |= _write_page(export, quiet=as_json)
    if as_json:
        print_json(written)


def _write_notebook(path: Path, *, quiet: bool) -> dict[str, Any]:
    from onelayer.lesson.notebook import CELLS
    from onelayer.lesson.notebook import as_json as lecture
    from onelayer.model_file import write_atomically

    write_atomically(path, lecture().encode())
    if not quiet:
        show(f"Written: {path}, {len(CELLS)} cells. Open it with: jupyter lab {path}")
    return {"notebook": str(path), "cells": len(CELLS)}


def _write_page(path: Path, *, quiet: bool) -> dict[str, Any]:
    from onelayer.playground.chapters import CHAPTERS
    from onelayer.playground.one_file import export

    export(path)
    if not quiet:
        show(f"Written: {path}, {len(CHAPTERS)} chapters. Open it in any browser.")
    return {"page": str(path), "chapters": len(CHAPTERS)}


def _serve(port: int, *, browser: bool, as_json: bool) -> None:
    from onelayer.playground.serving import serve

    def announce(address: str) -> None:
        if as_json:
            print_json({"address": address})
        else:
            show(f"The lesson is at {address} for this machine alone.")
            warn("Ctrl-C ends it.")
        sys.stdout.flush()  # into a pipe, too, while the server goes on

    serve(port, announce, browser=browser)


def _require_free(path: Path, example: str, *, overwrite: bool) -> None:
    from onelayer.cli.outputs import require_place

    require_place(path, example)
    ending = Path(example).suffix
    if path.suffix.lower() != ending:
        raise UsageError(f"{path} would not open as what it is: give a name that ends in {ending}")
    if path.exists() and not overwrite:
        raise UsageError(
            f"{path} exists, and what was changed in it would be lost: give another name, "
            "or --overwrite"
        )
