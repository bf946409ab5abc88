"""The import command on real engines, and an import that kills itself half way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from dagster_project.commands.import_ import import_
from tests.emptied import empty

Account = dict[str, Any]


@pytest.fixture
def connection(warehouse: Any) -> Iterator[psycopg.Connection]:
    """An autocommit connection to a database whose trading tables are empty."""
    with psycopg.connect(warehouse.settings.postgres_url, autocommit=True) as opened:
        empty(opened, "agents", "symbols", "price_latest", "price_ticks", "ops.quarantine")
        yield opened


@pytest.fixture
def run(warehouse: Any) -> Callable[..., Account]:
    """`run("nof0", folder, "--parity", code=1)`: the account that the command prints as JSON."""

    def call(*arguments: object, code: int = 0) -> Account:
        done = CliRunner().invoke(import_, [*map(str, arguments), "--json"])
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    return call


@pytest.fixture
def refused(warehouse: Any) -> Callable[..., str]:
    """The one line that the command ends with when it does nothing."""

    def call(*arguments: object) -> str:
        done = CliRunner().invoke(import_, list(map(str, arguments)))
        assert done.exit_code == 1
        assert len(done.output.splitlines()) == 1, done.output
        return done.output

    return call


@pytest.fixture
def killed(connection: psycopg.Connection) -> Callable[[str], None]:
    """Runs code in a process that must die of SIGKILL, and waits until the database has noticed."""

    def call(code: str) -> None:
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=dict(os.environ), check=False)
        assert done.returncode == -signal.SIGKILL
        others = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and connection.execute(others).fetchone():
            time.sleep(0.05)

    return call


def counts(account: Account) -> dict[tuple[str, str], tuple[int, int, int, int]]:
    """(file, table) -> landed, updated, unchanged, quarantined."""
    found = {}
    for line in account["lines"]:
        tally = tuple(line[column] for column in ("landed", "updated", "unchanged", "quarantined"))
        assert sum(tally) == line["read"]
        found[line["file"], line["table"]] = tally
    return found


@pytest.fixture(name="counts")
def counts_fixture() -> Callable[[Account], dict[tuple[str, str], tuple[int, int, int, int]]]:
    """See `counts`."""
    return counts
