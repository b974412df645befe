"""The page, its files, and the page that describes the API: all from the package."""

from __future__ import annotations

import json
from hashlib import sha256
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from onelayer.inputs.columns import Column
from onelayer.model import Model
from onelayer.readers.tables.dates import written
from onelayer.server.answers import class_names
from onelayer.server.limits import Limits
from onelayer.server.sent import media_types

_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


class File:
    """A file of the package, read once."""

    def __init__(self, name: str, content: bytes) -> None:
        self.content = content
        self.headers = {
            "Content-Type": _TYPES[name.rpartition(".")[2]],
            "ETag": f'"{sha256(content).hexdigest()[:16]}"',
            "Cache-Control": "no-cache",  # a browser asks whether its copy is the newest
        }

    def answer(self, request: Request) -> Response:
        """Return the file, or that the browser has it."""
        if request.headers.get("if-none-match") == self.headers["ETag"]:
            return Response(status_code=304, headers=self.headers)
        return Response(self.content, headers=self.headers)


def pages(app: FastAPI, model: Model, limits: Limits, *, protected: bool) -> APIRouter:
    """Return the routes that people's browsers ask for; the API's description has none of them."""
    static = _static()
    if protected:
        static["page.html"] = _locked(static["page.html"])
    routes = APIRouter(include_in_schema=False)

    @routes.api_route("/", methods=["GET", "HEAD"])
    async def page(request: Request) -> Response:
        return static["page.html"].answer(request)

    @routes.api_route("/favicon.ico", methods=["GET", "HEAD"])
    async def icon(request: Request) -> Response:
        return static["icon.svg"].answer(request)

    @routes.api_route("/static/{name}", methods=["GET", "HEAD"])
    async def file(name: str, request: Request) -> Response:
        found = static.get(name)
        return Response(status_code=404) if found is None else found.answer(request)

    @routes.api_route("/docs", methods=["GET", "HEAD"])
    async def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(_description(app, model, limits, str(request.base_url)))

    return routes


def _static() -> dict[str, File]:
    """Return all files by name; the stylesheets of colours and type are the report's."""
    own = [file for file in files("onelayer.server").joinpath("static").iterdir() if file.is_file()]
    templates = files("onelayer.report").joinpath("templates")
    shared = [templates.joinpath(name) for name in ("colours.css", "base.css")]
    return {file.name: File(file.name, file.read_bytes()) for file in [*own, *shared]}


def _locked(page: File) -> File:
    """Return the page that asks for a token before it asks the server for anything."""
    return File("page.html", page.content.replace(b"<html ", b"<html data-locked ", 1))


def _description(app: FastAPI, model: Model, limits: Limits, address: str) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("onelayer.server"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("docs.html").render(
        address=address,
        schema=app.openapi(),
        answer=json.dumps(_example(model), indent=2, ensure_ascii=False),
        takes=media_types(model),
        row=_row(model),
        features=model.coef.shape[1],
        limits=limits,
    )


def _example(model: Model) -> dict[str, Any]:
    """Return an answer as it would look."""
    names = class_names(model)[:3]
    which: dict[str, Any] = {"row": 0} if model.preprocessing is None else {"file": "new.jpg"}
    chances = dict(zip(names, (0.9, 0.08, 0.02) if len(names) > 2 else (0.9, 0.1), strict=True))
    label = model.classes[0].item()
    return {"predictions": [{**which, "class": label, "probabilities": chances}]}


def _row(model: Model) -> dict[str, Any] | None:
    """Return a row of a table as it would be sent, None for a model of numbers."""
    cells = {column.name: _usual(column) for column in model.columns}
    return cells or None


def _usual(column: Column) -> Any:
    if column.kind == "date":
        return written(column.median, column.notation)
    return column.median if column.kind == "number" else next(iter(column.levels), None)
