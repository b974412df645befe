"""Hostile requests: each gets a clear answer of 4xx, and the server is well afterwards."""

import io
import os
import signal
import socket
import struct
import threading
import time
import zlib
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
import uvicorn
from PIL import Image

from onelayer.server import Limits, create_app, decoders, protocol, service

PREDICT = "v1/predict"
PATIENT = {"decoding": 600.0, "seconds": 600.0}  # where no limit is tested: a machine may be busy
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(scope="module")
def picture(picture_bytes):
    return picture_bytes(np.random.default_rng(0).integers(0, 255, (64, 64, 3)))


@pytest.fixture
def client(tints_served, picture):
    """A client of a server that is well, and must be so again after the test."""
    with tints_served.client() as client:
        yield client
        assert client.get("healthz").status_code == 200
        assert client.post(PREDICT, files={"files": ("a.png", picture)}).status_code == 200


def chunk(kind, data):
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def claimed(width, height):
    """A PNG of 100 bytes that claims a size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(100))), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(
    ("name", "content", "status", "detail"),
    [
        ("cut.png", slice(0, 3000), 422, "cut.png: damaged: "),
        ("header.png", slice(0, 30), 422, "header.png: damaged: "),
        ("empty.png", b"", 422, "empty.png: an empty file"),
        (
            "notes.png",
            b"just text",
            422,
            "notes.png: not a picture of a known kind",
        ),
        ("evil.svg", SVG, 422, "evil.svg: not a picture of a known kind"),
        ("bomb.png", claimed(30000, 30000), 413, "bomb.png: more than 50000000 pixels"),
        ("wide.png", claimed(7072, 7072), 413, "wide.png: 7072 x 7072, more than 50000000 pixels"),
        ("../../etc/passwd", slice(None), 422, "'../../etc/passwd' is a path: send the file's"),
        ("..\\boot.ini", slice(None), 422, "'..\\\\boot.ini' is a path"),
        ("a\u202eb.png", slice(None), 422, "'a\\u202eb.png': a file's name has up to 255 print"),
        ("x" * 300 + ".png", slice(None), 422, "'xxxxx"),
        (" ", slice(None), 422, "a file has no name"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value[:14] else "",
)
def test_a_bad_file_fails_the_whole_request_and_is_named(
    client, picture, name, content, status, detail
):
    bad = picture[content] if isinstance(content, slice) else content
    found = client.post(PREDICT, files=[("files", ("good.png", picture)), ("files", (name, bad))])
    assert (found.status_code, found.headers["content-type"]) == (status, "application/json")
    assert found.json()["detail"].startswith(detail)


@pytest.mark.parametrize(
    ("request_", "status", "detail"),
    [
        ({"files": {"file": ("a.png", b"x")}}, 422, "the field 'file' is unknown: send files in"),
        ({"data": {"files": "text"}, "files": {}}, 415, "the Content-Type is 'application/x-www"),
        ({"content": b"x", "headers": {"Content-Type": "text/plain"}}, 415, "the Content-Type is"),
        ({"content": b"x"}, 415, "the Content-Type is ''"),
        (
            {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
            400,
            "the Content-Type has no boundary",
        ),
        (
            {"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
            400,
            "the body is not multipart/form-data",
        ),
        ({"json": {"row": [1]}}, 422, 'the JSON is not of the form {"rows": [...]}'),
        ({"json": {"rows": []}}, 422, "no row was sent"),
        ({"json": {"rows": [[1, 2]]}}, 422, "row 0 is 2 values: the model takes a list of 12288"),
        ({"json": {"rows": [[0] * 12288, "x"]}}, 422, "row 1 is a str"),
        ({"json": {"rows": [[0] * 12287 + [True]]}}, 422, "row 0 has 'True' in column 12287"),
        ({"json": {"rows": [[10**400] + [0] * 12287]}}, 422, "row 0 has '1000000"),
        ({"json": {"rows": [[0]] * 1001}}, 422, "more than 1000 rows"),
    ],
)
def test_a_bad_request_is_explained(client, request_, status, detail):
    found = client.post(PREDICT, **request_)
    assert (found.status_code, found.json()["detail"][: len(detail)]) == (status, detail)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"{", "the body is not JSON"),
        (b'{"rows": [[NaN]]}', "the body is not JSON: NaN is no number of JSON"),
        (b"\xff\xfe\xfd", "the body is not JSON"),
        (b'{"rows": ' + b"[" * 100_000, "the JSON is nested too deeply"),
    ],
)
def test_what_is_no_json_is_refused(client, body, detail):
    found = client.post(PREDICT, content=body, headers={"Content-Type": "application/json"})
    assert found.status_code == 400
    assert found.json()["detail"].startswith(detail)


def test_an_unknown_class_is_refused(client, picture):
    asked = {"files": {"files": ("a.png", picture)}, "params": {"class": "hot"}}
    found = client.post("v1/explain", **asked)
    assert found.status_code == 422
    assert found.json()["detail"] == ("the class 'hot' is unknown: choose one of cold, green, warm")


def test_too_much_is_read_to_its_end_and_refused(client, picture):
    many = client.post(PREDICT, files=[("files", ("a.png", picture))] * 17)
    assert many.status_code == 413
    assert many.json()["detail"] == "more than 16 files: send them in several requests"
    large = client.post(PREDICT, files={"files": ("a.png", bytes(10_000_001))})
    assert large.status_code == 413
    assert large.json()["detail"].startswith("the upload has more than 10 MB")
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    huge = client.post(PREDICT, content=_hundred_megabytes(), headers=headers)
    assert huge.status_code == 413
    assert client.post("nowhere", content=_hundred_megabytes()).status_code == 404


def _hundred_megabytes():
    for _ in range(100):
        yield bytes(1_000_000)


def test_a_body_cut_short_is_refused(client, picture):
    request = client.build_request("POST", PREDICT, files={"files": ("a.png", picture)})
    cut = request.read()[:-20]
    found = client.post(
        PREDICT, content=cut, headers={"Content-Type": request.headers["content-type"]}
    )
    assert found.status_code == 400
    assert found.json()["detail"].startswith("the body ends before its last boundary")


@pytest.mark.usefixtures("client")
def test_a_client_that_goes_away_leaves_nothing_behind(tints_served):
    for _ in range(40):  # more than may wait at once
        with closing(_connected(tints_served.address)) as wire:
            wire.sendall(
                b"POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
            )


def _connected(address):
    place = urlsplit(address)
    return socket.create_connection((place.hostname, place.port), timeout=120)


def test_a_body_that_never_comes_is_not_waited_for(running, pair_model):
    app = create_app(pair_model[0], limits=Limits(seconds=3, waiting=1))
    with running(app) as client, closing(_connected(str(client.base_url))) as wire:
        wire.sendall(
            b"POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
        )
        answer = wire.makefile("rb").read().decode()  # to the end: it hangs up
        assert answer.startswith("HTTP/1.1 408 ")
        assert "the body took more than 3 s to arrive" in answer
        row = {"rows": [[0] * 192]}
        again = (client.post(PREDICT, json=row).status_code for _ in range(20))
        assert 200 in again  # at once, but where the machine is busy for three seconds


def many_passes(side, passes):
    """A small progressive JPEG that asks for thousands of passes over all its pixels."""
    file = io.BytesIO()
    Image.new("L", (side, side)).save(file, "JPEG", progressive=True)
    whole = file.getvalue()
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * passes + b"\xff\xd9"


@pytest.fixture
def patient_with_the_others(monkeypatch):
    """Pictures but slow.jpg are waited for: how long a new decoder takes to start is not tested."""
    decode = decoders._Decoder.decode

    def patient(decoder, file, to, limits, deadline):
        late = 0 if file.name == "slow.jpg" else 600
        return decode(decoder, file, to, limits, deadline + late)

    monkeypatch.setattr(decoders._Decoder, "decode", patient)


@pytest.mark.usefixtures("patient_with_the_others")
def test_a_picture_that_takes_forever_is_given_up(running, pair_model, colours):
    slow = many_passes(3000, 20_000)
    assert len(slow) < 1_000_000
    good = next(colours.rglob("*.png"))
    limits = Limits(decoding=3.0, seconds=600.0, decoders=1)
    with running(create_app(pair_model[0], limits=limits)) as client:
        found = client.post(PREDICT, files={"files": ("slow.jpg", slow)})
        assert found.status_code == 422
        assert found.json()["detail"] == "slow.jpg: took more than 3 s to decode"
        found = client.post(PREDICT, files={"files": (good.name, good.read_bytes())})
        assert found.json()["predictions"][0]["class"] == good.parent.name


@pytest.fixture
def started(monkeypatch):
    """The processes that decode, as they are started; one that is asked to end has the time."""
    monkeypatch.setattr(decoders, "_PATIENCE", 600.0)
    processes, popen = [], decoders.subprocess.Popen

    def noted(*arguments, **options):
        processes.append(popen(*arguments, **options))
        return processes[-1]

    monkeypatch.setattr(decoders.subprocess, "Popen", noted)
    return processes


def test_a_decoder_that_is_killed_is_replaced(running, pair_model, colours, started):
    good = next(colours.rglob("*.png"))
    sent = {"files": {"files": (good.name, good.read_bytes())}}
    with running(create_app(pair_model[0], limits=Limits(**PATIENT, decoders=1))) as client:
        assert client.post(PREDICT, **sent).status_code == 200
        started[0].kill()
        started[0].wait()
        assert client.post(PREDICT, **sent).status_code == 200
        assert len(started) == 2
    assert [process.returncode for process in started] == [-9, 0]


def test_a_decoder_that_dies_before_it_answers_is_not_the_pictures_fault(
    running, pair_model, colours, started
):
    good = next(colours.rglob("*.png"))
    sent = {"files": {"files": (good.name, good.read_bytes())}}
    with running(create_app(pair_model[0], limits=Limits(**PATIENT, decoders=1))) as client:
        assert client.post(PREDICT, **sent).status_code == 200
        os.kill(started[0].pid, signal.SIGSTOP)  # alive, as far as anybody can see
        timer = threading.Timer(0.5, started[0].kill)
        timer.start()
        found = client.post(PREDICT, **sent)
        timer.join()
        assert found.json()["predictions"][0]["class"] == good.parent.name


def test_a_picture_that_ends_every_decoder_is_damaged(running, pair_model, colours, monkeypatch):
    """A process that is not the decoder ends at once, whatever it is sent."""
    good = next(colours.rglob("*.png"))
    monkeypatch.setattr(decoders.sys, "executable", "/bin/true")
    with running(create_app(pair_model[0], limits=Limits(**PATIENT, decoders=1))) as client:
        found = client.post(PREDICT, files={"files": (good.name, good.read_bytes())})
        assert found.status_code == 422
        assert found.json()["detail"] == f"{good.name}: damaged: it broke the decoder"


@pytest.fixture
def held_up(monkeypatch):
    """Two events: that a picture is about to be decoded, whoever sent it has a place; go on."""
    begun, go_on, decode = threading.Event(), threading.Event(), decoders._Decoder.decode

    def slow(*arguments):
        begun.set()
        assert go_on.wait(300)
        return decode(*arguments)

    monkeypatch.setattr(decoders._Decoder, "decode", slow)
    yield begun, go_on
    go_on.set()


def test_when_the_room_is_full_the_next_is_told_to_come_again(
    running, pair_model, picture, held_up
):
    begun, go_on = held_up
    row, limits = {"rows": [[0.5] * 192]}, Limits(**PATIENT, decoders=1, waiting=1)
    with running(create_app(pair_model[0], limits=limits)) as client:
        sent = {"files": {"files": ("slow.png", picture)}}
        thread = threading.Thread(target=client.post, args=[PREDICT], kwargs=sent)
        thread.start()
        assert begun.wait(120)
        refused = client.post(PREDICT, json=row)
        go_on.set()
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["detail"].startswith("1 requests are being answered")
        thread.join()
        assert client.post(PREDICT, json=row).status_code == 200


class Arrived:
    """How many bytes of bodies have arrived at the server."""

    def __init__(self):
        self.bytes, self._more = 0, threading.Condition()

    def note(self, size):
        with self._more:
            self.bytes += size
            self._more.notify()

    def wait(self, size):
        with self._more:
            assert self._more.wait_for(lambda: self.bytes >= size, 120)


@pytest.fixture
def arrived(monkeypatch):
    found, read = Arrived(), service.read_body

    async def noted(request, limits, hold):
        def held(size):
            found.note(size)
            hold(size)

        return await read(request, limits, held)

    monkeypatch.setattr(service, "read_body", noted)
    return found


def test_slow_bodies_hold_up_nobody(running, pair_model, arrived):
    """Forty clients send a first byte, and no more while another is answered."""
    limits = Limits(seconds=300)
    head = "POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    row = {"rows": [[0.5] * 192]}
    with running(create_app(pair_model[0], limits=limits)) as client:
        assert client.post(PREDICT, json=row).status_code == 200
        with ExitStack() as stack:
            before, slow = arrived.bytes, limits.waiting + 8
            for _ in range(slow):
                wire = stack.enter_context(closing(_connected(str(client.base_url))))
                wire.sendall(f"{head}Content-Length: 9\r\n\r\n".encode() + b"{")
            arrived.wait(before + slow)
            assert client.post(PREDICT, json=row).status_code == 200
            wire.sendall(b'"rows":0')
            assert wire.recv(100).startswith(b"HTTP/1.1 4")  # it was waited for all the while


def test_bodies_that_arrive_together_have_a_bound(running, pair_model, arrived):
    limits = Limits(seconds=300, upload=1000, files=1, waiting=1)
    head = "POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    with running(create_app(pair_model[0], limits=limits)) as client, ExitStack() as stack:
        wires = [stack.enter_context(closing(_connected(str(client.base_url)))) for _ in range(2)]
        for number, wire in enumerate(wires, 1):
            wire.sendall(f"{head}Content-Length: 17000\r\n\r\n".encode() + bytes(10_000))
            arrived.wait(number * 10_000)
        wires[1].sendall(bytes(7000))
        assert wires[1].recv(100).startswith(b"HTTP/1.1 503 ")


def test_a_decoder_that_has_grown_is_replaced(running, pair_model, colours, started):
    good = next(colours.rglob("*.png"))
    sent = {"files": {"files": (good.name, good.read_bytes())}}
    with running(
        create_app(pair_model[0], limits=Limits(**PATIENT, decoders=1, memory=1))
    ) as client:
        for _ in range(2):
            assert client.post(PREDICT, **sent).status_code == 200
    assert [process.returncode for process in started] == [0, 0, 0]


def _read_until(wire, last):
    """Whether what comes ends so, before the other side hangs up."""
    seen = b""
    while not seen.endswith(last):
        piece = wire.recv(10_000)
        if not piece:
            return False
        seen += piece
    return True


def test_a_head_that_never_ends_is_hung_up_on(pair_model, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(protocol, "PATIENCE", 0.3)
        server = uvicorn.Server(
            uvicorn.Config(create_app(pair_model[0]), http=protocol.Protocol, log_level="warning")
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        whole = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        for first in (b"", whole):
            with closing(_connected(address)) as wire:
                wire.sendall(first + b"GET / HTTP/1.1\r\nHost: ")
                assert wire.makefile("rb").read()[-15:] == (b'{"status":"ok"}' if first else b"")
        with closing(_connected(address)) as wire:
            for _ in range(2):
                wire.sendall(whole)
                assert _read_until(wire, b'{"status":"ok"}')
                time.sleep(0.6)  # who waits between two requests has begun none
        server.should_exit = True
        thread.join(30)


def test_errors_of_the_protocol_are_not_ours_to_fear(tints_served):
    with closing(_connected(tints_served.address)) as wire:
        wire.sendall(b"\x16\x03\x01 no http\r\n\r\n")
        assert wire.recv(100).startswith(b"HTTP/1.1 400 ")
    assert httpx.get(tints_served.address + "healthz", timeout=600).status_code == 200
