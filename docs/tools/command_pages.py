"""The pages of the command line, made from typer's own account of the commands."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

import typer

from onelayer.cli.app import app

SIGNS = re.compile(r"([\\*|`]|_(?=\W|$)|:(?=//))")  # the last: an address of an example is no link


def command_pages() -> dict[str, str]:
    """Return the text of each page, by its name: an index, and a page a command."""
    commands = commands_of_the_program()
    pages = {name: _page(name, command) for name, command in commands.items()}
    listed = "\n".join(f"   {name}" for name in commands)
    pages["index"] = f"{_title('Command line')}\n.. toctree::\n   :maxdepth: 1\n\n{listed}\n"
    return pages


def commands_of_the_program() -> dict[str, Any]:
    """Return the commands by name, in the order of `onelayer --help`."""
    found: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return found


def _page(name: str, command: Any) -> str:
    context = typer.Context(command, info_name=f"onelayer {name}")
    usage = " ".join([f"onelayer {name}", *command.collect_usage_pieces(context)])
    text = [_title(f"onelayer {name}"), f".. program:: onelayer {name}\n", _plain(command.help), ""]
    text += [".. code-block:: text\n", f"   {usage}\n"]
    if command.epilog:
        example = re.sub(r"\[/?\w+\]", "", command.epilog).removeprefix("Example: ")
        text += ["For example:\n", ".. code-block:: bash\n", f"   {example}\n"]
    for panel, parameters in _panels(command).items():
        text.append(_title(panel, "-"))
        text += [_entry(parameter, context) for parameter in parameters]
    return "\n".join(text)


def _panels(command: Any) -> dict[str, list[Any]]:
    """The parameters by the panel of the help that shows them."""
    panels: dict[str, list[Any]] = {}
    for parameter in command.params:
        kind = "Arguments" if parameter.param_type_name == "argument" else "Options"
        panel = getattr(parameter, "rich_help_panel", None) or kind
        panels.setdefault(panel, []).append(parameter)
    return panels


def _entry(parameter: Any, context: Any) -> str:
    """One parameter: how it is written, what it does, what it is without."""
    text = [_plain(parameter.help), *_default(parameter)]
    if parameter.required and parameter.param_type_name == "option":
        text.append("Required.")
    return f".. option:: {_signature(parameter, context)}\n\n   {' '.join(filter(None, text))}\n"


def _signature(parameter: Any, context: Any) -> str:
    takes = "" if getattr(parameter, "is_flag", False) else _takes(parameter, context)
    if parameter.param_type_name == "argument":
        return takes
    spelt = sorted([*parameter.opts, *parameter.secondary_opts], key=len, reverse=True)
    return ", ".join(f"{name} {takes}".rstrip() for name in spelt)


def _takes(parameter: Any, context: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    if parameter.metavar:
        return str(parameter.metavar)
    newer = hasattr(parameter, "display_type")  # Typer once wrote the type itself, as Click does
    takes = parameter.display_type(context) if newer else parameter.make_metavar(context)
    return str(takes).strip("[]").replace(" ", "")


def _default(parameter: Any) -> list[str]:
    value = getattr(parameter, "default", None)
    if not parameter.show_default or value is None or isinstance(value, bool):
        return []
    shown = str(value) if isinstance(value, (str, int, float, PurePath)) else ""
    return [f"Default: ``{shown}``."] if shown else []


def _plain(text: str | None) -> str:
    """Return text whose signs mean nothing to reStructuredText."""
    return SIGNS.sub(r"\\\1", " ".join((text or "").split()))


def _title(text: str, sign: str = "=") -> str:
    return f"{text}\n{sign * len(text)}\n"
