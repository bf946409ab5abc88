"""Stacks on free ports in folders of their own."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dagster_project.settings import Environment, Settings
from dagster_project.stack.lifecycle import Stack, open_stack

NOBODY = 65534
# A user with a name (initdb asks for it) that is neither root nor the one that root's PostgreSQL runs as.
NEWCOMER = next(user.pw_uid for user in pwd.getpwall() if user.pw_uid not in (0, NOBODY))

MakeSettings = Callable[..., Settings]


def local_settings(home: Path, **overrides: Any) -> Settings:
    """Settings of an embedded stack in `home`: free ports, sandbox venue, nothing from the caller's environment."""
    ports = {f"{part}_port": 0 for part in ("postgres", "clickhouse", "redis", "venue", "dagster")}
    urls = {f"{part}_url": None for part in ("postgres", "clickhouse", "redis")}
    return Settings(**{"env": Environment.LOCAL, "home": home, "sources": "sandbox", **ports, **urls, **overrides})


def command_environment(home: Path) -> dict[str, str]:
    """The same as variables, for a `candlehouse` process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CANDLEHOUSE_")}
    parts = ("POSTGRES", "CLICKHOUSE", "REDIS", "VENUE", "DAGSTER", "DOCS")
    ports = {f"CANDLEHOUSE_{part}_PORT": "0" for part in parts}
    return {**kept, **ports, "CANDLEHOUSE_HOME": str(home), "CANDLEHOUSE_SOURCES": "sandbox", "COLUMNS": "200"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A supervised stack (engines and venue) that tests of one module may hurt."""
    stack = open_stack(local_settings(tmp_path_factory.mktemp("running") / "home"))
    with stack.lock():
        stack.start_engines()
    yield stack
    with stack.lock():
        stack.stop()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine can enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="ch-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
