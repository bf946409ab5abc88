"""Candles in ClickHouse: what is there, and writing so that a retry or a kill leaves every row exactly once."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from dagster_project.lib.candles.corrections import Changes, Stored, rank_of
from dagster_project.lib.candles.rows import Candles, arrow_table, empty
from dagster_project.lib.candles.windows import DAY, Range, day_of, moment
from dagster_project.lib.queries import query
from dagster_project.settings import Market

if TYPE_CHECKING:
    import numpy as np
    from clickhouse_connect.driver.client import Client

Key = tuple[str, str, str]
"""Exchange, symbol, timeframe."""

WRITE_TRIES = 4


def key_of(market: Market) -> Key:
    """Identity of a market in both databases."""
    return market.exchange, market.symbol, market.timeframe


@dataclass(frozen=True)
class Write:
    """Rows of one market to write: what changed, and the stored rows that are replaced."""

    market: Market
    origin: str
    changes: Changes
    stored: Stored


class CandleStore:
    """`market_ohlcv` and what hangs on it. Times are epoch ms. One instance per thread."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def counts(self, window: Range) -> dict[tuple[Key, date], tuple[int, int]]:
        """Stored candles per market and UTC day, and when the oldest of them was written (ms)."""
        rows = self._client.query(query("market_stored_counts"), parameters=_bounds(window)).result_rows
        return {((row[0], row[1], row[2]), row[3]): (row[4], row[5]) for row in rows}

    def heads(self) -> dict[Key, int]:
        """The newest open time of every market."""
        return {(row[0], row[1], row[2]): row[3] for row in self._client.query(query("market_heads")).result_rows}

    def stored(self, market: Market, window: Range) -> Stored:
        """Stored candles of one market."""
        import numpy as np

        table = self._client.query_arrow(
            query("market_stored_rows"), parameters=_market(key_of(market)) | _bounds(window), use_strings=True
        )

        def column(name: str, kind: Any, fill: Any = None) -> np.ndarray:
            values = table.column(name) if fill is None else table.column(name).fill_null(fill)
            return values.to_numpy().astype(kind)

        candles = Candles(
            column("time", np.int64),
            column("open", np.float64),
            column("high", np.float64),
            column("low", np.float64),
            column("close", np.float64),
            column("volume", np.float64),
            column("quote_volume", np.float64, float("nan")),
            table.column("trades").cast("int64").fill_null(-1).to_numpy(),
        )
        origin = table.column("origin").to_numpy()
        ranks = np.array([rank_of(one) for one in origin], np.int8)
        return Stored(candles, column("revision", np.int64), ranks, origin, column("ingested_at", np.int64))

    def write(self, writes: Sequence[Write]) -> int:
        """Writes rows of several markets in one insert and returns how many. Safe to repeat.

        The days are marked as touched first, so that no hours built from the old candles are read once the new ones are
        there; replaced values are kept before they are replaced.
        """
        import pyarrow as pa

        now = int(time.time() * 1000)
        filled = [write for write in writes if len(write.changes.rows)]
        if not filled:
            return 0
        self.touch((key_of(write.market), day) for write in filled for day in _days(write.changes.rows.time))
        replaced = [write for write in filled if write.changes.corrections]
        if replaced:
            self._insert("market_ohlcv_revisions", pa.concat_tables(_replaced(write) for write in replaced))
        tables = [
            arrow_table(
                write.changes.rows, *key_of(write.market), origin=write.origin, revision=write.changes.revision,
                ingested_at=now,
            )
            for write in filled
        ]  # fmt: skip
        rows = pa.concat_tables(tables)
        self._insert("market_ohlcv", rows)
        return rows.num_rows

    def touch(self, days: Iterable[tuple[Key, date]]) -> None:
        """Makes hours built from these days stale: they are added up on the fly until they are built again."""
        rows = sorted((*key, day, 1) for key, day in set(days))
        self._retry(
            lambda: self._client.insert(
                "market_days", rows, column_names=["exchange", "symbol", "timeframe", "day", "touches"]
            )
        )

    def note_counts(self, counts: Iterable[tuple[Key, date, int]]) -> None:
        """How many candles days hold, after they were written: what bounds GetCandles."""
        rows = sorted((*key, day, count) for key, day, count in counts if count)
        if rows:
            self._client.insert("market_days", rows, column_names=["exchange", "symbol", "timeframe", "day", "candles"])

    def roll_hours(self, before: date) -> int:
        """Builds the hours of every finished day (before `before`) that is stale; returns how many days.

        Reads stay right without it, only slower.
        """
        count = 0
        stale = self._client.query(query("market_stale_days"), parameters={"before": before}).result_rows
        for exchange, symbol, timeframe, _, days, touches in stale:
            key = (exchange, symbol, timeframe)
            self._client.command(
                query("market_roll_hours"),
                parameters=_market(key)
                | {"first": min(days), "last": max(days), "days": list(days), "touches": list(touches)},
            )
            rows = [(*key, day, touched) for day, touched in zip(days, touches, strict=True)]
            self._client.insert("market_days", rows, column_names=["exchange", "symbol", "timeframe", "day", "rolled"])
            count += len(rows)
        return count

    def _insert(self, table: str, rows: Any) -> None:
        # An Arrow file holds one dictionary per column, concatenated tables one per part.
        rows = rows.unify_dictionaries()
        # One token per call: a retry of this very insert is one insert, a later insert of equal rows is not swallowed.
        token = {"insert_deduplication_token": uuid.uuid4().hex}
        self._retry(lambda: self._client.insert_arrow(table, rows, settings=token))

    def _retry(self, insert: Any) -> None:
        from clickhouse_connect.driver.exceptions import OperationalError
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

        for attempt in Retrying(
            retry=retry_if_exception_type(OperationalError),
            stop=stop_after_attempt(WRITE_TRIES),
            wait=wait_random_exponential(multiplier=0.5, max=8),
            reraise=True,
        ):
            with attempt:
                insert()


def no_candles() -> Stored:
    """Nothing stored."""
    import numpy as np

    numbers = np.empty(0, np.int64)
    return Stored(empty(), numbers, np.empty(0, np.int8), np.empty(0, object), numbers)


def _replaced(write: Write) -> Any:
    """The stored rows that a write replaces, with the columns of `market_ohlcv_revisions`."""
    import pyarrow as pa

    at, stored = write.changes.replaced, write.stored
    table = arrow_table(
        stored.candles.take(at), *key_of(write.market), origin=write.origin, revision=stored.revision[at], ingested_at=0
    )
    stamps = pa.array(stored.ingested_at[at]).cast(pa.timestamp("ms", "UTC"))
    table = table.set_column(table.schema.get_field_index("ingested_at"), "ingested_at", stamps)
    return table.set_column(table.schema.get_field_index("origin"), "origin", pa.array(list(stored.origin[at])))


def _days(times: np.ndarray) -> list[date]:
    import numpy as np

    return [day_of(int(number) * DAY) for number in np.unique(times // DAY)]


def _market(key: Key) -> dict[str, str]:
    return dict(zip(("exchange", "symbol", "timeframe"), key, strict=True))


def _bounds(window: Range) -> dict[str, Any]:
    return {"start": moment(window.start), "end": moment(window.end)}
