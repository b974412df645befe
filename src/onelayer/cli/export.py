"""`onelayer export MODEL FILE`: the model for another tool, checked before it is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onelayer.cli import options
from onelayer.cli.output import print_json, show
from onelayer.errors import UsageError

if TYPE_CHECKING:
    from onelayer.export import Agreement


def export(
    model: options.ModelFile,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="The file to write: .onnx, or of a model of a table .sql."
        ),
    ],
    check: Annotated[
        str | None,
        typer.Option(
            "--check",
            metavar="SOURCE",
            help="What `evaluate` takes: compare the file with the model on its rows, too.",
            show_default=False,
        ),
    ] = None,
    single: Annotated[
        bool, typer.Option("--float32", help="Of ONNX: numbers of 4 bytes instead of 8.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an output file that exists.")
    ] = False,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Write MODEL as ONNX or SQL, only where onnxruntime or SQLite answers as it does."""
    del debug
    from onelayer.cli.outputs import require_place
    from onelayer.model.loading import load

    require_place(file, "model.onnx", [model, *([Path(check)] if check else [])])
    if file.exists() and not overwrite:
        raise UsageError(f"{file} exists: give another name, or --overwrite")
    found = load(model).export(file, dtype="float32" if single else "float64", check=check)
    if as_json:
        checked = {name: one.to_dict() for name, one in found.items()}
        print_json({"output": str(file), "check": checked})
        return
    show(f"Written: {file}")
    for name, one in found.items():
        show(
            f"{name}: {one.rows:,} rows checked, the largest difference of a probability "
            f"{one.probability:.1e}{_after_encoder(one)}"
        )


def _after_encoder(one: Agreement) -> str:
    if not one.features:
        return ""
    return f" from the same features, which differ by {one.features:.1e} of the largest"
