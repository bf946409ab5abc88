"""Parity by day, the way of one row, and the commands that show them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner

from dagster_project.cli import main
from dagster_project.lib.archive.parity import compare
from dagster_project.lib.archive.prove import prove

House = Any
SYNC = {"mutations_sync": 2}


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(arguments))
    return result.exit_code, result.output


def test_parity_holds_through_corrections_purges_and_returns(house: House) -> None:
    house.insert("t1", "t2", "t3")
    house.insert("n1", closed_at=datetime(2025, 11, 2, tzinfo=UTC), net_pnl=None)
    house.archive()
    assert [day.agree for day in compare(house.trades, house.connection, house.client).days] == [True, True]
    house.connection.execute("UPDATE trades SET closed_at = '2025-11-02 00:00:00+00', net_pnl = 7.25 WHERE id = 't1'")
    house.archive()
    house.purge()
    house.insert("t2", net_pnl=Decimal(-3))
    house.archive()
    for checked in (2, 0):
        found = compare(house.trades, house.connection, house.client)
        assert found.agree, found.differences()
        # Batches of which a part was replaced are looked into once; after that their figures are known.
        assert found.checked == checked - (checked == 2)
    assert [(day.day, day.found["rows"], day.found["sums"]["net_pnl"]) for day in found.days] == [
        ("2025-10-26", 2, "-1.5"),
        ("2025-11-02", 2, "7.25"),
    ]
    assert compare(house.trades, house.connection, house.client, deep=True).checked == 3
    stored = house.connection.execute("SELECT day::text, rows_found, agree FROM ops.archive_parity ORDER BY id")
    assert stored.fetchall() == [
        ("2025-10-26", 3, True),
        ("2025-11-02", 1, True),
        ("2025-10-26", 2, True),
        ("2025-11-02", 2, True),
    ]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("DELETE WHERE id = 't2'", "t2: missing in ClickHouse"),
        ("UPDATE net_pnl = 99 WHERE id = 't2'", "t2: changed in ClickHouse"),
        ("DELETE WHERE id = 't1' AND net_pnl = 9", "t1: ClickHouse shows the older version"),
    ],
)
def test_parity_names_the_batch_and_the_row_that_was_harmed(house: House, harm: str, said: str) -> None:
    house.insert("t1", "t2")
    house.archive()
    house.connection.execute("UPDATE trades SET net_pnl = 9 WHERE id = 't1'")
    house.archive()
    house.client.command(f"ALTER TABLE trades_history_versions {harm}", settings=SYNC)
    code, output = run("archive", "verify", "trades")
    if "missing" in output and "older" in said:
        said = "t1: missing in ClickHouse"  # the parts were merged before the row was taken away
    assert (code, said in output) == (1, True), output
    assert "batch" in output
    assert house.one("SELECT count(*) FROM ops.archive_parity WHERE NOT agree") == 1


def test_only_the_deep_check_sees_a_change_that_no_sum_shows(house: House) -> None:
    house.insert("t1", "t2")
    house.archive()
    house.client.command("ALTER TABLE trades_history_versions UPDATE symbol = 'ETH' WHERE id = 't1'", settings=SYNC)
    assert run("archive", "verify")[0] == 0
    code, output = run("archive", "verify", "--deep")
    assert (code, "t1: changed in ClickHouse" in output) == (1, True)
    assert run("prove", "t2")[0] == 0
    house.purge()
    code, output = run("prove", "t1")
    assert code == 1
    assert "NOT PROVEN" in output


def test_rows_of_an_interrupted_batch_are_named(house: House) -> None:
    house.insert("t1")
    house.archive()
    code, output = run("prove", "--all")
    assert code == 0, output
    assert "trades: 1 archived rows on 1 days, all agree" in output
    house.client.command(
        "INSERT INTO trades_history_versions SELECT * REPLACE ('ghost' AS id, generateUUIDv4() AS archive_batch)"
        " FROM trades_history_versions"
    )
    code, output = run("prove", "--all")
    assert code == 1
    assert "no verified manifest lists this batch" in output


def test_the_way_of_a_trade(house: House) -> None:
    house.insert("t1")
    proof = prove(house.trades, house.connection, house.client, "t1")
    assert proof is not None
    assert (proof.where, proof.holds, [step["step"] for step in proof.steps]) == (
        ["postgres"],
        True,
        ["written to PostgreSQL"],
    )
    house.archive(run_id="run-1")
    house.connection.execute("UPDATE trades SET net_pnl = 2")
    house.archive()
    house.purge()
    # The first version is merged away; its manifest stays.
    house.client.command("OPTIMIZE TABLE trades_history_versions FINAL")
    code, output = run("prove", "t1", "--json")
    [told] = json.loads(output)
    assert code == 0
    assert (told["where"], told["holds"], told["trouble"]) == (["clickhouse"], True, [])
    assert [step["step"] for step in told["steps"]] == [
        "archived with proof",
        "archived with proof",
        "rows of the batch purged from PostgreSQL",
        "compared with ClickHouse now",
    ]
    first, second, _, now = told["steps"]
    assert first["run_id"] == "run-1"
    assert first["version"] < second["version"]
    assert second["hash_postgres"] == second["hash_clickhouse"]
    assert (now["equal"], now["digest"]) == (True, second["digest"])
    assert "proven, in clickhouse" in run("prove", "t1")[1]


def test_nobody_knows_the_row(house: House) -> None:
    code, output = run("prove", "nobody")
    assert code == 1
    assert "neither PostgreSQL nor ClickHouse nor a manifest knows it" in output


def test_plan_and_apply_as_commands(house: House) -> None:
    house.insert("t1", "t2")
    house.connection.execute("SET session_replication_role = replica")
    house.connection.execute("UPDATE trades SET updated_at = updated_at - interval '1 hour'")
    house.connection.execute("RESET session_replication_role")
    code, output = run("archive", "plan", "--json")
    assert code == 0
    assert [(row["policy"], row["due"], row["unfit"]) for row in json.loads(output) if row["due"]] == [("trades", 2, 0)]
    code, output = run("archive", "apply", "trades")
    assert code == 0, output
    assert "trades: 2 archived in 1 batches, 0 purged, 0 quarantined" in output
    code, output = run("archive", "apply", "--json", "trades")
    assert json.loads(output)[0]["rows"] == 0
    assert "0 to archive" in run("archive", "plan", "trades")[1]
    assert house.history() == ["t1", "t2"]


def test_an_unknown_policy_is_one_line(house: House) -> None:
    code, output = run("archive", "apply", "trade")
    assert code == 1
    assert "no archive policy trade: choose from trades" in output


def test_a_broken_contract_exits_with_the_diff(house: House) -> None:
    house.insert("t1")
    house.connection.execute("ALTER TABLE trades ADD COLUMN mood text")
    try:
        for command in ("plan", "apply"):
            code, output = run("archive", command, "trades")
            assert code == 1
            assert "+ public.trades.mood text: new in PostgreSQL" in output
    finally:
        house.connection.execute("ALTER TABLE trades DROP COLUMN mood")
