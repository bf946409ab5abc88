"""A gateway process over a folder of its own, and the clients that talk to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from dagster_project.settings import PROJECT_ROOT
from dagster_project.stack.ports import free_port

USER, PASSWORD = "candlehouse", "p'ass w\\ord:é"
READY_SECONDS = 30


@dataclass
class Server:
    """A started gateway."""

    process: subprocess.Popen
    port: int
    folder: Path
    log: Path

    @property
    def url(self) -> str:
        """Base address."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it and wait; the exit code."""
        self.process.send_signal(how)
        return self.process.wait(timeout=20)


def command(folder: Path, port: int, *more: str) -> list[str]:
    """The command line of a gateway."""
    where = ["--path", str(folder), "--port", str(port)]
    return [sys.executable, "-m", "dagster_project.stack.gateway", *where, *more]


def environment() -> dict[str, str]:
    """Its environment."""
    return os.environ | {"CANDLEHOUSE_GATEWAY_USER": USER, "CANDLEHOUSE_GATEWAY_PASSWORD": PASSWORD}


def start(folder: Path, *more: str) -> Server:
    """Start a gateway over `folder` and wait until it answers queries."""
    port = free_port()
    log = folder.with_suffix(".log")
    with log.open("ab") as sink:
        process = subprocess.Popen(
            command(folder, port, *more), cwd=PROJECT_ROOT, env=environment(), stdout=sink, stderr=sink
        )
    server = Server(process, port, folder, log)
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{server.url}/ready", trust_env=False).status_code == 200:
                return server
        except httpx.HTTPError:
            time.sleep(0.05)
    process.kill()
    raise AssertionError(f"the gateway did not start: {log.read_text()}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One gateway for all tests that do not stop it."""
    running = start(tmp_path_factory.mktemp("gateway") / "data")
    yield running
    if running.process.poll() is None:
        running.stop()


class Http:
    """Raw requests, signed in."""

    def __init__(self, server: Server) -> None:
        self.client = httpx.Client(base_url=server.url, auth=(USER, PASSWORD), timeout=60, trust_env=False)

    def post(
        self, sql: str | bytes = b"", body: bytes | None = None, headers: dict | None = None, **params
    ) -> httpx.Response:
        """POST `sql` as the body, or in the URL when `body` is given."""
        if body is not None:
            params["query"] = sql
        content = sql if body is None else body
        return self.client.post("/", params=params, content=content, headers=headers)

    def get(self, sql: str | None = None, headers: dict | None = None, **params) -> httpx.Response:
        """GET with the query in the URL."""
        if sql is not None:
            params["query"] = sql
        return self.client.get("/", params=params, headers=headers)

    def text(self, sql: str, **params) -> str:
        """The result of a query that must succeed, without the last line end."""
        answer = self.post(sql, **params)
        assert answer.status_code == 200, answer.text
        return answer.text.removesuffix("\n")

    def run(self, *statements: str) -> None:
        """Statements that must succeed."""
        for sql in statements:
            self.text(sql)


@pytest.fixture(scope="session")
def http(server: Server) -> Iterator[Http]:
    """Raw HTTP as the gateway's user."""
    raw = Http(server)
    yield raw
    raw.client.close()


@pytest.fixture
def table(http: Http, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh table (n Int32, s String)."""
    name = "".join(letter if letter.isalnum() else "_" for letter in request.node.name)
    http.run(f"DROP TABLE IF EXISTS {name}", f"CREATE TABLE {name} (n Int32, s String) ENGINE = MergeTree ORDER BY n")
    yield name
    http.run(f"DROP TABLE IF EXISTS {name}")
