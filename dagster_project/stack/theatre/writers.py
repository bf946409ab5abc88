"""Applications that go on trading while the archive is killed: inserts, corrections, reopened trades, upserts."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from dagster_project.stack.theatre.ledger import Ledger, Trade

if TYPE_CHECKING:
    import psycopg

COLUMNS = ("id", "status", "quantity", "net_pnl", "fee", "closed_at", "exit_reason")
_VALUES = (
    "%(id)s, %(status)s, %(quantity)s, %(net_pnl)s, %(fee)s, %(closed_at)s, %(exit_reason)s,"
    " 'theatre', 'theatre', 'BTC', 'long', %(details)s"
)
_INSERT = f"INSERT INTO trades ({', '.join(COLUMNS)}, agent_id, exchange, symbol, side, details) VALUES ({_VALUES})"
_SET = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
_UPSERT = f"{_INSERT} ON CONFLICT (id) DO UPDATE SET {_SET}"
_UPDATE = f"UPDATE trades SET {', '.join(f'{name} = %({name})s' for name in COLUMNS[1:])} WHERE id = %(id)s"
_VERSION = " RETURNING updated_at"
# What makes lines of an archive more than a few bytes: quotes, a backslash, a tab.
DETAILS = '{"note": "it\'s a \\\\ and a \\t tab"}'
FIRST_CLOSE = datetime(2025, 9, 28, tzinfo=UTC)
# A pace that leaves the machine to the archiver; several hundred writes a second all the same.
PAUSE = 0.002
RETRY = 0.05


class Hand:
    """Draws the next state of a trade; seeded."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)  # noqa: S311

    def money(self) -> Decimal:
        """A signed amount of 22 digits, up to 18 of them after the point."""
        return Decimal(self.random.randint(-(10**21), 10**21)).scaleb(-self.random.choice((2, 8, 18)))

    def trade(self, name: str) -> Trade:
        """A new trade, one in eight still open."""
        is_open = self.random.random() < 0.125
        return Trade(
            id=name,
            status="open" if is_open else "closed",
            quantity=abs(self.money()) + 1,
            net_pnl=None if is_open else self.money(),
            fee=self.random.choice((None, abs(self.money()))),
            closed_at=None if is_open else self.time(),
            exit_reason="first",
        )

    def time(self) -> datetime:
        """When a trade closes: four days around a change of month."""
        return FIRST_CLOSE + timedelta(microseconds=self.random.randrange(4 * 86_400_000_000))

    def change(self, trade: Trade, number: int) -> Trade:
        """A later state: closed, reopened, or a correction of money, one in five also of the time and so the month."""
        drawn = self.random.random()
        changed = replace(trade, exit_reason=f"change {number}")
        if trade.status == "open":
            return replace(changed, status="closed", closed_at=self.time(), net_pnl=self.money())
        if drawn < 0.05:
            return replace(changed, status="open", closed_at=None)
        when = self.time() if drawn < 0.25 else trade.closed_at
        return replace(changed, net_pnl=self.money(), fee=abs(self.money()), closed_at=when)


class Writer(threading.Thread):
    """One application: ids of its own, one write at a time, retried until PostgreSQL has acknowledged it."""

    def __init__(self, url: str, ledger: Ledger, name: str, seed: int) -> None:
        super().__init__(name=f"writer-{name}", daemon=True)
        self.url, self.ledger, self.prefix = url, ledger, name
        self.hand = Hand(f"{seed}-{name}")
        self.trades: dict[str, Trade] = {}
        self.writes = 0
        self.problem: str | None = None
        self.idle = threading.Event()
        self._stop_asked = threading.Event()
        self._may_run = threading.Event()
        self._may_run.set()
        self._connection: psycopg.Connection | None = None

    def run(self) -> None:
        """Writes until it is told to stop."""
        try:
            while not self._stop_asked.is_set():
                if not self._may_run.is_set():
                    self.idle.set()
                    self._may_run.wait()
                    self.idle.clear()
                    continue
                self._one()
                time.sleep(PAUSE)
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}"
        finally:
            self.idle.set()
            if self._connection is not None:
                self._connection.close()

    def pause(self) -> None:
        """Asks for no further write; `idle` is set when the last one is acknowledged."""
        self._may_run.clear()

    def resume(self) -> None:
        """Goes on."""
        self._may_run.set()

    def end(self) -> None:
        """Asks it to end."""
        self._stop_asked.set()
        self._may_run.set()

    def _one(self) -> None:
        drawn = self.hand.random.random()
        if drawn < 0.5 or not self.trades:
            trade, statement = self.hand.trade(f"{self.prefix}-{len(self.trades):06d}"), _INSERT
        else:
            known = self.trades[self.hand.random.choice(list(self.trades))]
            trade = self.hand.change(known, self.writes)
            statement = _UPDATE if drawn < 0.8 else _UPSERT
        self.trades[trade.id] = trade
        self.ledger.acknowledge(trade, self._write(statement, trade))
        self.writes += 1

    def _write(self, statement: str, trade: Trade) -> datetime:
        """Writes until it is acknowledged, after an error by upsert. Returns the version."""
        import psycopg

        values = {name: getattr(trade, name) for name in COLUMNS} | {"details": DETAILS}
        while True:
            try:
                if self._connection is None or self._connection.closed:
                    self._connection = psycopg.connect(
                        self.url, autocommit=True, connect_timeout=5, options="-c timezone=UTC"
                    )
                row = self._connection.execute((statement + _VERSION).encode(), values).fetchone()
                if row is not None:
                    return row[0].astimezone(UTC)
            except psycopg.OperationalError:
                if self._stop_asked.is_set():
                    raise
                time.sleep(RETRY)
            # Purged meanwhile, or perhaps written before the connection broke.
            statement = _UPSERT


class Crowd:
    """Several writers over one ledger."""

    def __init__(self, url: str, seed: int, size: int = 2) -> None:
        self.ledger = Ledger()
        self._url = url
        self._writers = [Writer(url, self.ledger, f"w{number}", seed) for number in range(size)]
        self._seed = seed

    def seed(self, rows: int) -> None:
        """Trades that were there before; the writers' own, so that they are corrected too."""
        import psycopg

        hand = Hand(f"{self._seed}-before")
        drawn: dict[str, Trade] = {}
        for number in range(rows):
            writer = self._writers[number % len(self._writers)]
            trade = hand.trade(f"{writer.prefix}-{len(writer.trades):06d}")
            writer.trades[trade.id] = drawn[trade.id] = trade
        with psycopg.connect(self._url, options="-c timezone=UTC") as connection:
            with connection.cursor() as cursor:
                cursor.executemany(
                    _INSERT.encode(),
                    [
                        {name: getattr(trade, name) for name in COLUMNS} | {"details": DETAILS}
                        for trade in drawn.values()
                    ],
                )
            for name, version in connection.execute("SELECT id, updated_at FROM trades"):
                self.ledger.acknowledge(drawn[name], version.astimezone(UTC))

    def start(self) -> None:
        """All begin to write."""
        for writer in self._writers:
            writer.start()

    def pause(self, patience: float = 60.0) -> None:
        """Returns when no write is under way. Raises TimeoutError when PostgreSQL does not take one in time."""
        for writer in self._writers:
            writer.pause()
        deadline = time.monotonic() + patience
        for writer in self._writers:
            if not writer.idle.wait(max(0.0, deadline - time.monotonic())):
                raise TimeoutError(f"{writer.name}: PostgreSQL has not taken a write for {patience:.0f} s")

    def resume(self) -> None:
        """They go on."""
        for writer in self._writers:
            writer.resume()

    def write_more(self, writes: int, patience: float = 60.0) -> None:
        """Returns when so many further writes are acknowledged, when no writer is left, or after `patience` seconds."""
        target, deadline = self.ledger.writes + writes, time.monotonic() + patience
        while self.ledger.writes < target and time.monotonic() < deadline:
            if self.problems() or not any(writer.is_alive() for writer in self._writers):
                return
            time.sleep(0.01)

    def end(self) -> None:
        """All stop."""
        for writer in self._writers:
            writer.end()
        for writer in self._writers:
            if writer.ident is not None:
                writer.join(30)

    def problems(self) -> list[str]:
        """What PostgreSQL refused to the writers."""
        return [f"{writer.name}: {writer.problem}" for writer in self._writers if writer.problem]
