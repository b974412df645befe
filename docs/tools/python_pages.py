"""The pages of the Python reference: a page a public module, an entry a public name."""

from __future__ import annotations

import inspect
from importlib import import_module
from types import ModuleType
from typing import Any

from onelayer import errors

MODULES = {
    "onelayer": "onelayer",
    "onelayer.displays": "displays",
    "onelayer.server": "server",
    "onelayer.mlflow": "mlflow",
    "onelayer.lesson": "lesson",
    "onelayer.lesson.figures": "figures",
    "onelayer.errors": "errors",
}
"""The public modules, and what their pages are called."""

ALSO = {
    "onelayer": [
        "onelayer.model.Card",
        "onelayer.model.Evaluation",
        "onelayer.model.TrainingInterrupted",
        "onelayer.solution.Solution",
        "onelayer.solution.Status",
        "onelayer.statistics.LogitResult",
        "onelayer.statistics.Summary",
        "onelayer.statistics.MarginalEffects",
        "onelayer.statistics.Comparison",
        "onelayer.evaluation.Trust",
        "onelayer.readers.audit.Audit",
        "onelayer.card.learnt.Choice",
        "onelayer.card.learnt.Calibration",
        "onelayer.card.decided.CostRule",
        "onelayer.card.decided.ShareRule",
    ]
}
"""What the names of a module return: classes that nobody imports and everybody holds."""


def python_pages() -> dict[str, str]:
    """Return the text of each page, by its name."""
    pages = {name: _page(module) for module, name in MODULES.items()}
    listed = "\n".join(f"   {name}" for name in MODULES.values())
    pages["index"] = f"{_title('Python')}\n.. toctree::\n   :maxdepth: 2\n\n{listed}\n"
    return pages


def public_names(module: str) -> list[str]:
    """Return the names of a module that are documented on its page, other modules apart."""
    loaded = import_module(module)
    named = getattr(loaded, "__all__", None)
    names = named or [name for name, value in vars(loaded).items() if _own_class(value, module)]
    return [
        name
        for name in names
        if not isinstance(getattr(loaded, name), ModuleType)
        and not _elsewhere(getattr(loaded, name), module)
    ]


def _elsewhere(value: Any, module: str) -> bool:
    """Whether it is an error, which has its place on the page of errors."""
    return value in vars(errors).values() and module != errors.__name__


def _own_class(value: Any, module: str) -> bool:
    return inspect.isclass(value) and value.__module__ == module


def _page(module: str) -> str:
    entries = [f"{module}.{name}" for name in public_names(module)]
    text = [_title(module), f".. automodule:: {module}\n   :no-members:\n   :no-index:\n"]
    text += [_entry(name) for name in entries]
    if more := ALSO.get(module):
        text += [_title("What they return", "-"), *[_entry(name) for name in more]]
    return "\n".join(text)


def _entry(path: str) -> str:
    module, name = path.rsplit(".", 1)
    value = getattr(import_module(module), name)
    if not inspect.isclass(value):
        return f".. autofunction:: {path}\n"
    members = (
        ""
        if issubclass(value, BaseException)
        else "   :members:\n   :inherited-members: tuple, StrEnum\n"
    )
    return f".. autoclass:: {path}\n{members}"


def _title(text: str, sign: str = "=") -> str:
    return f"{text}\n{sign * len(text)}\n"
