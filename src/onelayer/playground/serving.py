"""Serve the app to this machine's browser and to nobody else."""

from __future__ import annotations

import secrets
import socket
import webbrowser
from collections.abc import Awaitable, Callable, MutableMapping
from importlib import import_module
from pathlib import Path
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

from onelayer.errors import MissingExtraError, UsageError
from onelayer.playground import fragments

HOST = "127.0.0.1"
_NAMES = {HOST, "localhost"}

Scope = MutableMapping[str, Any]
Asgi = Callable[[Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Any]


def serve(port: int, announce: Callable[[str], None], *, browser: bool) -> None:
    """Serve until Ctrl-C; `announce` gets the address, `port` 0 lets the system choose one.

    Raises
    ------
    MissingExtraError
        If marimo, the extra `lesson`, is not installed.
    UsageError
        If the port is taken.
    """
    token = secrets.token_urlsafe(16)
    asgi = make_app(token)
    import uvicorn

    with _listening(port) as listener:
        address = f"http://{HOST}:{listener.getsockname()[1]}/?access_token={token}"
        announce(address)
        if browser:
            # Once the server answers: a browser shows an error faster than a server starts.
            Timer(1.0, webbrowser.open, [address]).start()
        config = uvicorn.Config(asgi, log_level="error", timeout_graceful_shutdown=1)
        uvicorn.Server(config).run(sockets=[listener])


def make_app(token: str) -> Asgi:
    """Return the app, styled, that answers to this machine's own pages that know the token.

    It runs the code that its page sends: without a token everyone who may log in to this machine
    could run theirs as you.
    """
    try:
        import marimo

        import_module("onelayer.playground.board")  # anywidget's, which the app shows
    except ImportError as error:
        raise MissingExtraError("the lesson needs marimo and anywidget", "lesson") from error
    head = f"<style>{fragments.style()}</style>"
    builder = marimo.create_asgi_app(quiet=True, html_head=head, token=token)
    served = builder.with_app(path="", root=str(Path(__file__).with_name("app.py"))).build()
    return _own_pages_only(served)


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise UsageError(
            f"port {port} cannot be had ({error.strerror}): give another with --port"
        ) from error


def _own_pages_only(served: Asgi) -> Asgi:
    """Refuse what another site's page, open in the same browser, may ask or send.

    A host of another name is a DNS entry that points here; an origin of another name is a foreign
    page. The app reads folders that its page names, so it must know whose page it is.
    """

    async def guarded(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket") and not _own(dict(scope["headers"])):
            await _refuse(scope, receive, send)
            return
        await served(scope, receive, send)

    return guarded


def _own(headers: dict[bytes, bytes]) -> bool:
    host = headers.get(b"host", b"").decode("latin-1")
    origin = headers.get(b"origin")
    if urlsplit(f"//{host}").hostname not in _NAMES:
        return False
    return origin is None or urlsplit(origin.decode("latin-1")).netloc == host


async def _refuse(scope: Scope, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": 403, "headers": []})
    await send({"type": "http.response.body", "body": b"only pages of this server may ask\n"})
