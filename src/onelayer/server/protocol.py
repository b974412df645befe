"""HTTP as uvicorn speaks it, to clients that finish what they begin to say."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 10.0
"""Seconds for the head of a request; its body is for the application to wait for."""


class Protocol(H11Protocol):
    """Hangs up on a connection that has been made, or a request begun, and no head finished.

    Uvicorn itself waits for ever, and a thousand such connections are all that a process can have.
    """

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type] # uvicorn's own
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take more of a request; wait for its head to end where it has not."""
        super().data_received(data)
        if self._answering():
            self._stop_waiting()
        elif self.timeout_keep_alive_task is None:  # else nothing of the next has come
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait again, where the head of the next request came with the last one's end."""
        super().on_response_complete()
        if self.conn.trailing_data[0] and not self._answering():
            self._wait()

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(PATIENCE, self._hang_up)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _hang_up(self) -> None:
        self._late = None
        self.transport.close()
