"""The ClickHouse gateway against the same engine inside the process: SELECT 1, 1,000 candles, a million rows inserted.

Both sides own a folder of their own with the same million candles; calls alternate, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dagster_project.stack.ports import free_port

TABLE = (
    "CREATE TABLE candles (symbol LowCardinality(String), timestamp DateTime64(3, 'UTC'), open Float64, high Float64,"
    " low Float64, close Float64, volume Float64) ENGINE = MergeTree ORDER BY (symbol, timestamp)"
)
MILLION = (
    "SELECT concat('SYM', toString(number % 6)) AS symbol,"
    " toDateTime64('2025-01-01 00:00:00', 3, 'UTC') + intDiv(number, 6) * 60 AS timestamp,"
    " 100 + rand(1) / 1e8 AS open, open + 1 AS high, open - 1 AS low, open + 0.5 AS close, rand(2) / 1e6 AS volume"
    " FROM numbers(1000000)"
)
LAST = "SELECT * FROM candles WHERE symbol = 'SYM3' ORDER BY timestamp DESC LIMIT 1000"
ROUNDS = {"SELECT 1": 400, "1,000 candles": 200, "million-row insert": 5}


class Client:
    """Keep-alive requests with the standard library's client: a heavier one costs more than the gateway does."""

    def __init__(self, port: int, password: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        token = base64.b64encode(f"candlehouse:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}"}

    def post(self, path: str, body: bytes) -> bytes:
        """The answer's body; anything but 200 ends the benchmark."""
        self._connection.request("POST", path, body, self._headers)
        answer = self._connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise SystemExit(data.decode())
        return data


def gateway(folder: Path, password: str) -> tuple[subprocess.Popen, Client]:
    """A started gateway and a client of it."""
    port = free_port()
    command = [sys.executable, "-m", "dagster_project.stack.gateway", "--path", str(folder), "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--log-level", "warning"], env=os.environ | {"CANDLEHOUSE_GATEWAY_PASSWORD": password}
    )
    for _ in range(400):
        try:
            client = Client(port, password)
            client.post("/", b"SELECT 1")
        except OSError:
            time.sleep(0.05)
        else:
            return process, client
    process.kill()
    raise SystemExit("the gateway did not start")


def seconds(call: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(folder: Path) -> dict[str, dict[str, float]]:
    """Median seconds of both sides and the median of the pairs' ratios, per case."""
    from chdb import _chdb

    engine: Any = _chdb
    own = engine.connect(str(folder / "own"))
    process, client = gateway(folder / "gateway", secrets.token_urlsafe())

    def inside(sql: str, form: str = "Native") -> bytes:
        return own.query(sql, form).bytes()

    def through(sql: str, form: str = "Native") -> bytes:
        return client.post(f"/?default_format={form}", sql.encode())

    def insert_inside(data: bytes) -> None:
        insert = own.send_insert("INSERT INTO candles", "Native")
        for start in range(0, len(data), 1 << 20):
            own.insert_append(insert, data[start : start + (1 << 20)])
        own.insert_done(insert)

    def insert_through(data: bytes) -> None:
        client.post("/?query=INSERT+INTO+candles+FORMAT+Native", data)

    try:
        data = inside(MILLION)
        for run, insert in ((inside, insert_inside), (through, insert_through)):
            run(TABLE)
            insert(data)
        cases: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
            "SELECT 1": (lambda: inside("SELECT 1", "TSV"), lambda: through("SELECT 1", "TSV")),
            "1,000 candles": (lambda: inside(LAST), lambda: through(LAST)),
            "million-row insert": (lambda: insert_inside(data), lambda: insert_through(data)),
        }
        if inside(LAST) != through(LAST):
            raise SystemExit("both sides must read the same candles")
        result = {}
        for name, (one, other) in cases.items():
            pairs = [(seconds(one), seconds(other)) for _ in range(ROUNDS[name])]
            result[name] = {
                "inside_ms": round(statistics.median(pair[0] for pair in pairs) * 1e3, 3),
                "gateway_ms": round(statistics.median(pair[1] for pair in pairs) * 1e3, 3),
                "ratio": round(statistics.median(pair[1] / pair[0] for pair in pairs), 3),
            }
        return result
    finally:
        process.terminate()
        process.wait(20)
        own.close()


def main() -> None:
    """Prints one line per case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder))
    if arguments.json:
        print(json.dumps(result))
        return
    for name, figures in result.items():
        print(
            f"{name}: gateway {figures['gateway_ms']:.2f} ms, in process {figures['inside_ms']:.2f} ms:"
            f" ratio {figures['ratio']}, {figures['gateway_ms'] - figures['inside_ms']:.2f} ms more"
        )


if __name__ == "__main__":
    main()
