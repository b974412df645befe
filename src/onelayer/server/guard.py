"""What holds for every answer: who may ask, which headers go with it, and that it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onelayer.server.rejections import Rejection

POLICY = (
    "default-src 'none'; "
    "script-src 'self'; "
    "style-src 'self'; "
    "img-src 'self' data: blob:; "
    "connect-src 'self'; "
    "base-uri 'none'; "
    "form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_NOT_READ_OUT = 408  # a body that is too slow is not waited for a second time


class Guard:
    """An ASGI application around another: token, hosts, headers, and bodies read to their end."""

    def __init__(
        self, app: ASGIApp, token: str | None, hosts: Iterable[str] | None, seconds: float
    ) -> None:
        self._app = app
        self._tokens = None if token is None else [_digest(form) for form in _forms(token)]
        self._hosts = None if hosts is None else frozenset(host.lower() for host in hosts)
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self._seconds)
        problem = self._refusal(scope)
        app = self._app if problem is None else problem.response
        await app(scope, exchange.receive, exchange.send)

    def _refusal(self, scope: Scope) -> Rejection | None:
        headers = Headers(scope=scope)
        host = _name_of(headers.get("host", ""))
        if self._hosts is not None and host not in self._hosts:
            return Rejection(400, f"{host!r} is not the name of this server: use 127.0.0.1")
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if self._tokens is None or not path.startswith("/v1/"):
            return None
        kind, _, given = headers.get("authorization", "").partition(" ")
        found = _digest(given.strip().encode("latin-1"))  # as the header's bytes came
        if kind.lower() == "bearer" and any(compare_digest(found, one) for one in self._tokens):
            return None
        return Rejection(401, "a token is needed: send the header Authorization: Bearer ...")


class _Exchange:
    """One request and its answer: adds the headers, and reads a body that an error left unread.

    Otherwise the connection is closed on a client that is still sending, and it never sees why.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, seconds: float) -> None:
        self._receive, self._send = receive, send
        self._seconds = seconds
        self._api = "/v1/" in scope["path"]
        self._read = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self._read = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if self._api:
                headers.setdefault("Cache-Control", "no-store")
            if message["status"] >= 400 and message["status"] != _NOT_READ_OUT:
                await self._read_out()
        await self._send(message)

    async def _read_out(self) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                while not self._read:
                    await self.receive()
        except TimeoutError:
            return


def _forms(token: str) -> list[bytes]:
    """The bytes that clients send for a token: UTF-8, or Latin-1 where it has all the letters."""
    token = token.strip()
    utf8 = token.encode("utf-8", "surrogateescape")  # as the environment had it
    try:
        return [utf8, token.encode("latin-1")]
    except UnicodeEncodeError:
        return [utf8]


def _digest(token: bytes) -> bytes:
    return sha256(token).digest()


def _name_of(host: str) -> str:
    """The name in a Host header, without the port; [::1] keeps its brackets."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()
