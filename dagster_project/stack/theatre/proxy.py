"""A small TCP proxy on loopback that breaks connections on purpose, in the manner of toxiproxy.

    with Proxy(port_of_clickhouse) as proxy:
        fault = proxy.expect(Fault(b"INSERT", upstream=20_000))    # cut in the middle of the request
        ...                                                        # the client talks to proxy.port
        fault.happened.wait(30)

It knows nothing of HTTP or PostgreSQL but that one asks and the other answers: a request is what the client has sent
since the last answer.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from dagster_project.stack.ports import LOOPBACK

CHUNK = 65_536
# A request is remembered up to this size.
REMEMBERED = 64 << 20


@dataclass(eq=False)
class Fault:
    """What goes wrong when a request that contains `trigger` comes by for the (`skip` + 1)th time, once.

    With `after`, a request counts only if one that contains `after` went before it on its connection.

    One of: `upstream`: only so many bytes of the request pass, then the connection is reset. `downstream`: the request
    passes, but only so many bytes of its answer, then the connection is reset. `mirror`: a second connection sends the
    same request at the same time. None of them: the request is only remembered.

    Attributes:
        before_cut: called in the proxy's thread before the reset, such as to kill a server.
        pause: seconds during which nothing passes before the reset.
        request: the bytes of the request so far.
    """

    trigger: bytes
    after: bytes | None = None
    upstream: int | None = None
    downstream: int | None = None
    mirror: bool = False
    skip: int = 0
    pause: float = 0.0
    before_cut: Callable[[], object] = lambda: None
    happened: threading.Event = field(default_factory=threading.Event)
    request: bytes = b""


class _Link:
    """One connection of a client and its connection to the server."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        self.request = bytearray()
        self.answered = 0
        self.fault: Fault | None = None
        self.prepared: set[Fault] = set()
        self.mirror: socket.socket | None = None

    def start(self) -> None:
        for work in (self._up, self._down):
            threading.Thread(target=self._guarded, args=(work,), daemon=True).start()

    def reset(self) -> None:
        """Closes both sides so that neither waits for the rest."""
        for one in (self.client, self.server):
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _guarded(self, work: Callable[[], None]) -> None:
        with contextlib.suppress(OSError):
            work()
        self.reset()

    def _up(self) -> None:
        while data := self.client.recv(CHUNK):
            time.sleep(self.proxy.latency)
            if self.answered:
                self.request.clear()
                self.answered, self.fault, self.mirror = 0, None, None
            before = len(self.request)
            if before < REMEMBERED:
                self.request += data
            if self.fault is None:
                self.fault = self.proxy.take(self)
                if self.fault and self.fault.mirror:
                    self.mirror = socket.create_connection((LOOPBACK, self.proxy.target))
                    self.mirror.sendall(self.request[:before])
                    threading.Thread(target=_drain, args=(self.mirror,), daemon=True).start()
            fault = self.fault
            if fault is None:
                self.server.sendall(data)
                continue
            fault.request = bytes(self.request)
            if fault.upstream is not None and len(self.request) > fault.upstream:
                self.server.sendall(data[: max(0, fault.upstream - before)])
                self._break(fault)
                return
            if self.mirror is not None:
                self.mirror.sendall(data)
            self.server.sendall(data)
            if fault.upstream is None and fault.downstream is None:
                fault.happened.set()

    def _down(self) -> None:
        while data := self.server.recv(CHUNK):
            time.sleep(self.proxy.latency)
            fault = self.fault
            before, self.answered = self.answered, self.answered + len(data)
            if fault is not None and fault.downstream is not None and self.answered > fault.downstream:
                self.client.sendall(data[: max(0, fault.downstream - before)])
                self._break(fault)
                return
            self.client.sendall(data)

    def _break(self, fault: Fault) -> None:
        fault.before_cut()
        time.sleep(fault.pause)
        self.reset()
        fault.happened.set()


class Proxy:
    """Listens on a free port of loopback and passes everything on to `target`, another port there.

    `latency` in seconds is added to every piece in either direction.
    """

    def __init__(self, target: int, latency: float = 0.0) -> None:
        self.target, self.latency = target, latency
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._links: list[_Link] = []
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]

    def expect(self, fault: Fault) -> Fault:
        """Lets `fault` happen."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, link: _Link) -> Fault | None:
        """The fault that the request of a connection meets; it is used up."""
        with self._lock:
            for fault in self._faults:
                if fault.after is not None and fault.after in link.request:
                    link.prepared.add(fault)
                if fault.trigger not in link.request or (fault.after is not None and fault not in link.prepared):
                    continue
                link.prepared.discard(fault)
                if fault.skip:
                    fault.skip -= 1
                    link.request.clear()
                    return None
                self._faults.remove(fault)
                return fault
        return None

    def deliver(self, request: bytes, patience: float = 60.0) -> bytes:
        """Sends remembered bytes to the target on a connection of its own; returns the first line of the answer."""
        with socket.create_connection((LOOPBACK, self.target), timeout=patience) as server:
            server.sendall(request)
            return server.recv(CHUNK).split(b"\r\n", 1)[0]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self._links:
            link.reset()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection((LOOPBACK, self.target))
            except OSError:
                client.close()
                continue
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = _Link(self, client, server)
            self._links.append(link)
            link.start()


def _drain(server: socket.socket) -> None:
    with contextlib.suppress(OSError), server:
        while server.recv(CHUNK):
            pass
