"""The commands, and what they share: `--version` and the order in the help."""

from __future__ import annotations

import inspect as python
from collections.abc import Callable
from typing import Annotated

import typer

import onelayer
from onelayer.cli.cache import cache
from onelayer.cli.compare import compare
from onelayer.cli.evaluate import evaluate
from onelayer.cli.export import export
from onelayer.cli.inspect import inspect
from onelayer.cli.lesson import lesson
from onelayer.cli.outcome import guarded
from onelayer.cli.predict import predict
from onelayer.cli.probe import probe
from onelayer.cli.serve import serve
from onelayer.cli.summary import summary
from onelayer.cli.train import train

app = typer.Typer(
    help=(
        "Logistic regression as a one-layer neural network: train it on a folder of pictures "
        "or on arrays, judge it, use it."
    ),
    epilog="Start with: onelayer train digits",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"onelayer {onelayer.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    del version


def _help(command: Callable[..., None]) -> str:
    """What a command is, a line a paragraph: any terminal breaks it where it ends."""
    paragraphs = python.cleandoc(command.__doc__ or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


for command, example in (
    (train, "onelayer train photos/ -o model.safetensors"),
    (evaluate, "onelayer evaluate model.safetensors more_photos/"),
    (compare, "onelayer compare old.safetensors new.safetensors test.csv"),
    (predict, "onelayer predict model.safetensors new.jpg album/"),
    (inspect, "onelayer inspect model.safetensors --weights weights.png"),
    (probe, "onelayer probe features.npz --protocol simclr"),
    (export, "onelayer export model.safetensors model.onnx"),
    (summary, "onelayer summary table.csv --formula 'y ~ age*sex'"),
    (serve, "onelayer serve model.safetensors"),
    (lesson, "onelayer lesson --export lesson.html"),
    (cache, "onelayer cache --empty"),
):
    shown = f"Example: [bold]{example}[/bold]"
    app.command(help=_help(command), epilog=shown)(guarded(command))
