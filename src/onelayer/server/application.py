"""The application: the page, its files and the JSON API, put together."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

import onelayer
from onelayer.errors import UsageError
from onelayer.model import Model
from onelayer.server.answers import class_names
from onelayer.server.api import api
from onelayer.server.guard import Guard
from onelayer.server.limits import Limits
from onelayer.server.pages import pages
from onelayer.server.rejections import Rejection
from onelayer.server.service import Service

TOKEN = "ONELAYER_TOKEN"  # noqa: S105 - the variable's name


def build(model: Model, token: str | None, hosts: Iterable[str] | None, limits: Limits) -> FastAPI:
    """Return the application; see `onelayer.server.create_app`."""
    _require_distinct(class_names(model))
    model.inputs.require_ready()
    token = _token(token)
    service = Service(model, limits)
    app = FastAPI(
        title="onelayer",
        summary=f"A layer that tells {len(model.classes)} classes apart",
        version=onelayer.__version__,
        docs_url=None,
        redoc_url=None,
        lifespan=service.lifespan,
    )
    app.include_router(api(service, protected=token is not None))
    app.include_router(pages(app, model, limits, protected=token is not None))
    app.add_middleware(Guard, token=token, hosts=hosts, seconds=limits.seconds)
    app.add_exception_handler(Rejection, _answered)
    weakref.finalize(app, service.close)  # where it is mounted, nothing tells it that it ends
    return app


def _token(given: str | None) -> str | None:
    token = os.environ.get(TOKEN) if given is None else given
    if token is not None and not token.strip():
        raise UsageError(f"the token is empty: give {TOKEN} a value, or unset it to ask for none")
    return token


def _require_distinct(names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(
            f"two classes are called {twice[0]!r} as text, and JSON names them by text: "
            "train with labels that differ"
        )


async def _answered(_request: Request, problem: Exception) -> JSONResponse:
    if not isinstance(problem, Rejection):
        raise problem
    return problem.response
