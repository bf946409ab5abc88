"""Bounded byte queues between the event loop and the thread that runs a query."""

from __future__ import annotations

import asyncio
import threading
from collections import deque

# Bytes that may wait on either side before the other is asked to pause.
HIGH_WATER = 4 << 20


class Aborted(Exception):
    """The client has gone, or the gateway is stopping: nobody wants the result."""


class Inlet:
    """Request body: the loop puts chunks, the query's thread takes everything that has arrived."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._aborted = False
        self._arrived = threading.Condition()
        self._room = asyncio.Event()
        self._room.set()

    async def put(self, chunk: bytes) -> None:
        """Hand over one chunk; waits while HIGH_WATER bytes are not taken."""
        with self._arrived:
            self._chunks.append(chunk)
            self._size += len(chunk)
            if self._size > HIGH_WATER:
                self._room.clear()
            self._arrived.notify()
        await self._room.wait()

    def end(self) -> None:
        """The body is complete."""
        with self._arrived:
            self._ended = True
            self._arrived.notify()

    def abort(self) -> None:
        """The body will not be completed."""
        with self._arrived:
            self._aborted = True
            self._arrived.notify()
        self._room.set()

    def take(self) -> bytes:
        """Everything that has arrived (blocks for the first byte); empty at the end of the body.

        Raises:
            Aborted: the client went away before the end.
        """
        with self._arrived:
            while not self._chunks and not self._ended and not self._aborted:
                self._arrived.wait()
            if self._aborted:
                raise Aborted
            data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
            self._chunks.clear()
            paused = self._size > HIGH_WATER
            self._size = 0
        if paused:
            self._loop.call_soon_threadsafe(self._room.set)
        return data


class Outlet:
    """Response: the query's thread puts ASGI messages, the loop sends them; None ends it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._messages: deque[dict | None] = deque()
        self._size = 0
        self._aborted = False
        self._drained = threading.Condition()
        self._waiting: asyncio.Future[None] | None = None

    def put(self, *messages: dict | None) -> None:
        """Queue messages; blocks while HIGH_WATER bytes are unsent.

        Raises:
            Aborted: nobody reads any more.
        """
        with self._drained:
            while self._size > HIGH_WATER and not self._aborted:
                self._drained.wait()
            if self._aborted:
                raise Aborted
            self._messages.extend(messages)
            self._size += sum(len(message.get("body", b"")) for message in messages if message)
        self._loop.call_soon_threadsafe(self._wake)

    def abort(self) -> None:
        """Nobody reads any more: `put` raises from now on."""
        with self._drained:
            self._aborted = True
            self._drained.notify()

    async def take(self) -> dict | None:
        """The next message, None after the last."""
        while not self._messages:
            self._waiting = self._loop.create_future()
            await self._waiting
        with self._drained:
            message = self._messages.popleft()
            if message:
                self._size -= len(message.get("body", b""))
            self._drained.notify()
        return message

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
