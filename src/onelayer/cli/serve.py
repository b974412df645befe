"""`onelayer serve MODEL`: the prediction page and its API, on this machine."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from onelayer.cli import options
from onelayer.cli.output import print_json, show, warn, warn_in_lines
from onelayer.errors import UsageError

_GRACE = 10  # seconds for what is under way when the server is asked to end
_LOCAL = ("127.0.0.1", "localhost", "[::1]")


def serve(
    model: options.ModelFile,
    host: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The address to listen on. Any but this machine's own lets others in: set "
            "ONELAYER_TOKEN to ask them for a token.",
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(metavar="N", min=0, max=65535, help="The port; 0 takes one that is free."),
    ] = 8000,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Serve MODEL as a page to drop pictures on, and as a JSON API.

    Nothing that is sent to it is kept. Ctrl-C ends it.
    """
    del debug
    from onelayer.server import create_app, missing

    try:
        import uvicorn
    except ModuleNotFoundError as error:
        raise missing(error) from error
    from onelayer.server.protocol import Protocol

    with _listening(host, port) as listener:
        local = _is_local(listener)
        app = create_app(model, hosts=(*_LOCAL, host) if local else None)
        if not local:
            _warn_of_others(host)
        _announce(model, _address(host, listener), as_json=as_json)
        logging.getLogger("uvicorn").addHandler(_Told())
        config = uvicorn.Config(
            app,
            http=Protocol,
            log_config=None,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE,
        )
        uvicorn.Server(config).run(sockets=[listener])


class _Told(logging.Handler):
    """What the server logs goes to stderr as all else does, control characters made visible."""

    def emit(self, record: logging.LogRecord) -> None:
        """See logging."""
        warn_in_lines(f"{record.levelname.lower()}: {self.format(record)}")


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that takes connections; they wait until the server answers them."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise UsageError(f"--host {host} is no address of this machine: {error}") from error
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise OSError(
            f"{host} cannot be listened on at port {port}: {error.strerror}. "
            "Choose another with --port; 0 takes one that is free"
        ) from error
    return listener


def _is_local(listener: socket.socket) -> bool:
    return ipaddress.ip_address(listener.getsockname()[0]).is_loopback


def _address(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def _warn_of_others(host: str) -> None:
    if os.environ.get("ONELAYER_TOKEN"):
        asked = "are asked for the token"
    else:
        asked = "are asked for nothing: set ONELAYER_TOKEN to ask for a token"
    warn(f"warning: other machines can reach {host}, unencrypted, and {asked}")


def _announce(model: Path, address: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"model": str(model), "address": address})
    else:
        show(f"{model} is served at {address}", "Ctrl-C ends it.")
    sys.stdout.flush()
