"""The gap ledger in PostgreSQL (`ops.ingest_windows`, `ops.ingest_gaps`) and the quarantine of refused rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dagster_project.lib.candles.gaps import Gap, WindowState
from dagster_project.lib.candles.rows import Refused
from dagster_project.lib.candles.windows import Range, moment
from dagster_project.lib.queries import statement
from dagster_project.settings import Market

if TYPE_CHECKING:
    import psycopg

    from dagster_project.lib.candles.store import Key


@dataclass(frozen=True)
class Known:
    """What the ledger says about one market and day."""

    state: WindowState
    expected: int
    got: int
    empty: int
    rechecked: bool


@dataclass(frozen=True)
class Entry:
    """One market and day after a check. Times in epoch ms."""

    market: Market
    window: Range
    state: WindowState
    expected: int
    got: int
    empty: int
    cause: str | None
    checked: int
    corrections: int = 0
    rechecked: int | None = None
    gaps: tuple[Gap, ...] = ()
    refused: tuple[Refused, ...] = field(default=())


class Ledger:
    """Reads and writes the ledger on one connection, a transaction per call."""

    def __init__(self, connection: psycopg.Connection, run_id: str | None = None) -> None:
        self._connection = connection
        self._run_id = run_id

    def windows(self, window: Range) -> dict[tuple[Key, int], Known]:
        """What is known about days that start in `window`, by market and start of the day (ms)."""
        with self._connection.transaction():
            rows = self._connection.execute(statement("ledger_windows"), _bounds(window)).fetchall()
        return {
            ((row[0], row[1], row[2]), _ms(row[3])): Known(row[4], row[5], row[6], row[7], row[8] is not None)
            for row in rows
        }

    def gaps(self, window: Range) -> dict[Key, list[Gap]]:
        """Known gaps that start in `window`, by market, in order of time."""
        with self._connection.transaction():
            rows = self._connection.execute(statement("ledger_gaps"), _bounds(window)).fetchall()
        found: dict[Key, list[Gap]] = defaultdict(list)
        for exchange, symbol, timeframe, start, end, state, cause, answers, seen, checked in rows:
            gap = Gap(Range(_ms(start), _ms(end)), state, cause, answers, _ms(seen), _ms(checked))
            found[exchange, symbol, timeframe].append(gap)
        return {key: sorted(gaps, key=lambda gap: gap.range) for key, gaps in found.items()}

    def record(self, entries: Iterable[Entry]) -> None:
        """Writes entries with their gaps and refused rows: all of them or none."""
        given = list(entries)
        if not given:
            return
        windows = [_window(entry) | {"run_id": self._run_id} for entry in given]
        gaps = [_gap(entry, gap) for entry in given for gap in entry.gaps]
        refused = [_refused(entry.market, one) for entry in given for one in entry.refused]
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(statement("ledger_upsert_window"), windows)
            cursor.executemany(statement("ledger_delete_gaps"), windows)
            if gaps:
                cursor.executemany(statement("ledger_insert_gap"), gaps)
            if refused:
                cursor.executemany(statement("quarantine"), refused)

    def refuse(self, market: Market, refused: Iterable[Refused]) -> None:
        """Keeps refused rows of days that have no entry, such as one that has not begun."""
        rows = [_refused(market, one) for one in refused]
        if rows:
            with self._connection.transaction(), self._connection.cursor() as cursor:
                cursor.executemany(statement("quarantine"), rows)


def _refused(market: Market, one: Refused) -> dict[str, Any]:
    from psycopg.types.json import Jsonb

    return {
        "source": f"candles/{market.exchange}",
        "row_key": f"{market.symbol} {market.timeframe} {one.key}",
        "reason": one.reason,
        "payload": Jsonb(one.payload),
    }


def _window(entry: Entry) -> dict[str, Any]:
    return _market(entry) | {
        "window_start": moment(entry.window.start),
        "window_end": moment(entry.window.end),
        "state": entry.state,
        "expected": entry.expected,
        "got": entry.got,
        "confirmed_empty": entry.empty,
        "quarantined": len(entry.refused),
        "corrections": entry.corrections,
        "cause": entry.cause,
        "rechecked_at": None if entry.rechecked is None else moment(entry.rechecked),
        "checked_at": moment(entry.checked),
    }


def _gap(entry: Entry, gap: Gap) -> dict[str, Any]:
    return _market(entry) | {
        "gap_start": moment(gap.range.start),
        "gap_end": moment(gap.range.end),
        "state": gap.state,
        "cause": gap.cause,
        "answers": gap.answers,
        "first_seen_at": moment(gap.first_seen),
        "checked_at": moment(gap.checked),
    }


def _market(entry: Entry) -> dict[str, str]:
    market = entry.market
    return {"exchange": market.exchange, "symbol": market.symbol, "timeframe": market.timeframe}


def _bounds(window: Range) -> dict[str, datetime]:
    return {"start": moment(window.start), "end": moment(window.end)}


def _ms(value: datetime) -> int:
    return round(value.timestamp() * 1000)
