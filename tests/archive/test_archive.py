"""The archive on real engines: complete, exact, proven, idempotent."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dagster_project.lib.archive.contract import ContractBroken
from dagster_project.lib.archive.engine import NotVerified, only_archiver
from dagster_project.lib.parity import same

House = Any

money = st.none() | st.decimals(min_value=-(10**19), max_value=10**19, places=18)
positive = st.decimals(min_value="0.000000000000000001", max_value=10**19, places=18)
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
words = st.none() | st.text(characters, max_size=12)
times = st.datetimes(datetime(1970, 1, 1), datetime(2299, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
NASTY = "'\\'\\\\v\v\t\n\r\b\f\x01\x7f\"\U0001f600\u2028\\N"
row = st.fixed_dictionaries(
    {
        "quantity": positive,
        "net_pnl": money,
        "fee": money,
        "entry_reason": words,
        "exit_reason": words,
        "opened_at": st.none(),
        "closed_at": times,
        "details": st.dictionaries(st.text(characters, min_size=1, max_size=6), words, max_size=2),
    }
)
EXTREME: dict[str, Any] = {
    "quantity": Decimal("99999999999999999999.999999999999999999"),
    "net_pnl": Decimal("-99999999999999999999.999999999999999999"),
    "fee": Decimal("0.000000000000000001"),
    "entry_reason": NASTY,
    "exit_reason": "",
    "opened_at": None,
    "closed_at": datetime(2299, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    "details": {"it's": NASTY.replace("\x01", "")},
}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(row, min_size=1, max_size=12), st.integers(1, 5))
@example([EXTREME, EXTREME, EXTREME | {"net_pnl": None, "fee": None, "closed_at": datetime(1970, 1, 1, tzinfo=UTC)}], 2)
def test_every_cell_arrives_as_it_was(house: House, drawn: list[dict[str, Any]], batch_rows: int) -> None:
    house.clear()
    for number, values in enumerate(drawn):
        house.insert(f"t{number}", **values | {"details": json.dumps(values["details"])})
    done = house.archive(policy=replace(house.trades, batch_rows=batch_rows))
    assert (done.rows, done.quarantined) == (len(drawn), 0)
    assert done.batches == -(-len(drawn) // batch_rows)
    columns = ", ".join(column.name for column in house.trades.columns if column.name != "details")
    arrived = house.client.query(f"SELECT {columns} FROM trades_history ORDER BY id").result_rows
    sent = house.connection.execute(f"SELECT {columns} FROM trades ORDER BY id".encode()).fetchall()
    pairs = [pair for left, right in zip(sent, arrived, strict=True) for pair in zip(left, right, strict=True)]
    assert [pair for pair in pairs if not same(*pair)] == []
    details = house.connection.execute("SELECT details FROM trades ORDER BY id").fetchall()
    assert [json.loads(text) for text in house.history("details")] == [document for (document,) in details]
    assert house.marked() == sorted(f"t{number}" for number in range(len(drawn)))
    assert house.archive().rows == 0


def test_the_manifest_stores_both_sides(house: House) -> None:
    house.insert("t1", "t2", net_pnl=Decimal("0.100"), fee=None)
    house.archive(run_id="run-1")
    found = house.connection.execute(
        "SELECT verdict, rows, row_keys, postgres, clickhouse, days, run_id, software, queries"
        " FROM ops.archive_manifests"
    ).fetchall()
    [(verdict, rows, keys, postgres, clickhouse, days, run_id, software, queries)] = found
    assert (verdict, rows, keys, run_id) == ("verified", 2, ["t1", "t2"], "run-1")
    assert postgres == clickhouse
    assert postgres["sums"] == {"quantity": "2", "net_pnl": "0.2", "fee": None}
    assert postgres["times"]["closed_at"] == ["2025-10-26 00:00:00.000000"] * 2
    assert days == {"2025-10-26": {"rows": 2, "sums": {"quantity": "2", "net_pnl": "0.2", "fee": None}}}
    assert "PostgreSQL" in software
    assert "ClickHouse" in software
    assert all(len(name) == 36 for name in queries.values())


def test_a_manifest_is_append_only(house: House) -> None:
    house.insert("t1")
    house.archive()
    for statement in (
        "UPDATE ops.archive_manifests SET verdict = 'failed'",
        "DELETE FROM ops.archive_manifests",
        "TRUNCATE ops.archive_manifests",
    ):
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
            house.connection.execute(statement.encode())


def test_a_tampered_row_is_not_verified_and_nothing_is_marked(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_project.lib.archive import warehouse

    insert = warehouse.insert

    def tampering(client: Any, *arguments: Any) -> str:
        query_id = insert(client, *arguments)
        client.command(
            "ALTER TABLE trades_history_versions"
            " UPDATE net_pnl = net_pnl + toDecimal128('0.000000000000000001', 18) WHERE id = 't2'",
            settings={"mutations_sync": 2},
        )
        return query_id

    monkeypatch.setattr(warehouse, "insert", tampering)
    house.insert("t1", "t2", "t3")
    with pytest.raises(NotVerified, match=r"sum of net_pnl: 4\.5 in PostgreSQL, 4\.500000000000000001 in ClickHouse"):
        house.archive()
    assert house.marked() == []
    assert house.connection.execute("SELECT verdict, row_keys FROM ops.archive_manifests").fetchall() == [
        ("failed", [])
    ]
    monkeypatch.undo()
    house.client.command("TRUNCATE TABLE trades_history_versions")
    assert house.archive().rows == 3
    assert house.marked() == ["t1", "t2", "t3"]


@pytest.mark.parametrize("column", ["symbol", "details", "exit_reason", "leverage", "opened_at"])
def test_a_change_in_any_column_is_seen(house: House, monkeypatch: pytest.MonkeyPatch, column: str) -> None:
    from dagster_project.lib.archive import warehouse

    changed = {
        "symbol": "'ETH'",
        "details": "'{}'",
        "exit_reason": "NULL",
        "leverage": "1.1",
        "opened_at": "opened_at + toIntervalMicrosecond(1)",
    }[column]
    insert = warehouse.insert

    def tampering(client: Any, *arguments: Any) -> str:
        query_id = insert(client, *arguments)
        client.command(
            f"ALTER TABLE trades_history_versions UPDATE {column} = {changed} WHERE id = 't2'",
            settings={"mutations_sync": 2},
        )
        return query_id

    monkeypatch.setattr(warehouse, "insert", tampering)
    house.insert(
        "t1",
        "t2",
        details='{"a": 1}',
        exit_reason="",
        leverage=Decimal(1),
        opened_at=datetime(2025, 10, 1, tzinfo=UTC),
    )
    with pytest.raises(NotVerified, match="hash of the rows"):
        house.archive()


def test_the_same_batch_after_a_delete_and_inside_of_the_window_arrives(house: House) -> None:
    house.insert("t1", "t2")
    house.archive()
    house.connection.execute("SET session_replication_role = replica")
    house.connection.execute("TRUNCATE ops.archive_manifests, ops.archive_marks")
    house.connection.execute(
        "UPDATE ops.archive_progress SET done_version = '-infinity', horizon = '-infinity', full_at = NULL"
    )
    house.connection.execute("RESET session_replication_role")
    house.client.command("ALTER TABLE trades_history_versions DELETE WHERE true", settings={"mutations_sync": 2})
    assert house.history() == []
    assert house.archive().rows == 2
    assert house.history() == ["t1", "t2"]


def test_the_same_batch_after_the_window_shows_once(house: House) -> None:
    house.insert("t1", "t2")
    house.archive()
    house.connection.execute("SET session_replication_role = replica")
    house.connection.execute("TRUNCATE ops.archive_manifests, ops.archive_marks")
    house.connection.execute("UPDATE ops.archive_progress SET done_version = '-infinity', full_at = NULL")
    house.connection.execute("RESET session_replication_role")
    window = "ALTER TABLE trades_history_versions MODIFY SETTING non_replicated_deduplication_window = {}"
    house.client.command(window.format(0))
    try:
        assert house.archive().rows == 2
    finally:
        house.client.command(window.format(1000))
    assert house.client.command("SELECT count() FROM trades_history_versions") in (2, 4)
    assert house.history() == ["t1", "t2"]


def test_a_version_that_is_marked_already_keeps_its_mark(house: House) -> None:
    house.insert("t1", "t2")
    house.archive(policy=replace(house.trades, batch_rows=1))
    marks = house.connection.execute("SELECT key, batch FROM ops.archive_marks ORDER BY key").fetchall()
    house.insert("t3")
    house.connection.execute("UPDATE ops.archive_progress SET done_version = '-infinity' WHERE policy = 'trades'")
    assert house.archive().rows == 3
    assert house.connection.execute("SELECT key, batch FROM ops.archive_marks ORDER BY key").fetchall()[:2] == marks
    assert house.marked() == ["t1", "t2", "t3"]
    assert house.history() == ["t1", "t2", "t3"]


def test_open_and_unsettled_trades_stay(house: House) -> None:
    house.insert("t1")
    house.insert("t2", status="open", closed_at=None)
    assert house.archive(policy=replace(house.trades, settle=timedelta(hours=1))).rows == 0
    assert house.archive().rows == 1


def test_a_transaction_that_commits_late_is_waited_for(house: House) -> None:
    with house.connect() as other, other.transaction():
        other.execute("INSERT INTO agents (id, display_name) VALUES ('late', 'late')")
        house.insert("t1")
        assert house.archive().rows == 0
    assert house.archive().rows == 1


def test_a_correction_travels_and_shows_once(house: House) -> None:
    house.insert("t1", "t2")
    house.archive()
    house.connection.execute("UPDATE trades SET net_pnl = -7 WHERE id = 't1'")
    assert house.marked() == ["t2"]
    assert house.archive().rows == 1
    assert house.history("id, net_pnl") == [("t1", Decimal(-7)), ("t2", Decimal("1.5"))]
    assert house.marked() == ["t1", "t2"]


def test_an_update_that_changes_nothing_does_not_travel(house: House) -> None:
    house.insert("t1")
    house.archive()
    house.connection.execute("UPDATE trades SET net_pnl = net_pnl")
    assert house.archive().rows == 0


def test_a_correction_into_another_month_leaves_no_ghost(house: House) -> None:
    house.insert("t1")
    house.archive()
    house.connection.execute("UPDATE trades SET closed_at = '2025-11-02 00:00:00+00'")
    assert house.archive().rows == 1
    assert house.history("toMonth(closed_at)") == [11]


def test_a_reopened_trade_disappears_from_the_history_and_comes_back(house: House) -> None:
    house.insert("t1", "t2")
    house.archive()
    house.connection.execute("UPDATE trades SET status = 'open', closed_at = NULL WHERE id = 't1'")
    assert house.archive().rows == 1
    assert house.history() == ["t2"]
    assert house.purge().rows == 1
    assert house.ids() == ["t1"]
    house.connection.execute("UPDATE trades SET status = 'closed', closed_at = '2025-12-01 00:00:00+00'")
    assert house.archive().rows == 1
    assert house.history() == ["t1", "t2"]


def test_the_key_of_a_row_never_changes(house: House) -> None:
    house.insert("t1")
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="never changes"):
        house.connection.execute("UPDATE trades SET id = 't2'")


def test_a_purge_takes_only_what_is_proven_due_and_in_the_mart(house: House) -> None:
    house.insert("t1", "t2", "t3")
    house.archive()
    assert house.purge(grace=timedelta(hours=1), facts=False).rows == 0
    house.connection.execute("INSERT INTO analytics.trade_facts VALUES ('t1')")
    held = house.purge(facts=False)
    assert (held.rows, held.waiting) == (1, 2)
    assert "trade_facts" in (held.why or "")
    house.connection.execute("UPDATE trades SET net_pnl = 9 WHERE id = 't3'")
    assert house.purge().rows == 1
    assert house.ids() == ["t3"]
    house.archive()
    assert house.purge().rows == 1
    assert house.purge().rows == 0
    assert house.history("id, net_pnl")[2] == ("t3", Decimal(9))
    assert house.one("SELECT count(*) FROM ops.archive_marks") == 0
    assert house.one("SELECT sum(rows) FROM ops.archive_purges") == 3


def test_a_mart_that_would_lose_the_row_holds_the_purge(house: House) -> None:
    house.insert("t1")
    house.archive()
    house.connection.execute("DELETE FROM ops.lasting_marts")
    assert "rebuilt without the rows, it would lose them" in house.purge().why
    assert house.ids() == ["t1"]


def test_a_purge_without_the_guard_is_refused(house: House) -> None:
    from dagster_project.lib.archive.purge import NotGuarded

    house.insert("t1")
    house.archive()
    house.connection.execute("ALTER TABLE trades DISABLE TRIGGER archive_guards_delete")
    try:
        with pytest.raises(NotGuarded, match="archive_guards_delete"):
            house.purge()
    finally:
        house.connection.execute("ALTER TABLE trades ENABLE TRIGGER archive_guards_delete")
    assert house.ids() == ["t1"]


def test_deletes_without_proof_are_refused_to_the_superuser_too(house: House) -> None:
    assert house.one("SELECT current_setting('is_superuser')") == "on"
    house.insert("t1", "t2")
    house.insert("t3", status="open", closed_at=None)
    refused = pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="no verified archive manifest")
    with refused:
        house.connection.execute("DELETE FROM trades WHERE id = 't1'")
    with refused:
        house.connection.execute("TRUNCATE trades")
    house.archive()
    with refused as caught:
        house.connection.execute("DELETE FROM trades")
    assert "1 of its rows" in str(caught.value)
    assert "t3" in str(caught.value)
    house.connection.execute("UPDATE trades SET net_pnl = 3 WHERE id = 't2'")
    with refused:
        house.connection.execute("DELETE FROM trades WHERE id = 't2'")
    assert house.connection.execute("DELETE FROM trades WHERE id = 't1'").rowcount == 1
    assert house.ids() == ["t2", "t3"]


def test_truncate_of_proven_rows_is_allowed(house: House) -> None:
    house.insert("t1")
    house.archive()
    house.connection.execute("TRUNCATE trades")
    assert house.ids() == []


def test_a_forged_mark_does_not_open_the_door(house: House) -> None:
    house.insert("t1", "t2")
    house.archive(max_batches=1, policy=replace(house.trades, batch_rows=1))
    assert house.marked() == ["t1"]
    house.connection.execute(
        "INSERT INTO ops.archive_marks SELECT 'trades', t.updated_at, t.id, m.batch, now()"
        " FROM trades AS t, ops.archive_manifests AS m WHERE t.id = 't2'"
    )
    for statement in ("DELETE FROM trades WHERE id = 't2'", "TRUNCATE trades"):
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="the first is t2"):
            house.connection.execute(statement.encode())


def test_a_manifest_whose_sides_differ_cannot_be_written(house: House) -> None:
    house.insert("t1")
    house.archive()
    with pytest.raises(psycopg.errors.CheckViolation, match="both_sides_agree"):
        house.connection.execute(
            "INSERT INTO ops.archive_manifests (policy, batch, verdict, source, target, contract, rows, bytes,"
            " row_keys, row_versions, row_digests, postgres, clickhouse, software, snapshot_at)"
            " SELECT policy, gen_random_uuid(), 'verified', source, target, contract, rows, bytes,"
            " row_keys, row_versions, row_digests, postgres, '{}', software, snapshot_at FROM ops.archive_manifests"
        )


@pytest.mark.parametrize("brought", [None, "2020-01-01 00:00:00+00"])
def test_an_upsert_after_the_purge_is_a_newer_version(house: House, brought: str | None) -> None:
    house.insert("t1")
    house.archive()
    assert house.purge().rows == 1
    house.insert("t1", net_pnl=Decimal(5), **({"updated_at": brought} if brought else {}))
    assert house.archive().rows == 1
    assert house.history("net_pnl") == [Decimal(5)]
    house.client.command("OPTIMIZE TABLE trades_history_versions FINAL")
    assert house.history("net_pnl") == [Decimal(5)]
    assert house.purge().rows == 1


def test_an_upsert_while_the_clock_is_behind_is_a_newer_version(house: House) -> None:
    house.insert("t1")
    house.archive()
    future = "2200-01-01 00:00:00+00"
    house.connection.execute("SET session_replication_role = replica")
    house.connection.execute(f"UPDATE trades SET updated_at = '{future}'".encode())
    house.connection.execute("RESET session_replication_role")
    house.connection.execute(
        f"UPDATE ops.archive_progress SET horizon = '{future}'::timestamptz + interval '1 second'".encode()
    )
    assert house.archive().rows == 1
    house.purge()
    house.insert("t1", net_pnl=Decimal(5))
    assert house.one("SELECT updated_at FROM trades") > datetime(2200, 1, 1, tzinfo=UTC)
    assert house.archive().rows == 1
    assert house.history("net_pnl") == [Decimal(5)]


def test_a_row_that_a_pass_overlooked_is_found_by_the_full_pass(house: House) -> None:
    house.insert("t1")
    house.archive()
    house.insert("t2")
    house.connection.execute("SET session_replication_role = replica")
    house.connection.execute("UPDATE trades SET updated_at = '2025-01-01 00:00:00+00' WHERE id = 't2'")
    house.connection.execute("RESET session_replication_role")
    assert house.archive().rows == 0
    assert house.archive(full=True).rows == 1
    assert house.marked() == ["t1", "t2"]


def test_rows_that_clickhouse_lost_travel_again_without_their_marks(house: House) -> None:
    house.insert("t1", "t2")
    house.archive()
    house.client.command("TRUNCATE TABLE trades_history_versions")
    assert house.archive(full=True).rows == 0
    house.connection.execute("DELETE FROM ops.archive_marks WHERE batch = (SELECT batch FROM ops.archive_manifests)")
    assert house.archive(full=True).rows == 2
    assert house.history() == house.marked() == ["t1", "t2"]
    assert house.one("SELECT count(*) FROM ops.archive_manifests WHERE verdict = 'verified'") == 1


def test_a_renamed_column_stops_its_policy_and_the_others_go_on(house: House) -> None:
    from click.testing import CliRunner

    from dagster_project.cli import main

    house.insert("t1")
    house.connection.execute("INSERT INTO price_ticks (symbol, priced_at, price) VALUES ('BTC', '2025-01-01Z', 5)")
    house.connection.execute("ALTER TABLE trades RENAME COLUMN config_id TO settings_id")
    try:
        result = CliRunner().invoke(main, ["archive", "apply", "--json"])
    finally:
        house.connection.execute("ALTER TABLE trades RENAME COLUMN settings_id TO config_id")
    told = {entry["policy"]: entry for entry in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert told["trades"]["trouble"].splitlines() == [
        "archive policy trades: the contract does not hold",
        "- public.trades.config_id text: dropped or renamed in PostgreSQL",
        "+ public.trades.settings_id text: new in PostgreSQL, does not travel yet",
    ]
    assert [entry["trouble"] for name, entry in told.items() if name != "trades"] == [None] * (len(told) - 1)
    assert house.history() == []


def test_two_archivers_never_take_the_same_rows(house: House) -> None:
    house.insert("t1")
    with house.connect() as other, only_archiver(other, house.trades) as got:
        assert got
        assert house.archive().busy
        assert house.purge().busy
    assert house.archive().rows == 1


def test_batches_are_bounded_in_bytes(house: House) -> None:
    house.insert(*(f"t{number}" for number in range(4)), entry_reason="x" * 50_000)
    house.insert("u1", entry_reason="y" * 500_000)
    done = house.archive(policy=replace(house.trades, batch_bytes=110_000))
    assert (done.rows, done.batches) == (5, 3)
    assert house.one("SELECT array_agg(rows ORDER BY id) FROM ops.archive_manifests") == [2, 2, 1]


def test_an_interrupted_pass_goes_on_where_it_was(house: House) -> None:
    house.insert("t1", "t2", "t3")
    small = replace(house.trades, batch_rows=1)
    assert house.archive(policy=small, max_batches=1).rows == 1
    done = house.archive(policy=small)
    assert (done.rows, done.resumed) == (2, True)
    assert house.one("SELECT count(*) FROM ops.archive_manifests") == 3


@pytest.mark.parametrize(
    ("statement", "undo", "line"),
    [
        ("ADD COLUMN mood text", "DROP COLUMN mood", "+ public.trades.mood text: new in PostgreSQL"),
        (
            "RENAME COLUMN config_id TO settings_id",
            "RENAME COLUMN settings_id TO config_id",
            "- public.trades.config_id text: dropped or renamed",
        ),
        (
            "ALTER COLUMN trade_type TYPE varchar(9)",
            "ALTER COLUMN trade_type TYPE text",
            "~ public.trades.trade_type: text became character varying(9)",
        ),
        (
            "DROP COLUMN trade_type",
            "ADD COLUMN trade_type text",
            "- public.trades.trade_type text: dropped or renamed",
        ),
    ],
)
def test_a_changed_source_stops_before_any_write(house: House, statement: str, undo: str, line: str) -> None:
    house.insert("t1")
    if statement.startswith(("ALTER", "DROP")):
        house.connection.execute("DROP SCHEMA IF EXISTS nof0, learning, hybrid, quantbot, tradingagents CASCADE")
    house.connection.execute(f"ALTER TABLE trades {statement}".encode())
    try:
        with pytest.raises(ContractBroken) as caught:
            house.archive()
        assert line in str(caught.value)
        assert house.one("SELECT count(*) FROM ops.archive_manifests") == 0
        assert house.history() == []
    finally:
        house.connection.execute(f"ALTER TABLE trades {undo}".encode())
    assert house.archive().rows == 1


def test_what_clickhouse_cannot_hold_is_quarantined_and_stays(house: House) -> None:
    house.connection.execute(
        "ALTER TABLE trades DROP CONSTRAINT trades_fee_fits, DROP CONSTRAINT trades_closed_at_fits"
    )
    house.insert("ok")
    house.insert("nan", fee=Decimal("NaN"))
    house.insert("deep", fee=Decimal("0.0000000000000000001"))
    house.insert("big", fee=Decimal("1e20"))
    house.insert("late", closed_at=datetime(2300, 1, 1, tzinfo=UTC))
    done = house.archive()
    assert (done.rows, done.quarantined) == (1, 4)
    assert house.history() == ["ok"]
    found = house.connection.execute(
        "SELECT row_key, reason FROM ops.quarantine WHERE source = 'archive/trades' ORDER BY row_key"
    ).fetchall()
    assert found == [
        ("big", "fee does not fit Nullable(Decimal(38, 18))"),
        ("deep", "fee does not fit Nullable(Decimal(38, 18))"),
        ("late", "closed_at does not fit DateTime64(6, 'UTC')"),
        ("nan", "fee does not fit Nullable(Decimal(38, 18))"),
    ]
    house.connection.execute("UPDATE trades SET fee = 1 WHERE id = 'nan'")
    assert house.archive().rows == 1
    assert house.archive(full=True).rows == 0
