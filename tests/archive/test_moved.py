"""A close that moves to another month: each trade once, and queries read the months that they ask for."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from dagster_project.lib import moved_trades
from dagster_project.lib.archive.parity import compare
from dagster_project.migrations import SQL_ROOT, clickhouse_statements

House = Any
MONTHS = "toYYYYMM(closed_at)"


def move(house: House, closed: str, name: str = "t1") -> None:
    """A correction of the close travels."""
    house.connection.execute("UPDATE trades SET closed_at = %s WHERE id = %s", [closed, name])
    house.archive()


def stored(house: House) -> list[tuple[Any, ...]]:
    """Month and status of what each month holds."""
    return house.client.query(
        f"SELECT {MONTHS} AS month, status FROM (SELECT * FROM trades_history_versions ORDER BY updated_at DESC"
        f" LIMIT 1 BY agent_id, id, {MONTHS}) ORDER BY month, status"
    ).result_rows


def stray(house: House, month: int, version: str) -> None:
    """A version that nobody announced, as one that arrives late."""
    house.client.command(
        "INSERT INTO trades_history_versions (id, agent_id, exchange, symbol, side, status, net_pnl, closed_at,"
        " updated_at) VALUES ('t1', 'a', 'x', 'BTC', 'long', 'closed',"
        f" {month}, '2025-{month:02}-05 00:00:00', '{version}')"
    )


def test_a_close_that_moves_there_and_back_is_shown_where_it_is(house: House) -> None:
    house.insert("t1", "t2")
    house.archive()
    for closed, month in (
        ("2025-11-02", 202511),
        ("2025-12-02", 202512),
        ("2025-10-01", 202510),
        ("2025-11-03", 202511),
    ):
        move(house, closed)
        assert house.history(f"id, {MONTHS}") == [("t1", month), ("t2", 202510)]
    house.client.command("OPTIMIZE TABLE trades_history_versions FINAL")
    assert house.history(f"id, {MONTHS}") == [("t1", 202511), ("t2", 202510)]
    assert stored(house) == [(202510, "closed"), (202510, "moved"), (202511, "closed"), (202512, "moved")]
    everything = "SELECT id, status FROM trades_history_versions FINAL ORDER BY id"
    assert house.client.query(everything).result_rows == [("t1", "closed"), ("t2", "closed")]
    assert compare(house.trades, house.connection, house.client, deep=True).agree
    assert moved_trades.hide_left(house.client) == 0


def test_many_closes_that_move_at_once_are_shown_once(house: House) -> None:
    house.insert(*(f"t{number}\t\\'" for number in range(12_000)))
    house.archive()
    house.connection.execute("UPDATE trades SET closed_at = closed_at + interval '1 month'")
    house.archive()
    found = house.client.query("SELECT count(), uniqExact(id), min(toMonth(closed_at)) FROM trades_history")
    assert found.result_rows == [(12_000, 12_000, 11)]


def test_a_correction_within_the_month_hides_nothing(house: House) -> None:
    house.insert("t1")
    house.archive()
    move(house, "2025-10-27")
    house.client.command("OPTIMIZE TABLE trades_history_versions FINAL")
    assert house.client.query("SELECT count() FROM trades_history_versions").result_rows == [(1,)]


def test_a_trade_that_left_postgresql_and_comes_back_in_another_month_is_shown_once(house: House) -> None:
    house.insert("t1")
    house.archive()
    assert house.purge().rows == 1
    house.insert("t1", closed_at=datetime(2025, 12, 24, tzinfo=UTC), net_pnl=Decimal(7))
    house.archive()
    assert house.history("id, net_pnl") == [("t1", Decimal(7))]


def test_a_reopened_trade_is_shown_in_no_month(house: House) -> None:
    house.insert("t1", opened_at=datetime(2025, 8, 1, tzinfo=UTC))
    house.archive()
    house.connection.execute("UPDATE trades SET status = 'open', closed_at = NULL")
    house.archive()
    assert house.history() == []
    assert stored(house) == [(202508, "open"), (202510, "moved")]


def test_a_close_that_changed_twice_between_two_passes_hides_what_travelled(house: House) -> None:
    house.insert("t1")
    house.archive()
    house.connection.execute("UPDATE trades SET closed_at = '2025-11-02'")
    move(house, "2025-12-02")
    assert house.history(MONTHS) == [202512]
    assert stored(house) == [(202510, "moved"), (202512, "closed")]


def test_an_old_trade_that_is_corrected_twice_between_two_passes_is_shown_once(house: House) -> None:
    house.insert("t1")
    house.connection.execute("ALTER TABLE trades DISABLE TRIGGER USER")
    house.connection.execute("UPDATE trades SET updated_at = now() - interval '30 days'")
    house.connection.execute("ALTER TABLE trades ENABLE TRIGGER USER")
    house.archive()
    house.connection.execute("UPDATE trades SET closed_at = '2025-11-02'")
    move(house, "2025-11-03")
    assert house.history(MONTHS) == [202511]


def test_versions_that_were_replaced_last_week_are_not_kept(house: House) -> None:
    house.insert("t1")
    for days in (30, 20, 9):
        house.connection.execute("ALTER TABLE trades DISABLE TRIGGER USER")
        house.connection.execute(
            "UPDATE trades SET updated_at = now() - make_interval(days => %s), net_pnl = %s", [days, days]
        )
        house.connection.execute("ALTER TABLE trades ENABLE TRIGGER USER")
        house.connection.execute("UPDATE trades SET net_pnl = 0")
    kept = house.connection.execute("SELECT net_pnl FROM ops.trades_kept ORDER BY updated_at").fetchall()
    assert kept == [(9,)]


def test_killed_between_hiding_and_sending_the_trade_is_in_postgresql_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dagster_project.lib.archive import engine

    def die(name: str) -> None:
        if name == "after_hide":
            raise KeyboardInterrupt

    house.insert("t1")
    house.archive()
    monkeypatch.setattr(engine, "reach", die)
    with pytest.raises(KeyboardInterrupt):
        move(house, "2025-11-02")
    monkeypatch.undo()
    assert (house.ids(), house.history(), house.marked()) == (["t1"], [], [])
    house.archive()
    assert house.history(MONTHS) == [202511]


def test_a_version_that_nobody_announced_is_found_and_hidden(house: House) -> None:
    stray(house, 10, "2025-12-01 00:00:00")
    stray(house, 11, "2025-12-03 00:00:00")
    stray(house, 12, "2025-12-02 00:00:00")
    assert moved_trades.hide_left(house.client) == 1
    assert house.history("net_pnl") == [11]
    assert moved_trades.hide_left(house.client) == 0


def test_versions_of_one_time_in_two_months_count_once(house: House) -> None:
    for month in (10, 11):
        stray(house, month, "2025-12-01 00:00:00")
    assert moved_trades.hide_left(house.client) == 1
    assert len(house.history()) == 1
    assert moved_trades.hide_left(house.client) == 0


def test_the_migration_hides_what_was_there_before_it(house: House) -> None:
    for month, version in ((10, "2025-12-01"), (11, "2025-12-03"), (12, "2025-12-02")):
        stray(house, month, f"{version} 00:00:00")
    house.client.command(clickhouse_statements(SQL_ROOT / "clickhouse" / "0022_moved_trades.sql")[0])
    assert house.history("net_pnl") == [11]


def test_what_applications_write_into_another_month_is_shown_once(house: House) -> None:
    write = f"{house.settings.clickhouse_facade_prefix}hybrid_write.trades_history"
    for closed in ("2025-10-05", "2025-11-05", "2025-11-04"):
        house.client.command(
            f"INSERT INTO {write} (id, agent_id, side, closed_at) VALUES ('t1', 'a', 'long', '{closed} 00:00:00'),"
            f" ('t2', 'a', 'long', '2025-10-07 00:00:00')"
        )
    assert house.history("id, toString(toDate(closed_at))") == [("t1", "2025-11-05"), ("t2", "2025-10-07")]
    assert house.client.query("SELECT user_id FROM trades_history_versions WHERE status = 'moved'").result_rows == [
        (None,)
    ]


def test_what_applications_stream_into_another_month_is_there_and_shown_once(house: House) -> None:
    database = f"{house.settings.clickhouse_facade_prefix}hybrid_write"
    for month in (10, 11):
        house.client.insert(
            "trades_history",
            [(f"t{number}", f"a{number % 50}", datetime(2025, month, 5, tzinfo=UTC)) for number in range(20_000)],
            column_names=["id", "agent_id", "closed_at"],
            database=database,
        )
    found = house.client.query("SELECT count(), uniqExact(id), min(toMonth(closed_at)) FROM trades_history")
    assert found.result_rows == [(20_000, 20_000, 11)]


def test_a_query_about_one_month_reads_no_other(house: House) -> None:
    house.insert("t1", "t2", "t3")
    house.insert("u1", closed_at=datetime(2025, 12, 24, tzinfo=UTC))
    house.archive()
    plan = "\n".join(
        row[0]
        for row in house.client.query(
            "EXPLAIN indexes = 1 SELECT sum(net_pnl) FROM trades_history WHERE closed_at > '2025-12-01 00:00:00'"
        ).result_rows
    )
    assert "Parts: 1/2" in plan, plan
