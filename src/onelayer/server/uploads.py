"""A request's body becomes files in memory, never on disk, or rows of JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from onelayer.server.limits import Limits
from onelayer.server.rejections import Rejection

FIELD = "files"
_NAME = 255  # characters: what file systems take


@dataclass
class Upload:
    """One file of a request: the name it was given, and its bytes."""

    name: str
    content: bytes


async def read_body(request: Request, limits: Limits, hold: Callable[[int], None]) -> bytes:
    """Return the body; `hold` is told of the bytes that are kept, as they come.

    Of a body that is too long the rest is read, and dropped, before it is said: a client that is
    still sending would not see an answer.
    """
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limits.body:
            hold(len(chunk))
            body += chunk
        else:
            body.clear()
    if size > limits.body:
        raise too_large(limits)
    return bytes(body)


def too_large(limits: Limits) -> Rejection:
    """Return the answer to too many bytes."""
    most = limits.upload / 1e6
    return Rejection(413, f"the upload has more than {most:g} MB: send fewer or smaller files")


def media_type(request: Request) -> str:
    """What the body is said to be: "application/json", say."""
    return parse_options_header(request.headers.get("content-type"))[0].decode("latin-1")


def parse_json(body: bytes) -> Any:
    """Return what the JSON says; NaN, Infinity and a name twice in an object are none."""
    try:
        return json.loads(body, parse_constant=_no_constant, object_pairs_hook=_distinct)
    except RecursionError as error:
        raise Rejection(400, "the JSON is nested too deeply") from error
    except ValueError as error:  # JSONDecodeError and UnicodeDecodeError are ones
        raise Rejection(400, f"the body is not JSON: {error}") from error


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, whose names must differ: of two alike one would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, n in Counter(name for name, _ in pairs).items() if n > 1)
        raise ValueError(f"an object has {twice[:40]!r} twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def parse_files(body: bytes, content_type: str, limits: Limits) -> list[Upload]:
    """Return the files of a multipart body.

    Raises
    ------
    Rejection
        400 for what is no multipart; 422 for a wrong field, text in place of a file, a name that
        is none, an empty file or no file; 413 for too many files or bytes.
    """
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise Rejection(
            400, "the Content-Type has no boundary: send multipart/form-data as curl -F"
        )
    parts = _Parts(limits)
    try:
        parser = MultipartParser(boundary, parts.callbacks())
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise Rejection(400, f"the body is not multipart/form-data: {error}") from error
    if not parts.ended:
        raise Rejection(400, "the body ends before its last boundary: it was cut short")
    if not parts.files:
        raise Rejection(422, f"no file was sent: send one or more in the field {FIELD!r}")
    if sum(len(content) for _, content in parts.files) > limits.upload:
        raise too_large(limits)
    return [Upload(name, _filled(name, content)) for name, content in parts.files]


def _filled(name: str, content: bytearray) -> bytes:
    if not content:
        raise Rejection(422, f"{name}: an empty file")
    return bytes(content)


@dataclass
class _Parts:
    """Collects files while the parser walks through the body."""

    limits: Limits
    files: list[tuple[str, bytearray]] = field(default_factory=list)
    ended: bool = False
    _header: tuple[bytearray, bytearray] = field(default_factory=lambda: (bytearray(), bytearray()))
    _headers: dict[bytes, bytes] = field(default_factory=dict)

    def callbacks(self) -> Any:
        """Return what the parser calls, by its names."""
        return {
            "on_part_begin": self._begin,
            "on_header_begin": self._begin_header,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": lambda data, start, end: self._write(data[start:end]),
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._headers = {}

    def _begin_header(self) -> None:
        self._header = (bytearray(), bytearray())

    def _end_header(self) -> None:
        name, value = self._header
        self._headers[bytes(name).lower()] = bytes(value)

    def _open(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if name != FIELD:
            raise Rejection(
                422, f"the field {name!r} is unknown: send files in the field {FIELD!r}"
            )
        if len(self.files) == self.limits.files:
            raise Rejection(
                413, f"more than {self.limits.files} files: send them in several requests"
            )
        self.files.append((self._file_name(options.get(b"filename")), bytearray()))

    def _file_name(self, given: bytes | None) -> str:
        """Return the file's name; bytes of a type need none, text without one was meant as one."""
        if given is not None:
            return file_name(given)
        kind = parse_options_header(self._headers.get(b"content-type", b"text/plain"))[0]
        if kind.startswith(b"text/"):
            raise Rejection(
                422, f"the field {FIELD!r} holds text: send files, as curl -F files=@..."
            )
        return f"file {len(self.files) + 1}"

    def _write(self, data: bytes) -> None:
        self.files[-1][1].extend(data)

    def _end(self) -> None:
        self.ended = True


def file_name(given: bytes) -> str:
    """Return a file's name, which is shown and never opened; a path is none, nor what hides."""
    name = given.decode("utf-8", "replace")
    if not name.strip():
        raise Rejection(422, "a file has no name: choose a file, or give it one")
    if "/" in name or "\\" in name or name in {".", ".."}:
        raise Rejection(422, f"{name!r} is a path: send the file's name alone")
    if len(name) > _NAME or not name.isprintable():
        shown = ascii(name[:60]) + ("..." if len(name) > 60 else "")
        raise Rejection(422, f"{shown}: a file's name has up to {_NAME} printable characters")
    return name
