"""A venue in a thread for each test that asks for one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dagster_project.stack.replay import ReplayVenue, Venue, running
from tests.stack.replay.venue_client import Client, made_rows


@pytest.fixture
def serve() -> Iterator[Callable[[Venue], Client]]:
    """Run any venue until the end of the test."""
    with ExitStack() as stack:

        def start(venue: Venue) -> Client:
            client = Client(venue, stack.enter_context(running(venue)))
            stack.callback(client.http.close)
            return client

        yield start


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with 1,200 five-minute candles of AAA/USDT and 30 of BBB/USDT."""
    (tmp_path / "AAA_USDT-5m.json").write_text(json.dumps(made_rows(1200)))
    (tmp_path / "BBB_USDT-5m.json").write_text(json.dumps(made_rows(30)))
    return tmp_path


@pytest.fixture
def replay(folder: Path, serve: Callable[[Venue], Client]) -> Callable[..., Client]:
    """Serve the small folder; arguments are ReplayVenue's."""
    return lambda *args, **kwargs: serve(ReplayVenue(folder, *args, **kwargs))
