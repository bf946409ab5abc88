"""A small venue of recorded 1m candles, and the collector on real engines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dagster_project.lib.candles.gaps import Rule
from dagster_project.lib.candles.ingest import Report, ingest
from dagster_project.lib.candles.ledger import Ledger
from dagster_project.lib.candles.plan import Policy
from dagster_project.lib.candles.store import CandleStore
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.exchange import ExchangeResource
from dagster_project.resources.postgres import PostgresResource
from dagster_project.settings import Market
from dagster_project.stack.replay import Faults, ReplayVenue, Weights, running

START = datetime(2025, 3, 1, tzinfo=UTC)
MINUTES = 3 * 1440 + 700
DAYS = [date(2025, 3, 1) + timedelta(days=number) for number in range(4)]
NOW = START + timedelta(minutes=MINUTES - 1, seconds=30)  # the last recorded candle is half over
SYMBOLS = ("AAA/USDT", "BBB/USDT")
COLUMNS = "timestamp, open, high, low, close, volume"


def recording(symbol: str, start: datetime = START) -> list[list[float]]:
    """A seeded random walk, [ms, o, h, l, c, v] per minute."""
    draw = np.random.default_rng(len(symbol) + ord(symbol[0]))
    close = np.round(100 * np.exp(np.cumsum(draw.normal(0, 0.001, MINUTES))), 2)
    open_ = np.concatenate(([100.0], close[:-1]))
    high = np.round(np.maximum(open_, close) + draw.integers(0, 50, MINUTES) / 100, 2)
    low = np.round(np.minimum(open_, close) - draw.integers(0, 50, MINUTES) / 100, 2)
    volume = np.round(draw.exponential(5, MINUTES), 5)
    times = int(start.timestamp() * 1000) + np.arange(MINUTES) * 60_000
    return [
        list(row) for row in zip(times.tolist(), *(x.tolist() for x in (open_, high, low, close, volume)), strict=True)
    ]


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the candles of two markets."""
    folder = tmp_path_factory.mktemp("recordings")
    for symbol in SYMBOLS:
        (folder / f"{symbol.replace('/', '_')}-1m.json").write_text(json.dumps(recording(symbol)))
    return folder


@dataclass(frozen=True)
class Place:
    """A running venue and its markets under an exchange name of their own."""

    venue: ReplayVenue
    url: str
    exchange: str

    @property
    def markets(self) -> list[Market]:
        return [Market(self.exchange, symbol, "1m", "binance", self.url) for symbol in SYMBOLS]


OpenPlace = Callable[..., Any]


@pytest.fixture
def place(recordings: Path, request: pytest.FixtureRequest) -> OpenPlace:
    """`with place("name", holes=0.1) as here`: a venue with faults whose rows are stored under its own exchange."""

    @contextmanager
    def open_place(name: str, now: Any = NOW, **faults: Any) -> Iterator[Place]:
        venue = ReplayVenue(recordings, Faults(**faults), now, Weights(ban_seconds=3))
        with running(venue) as url:
            yield Place(venue, url, name)

    return open_place


@pytest.fixture
def collect(warehouse: Any) -> Callable[..., Report]:
    """Runs the collector; keyword arguments are of Policy."""

    def run(markets: list[Market], days: list[date] = DAYS, tries: int = 8, **policy: Any) -> Report:
        chosen = Policy(**({"rule": Rule(3, 0), "confirm_delay": 0.01, "settle": 1000} | policy))
        with ClickHouseResource().client() as client, PostgresResource().connect(autocommit=True) as connection:
            return asyncio.run(
                ingest(
                    ExchangeResource(tries=tries, timeout_seconds=5).open, CandleStore(client), Ledger(connection),
                    markets, days, chosen,
                )
            )  # fmt: skip

    return run


@pytest.fixture
def ask(warehouse: Any) -> Callable[..., list[tuple[Any, ...]]]:
    """Rows of a ClickHouse query."""

    def run(text: str, **parameters: Any) -> list[tuple[Any, ...]]:
        with ClickHouseResource().client() as client:
            return [tuple(row) for row in client.query(text, parameters=parameters).result_rows]

    return run


@pytest.fixture
def ledger(warehouse: Any) -> Callable[..., list[tuple[Any, ...]]]:
    """Rows of a PostgreSQL query."""

    def run(text: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with PostgresResource().connect() as connection:
            return connection.execute(text.encode(), parameters).fetchall()

    return run


@pytest.fixture
def stored(ask: Callable[..., list[tuple[Any, ...]]]) -> Callable[[str, str], list[tuple[Any, ...]]]:
    """What the reading view shows of one market."""

    def run(exchange: str, symbol: str) -> list[tuple[Any, ...]]:
        return ask(
            f"SELECT {COLUMNS} FROM candles_stored WHERE exchange = {{e:String}} AND symbol = {{s:String}}"
            " ORDER BY timestamp",
            e=exchange,
            s=symbol,
        )

    return run


@pytest.fixture
def truth() -> Callable[[ReplayVenue, str], list[tuple[Any, ...]]]:
    """What a perfect collector would have."""

    def run(venue: ReplayVenue, symbol: str) -> list[tuple[Any, ...]]:
        columns = [column.to_pylist() for column in venue.truth(symbol, "1m").columns]
        columns[0] = [time.replace(tzinfo=None) for time in columns[0]]  # clickhouse-connect gives naive UTC
        return list(zip(*columns, strict=True))

    return run
