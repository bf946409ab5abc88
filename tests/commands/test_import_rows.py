"""`candlehouse import` of rows against a real PostgreSQL, as the role that imports log in as: accounted for,
idempotent, bounded, and the same after a kill."""

from __future__ import annotations

import json
import sqlite3
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dagster_project.lib import agents_import, exact_json, nof0_import, sqlite_import

Run = Callable[..., dict[str, Any]]
Counts = Callable[[dict[str, Any]], dict[tuple[str, str], tuple[int, int, int, int]]]
FREQTRADE = "freqtrade_v3_2021_dutchcryptodad.sqlite"
TABLES = (
    *(
        "agents",
        "accounts",
        "account_equity_snapshots",
        "trades",
        "orders",
        "positions",
        "decisions",
        "decision_cycles",
    ),
    *("conversations", "conversation_messages", "model_analytics", "price_ticks", "price_latest"),
)
GIVEN_BY_DATABASE = ("created_at", "updated_at", "conversation_id")


def stored(connection: psycopg.Connection) -> list[tuple]:
    return [
        (table, *row)
        for table in TABLES
        for row in connection.execute(f"SELECT to_jsonb(t)::text FROM {table} t ORDER BY 1".encode()).fetchall()
    ]


def content(connection: psycopg.Connection) -> dict[str, list[str]]:
    """All rows without what the database gives them itself."""
    found = {}
    for table in TABLES:
        own = [*GIVEN_BY_DATABASE, *(["id"] if table in ("conversations", "conversation_messages") else [])]
        own += ["id"] if table in ("price_ticks", "account_equity_snapshots") else []
        rows = connection.execute(
            f"SELECT (to_jsonb(t) - %s::text[])::text FROM {table} t ORDER BY 1".encode(), [own]
        ).fetchall()
        found[table] = [row for (row,) in rows]
    return found


def ask(connection: psycopg.Connection, query: str, *values: Any) -> list[tuple]:
    return connection.execute(query.encode(), values or None).fetchall()


def trades_file(path: Path, count: int) -> Path:
    with (path / "trades.json").open("w") as file:
        file.write('{"trades": [')
        for number in range(count):
            row = {
                "id": f"t{number}",
                "model_id": "a",
                "symbol": "BTC",
                "side": "long",
                "quantity": 1 + number / 8,
                "entry_price": 100.5,
                "exit_price": 101,
                "entry_time": 1761314029.249 + number,
                "exit_time": 1761418991.842 + number,
                "realized_gross_pnl": 1,
                "realized_net_pnl": 0.1 * (number % 7),
                "total_commission_dollars": 0.25,
                "note": "x" * 200,
            }
            file.write(("," if number else "") + json.dumps(row))
        file.write('], "serverTime": 1761452354435}')
    return path


def learning_file(path: Path, count: int = 3) -> Path:
    file = path / "old-trading.db"
    with sqlite3.connect(file) as database:
        database.executescript(
            """
            CREATE TABLE trades (id INTEGER PRIMARY KEY, symbol TEXT, side TEXT, qty REAL, entry_price REAL,
                exit_price REAL, sl REAL, pnl REAL, status TEXT, bybit_order_id TEXT, analysis_id INTEGER,
                created_at TEXT, closed_at TEXT, mood TEXT, chart BLOB);
            CREATE TABLE analysis_results (id INTEGER PRIMARY KEY, symbol TEXT, timeframe TEXT, recommendation TEXT,
                confidence INTEGER, reasoning TEXT, raw_response TEXT, prompt_version TEXT, traded INTEGER,
                trade_id INTEGER, timestamp TEXT);
            CREATE TABLE settings (key TEXT, value TEXT);
            """
        )
        for number in range(1, count + 1):
            when = f"2024-01-{1 + number % 28:02} 10:00:00"
            side = ("LONG", "Sell", "buy")[number % 3]
            database.execute(
                "INSERT INTO trades VALUES"
                " (?, 'BTCUSDT', ?, 0.1, 42000.5, 42100.25, 0, ?, 'CLOSED', ?, ?, ?, ?, 'calm', ?)",
                (number, side, 9.5 * number, f"o{number}", number, when, when, b"\x89PNG"),
            )
            database.execute(
                "INSERT INTO analysis_results VALUES (?, 'BTCUSDT', '4h', 'HOLD', 85, 'flat', ?, 'v1', 1, ?, ?)",
                (number, '{"x": 0.1}', number, when),
            )
        database.execute("INSERT INTO trades (id, symbol, side, qty) VALUES (999, 'BTCUSDT', 'sideways', 5.5)")
    return file


def test_the_arena_finds_out_by_itself_what_is_made_by_hand(
    connection: psycopg.Connection, run: Run, shared_data: Path
) -> None:
    done = run("nof0", shared_data / "arena")
    found = ask(
        connection, "SELECT 'p', origin FROM positions UNION SELECT 'c', origin FROM conversations ORDER BY 1, 2"
    )
    assert found == [("c", "handmade"), ("c", "recorded"), ("p", "handmade")]
    assert [note.partition(" is taken")[0] for note in done["notes"]] == ["positions.json", "conversations.json"]
    net = next(line for line in done["lines"] if line["table"] == "trades")["sums"]["net_pnl"]
    assert net == {"source": "-12267.11292882", "stored": "-12267.11292882", "quarantined": "0"}
    told = ask(
        connection,
        "SELECT count(*), count(DISTINCT d.cycle_id), min(confidence), max(leverage),"
        " count(*) FILTER (WHERE action = 'hold')"
        " FROM decisions d JOIN decision_cycles c ON c.id = d.cycle_id AND c.agent_id = d.agent_id AND c.success",
    )
    assert told == [(467, 99, Decimal("0.59"), 40, 467)]
    failed = ask(connection, "SELECT agent_id, error_message, decisions FROM decision_cycles WHERE NOT success")
    assert failed == [("deepseek-chat-v3.1", "the model's answer was not JSON", None)]
    roles = ask(connection, "SELECT role, count(*) FROM conversation_messages GROUP BY 1 ORDER BY 1")
    assert roles == [("assistant", 106), ("system", 6), ("user", 106)]
    assert run("nof0", shared_data / "arena", "--parity")["faults"] == []


def test_an_origin_that_is_given_is_believed(connection: psycopg.Connection, run: Run, shared_data: Path) -> None:
    done = run("nof0", shared_data / "arena", "--origin", "positions=recorded", "--origin", "conversations=paper")
    assert done["notes"] == []
    assert ask(connection, "SELECT DISTINCT origin FROM positions") == [("recorded",)]


def test_a_dry_run_says_what_an_import_does_and_does_nothing(
    connection: psycopg.Connection, run: Run, counts: Counts, shared_data: Path
) -> None:
    arena = shared_data / "arena"
    before = stored(connection)
    dry = run("nof0", arena, "--dry-run")
    assert stored(connection) == before
    assert ask(connection, "SELECT count(*) FROM ops.quarantine") == [(0,)]
    assert counts(dry) == counts(run("nof0", arena))


def test_parity_names_what_differs_and_writes_nothing(
    connection: psycopg.Connection, run: Run, shared_data: Path
) -> None:
    arena = shared_data / "arena"
    missing = run("nof0", arena, "--parity", code=1)
    assert all(not line["updated"] and not line["unchanged"] for line in missing["lines"] if line["read"])
    assert ask(connection, "SELECT count(*) FROM agents") == [(0,)]
    run("nof0", arena)
    (key,) = ask(connection, "SELECT min(id) FROM trades")[0]
    connection.execute("UPDATE trades SET net_pnl = net_pnl + 1e-18, exit_reason = 'x' WHERE id = %s", [key])
    connection.execute("DELETE FROM price_latest WHERE symbol = 'BTC'")
    changed = stored(connection)
    found = run("nof0", arena, "--parity", code=1)
    assert stored(connection) == changed
    by_table = {line["table"]: line["differences"] for line in found["lines"] if line["differences"]}
    assert set(by_table) == {"trades", "price_latest"}
    (cell,) = by_table["trades"]
    assert (cell["key"], cell["column"]) == (key, "net_pnl")
    assert Decimal(cell["stored"]) - Decimal(cell["source"]) == Decimal("1e-18")
    assert by_table["price_latest"] == [{"key": "hyperliquid/BTC", "column": None, "source": None, "stored": None}]
    assert any("sum of net_pnl" in fault for fault in found["faults"])


def test_freqtrades_database_lands_whole(
    connection: psycopg.Connection, run: Run, counts: Counts, shared_data: Path
) -> None:
    file = shared_data / "sqlite" / FREQTRADE
    done = run("sqlite", file, "--name", "bot")
    assert counts(done) == {
        (FREQTRADE, "agents"): (2, 0, 0, 0),
        (FREQTRADE, "accounts"): (2, 0, 0, 0),
        ("trades", "trades"): (48, 0, 0, 0),
        ("orders", "orders"): (132, 0, 0, 0),
    }
    assert ask(
        connection,
        "SELECT sum(net_pnl), count(*) FILTER (WHERE status = 'open'), count(entry_order_id), count(exit_order_id),"
        " array_agg(DISTINCT currency), count(fee), count(exit_fee) FROM trades",
    ) == [(Decimal("-122.24258872"), 1, 48, 47, ["USDT"], 0, 30)]
    statuses = ask(connection, "SELECT status, count(*), count(finished_at) FROM orders GROUP BY 1 ORDER BY 1")
    assert statuses == [("cancelled", 36, 36), ("filled", 95, 95), ("open", 1, 0)]
    joined = "SELECT count(*) FROM orders o JOIN trades t ON t.id = o.trade_id AND t.agent_id = o.agent_id"
    assert ask(connection, joined) == [(132,)]
    first = stored(connection)
    again = run("sqlite", file, "--name", "bot")
    assert all(tally[:2] == (0, 0) and not tally[3] for tally in counts(again).values())
    assert stored(connection) == first


def test_a_newer_freqtrade_a_dry_run_and_a_second_bot(
    connection: psycopg.Connection, run: Run, counts: Counts, tmp_path: Path
) -> None:
    def bot(folder: str, opened: str) -> Path:
        (tmp_path / folder).mkdir()
        file = tmp_path / folder / "tradesv3.sqlite"
        with sqlite3.connect(file) as database:
            database.executescript(
                f"""
                CREATE TABLE trades (id INTEGER PRIMARY KEY, exchange TEXT, pair TEXT, base_currency TEXT,
                    stake_currency TEXT, is_open INTEGER, stake_amount REAL, amount REAL, open_rate REAL,
                    close_rate REAL,
                    close_profit REAL, close_profit_abs REAL, realized_profit REAL, fee_open_cost REAL,
                    fee_open_currency TEXT, fee_close_cost REAL, fee_close_currency TEXT, open_date TEXT,
                    close_date TEXT, stop_loss REAL, exit_reason TEXT, enter_tag TEXT, strategy TEXT, leverage REAL,
                    is_short INTEGER, funding_fees REAL);
                INSERT INTO trades VALUES (1, 'bybit', 'PEPE/USDT:USDT', 'PEPE', 'USDT', 0, 50, 1e6, 1.5e-05, 1.4e-05,
                    0.066, 0.95, 0.95, 0.02, 'USDT', 0.03, 'USDT', '{opened}', '2024-05-02 00:00:00',
                    1.2345678901234567e-05, 'exit_signal', 'breakdown', 'S', 3, 1, 0.001);
                CREATE TABLE orders (id INTEGER PRIMARY KEY, ft_trade_id INTEGER, ft_order_side TEXT, ft_pair TEXT,
                    ft_is_open INTEGER, order_id TEXT, status TEXT, order_type TEXT, side TEXT, price REAL,
                    average REAL, amount REAL, filled REAL, stop_price REAL, order_date TEXT, order_filled_date TEXT,
                    order_update_date TEXT);
                INSERT INTO orders VALUES (1, 1, 'sell', 'PEPE/USDT:USDT', 0, 'dry_run_sell_1', 'closed', 'limit',
                    'sell', 1.5e-05, 1.5e-05, 1e6, 1e6, NULL, '{opened}', '{opened}', '{opened}');
                INSERT INTO orders VALUES (2, 1, 'stoploss', 'PEPE/USDT:USDT', 0, 'dry_run_buy_2', 'canceled', 'market',
                    NULL, 1.65e-05, NULL, 1e6, 0, 1.6e-05, '{opened}', NULL, '{opened}');
                INSERT INTO orders VALUES (3, 77, 'buy', 'X/USDT', 0, 'dry_run_buy_3', 'closed', 'limit', 'buy',
                    1, 1, 1, 1, NULL, '{opened}', '{opened}', '{opened}');
                """
            )
        return file

    first = bot("one", "2024-05-01 00:00:00.123456")
    done = run("sqlite", first)
    assert counts(done)["orders", "orders"] == (2, 0, 0, 1)
    assert done["lines"][-1]["reasons"] == [{"key": "3", "reason": "it belongs to trade 77, which is not there"}]
    assert ask(
        connection,
        "SELECT side, origin, fee, pnl_percent, stop_loss, details ->> 'stop_loss' LIKE '0.0000123456789%',"
        " entry_reason, exit_reason, leverage"
        " FROM trades",
    ) == [
        (
            "short",
            "paper",
            Decimal("0.05"),
            Decimal("6.6"),
            None,
            True,
            "breakdown",
            "exit_signal",
            3,
        )
    ]
    assert ask(connection, "SELECT side, status FROM orders ORDER BY id") == [("sell", "filled"), ("buy", "cancelled")]
    other = run("sqlite", bot("two", "2024-04-01 00:00:00"))
    assert counts(other)["trades", "trades"] == (0, 0, 0, 1)
    assert other["lines"][2]["reasons"] == [
        {"key": "freqtrade-tradesv3-1", "reason": "the key belongs to another row: its opened_at differs"}
    ]
    assert other["notes"][-1] == (
        "another database was imported under the name 'freqtrade-tradesv3': give this one a --name of its own"
    )


def test_an_old_learning_file_goes_through_its_mapping(
    connection: psycopg.Connection, run: Run, counts: Counts, tmp_path: Path
) -> None:
    file = learning_file(tmp_path)
    dry = run("sqlite", file, "--dry-run")
    places = {place["source"]: (place["target"], place["example"]) for place in dry["places"]}
    assert places["trades.qty"] == ("trades.quantity", "0.1")
    assert places["trades.mood"] == ("trades.details.mood", "calm")
    assert places["analysis_results.recommendation"] == ("decisions.action", "HOLD")
    assert places["settings"] == (None, "")
    assert ask(connection, "SELECT count(*) FROM trades") == [(0,)]
    done = run("sqlite", file)
    assert counts(dry) == counts(done)
    assert counts(done)["trades", "trades"] == (3, 0, 0, 1)
    assert counts(done)["analysis_results", "decisions"] == (3, 0, 0, 0)
    assert done["lines"][1]["sums"]["net_pnl"] == {"source": "57.0", "stored": "57.0", "quarantined": "0"}
    assert Decimal(done["lines"][1]["sums"]["quantity"]["quarantined"]) == Decimal("5.5")
    assert ask(
        connection,
        "SELECT t.id, side, exchange, agent_id, net_pnl, stop_loss, details ->> 'mood', details #>> '{chart,bytes}'"
        " FROM trades t ORDER BY 1 LIMIT 1",
    ) == [("old-trading-trades-1", "short", "hyperliquid", "learning", Decimal("9.5"), None, "calm", "4")]
    linked = (
        "SELECT d.confidence, d.raw_response ->> 'x', d.executed FROM trades t JOIN decisions d ON d.id = t.decision_id"
        " AND d.trade_id = t.id"
    )
    assert ask(connection, linked) == [(Decimal("0.85"), "0.1", True)] * 3
    # What the design itself calls these rows.
    shown = ask(connection, "SELECT side, pnl, bybit_order_id FROM learning.trades ORDER BY id LIMIT 1")
    assert shown == [("SHORT", Decimal("9.5"), "o1")]
    assert run("sqlite", file, "--parity")["faults"] == []


def test_a_mapping_of_ones_own(connection: psycopg.Connection, run: Run, counts: Counts, tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE deals (coin TEXT, way TEXT, size TEXT, at INTEGER)")
        database.execute("INSERT INTO deals VALUES ('ETH', 'UP', '1.50', 1705327200)")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        "agent = 'deals'\nexchange = 'kraken'\n[deals]\ninto = 'trades'\n[deals.columns]\nsymbol = 'coin'\n"
        "side = 'way'\n"
        "quantity = 'size'\nopened_at = 'at'\n[deals.words.side]\nlong = ['up']\nshort = ['down']\n"
    )
    done = run("sqlite", file, "--mapping", mapping)
    assert counts(done)["deals", "trades"] == (1, 0, 0, 0)
    assert ask(connection, "SELECT agent_id, exchange, side, quantity, status FROM trades") == [
        ("deals", "kraken", "long", Decimal("1.50"), "open")
    ]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("gekko_binance_0.1.db", "a Gekko candle history (44,103 candles in 4 tables), which holds no trades"),
        ("octobot_ExchangeHistoryDataCollector_1589740606.4862757.data", "an OctoBot data file (6,531 candles)"),
        ("optuna_trials_rltrader_params.db", "an Optuna study storage (579 trials)"),
        ("../PROVENANCE.md", "is no SQLite database"),
        ("nowhere.db", "No such file or directory"),
    ],
)
def test_other_files_are_one_line_that_says_what_they_are(
    refused: Callable[..., str], shared_data: Path, file: str, said: str
) -> None:
    assert said in refused("sqlite", shared_data / "sqlite" / file)


def test_a_table_without_a_needed_column_is_one_line(refused: Callable[..., str], tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as database:
        database.execute("CREATE TABLE trades (id INTEGER, side TEXT, qty REAL)")
    said = refused("sqlite", tmp_path / "x.db")
    assert "table trades has no column for symbol (looked for symbol, pair, coin, ticker, market)" in said


def test_agents_logs_land_and_their_oddities_are_said(
    connection: psycopg.Connection, run: Run, counts: Counts, shared_data: Path
) -> None:
    done = run("agents", shared_data / "agents")
    found = counts(done)
    by_table: dict[str, int] = {}
    for (_, table), tally in found.items():
        by_table[table] = by_table.get(table, 0) + tally[0]
    assert by_table == {
        "agents": 11,
        "accounts": 7,
        "decisions": 236 + 8,
        "orders": 202 + 45,
        "account_equity_snapshots": 6 * 15 + 43,
        "conversations": 84 + 11,
        "conversation_messages": 200 + 19,
        "decision_cycles": 11,
    }
    assert found["cookiegg/trades.json", "orders"] == (2, 0, 43, 2)
    notes = [line["note"] for line in done["lines"] if "go back or repeat" in line["note"]]
    assert len(notes) == 6
    priced = "SELECT count(*), count(average_price) FROM orders WHERE exchange = 'ai-trader'"
    assert ask(connection, priced) == [(202, 196)]
    first = ask(
        connection,
        "SELECT equity, balance FROM account_equity_snapshots WHERE agent_id = 'ai-trader-gpt-5'"
        " ORDER BY captured_at LIMIT 1",
    )
    assert first == [(50000, 50000)]
    assert ask(connection, "SELECT DISTINCT origin FROM orders") == [("paper",)]
    before = stored(connection)
    again = run("agents", shared_data / "agents")
    assert all(tally[:2] == (0, 0) for tally in counts(again).values())
    assert stored(connection) == before
    assert run("agents", shared_data / "agents", "--parity")["faults"] == []


def test_other_folders_are_one_line(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "holds no agents' logs" in refused("agents", tmp_path)
    assert "is not a folder" in refused("agents", tmp_path / "nowhere")
    assert "--origin 'dreamt' is not one of" in refused("agents", tmp_path, "--origin", "dreamt")


def test_a_row_that_only_the_database_refuses_is_alone(connection: psycopg.Connection, tmp_path: Path) -> None:
    trades_file(tmp_path, 40)
    connection.execute("ALTER TABLE trades ADD CONSTRAINT odd CHECK (id NOT IN ('t7', 't33'))")
    try:
        report = nof0_import.import_folder(connection, tmp_path, nof0_import.Options(), batch_rows=16)
    finally:
        connection.execute("ALTER TABLE trades DROP CONSTRAINT odd")
    (line,) = [line for line in report.lines if line.table == "trades"]
    assert (line.tally.landed, line.tally.quarantined) == (38, 2)
    assert ask(connection, "SELECT row_key FROM ops.quarantine ORDER BY 1") == [("t33",), ("t7",)]
    assert line.tally.sums["net_pnl"].agree
    assert line.tally.sums["net_pnl"].refused == Decimal("0.5")  # 0.1 * (33 % 7); of t7 it is 0


def test_a_repeated_row_is_known_across_batches(connection: psycopg.Connection, tmp_path: Path) -> None:
    trades_file(tmp_path, 50)
    path = tmp_path / "trades.json"
    document = json.loads(path.read_text())
    document["trades"] += [document["trades"][3], document["trades"][4] | {"exit_price": 7}]
    path.write_text(json.dumps(document))
    for landed in (50, 0):
        report = nof0_import.import_folder(connection, tmp_path, nof0_import.Options(), batch_rows=10)
        (line,) = [line for line in report.lines if line.table == "trades"]
        assert (line.tally.landed, line.tally.updated, line.tally.quarantined) == (landed, 0, 1)
        assert line.tally.unchanged == 51 - landed
        assert report.faults == []


def test_memory_is_that_of_a_batch_and_not_of_the_file(connection: psycopg.Connection, tmp_path: Path) -> None:
    trades_file(tmp_path, 5_000)

    def peak(call: Callable[[], Any]) -> int:
        tracemalloc.start()
        try:
            call()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    whole = peak(lambda: exact_json.loads((tmp_path / "trades.json").read_bytes()))
    options = nof0_import.Options()
    batches = peak(lambda: nof0_import.import_folder(connection, tmp_path, options, batch_rows=250))
    assert ask(connection, "SELECT count(*) FROM trades") == [(5_000,)]
    # 15,000 rows took 3.6 MB, where the document alone took 37 MB.
    assert batches < whole / 2, f"{batches:,} bytes for the import, {whole:,} for the document"


VICTIM = """
    import os, signal, psycopg
    from pathlib import Path
    from dagster_project.lib import {module} as importer, trading_store
    inner, calls = trading_store.quarantine, 0
    def deadly(connection, source, rejects):
        global calls
        inner(connection, source, rejects)
        calls += source.endswith("/{table}")
        if calls == {nth}:
            os.kill(os.getpid(), signal.SIGKILL)
    trading_store.quarantine = deadly
    with psycopg.connect(os.environ["CANDLEHOUSE_POSTGRES_URL"], autocommit=True) as connection:
        importer.{function}(connection, Path({path!r}), importer.Options(), batch_rows={batch})
"""


@pytest.mark.parametrize(("table", "nth"), [("trades", 3), ("conversation_messages", 2)])
def test_an_import_that_was_killed_ends_like_one_that_was_not(
    connection: psycopg.Connection, killed: Callable[[str], None], shared_data: Path, table: str, nth: int
) -> None:
    arena = shared_data / "arena"
    killed(VICTIM.format(
        module="nof0_import", function="import_folder", path=str(arena), table=table, nth=nth, batch=64
    ))  # fmt: skip
    half = ask(connection, f"SELECT count(*) FROM {table}")[0][0]
    assert half == {"trades": 128, "conversation_messages": 18}[table]
    report = nof0_import.import_folder(connection, arena, nof0_import.Options(), batch_rows=64)
    assert report.faults == []
    after = content(connection)
    for name in TABLES:
        assert len(after[name]) == len(set(after[name]))
    assert nof0_import.import_folder(
        connection, arena, nof0_import.Options(mode=nof0_import.Mode.COMPARE), batch_rows=64
    ).faults == []  # fmt: skip
    totals = {"trades": 230, "decisions": 467, "conversation_messages": 218, "decision_cycles": 100}
    assert {name: len(after[name]) for name in totals} == totals


def test_the_other_imports_survive_a_kill_too(
    connection: psycopg.Connection, killed: Callable[[str], None], shared_data: Path, tmp_path: Path
) -> None:
    file = learning_file(tmp_path, 60)
    killed(VICTIM.format(
        module="sqlite_import", function="import_file", path=str(file), table="trades", nth=2, batch=25
    ))  # fmt: skip
    assert ask(connection, "SELECT count(*) FROM trades") == [(25,)]
    done = sqlite_import.import_file(connection, file, sqlite_import.Options(), batch_rows=25)
    assert done.faults == []
    assert ask(connection, "SELECT count(*), sum(net_pnl) FROM trades") == [(60, Decimal("9.5") * 60 * 61 / 2)]
    logs = shared_data / "agents"
    killed(VICTIM.format(
        module="agents_import", function="import_folder", path=str(logs), table="orders", nth=3, batch=10
    ))  # fmt: skip
    report = agents_import.import_folder(connection, logs, agents_import.Options(), batch_rows=10)
    assert report.faults == []
    assert ask(connection, "SELECT count(*) FROM orders") == [(247,)]
