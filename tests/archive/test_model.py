"""Random schedules of writes, corrections, erasures, archives, purges and crashes against a dictionary.

After every step both stores together hold what was written.

CANDLEHOUSE_MODEL_EXAMPLES (default 30) says how many schedules are drawn, CANDLEHOUSE_MODEL_STEPS (20) how long they
are. A crash is an exception at a crash point that nothing in the engine catches, and new connections after it; the
theatre kills real processes.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import clickhouse_connect
import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from dagster_project.lib.archive import purge as purging
from dagster_project.lib.archive.crash_points import CRASH_POINTS
from dagster_project.lib.archive.engine import archive
from dagster_project.lib.erasure.erase import CRASH_POINTS as ERASURE_POINTS
from dagster_project.lib.erasure.erase import Stores, erase
from dagster_project.lib.erasure.subject import Subject

House = Any
ROOMS = ("dagster_project.lib.archive.", "dagster_project.lib.erasure.")
EXAMPLES = int(os.environ.get("CANDLEHOUSE_MODEL_EXAMPLES", "30"))
STEPS = int(os.environ.get("CANDLEHOUSE_MODEL_STEPS", "20"))
COLUMNS = "id, status, net_pnl, fee, closed_at, updated_at"

# An erased id is spent.
ids = st.sampled_from([f"t{number}" for number in range(6)])
money = st.decimals(min_value=-(10**19), max_value=10**19, places=18)
fees = st.none() | st.decimals(min_value=0, max_value=10**19, places=18)
# Around a change of month, so that corrections move rows between partitions.
times = st.datetimes(datetime(2025, 9, 29), datetime(2025, 10, 3), timezones=st.just(UTC))  # noqa: DTZ001
crashes = st.none() | st.tuples(st.sampled_from(list(CRASH_POINTS)), st.integers(1, 3))
erasure_crashes = st.none() | st.tuples(st.sampled_from(list(ERASURE_POINTS)), st.just(1))


class Killed(BaseException):
    """A crash point that was reached."""


@contextmanager
def crash_at(where: tuple[str, int] | None) -> Iterator[None]:
    """Raises Killed at a crash point of the archive or the erasure the given time that it is reached."""
    seen: Counter[str] = Counter()

    def reach(name: str) -> None:
        seen[name] += 1
        if where == (name, seen[name]):
            raise Killed(name)

    with pytest.MonkeyPatch.context() as patch:
        for name, module in list(sys.modules.items()):
            if name.startswith(ROOMS) and hasattr(module, "reach"):
                patch.setattr(module, "reach", reach)
        yield


class Schedule(RuleBasedStateMachine):
    """`written`: id -> (status, net_pnl, fee, closed_at, version) as PostgreSQL acknowledged it."""

    house: House

    def __init__(self) -> None:
        super().__init__()
        house = self.house
        house.clear()
        house.connection.execute("INSERT INTO agents (id, display_name) VALUES ('a', 'a') ON CONFLICT DO NOTHING")
        self.written: dict[str, tuple[Any, ...]] = {}
        self.erased: set[str] = set()
        self.connection: psycopg.Connection = house.connect()
        self.client = self._new_client()

    def _new_client(self) -> Any:
        return clickhouse_connect.get_client(
            dsn=self.house.settings.clickhouse_url, autogenerate_session_id=False, query_limit=0
        )

    def _try(self, call: Callable[[], object], crash: tuple[str, int] | None) -> None:
        """Works until it is done or killed; a killed process leaves its connections behind."""
        with crash_at(crash), suppress(Killed):
            call()
            return
        self.connection.close()
        self.client.close()
        self.connection, self.client = self.house.connect(), self._new_client()

    def _acknowledge(self, rows: list[tuple[Any, ...]]) -> None:
        for name, *values in rows:
            self.written[name] = tuple(values)

    @rule(name=ids, is_open=st.booleans(), pnl=money, fee=fees, when=times, ahead=st.sampled_from((0, 30)))
    def upsert(self, name: str, is_open: bool, pnl: Decimal, fee: Decimal | None, when: datetime, ahead: int) -> None:
        """A row new or known, purged or not; `ahead`: the writer's clock is so many minutes ahead."""
        if name in self.erased:
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="was erased on request"):
                self._upsert(name, is_open, pnl, fee, when, ahead)
        else:
            self._acknowledge(self._upsert(name, is_open, pnl, fee, when, ahead))

    def _upsert(
        self, name: str, is_open: bool, pnl: Decimal, fee: Decimal | None, when: datetime, ahead: int
    ) -> list[tuple[Any, ...]]:
        return self.house.connection.execute(
            "INSERT INTO trades (id, status, net_pnl, fee, closed_at, updated_at, agent_id, exchange, symbol, side)"
            " VALUES (%s, %s, %s, %s, %s, clock_timestamp() + make_interval(mins => %s), 'a', 'x', 'BTC', 'long')"
            " ON CONFLICT (id) DO UPDATE SET status = excluded.status, net_pnl = excluded.net_pnl, fee = excluded.fee,"
            f" closed_at = excluded.closed_at RETURNING {COLUMNS}",
            [name, "open" if is_open else "closed", pnl, fee, None if is_open else when, ahead],
        ).fetchall()

    @precondition(lambda self: self.written)
    @rule(data=st.data(), what=st.sampled_from(("correct", "reopen", "close")), pnl=money, when=times)
    def change(self, data: Any, what: str, pnl: Decimal, when: datetime) -> None:
        """An UPDATE, if PostgreSQL still has the row in that state: money and time, which may be of another month."""
        match what:
            case "correct":
                self._update(data, "net_pnl = %s, closed_at = %s", "AND status = 'closed'", pnl, when)
            case "reopen":
                self._update(data, "status = 'open', closed_at = NULL", "AND status = 'closed'")
            case _:
                self._update(data, "status = 'closed', closed_at = %s", "AND status = 'open'", when)

    def _update(self, data: Any, assignment: str, condition: str, *values: Any) -> None:
        name = data.draw(st.sampled_from(sorted(self.written)))
        rows = self.house.connection.execute(
            f"UPDATE trades SET {assignment} WHERE id = %s {condition} RETURNING {COLUMNS}".encode(), [*values, name]
        ).fetchall()
        self._acknowledge(rows)

    @precondition(lambda self: self.written)
    @rule(data=st.data())
    def delete(self, data: Any) -> None:
        """Anybody deletes a row by hand: only what ClickHouse holds in this very version goes."""
        name = data.draw(st.sampled_from(sorted(self.written)))
        with suppress(psycopg.errors.IntegrityConstraintViolation):
            self.house.connection.execute("DELETE FROM trades WHERE id = %s", [name])

    @precondition(lambda self: self.written)
    @rule(data=st.data(), crash=erasure_crashes, rare=st.integers(0, 2))
    def erase(self, data: Any, crash: tuple[str, int] | None, rare: int) -> None:
        """Somebody asks for a row to be deleted; a killed erasure leaves all of it or is gone on with."""
        if rare:
            return
        name = data.draw(st.sampled_from(sorted(self.written)))
        self._try(lambda: self._erase(name), crash)
        begun = self.house.connection.execute("SELECT 1 FROM ops.erased_rows WHERE key = %s", [name]).fetchone()
        if begun or crash is None:
            self._erase(name)
            self.erased.add(name)
            del self.written[name]
        known = self.house.connection.execute("SELECT trade_id FROM analytics.trade_facts").fetchall()
        assert not self.erased & {trade for (trade,) in known}
        marked = self.house.connection.execute(
            "SELECT key FROM ops.archive_marks UNION SELECT id FROM ops.trades_kept"
        ).fetchall()
        assert not self.erased & {key for (key,) in marked}

    def _erase(self, name: str) -> None:
        stores = Stores(self.connection, self.client, "analytics", self.house.settings.clickhouse_analytics, wait=False)
        erase(stores, Subject.of_rows("trades", (name,)))

    @rule(crash=crashes, batch_rows=st.integers(1, 4), full=st.booleans(), ahead=st.booleans())
    def archive(self, crash: tuple[str, int] | None, batch_rows: int, full: bool, ahead: bool) -> None:
        """A pass, perhaps killed; `ahead`: PostgreSQL's clock is two hours ahead of what it was and will be."""
        settle = timedelta(hours=-2 if ahead else 0)
        policy = replace(self.house.trades, batch_rows=batch_rows, settle=settle)
        self._try(lambda: archive(policy, self.connection, self.client, full=full), crash)

    @rule(crash=crashes, build=st.booleans())
    def purge(self, crash: tuple[str, int] | None, build: bool) -> None:
        """A purge, perhaps killed, perhaps before the mart knows the newest rows."""
        if build:
            self._build_mart()
        self._try(lambda: purging.purge(self.house.trades, self.connection), crash)

    def _build_mart(self) -> None:
        self.house.connection.execute(
            "INSERT INTO analytics.trade_facts SELECT id FROM trades WHERE status = 'closed' ON CONFLICT DO NOTHING"
        )

    @rule(ahead=st.booleans(), merge=st.booleans())
    def day(self, ahead: bool, merge: bool) -> None:
        """Archive, mart and purge come through undisturbed; ClickHouse merges everything, or not."""
        self.archive(None, 2, full=False, ahead=ahead)
        self.purge(None, build=True)
        if merge:
            self.house.client.command("OPTIMIZE TABLE trades_history_versions FINAL")

    def _stores(self) -> tuple[dict[str, tuple[Any, ...]], dict[str, tuple[Any, ...]]]:
        here = self.house.connection.execute(f"SELECT {COLUMNS} FROM trades".encode()).fetchall()
        there = self.house.client.query(f"SELECT {COLUMNS} FROM trades_history").result_rows
        assert [name for name, times in Counter(row[0] for row in there).items() if times > 1] == []
        # clickhouse-connect gives UTC columns without a zone.
        aware: list[list[Any]] = [
            [cell.replace(tzinfo=UTC) if isinstance(cell, datetime) else cell for cell in row] for row in there
        ]
        return {name: tuple(rest) for name, *rest in here}, {name: tuple(rest) for name, *rest in aware}

    @invariant()
    def both_stores_together_hold_every_row_once(self) -> None:
        """PostgreSQL's row counts; without one, ClickHouse's. What is marked is in ClickHouse."""
        here, there = self._stores()
        assert there | here == self.written
        marks = self.house.connection.execute("SELECT key, version FROM ops.archive_marks").fetchall()
        for name, version in marks:
            if name in here and here[name][-1] == version and here[name][0] == "closed":
                assert there.get(name) == here[name]

    def teardown(self) -> None:
        """Everything is archived and purged: open rows here, closed ones there, none in both."""
        try:
            hours = timedelta(hours=-2)
            while archive(replace(self.house.trades, settle=hours), self.connection, self.client).rows:
                pass
            self._build_mart()
            purging.purge(self.house.trades, self.connection)
            here, there = self._stores()
            assert here.keys() & there.keys() == set()
            assert {row[0] for row in here.values()} <= {"open"}
            assert there | here == self.written
        finally:
            self.connection.close()
            self.client.close()


def test_random_schedules_lose_and_double_nothing(house: House) -> None:
    run_state_machine_as_test(
        type("Schedule", (Schedule,), {"house": house}),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            # Shrinking a schedule takes minutes: only when somebody looks for one.
            phases=[Phase.generate] + [Phase.shrink] * ("CANDLEHOUSE_MODEL_EXAMPLES" in os.environ),
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        ),
    )
