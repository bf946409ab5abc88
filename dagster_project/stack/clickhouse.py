"""Embedded ClickHouse: the chdb engine behind the HTTP gateway, one process that owns the data folder."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from dagster_project.settings import DATABASE
from dagster_project.stack.errors import StackError
from dagster_project.stack.files import private_folder
from dagster_project.stack.part import Part
from dagster_project.stack.ports import LOOPBACK

USER = "candlehouse"


class ClickHouse(Part):
    """The gateway on loopback, with a password."""

    name = "clickhouse"
    title = "ClickHouse"
    priority = 20
    stop_seconds = 30

    def __init__(self, home: Path, port: int, password: str) -> None:
        super().__init__(home, port)
        self.data = home / "clickhouse"
        self._password = password

    @property
    def environment(self) -> dict[str, str]:
        """The credentials that the gateway asks for."""
        return {"CANDLEHOUSE_GATEWAY_USER": USER, "CANDLEHOUSE_GATEWAY_PASSWORD": self._password}

    def prepare(self) -> None:
        """Make the data folder; the gateway refuses one that another engine version wrote."""
        if find_spec("chdb") is None:
            raise StackError(
                "the chdb wheel is not installed for this platform: `make` installs it on Linux and macOS;"
                " elsewhere set CANDLEHOUSE_CLICKHOUSE_URL to a server"
            )
        private_folder(self.data)

    def command(self) -> list[str]:
        """The gateway; credentials travel in the environment."""
        where = ["--path", str(self.data), "--host", LOOPBACK, "--port", str(self.port)]
        return [sys.executable, "-m", "dagster_project.stack.gateway", *where]

    def ready(self) -> bool:
        """Whether queries work."""
        import httpx

        try:
            return httpx.get(f"http://{LOOPBACK}:{self.port}/ready", timeout=5, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def finish(self) -> None:
        """Create the database that URLs name."""
        import httpx

        answer = httpx.post(
            f"http://{LOOPBACK}:{self.port}/",
            content=f"CREATE DATABASE IF NOT EXISTS {DATABASE}",
            auth=(USER, self._password),
            timeout=30,
            trust_env=False,
        )
        if answer.status_code != 200:
            first = (answer.text.splitlines() or [f"status {answer.status_code}"])[0]
            raise StackError(f"ClickHouse on port {self.port} refuses to create its database: {first[:200]}")
