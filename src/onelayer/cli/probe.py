"""`onelayer probe FEATURES`: frozen features judged by one layer, as a protocol is published."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onelayer.cli import options, source_options
from onelayer.cli.output import print_json, progress_shown, put_sheet, terminal_columns
from onelayer.cli.summary_options import SheetFormat
from onelayer.errors import UsageError

if TYPE_CHECKING:
    from onelayer.probes import Probe, ProbeProtocol
    from onelayer.probes.few_shots import FewShotProbe

_FEATURES = "Features"
_FITS = "Fits"
_SHOWN = "What is shown"
FIGURES = (".png", ".svg", ".pdf")


class ProtocolName(StrEnum):
    """The protocols."""

    ONELAYER = "onelayer"
    SIMCLR = "simclr"
    DINOV2 = "dinov2"
    CLIP = "clip"
    FEW_SHOT = "few-shot"


class MeasureName(StrEnum):
    """What C is chosen by."""

    TOP_1 = "top-1"
    PER_CLASS = "mean-per-class"


def probe(
    features: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FEATURES",
            help="Files of arrays with the parts train and test, and val where there is one: .npz, "
            ".npy, .h5, .safetensors, .pt, or .parquet with --x. Several are put side by side.",
            show_default=False,
        ),
    ] = None,
    protocol: Annotated[
        ProtocolName, typer.Option(help="What is done; --describe says it in words.")
    ] = ProtocolName.ONELAYER,
    describe: Annotated[
        bool, typer.Option("--describe", help="Say what the protocol does, and do nothing.")
    ] = False,
    x: source_options.X = None,
    y: source_options.Y = None,
    test: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE",
            help="A source that judges; of several FEATURES give one each, in their order.",
            rich_help_panel=_FEATURES,
            show_default=False,
        ),
    ] = None,
    val: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE",
            help="A source that chooses C, in the same way.",
            rich_help_panel=_FEATURES,
            show_default=False,
        ),
    ] = None,
    measure: Annotated[
        MeasureName,
        typer.Option(help="What chooses C; onelayer chooses by log loss.", rich_help_panel=_FITS),
    ] = MeasureName.TOP_1,
    shots: Annotated[
        list[int] | None,
        typer.Option(
            metavar="K",
            help="Examples a class of few-shot; give it again for more. Default: 1, 2, 4, 8, 16.",
            rich_help_panel=_FITS,
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option(help="Draws of each number of them.", rich_help_panel=_FITS)
    ] = 10,
    seed: options.Seed = 0,
    tol: Annotated[
        float, typer.Option(help="Relative gap in J of every fit.", rich_help_panel=_FITS)
    ] = 1e-7,
    max_iter: options.MaxIter = 1000,
    fits: Annotated[
        bool,
        typer.Option("--fits", help="Also show every fit, with its gap.", rich_help_panel=_SHOWN),
    ] = False,
    figure: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw what each C is worth: .png, .svg or .pdf.",
            rich_help_panel=_SHOWN,
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        SheetFormat,
        typer.Option("--format", help="csv has every fit with all digits.", rich_help_panel=_SHOWN),
    ] = SheetFormat.TEXT,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a figure that exists.")
    ] = False,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Judge frozen features by a linear probe, as it is published: every fit at its optimum."""
    del debug
    from onelayer.probes import PROTOCOLS
    from onelayer.probes import probe as probed

    if describe:
        _describe(PROTOCOLS[protocol.value], as_json=as_json)
        return
    if not features:
        raise UsageError("give a file of FEATURES, or --describe to see what a protocol does")
    if figure is not None:
        _check_figure(figure, [*features, *(test or ()), *(val or ()), y], overwrite=overwrite)
    with progress_shown() as progress:
        found = probed(
            *features,
            protocol=protocol.value,
            test=test,
            val=val,
            x=x,
            y=y,
            measure=measure.value.replace("mean-per-class", "mean per class"),
            shots=shots or (1, 2, 4, 8, 16),
            seeds=seeds,
            seed=seed,
            tol=tol,
            max_iter=max_iter,
            progress=progress,
        )
    if figure is not None:
        _draw(found, figure)
    if as_json:
        print_json(found.to_dict() | ({} if figure is None else {"figure": str(figure)}))
        return
    _show(found, form, fits=fits)


def _describe(protocol: ProbeProtocol, *, as_json: bool) -> None:
    """What it does, a row an aspect."""
    from onelayer.sheets.sheet import Sheet, text

    if as_json:
        print_json({"name": protocol.name, **dict(protocol.rows())})
        return
    sheet = Sheet(title=f"Protocol {protocol.name}", facts=protocol.rows())
    put_sheet(text(sheet, terminal_columns()))


def _check_figure(figure: Path, inputs: list[Any], *, overwrite: bool) -> None:
    from onelayer.cli.outputs import require_place

    if figure.suffix.lower() not in FIGURES:
        raise UsageError(f"{figure} has no suffix that says what to draw: give curve.png")
    require_place(figure, "curve.png", inputs)
    if figure.exists() and not overwrite:
        raise UsageError(f"{figure} exists: give another name, or --overwrite")


def _draw(found: Probe | FewShotProbe, figure: Path) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    drawn = found.plot().figure_
    drawn.savefig(figure, dpi=150)
    plt.close(drawn)


def _show(found: Probe | FewShotProbe, form: SheetFormat, *, fits: bool) -> None:
    from onelayer.sheets.formats import html_page, latex, markdown
    from onelayer.sheets.sheet import text

    columns = terminal_columns()
    put_sheet(found.to_text(columns) if form is SheetFormat.TEXT else found.to(form.value))
    if fits and form is not SheetFormat.CSV:
        how = {"html": html_page, "latex": latex, "md": markdown}
        shown = found.fits
        more = text(shown, columns) if form is SheetFormat.TEXT else how[form.value](shown)
        put_sheet(f"\n{more}")
