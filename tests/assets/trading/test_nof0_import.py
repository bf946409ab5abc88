"""`candlehouse import nof0` against a real PostgreSQL: accounted for, idempotent, refusing loudly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from dagster_project.commands.import_ import import_
from dagster_project.lib.nof0_import import ImportFailed, Options, Report, import_folder

Folder = Callable[..., Path]

FULL = "nof1-conversations-full-2025-10-28.json"
MADE_UP = {"positions": "handmade", "conversations": "handmade"}
ROSTER = {"sinceInceptionValues": [{"model_id": "a", "nav_since_inception": 10000, "inception_date": 1760738409.8}]}


def trade(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"t{number}",
        "model_id": "a",
        "symbol": "BTC",
        "side": "long",
        "quantity": 2,
        "entry_price": 100.5,
        "exit_price": 101,
        "entry_time": 1761314029.249,
        "exit_time": 1761418991.842,
        "realized_gross_pnl": 1,
        "realized_net_pnl": 0.5,
        "total_commission_dollars": 0.5,
        **changes,
    }


def outcome(report: Report, table: str) -> tuple[int, int, int, int]:
    tally = next(line.tally for line in report.lines if line.table == table)
    assert tally.read == tally.landed + tally.updated + tally.unchanged + tally.quarantined
    return tally.landed, tally.updated, tally.unchanged, tally.quarantined


def stored(connection: psycopg.Connection) -> list[tuple]:
    tables = (
        *("agents", "accounts", "account_equity_snapshots", "trades", "positions", "conversations"),
        *("decision_cycles", "decisions", "model_analytics"),
    )
    return [
        (table, *row)
        for table in (*tables, "conversation_messages", "price_latest", "price_ticks")
        for row in connection.execute(f"SELECT to_jsonb(t) FROM {table} t ORDER BY 1::text".encode()).fetchall()
    ]


def test_the_arena_lands_whole_and_a_second_import_changes_nothing(
    connection: psycopg.Connection, shared_data: Path
) -> None:
    report = import_folder(connection, shared_data / "arena", Options(origins=MADE_UP))
    counts = {(line.file, line.table): line.tally.landed for line in report.lines}
    assert counts == {
        ("(named in the files)", "agents"): 7,
        ("since-inception-values.json", "accounts"): 7,
        ("leaderboard.json", "account_equity_snapshots"): 6,
        ("trades.json", "trades"): 230,
        ("positions.json", "positions"): 8,
        ("conversations.json", "conversations"): 6,
        ("conversations.json", "conversation_messages"): 18,
        ("crypto-prices.json", "price_ticks"): 6,
        ("crypto-prices.json", "price_latest"): 6,
        ("account-totals_EXCERPT_first2.json", "account_equity_snapshots"): 2,
        ("account-totals_EXCERPT_first2.json", "positions"): 0,
        ("analytics-claude-sonnet-4-5.json", "model_analytics"): 1,
        ("analytics-deepseek-chat-v3.1.json", "model_analytics"): 1,
        (FULL, "conversations"): 100,
        (FULL, "conversation_messages"): 200,
        (FULL, "decision_cycles"): 100,
        (FULL, "decisions"): 467,
    }
    assert all(line.tally.read == line.tally.landed for line in report.lines)
    assert report.faults == []
    first = stored(connection)
    again = import_folder(connection, shared_data / "arena", Options(origins=MADE_UP))
    assert all(line.tally.read == line.tally.unchanged for line in again.lines)
    assert stored(connection) == first


def test_every_number_of_every_arena_trade_is_in_the_table(connection: psycopg.Connection, shared_data: Path) -> None:
    import_folder(connection, shared_data / "arena", Options(origins=MADE_UP))
    published = json.loads((shared_data / "arena" / "trades.json").read_text(), parse_float=Decimal)["trades"]
    rows = connection.execute(
        "SELECT id, quantity * CASE side WHEN 'long' THEN 1 ELSE -1 END, entry_price, exit_price, gross_pnl, net_pnl,"
        " fee, entry_fee, exit_fee, extract(epoch FROM opened_at), extract(epoch FROM closed_at),"
        " details ->> 'exit_tid' FROM trades"
    ).fetchall()
    fields = (
        *("quantity", "entry_price", "exit_price", "realized_gross_pnl", "realized_net_pnl"),
        *("total_commission_dollars", "entry_commission_dollars", "exit_commission_dollars", "entry_time", "exit_time"),
    )
    expected = {row["id"]: tuple(Decimal(row[field]) for field in fields) for row in published}
    assert {row[0]: tuple(row[1:-1]) for row in rows} == expected
    assert {row[0]: int(row[-1]) for row in rows} == {row["id"]: row["exit_tid"] for row in published}


def test_the_leaderboard_gets_the_newest_time_beside_it(connection: psycopg.Connection, shared_data: Path) -> None:
    import_folder(connection, shared_data / "arena", Options(origins=MADE_UP))
    found = connection.execute(
        "SELECT DISTINCT (extract(epoch FROM captured_at) * 1000)::bigint, details ->> 'time_from'"
        " FROM account_equity_snapshots WHERE details ? 'time_from'"
    ).fetchall()
    assert found == [(1761452354435, "serverTime of trades.json")]


def test_bad_rows_are_kept_with_reasons_and_their_neighbours_land(
    connection: psycopg.Connection, folder: Folder
) -> None:
    bad = {
        "side": trade(2, side="LONG"),
        "before": trade(3, exit_time=1761314029),
        "agent_id": trade(4, model_id="nobody"),
        "fit": trade(5, quantity="QUANTITY"),
        "NaN": trade(6, realized_net_pnl="NAN"),
        "NUL": trade(7, symbol="B\0"),
        "something else": trade(1, quantity=3),
        "object": 17,
        "missing": {"id": "t9"},
    }
    text = json.dumps({"trades": [trade(1), *bad.values(), trade(10)]})
    text = text.replace('"QUANTITY"', "0.1234567890123456789").replace('"NAN"', "NaN")
    place = folder(since_inception_values=ROSTER, trades=text)
    report = import_folder(connection, place, Options())
    assert outcome(report, "trades") == (2, 0, 0, len(bad))
    kept = connection.execute("SELECT reason FROM ops.quarantine WHERE source = 'import/nof0/trades'").fetchall()
    assert len(kept) == len(bad)
    for word in bad:
        assert any(word in reason for (reason,) in kept), word
    import_folder(connection, place, Options())
    seen = connection.execute("SELECT count(*), min(times_seen), max(times_seen) FROM ops.quarantine").fetchone()
    assert seen == (len(bad), 2, 2)


def test_a_changed_row_is_an_update_and_gets_a_new_version(connection: psycopg.Connection, folder: Folder) -> None:
    place = folder(since_inception_values=ROSTER, trades={"trades": [trade(1), trade(2)]})
    import_folder(connection, place, Options())
    before = dict(connection.execute("SELECT id, updated_at FROM trades").fetchall())
    folder(trades={"trades": [trade(1, exit_price=102), trade(2), trade(2)]})
    report = import_folder(connection, place, Options())
    assert outcome(report, "trades") == (0, 1, 2, 0)
    after = dict(connection.execute("SELECT id, updated_at FROM trades").fetchall())
    assert after["t1"] > before["t1"]
    assert after["t2"] == before["t2"]


def test_nothing_made_up_turns_real(connection: psycopg.Connection, folder: Folder) -> None:
    place = folder(since_inception_values=ROSTER, trades={"trades": [trade(1)]})
    import_folder(connection, place, Options(origin="handmade"))
    report = import_folder(connection, place, Options(origin="recorded"))
    assert outcome(report, "trades") == (0, 0, 0, 1)
    assert connection.execute("SELECT origin FROM trades").fetchall() == [("handmade",)]
    with pytest.raises(psycopg.errors.CheckViolation, match="handmade never becomes live"):
        connection.execute("UPDATE trades SET origin = 'live'")


def test_a_trade_stays_with_its_agent(connection: psycopg.Connection, folder: Folder) -> None:
    roster = {"sinceInceptionValues": [*ROSTER["sinceInceptionValues"], {"model_id": "b", "nav_since_inception": 1}]}
    place = folder(since_inception_values=roster, trades={"trades": [trade(1)]})
    import_folder(connection, place, Options())
    folder(trades={"trades": [trade(1, model_id="b")]})
    report = import_folder(connection, place, Options())
    assert outcome(report, "trades") == (0, 0, 0, 1)
    with pytest.raises(psycopg.errors.CheckViolation, match="does not move"):
        connection.execute("UPDATE trades SET agent_id = 'b'")


def test_an_older_price_does_not_replace_a_newer_one(connection: psycopg.Connection, folder: Folder) -> None:
    place = folder(crypto_prices={"prices": {"BTC": {"symbol": "BTC", "price": 2, "timestamp": 1761452335744}}})
    import_folder(connection, place, Options())
    folder(crypto_prices={"prices": {"BTC": {"symbol": "BTC", "price": 1, "timestamp": 1761452335743}}})
    report = import_folder(connection, place, Options())
    assert outcome(report, "price_latest") == (0, 0, 1, 0)
    assert outcome(report, "price_ticks") == (1, 0, 0, 0)
    assert connection.execute("SELECT price FROM price_latest").fetchall() == [(2,)]


def test_missing_and_broken_files_are_named_and_the_rest_lands(connection: psycopg.Connection, folder: Folder) -> None:
    place = folder(since_inception_values=ROSTER, trades={"trades": [trade(1)]}, positions='{"accountTotals": [}')
    report = import_folder(connection, place, Options())
    assert outcome(report, "trades") == (1, 0, 0, 0)
    assert report.missing == ["leaderboard.json", "conversations.json", "crypto-prices.json"]
    assert report.broken == {"positions.json": "Expecting value at line 1, column 20"}
    done = CliRunner().invoke(import_, ["nof0", str(place)])
    assert done.exit_code == 1
    assert "Error: positions.json: Expecting value at line 1, column 20" in done.output


def test_another_folder_is_one_line(connection: psycopg.Connection, tmp_path: Path) -> None:
    (tmp_path / "readme.json").write_text("{}")
    with pytest.raises(ImportFailed, match="holds none of"):
        import_folder(connection, tmp_path, Options())
    for place in (tmp_path, tmp_path / "nowhere"):
        done = CliRunner().invoke(import_, ["nof0", str(place)])
        assert done.exit_code == 1
        assert len(done.output.splitlines()) == 1


def test_the_command_prints_an_account_for_programs(connection: psycopg.Connection, folder: Folder) -> None:
    place = folder(since_inception_values=ROSTER, trades={"trades": [trade(1), trade(2, side="up")]})
    done = CliRunner().invoke(import_, ["nof0", str(place), "--origin", "trades=paper", "--json"])
    assert done.exit_code == 0, done.output
    line = next(line for line in json.loads(done.output)["lines"] if line["table"] == "trades")
    assert (line["read"], line["landed"], line["quarantined"]) == (2, 1, 1)
    assert line["reasons"] == [{"key": "t2", "reason": "side is 'up', not one of long, short"}]
    assert connection.execute("SELECT origin FROM trades").fetchall() == [("paper",)]


@pytest.mark.parametrize("origin", ["dreamt", "trades=dreamt", "candles=live"])
def test_an_unknown_origin_is_one_line(folder: Folder, origin: str, connection: psycopg.Connection) -> None:
    done = CliRunner().invoke(import_, ["nof0", str(folder(trades={"trades": []})), "--origin", origin])
    assert done.exit_code == 1
    assert len(done.output.splitlines()) == 1


def test_an_import_killed_half_way_is_completed_by_the_next(
    connection: psycopg.Connection, folder: Folder, warehouse: Any
) -> None:
    trades = [trade(number) for number in range(3000)]
    place = folder(since_inception_values=ROSTER, trades={"trades": trades})
    code = f"""
        import os, signal, psycopg
        from pathlib import Path
        from dagster_project.lib import trading_store
        from dagster_project.lib.nof0_import import Options, import_folder
        inner = trading_store.quarantine
        def killed(connection, source, rejects):
            inner(connection, source, rejects)
            if source.endswith("/trades"):
                os.kill(os.getpid(), signal.SIGKILL)
        trading_store.quarantine = killed
        with psycopg.connect(os.environ["CANDLEHOUSE_POSTGRES_URL"], autocommit=True) as connection:
            import_folder(connection, Path({str(place)!r}), Options())
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=dict(os.environ), check=False)
    assert done.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while (
        time.monotonic() < deadline
        and connection.execute(
            "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    ):
        time.sleep(0.05)
    assert connection.execute("SELECT count(*) FROM accounts").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM trades").fetchone() == (0,)
    report = import_folder(connection, place, Options())
    assert outcome(report, "trades") == (3000, 0, 0, 0)
    assert outcome(report, "accounts") == (0, 0, 1, 0)
