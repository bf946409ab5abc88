"""The response as a query's thread writes it: headers wait for the first MiB, so an early error gets its status."""

from __future__ import annotations

import json
import secrets
import tempfile
import time
from dataclasses import dataclass, field

from dagster_project.stack.gateway.blocks import BlockEncoder
from dagster_project.stack.gateway.channels import Outlet
from dagster_project.stack.gateway.compression import encoder
from dagster_project.stack.gateway.errors import EngineError
from dagster_project.stack.gateway.request import Request

# What is handed to the event loop at once; also the most that one compressor call sees.
CHUNK = 1 << 20
# Rows that trickle are sent after this time, not when a MiB of them has come together.
FLUSH_SECONDS = 0.5
PLAIN_TEXT = "text/plain; charset=UTF-8"


@dataclass
class Summary:
    """The figures of X-ClickHouse-Summary."""

    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    result_rows: int = 0
    result_bytes: int = 0
    started: float = field(default_factory=time.perf_counter)

    def header(self) -> bytes:
        """JSON with every number as a string, as ClickHouse writes it."""
        figures = {
            "read_rows": self.read_rows,
            "read_bytes": self.read_bytes,
            "written_rows": self.written_rows,
            "written_bytes": self.written_bytes,
            "total_rows_to_read": self.read_rows,
            "result_rows": self.result_rows,
            "result_bytes": self.result_bytes,
            "elapsed_ns": int((time.perf_counter() - self.started) * 1e9),
        }
        return json.dumps({name: str(value) for name, value in figures.items()}, separators=(",", ":")).encode()


class Response:
    """Collects the result; sends it whole when it is small, else as chunks."""

    def __init__(self, outlet: Outlet, request: Request, common: list[tuple[bytes, bytes]]) -> None:
        self.summary = Summary()
        self.format: str | None = None
        self.content_type = PLAIN_TEXT
        self._outlet = outlet
        self._request = request
        self._common = common
        self._tag = secrets.token_hex(8)
        self._waiting: list[bytes] = []
        self._size = 0
        self._waiting_since = 0.0
        self._started = False
        self._encoders = []
        self._spool = None

    def write(self, data: bytes) -> None:
        """Add result bytes.

        Raises:
            Aborted: the client went away.
        """
        if not self._waiting:
            self._waiting_since = time.monotonic()
        self._waiting.append(data)
        self._size += len(data)
        if self._request.wait_end_of_query:
            if self._size >= CHUNK:
                self._keep()
        elif self._size >= (CHUNK if self._started else self._request.buffer_size):
            self._flush()
        elif time.monotonic() - self._waiting_since > FLUSH_SECONDS:
            self._flush(at_once=True)

    def finish(self) -> None:
        """The result is complete."""
        if self._spool is not None:
            self._send_spool()
        if not self._started and not self._encoding():
            body = b"".join(self._waiting)
            length = (b"content-length", str(len(body)).encode())
            self._outlet.put(self._start(200, [length]), _body(body, more=False), None)
            return
        self._flush()
        if self._encoders:
            tail = b""
            for one in self._encoders:
                tail = (one.encode(tail) if tail else b"") + one.finish()
            self._outlet.put(_body(tail))
        self._outlet.put(_body(b"", more=False), None)

    def fail(self, error: EngineError) -> None:
        """End with an error: its status when nothing has been sent, else the tagged block and a broken connection."""
        if not self._started:
            self.content_type = PLAIN_TEXT
            text = error.text.encode(errors="surrogateescape") + b"\n"
            headers = [
                (b"x-clickhouse-exception-code", str(error.code).encode()),
                (b"content-length", str(len(text)).encode()),
            ]
            self._waiting.clear()
            self._outlet.put(self._start(error.status, headers), _body(text, more=False), None)
            return
        message = error.text.encode(errors="surrogateescape") + b"\n"
        tag = self._tag.encode()
        self.write(
            b"\r\n__exception__\r\n"
            + tag
            + b"\r\n"
            + message
            + str(len(message)).encode()
            + b" "
            + tag
            + b"\r\n__exception__\r\n"
        )
        self._flush()
        tail = b""
        for one in self._encoders:
            tail = (one.encode(tail) if tail else b"") + one.finish()
        # No closing chunk: also a client that does not know the block sees that the result is not whole.
        self._outlet.put(_body(tail), None)

    def _encoding(self) -> bool:
        return self._request.compress or (self._request.response_encoding is not None and self._size > 0)

    def _start(self, status: int, extra: list[tuple[bytes, bytes]]) -> dict:
        headers = [
            *self._common,
            (b"content-type", self.content_type.encode()),
            (b"x-clickhouse-summary", self.summary.header()),
            *extra,
        ]
        if self.format is not None and status == 200:
            headers.append((b"x-clickhouse-format", self.format.encode()))
        if status == 200:
            headers.append((b"x-clickhouse-exception-tag", self._tag.encode()))
        self._started = True
        return {"type": "http.response.start", "status": status, "headers": headers}

    def _flush(self, at_once: bool = False) -> None:
        data = self._waiting[0] if len(self._waiting) == 1 else b"".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        if not self._started:
            extra = []
            if self._request.compress:
                self._encoders.append(BlockEncoder())
            if self._request.response_encoding is not None:
                self._encoders.append(encoder(self._request.response_encoding, self._request.compression_level))
                extra.append((b"content-encoding", self._request.response_encoding.encode()))
            self._outlet.put(self._start(200, extra))
        for one in self._encoders:
            data = (one.encode(data) if data else b"") + (one.flush() if at_once else b"")
        if data:
            self._outlet.put(_body(data))

    def _keep(self) -> None:
        if self._spool is None:
            self._spool = tempfile.SpooledTemporaryFile(max_size=16 << 20)  # noqa: SIM115
        self._spool.write(b"".join(self._waiting))
        self._waiting.clear()
        self._size = 0

    def _send_spool(self) -> None:
        self._keep()
        spool, self._spool = self._spool, None
        self._request.wait_end_of_query = False
        if spool is None:
            return
        with spool:
            spool.seek(0)
            while data := spool.read(CHUNK):
                self.write(data)

    def discard(self) -> None:
        """Drop what a failed query has left."""
        if self._spool is not None:
            self._spool.close()
            self._spool = None


def _body(data: bytes, more: bool = True) -> dict:
    return {"type": "http.response.body", "body": data, "more_body": more}
