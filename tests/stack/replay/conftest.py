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


def fill(folder: Path) -> Path:
    """1,200 five-minute candles of AAA/USDT and 30 of BBB/USDT."""
    (folder / "AAA_USDT-5m.json").write_text(json.dumps(made_rows(1200)))
    (folder / "BBB_USDT-5m.json").write_text(json.dumps(made_rows(30)))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two small recordings."""
    return fill(tmp_path)


@pytest.fixture
def replay(folder: Path, serve: Callable[[Venue], Client]) -> Callable[..., Client]:
    """Serve the small folder; arguments are ReplayVenue's."""
    return lambda *args, **kwargs: serve(ReplayVenue(folder, *args, **kwargs))


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """One faultless venue of the small folder for a module; its clock is not to be moved."""
    venue = ReplayVenue(fill(tmp_path_factory.mktemp("clean")))
    with running(venue) as url:
        client = Client(venue, url)
        yield client
        client.http.close()
