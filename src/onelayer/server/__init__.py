"""The prediction page and its JSON API: `create_app(model)` is an ASGI application."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from onelayer.errors import MissingExtraError
from onelayer.server.limits import Limits

if TYPE_CHECKING:
    from fastapi import FastAPI

    from onelayer.model import Model

__all__ = ["Limits", "create_app"]

_PARTS = {"fastapi", "starlette", "python_multipart", "uvicorn"}


def create_app(
    model: Model | str | Path,
    *,
    token: str | None = None,
    hosts: Iterable[str] | None = None,
    limits: Limits | None = None,
) -> FastAPI:
    """Return the page and its API as an application, to be run by uvicorn or mounted in another.

    `app.mount("/flowers", create_app("flowers.safetensors"))`: all its addresses are relative.
    It keeps nothing of what it is sent. Processes that decode pictures are started when the first
    picture comes, or at startup where the application is run by itself.

    Parameters
    ----------
    model
        A model, or the path of its file.
    token
        What a request to /v1 must bring as `Authorization: Bearer ...`; None takes it from the
        variable ONELAYER_TOKEN, and asks for none where that is not set.
    hosts
        The names that requests may be addressed to; None takes all. Naming them keeps other web
        sites from reading answers through a name of theirs that points here.
    limits
        How much is taken at once.

    Raises
    ------
    MissingExtraError
        Without FastAPI; the message names the command that installs it.
    ModelFileError
        Where the file is no model.
    UsageError
        For an empty token, or a model two of whose classes have the same name.
    """
    try:
        from onelayer.server.application import build
    except ModuleNotFoundError as error:
        raise missing(error) from error
    from onelayer.model.loading import load

    loaded = load(model) if isinstance(model, (str, Path)) else model
    return build(loaded, token, hosts, limits or Limits())


def missing(error: ModuleNotFoundError) -> ImportError:
    """Return the error that names the extra, where one of its parts is what is missing."""
    if error.name in _PARTS:
        return MissingExtraError("the prediction page needs FastAPI and uvicorn", "serve")
    return error
