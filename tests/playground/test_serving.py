"""Who is served, and what is said where nothing can be."""

import http.client
import socket
import sys
from urllib.parse import urlsplit

import pytest

from onelayer.errors import MissingExtraError, UsageError
from onelayer.playground import serving


def _status(address, **headers):
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=600)
    path = f"/?{place.query}" if place.query else "/"
    connection.request("GET", path, headers={name.title(): text for name, text in headers.items()})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def _origin(address):
    place = urlsplit(address)
    return f"{place.scheme}://{place.netloc}"


def test_its_own_pages_are_answered(address):
    """With the token it sends a browser on, with a cookie, to the page."""
    own = _origin(address)
    assert _status(address) == 303
    assert _status(address, origin=own) == 303
    host = own.removeprefix("http://").replace("127.0.0.1", "localhost")
    assert _status(address, host=host) == 303


def test_who_does_not_know_the_token_runs_nothing(address):
    """It runs code: another user of this machine reaches the port, but not the token."""
    place = urlsplit(address)
    assert len(place.query.removeprefix("access_token=")) >= 20
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=600)
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert answer.status == 303
    assert urlsplit(answer.getheader("location")).path == "/auth/login"
    answer.read()
    for path in ("/api/kernel/instantiate", "/api/kernel/set_ui_element_value"):
        connection.request("POST", path, body=b"{}")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 401
    connection.close()


def test_foreign_pages_are_refused(address):
    assert _status(address, origin="https://example.org") == 403
    assert _status(address, host="example.org") == 403


def test_the_socket_of_a_foreign_page_is_refused(address):
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=600)
    connection.request(
        "GET",
        "/ws?session_id=s_abcdef",
        headers={
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Origin": "https://example.org",
        },
    )
    assert connection.getresponse().status == 403
    connection.close()


def test_it_listens_on_this_machine_alone(address):
    assert urlsplit(address).hostname == "127.0.0.1"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", urlsplit(address).port), timeout=5)


def test_a_port_that_is_taken_is_said(address):
    port = urlsplit(address).port
    message = rf"port {port} cannot be had \(.*\): give another with --port"
    with pytest.raises(UsageError, match=message):
        serving._listening(port)


@pytest.mark.parametrize("missing", ["marimo", "anywidget"])
def test_without_the_extra_the_command_is_named(monkeypatch, missing):
    monkeypatch.delitem(sys.modules, "onelayer.playground.board", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError) as caught:
        serving.make_app("token")
    assert (
        str(caught.value) == "the lesson needs marimo and anywidget: pip install 'onelayer[lesson]'"
    )
