"""The ASGI application: routes, bodies in, messages out, disconnects noticed."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from dagster_project.stack.gateway.auth import Credentials
from dagster_project.stack.gateway.body import Body
from dagster_project.stack.gateway.channels import Aborted, Inlet, Outlet
from dagster_project.stack.gateway.engine import Engine
from dagster_project.stack.gateway.errors import (
    HTTP_LENGTH_REQUIRED,
    QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING,
    EngineError,
    engine_error,
    own_error,
)
from dagster_project.stack.gateway.execution import Execution
from dagster_project.stack.gateway.request import Request, read_request, url_params
from dagster_project.stack.gateway.response import Response
from dagster_project.stack.gateway.sessions import Sessions

log = logging.getLogger("candlehouse.gateway")

Receive = Callable[[], Awaitable[dict]]
Send = Callable[[dict], Awaitable[None]]

# Queries at the same time; more wait for a thread.
THREADS = 128
NO_HANDLE = """There is no handle {path}

Use / or /ping for health checks.
Or /replicas_status for more sophisticated health checks.

Send queries from your program with POST method or GET /?query=...
"""


class Gateway:
    """ClickHouse's HTTP interface over one engine."""

    def __init__(self, engine: Engine, credentials: Credentials) -> None:
        self._engine = engine
        self._credentials = credentials
        self._sessions = Sessions(engine)
        self._threads = ThreadPoolExecutor(THREADS, "query")
        self._running: set[str] = set()
        self._stopping = False
        self._host = socket.gethostname().encode()

    async def __call__(self, scope: dict, receive: Receive, send: Send) -> None:
        """ASGI entry point."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        sweeping = asyncio.create_task(self._sweep())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        sweeping.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(1)
            await loop.run_in_executor(None, self._sessions.sweep)

    def stop(self, patience: float) -> None:
        """Cancel what still runs, wait up to `patience` seconds for it, close sessions."""
        self._stopping = True
        deadline = time.monotonic() + patience
        while self._running and time.monotonic() < deadline:
            with suppress(RuntimeError):
                self._engine.kill_all()
            time.sleep(0.05)
        self._threads.shutdown(wait=not self._running, cancel_futures=True)
        self._sessions.close()

    @property
    def idle(self) -> bool:
        """Whether no query runs."""
        return not self._running

    async def _http(self, scope: dict, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        query_string = scope["query_string"]
        if path == "/ping" or path == "/replicas_status":
            await _plain(send, 200, "Ok.\n")
        elif path == "/ready":
            works = await asyncio.get_running_loop().run_in_executor(self._threads, self._engine.works)
            await _plain(send, 200 if works else 503, "Ready.\n" if works else "Not ready.\n")
        elif method == "OPTIONS":
            await _plain(send, 204, "")
        elif path == "/" and method in ("GET", "HEAD") and not query_string:
            await _plain(send, 200, "Ok.\n")
        elif path in ("/", "/query"):
            await self._query(scope, receive, send)
        else:
            await _plain(send, 404, NO_HANDLE.format(path=path))

    async def _query(self, scope: dict, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        headers = dict(scope["headers"])
        inlet, outlet = Inlet(loop), Outlet(loop)
        request = Request(scope["method"])
        marker = ""
        common = self._common_headers("")
        try:
            params = url_params(scope["query_string"])
            self._credentials.check(headers, dict(reversed(params)))
            if scope["method"] == "POST" and b"content-length" not in headers and b"transfer-encoding" not in headers:
                raise own_error(
                    HTTP_LENGTH_REQUIRED,
                    "The Transfer-Encoding is not chunked and there is no Content-Length header for POST request",
                )
            request = read_request(scope["method"], params, headers)
            query_id = request.query_id or str(uuid.uuid4())
            common = self._common_headers(query_id)
            self._register(query_id)
            marker = query_id
            body, response = Body(inlet, request), Response(outlet, request, common)
            job = Execution(
                self._engine,
                self._sessions,
                marker,
                request,
                body,
                response,
                release=lambda: self._running.discard(marker),
            )
        except EngineError as error:
            self._running.discard(marker)
            await self._refuse(receive, send, request, common, error)
            return
        loop.run_in_executor(self._threads, self._work, job, marker, inlet, outlet)
        feeding = asyncio.create_task(self._feed(receive, inlet, outlet, marker))
        try:
            while (message := await outlet.take()) is not None:
                await send(message)
        finally:
            feeding.cancel()
            inlet.abort()
            outlet.abort()

    def _register(self, query_id: str) -> None:
        if query_id in self._running:
            raise own_error(QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING, f"Query with id = {query_id} is already running.")
        self._running.add(query_id)

    def _work(self, job: Execution, marker: str, inlet: Inlet, outlet: Outlet) -> None:
        try:
            job.run()
        except Aborted:
            log.info("query %s: its client has gone", marker)
        except BaseException:
            log.exception("query %s", marker)
        finally:
            self._running.discard(marker)
            inlet.abort()
            with suppress(Aborted):
                outlet.put(None)

    async def _feed(self, receive: Receive, inlet: Inlet, outlet: Outlet, marker: str) -> None:
        """Hand the body over, then watch for the client to go away."""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            if body := message.get("body", b""):
                await inlet.put(body)
            if not message.get("more_body", False):
                inlet.end()
        inlet.abort()
        outlet.abort()
        loop = asyncio.get_running_loop()
        while marker in self._running:
            with suppress(RuntimeError):
                await loop.run_in_executor(None, self._engine.kill, marker)
            await asyncio.sleep(0.2)

    async def _refuse(
        self, receive: Receive, send: Send, request: Request, common: list[tuple[bytes, bytes]], error: EngineError
    ) -> None:
        """Answer with an error that was found before the query began; what is left of the body is read away."""
        outlet = Outlet(asyncio.get_running_loop())
        Response(outlet, request, common).fail(engine_error(error))
        if error.code != HTTP_LENGTH_REQUIRED:
            while (message := await receive())["type"] != "http.disconnect" and message.get("more_body"):
                pass
        while (message := await outlet.take()) is not None:
            await send(message)

    def _common_headers(self, query_id: str) -> list[tuple[bytes, bytes]]:
        headers = [
            (b"x-clickhouse-server-display-name", self._host),
            (b"x-clickhouse-timezone", self._engine.timezone.encode()),
        ]
        if query_id:
            headers.append((b"x-clickhouse-query-id", query_id.encode("latin-1", "replace")))
        return headers


async def _plain(send: Send, status: int, text: str) -> None:
    body = text.encode()
    headers: list[tuple[bytes, bytes]] = [
        (b"content-type", b"text/html; charset=UTF-8" if status == 200 else b"text/plain; charset=UTF-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
