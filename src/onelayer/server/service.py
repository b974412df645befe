"""Requests in, answers out: how many at once, in which thread, for how long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from threading import BoundedSemaphore
from typing import Any, TypeAlias

from starlette.requests import ClientDisconnect, Request

from onelayer.model import Model
from onelayer.server.decoders import Decoders
from onelayer.server.limits import Limits
from onelayer.server.rejections import Rejection
from onelayer.server.uploads import read_body

Work: TypeAlias = Callable[[bytes], Any]
"""Makes the answer from a request's body, in a thread."""


class Service:
    """A model with what it needs to answer: threads, processes that decode, room for requests."""

    def __init__(self, model: Model, limits: Limits) -> None:
        self.model = model
        self.limits = limits
        self.decoders = Decoders(limits)
        self._threads = ThreadPoolExecutor(limits.decoders, "onelayer")
        self._room = BoundedSemaphore(limits.waiting)
        self._arriving = 0  # bytes of the bodies that have not yet come to their end

    async def answer(self, request: Request, work: Work) -> Any:
        """Read the body and return `work(body)`, which a thread makes: the loop never waits.

        Raises
        ------
        Rejection
            503 where too many requests are under way or arriving, or this one waited too long;
            408 where the body did not come in time; and what `work` finds wrong.
        """
        with self._place():
            pass  # who would find none now does not send a body first
        deadline = asyncio.get_running_loop().time() + self.limits.seconds
        body = await self._read(request, deadline)
        with self._place():
            return await self._work(work, body, deadline)

    @contextmanager
    def _place(self) -> Iterator[None]:
        """A place among the requests that wait or are answered; a body has none while it arrives.

        So clients that send slowly hold up nobody.
        """
        if not self._room.acquire(blocking=False):
            raise self._full()
        try:
            yield
        finally:
            self._room.release()

    def _full(self) -> Rejection:
        return Rejection(
            503, f"{self.limits.waiting} requests are being answered: try again in a second"
        )

    async def _read(self, request: Request, deadline: float) -> bytes:
        """The body; all that arrive together have as many bytes as those that may be answered."""
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            held += size
            self._arriving += size
            if self._arriving > self.limits.waiting * self.limits.body:
                raise self._full()

        try:
            async with asyncio.timeout_at(deadline):
                return await read_body(request, self.limits, hold)
        except TimeoutError:
            raise Rejection(
                408, f"the body took more than {self.limits.seconds:g} s to arrive"
            ) from None
        except ClientDisconnect:
            raise Rejection(400, "the connection was closed before the body had arrived") from None
        finally:
            self._arriving -= held

    async def _work(self, work: Work, body: bytes, deadline: float) -> Any:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(deadline):
                return await loop.run_in_executor(self._threads, work, body)
        except TimeoutError:
            raise Rejection(
                503, f"no answer within {self.limits.seconds:g} s: try again when less is asked"
            ) from None

    @asynccontextmanager
    async def lifespan(self, _app: Any) -> AsyncIterator[None]:
        """Start the processes that decode; end them when the server does."""
        if self.model.preprocessing is not None:
            asyncio.get_running_loop().run_in_executor(self._threads, self.decoders.warm)
        try:
            yield
        finally:
            self.close()

    def close(self) -> None:
        """End threads and processes; what is under way is finished first."""
        with suppress(RuntimeError):
            self._threads.shutdown(cancel_futures=True)
        self.decoders.close()
