"""The learning facade on a real PostgreSQL, and what nof0 reads of it: LONG and SHORT of one agent in one store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

COLUMNS = {
    "trades": "id symbol side entry_price quantity stop_loss take_profit exit_price pnl pnl_percent exit_reason"
    " bybit_order_id status created_at opened_at closed_at decision_id prompt_version",
    "positions": "id symbol side quantity entry_price current_price unrealized_pnl unrealized_pnl_percent trade_id"
    " synced_at",
    "decisions": "id symbol timeframe chart_image_path market_snapshot recommendation confidence entry_price stop_loss"
    " take_profit reasoning raw_response traded skip_reason trade_id actual_pnl actual_pnl_percent max_favorable"
    " max_adverse hold_duration_minutes outcome_correct prompt_version model_version analysis_duration_ms analyzed_at"
    " outcome_recorded_at",
    "prompt_versions": "id version name description prompt_text created_at is_active",
    "prompt_performance": "prompt_version total_decisions trades_taken correct_predictions avg_confidence"
    " avg_pnl_percent win_rate total_pnl",
}
OPENED = datetime(2024, 1, 15, 14, 0, 0, 123456, UTC)
CLOSED = OPENED + timedelta(minutes=90)
ROWS: dict[str, dict[str, Any]] = {
    "trades": {
        "id": "t1",
        "symbol": "BTCUSDT",
        "side": "SHORT",
        "entry_price": Decimal("42500.5"),
        "quantity": Decimal("0.01"),
        "stop_loss": Decimal(43000),
        "take_profit": Decimal(41000),
        "exit_price": Decimal(41000),
        "pnl": Decimal("15.005"),
        "pnl_percent": Decimal("3.53"),
        "exit_reason": "tp_hit",
        "bybit_order_id": "c0ffee-1",
        "status": "closed",
        "created_at": OPENED,
        "opened_at": OPENED,
        "closed_at": CLOSED,
        "decision_id": "d1",
        "prompt_version": "v1",
    },
    "positions": {
        "id": "p1",
        "symbol": "BTCUSDT",
        "side": "LONG",
        "quantity": Decimal("0.01"),
        "entry_price": Decimal("42500.5"),
        "current_price": Decimal(42600),
        "unrealized_pnl": Decimal("0.995"),
        "unrealized_pnl_percent": Decimal("0.23"),
        "trade_id": "t1",
        "synced_at": CLOSED,
    },
    "decisions": {
        "id": "d1",
        "symbol": "BTCUSDT",
        "timeframe": "4h",
        "chart_image_path": "/charts/1.png",
        "market_snapshot": {"price": {"current": 42500.5}, "symbol": "BTCUSDT"},
        "recommendation": "SHORT",
        "confidence": Decimal("0.8"),
        "entry_price": Decimal("42500.5"),
        "stop_loss": Decimal(43000),
        "take_profit": Decimal(41000),
        "reasoning": "bearish 🐻",
        "raw_response": {"choices": [1, None]},
        "traded": True,
        "trade_id": "t1",
        "actual_pnl": Decimal("15.005"),
        "actual_pnl_percent": Decimal("3.53"),
        "max_favorable": Decimal("3.9"),
        "max_adverse": Decimal("-0.4"),
        "hold_duration_minutes": Decimal(90),
        "outcome_correct": True,
        "prompt_version": "v1",
        "model_version": "gpt-5",
        "analysis_duration_ms": Decimal(812),
        "analyzed_at": OPENED,
        "outcome_recorded_at": CLOSED,
    },
    "prompt_versions": {
        "id": "pv1",
        "version": "v1",
        "name": "First",
        "prompt_text": "Look at the chart.",
        "created_at": OPENED,
        "is_active": True,
    },
}
CHANGES: dict[str, dict[str, Any]] = {
    "trades": {"side": "LONG", "pnl": Decimal(-1), "closed_at": CLOSED + timedelta(microseconds=1)},
    "positions": {"side": "SHORT", "quantity": Decimal(2), "symbol": "ETHUSDT"},
    "decisions": {"recommendation": "HOLD", "skip_reason": "no_slots", "traded": False},
    "prompt_versions": {"is_active": None, "description": "longer"},
}
KEYS = [
    ("trades", "id"),
    ("positions", "id"),
    ("positions", "symbol"),
    ("decisions", "id"),
    ("prompt_versions", "version"),
]
NUMBERS = [
    ("trades", "entry_price", "entry_price"),
    ("trades", "quantity", "quantity"),
    ("trades", "pnl", "net_pnl"),
    ("trades", "pnl_percent", "pnl_percent"),
    ("positions", "unrealized_pnl", "unrealized_pnl"),
    ("decisions", "take_profit", "take_profit"),
    ("decisions", "actual_pnl", "actual_pnl"),
    ("decisions", "max_favorable", "max_favorable"),
]
TIMES = [
    ("trades", "opened_at", "opened_at"),
    ("positions", "synced_at", "synced_at"),
    ("decisions", "analyzed_at", "decided_at"),
    ("decisions", "outcome_recorded_at", "outcome_recorded_at"),
]


class Facade:
    """Statements of an application of this design, each in a savepoint."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        self.connection = connection

    def run(self, statement: str, values: Any = None) -> list[dict[str, Any]]:
        with self.connection.transaction():
            cursor = self.connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def insert(self, table: str, row: dict[str, Any], rest: str = "") -> dict[str, Any]:
        names, marks = ", ".join(row), ", ".join(f"%({name})s" for name in row)
        [stored] = self.run(f"INSERT INTO {table} ({names}) VALUES ({marks}) {rest} RETURNING *", adapted(row))
        return stored

    def insert_for_a_moment(self, table: str, row: dict[str, Any]) -> dict[str, Any]:
        with self.connection.transaction(force_rollback=True):
            return self.insert(table, row)

    def upsert(self, table: str, key: str, row: dict[str, Any]) -> dict[str, Any]:
        rest = ", ".join(f"{name} = EXCLUDED.{name}" for name in row if name != key)
        return self.insert(table, row, f"ON CONFLICT ({key}) DO UPDATE SET {rest}")


def adapted(row: dict[str, Any]) -> dict[str, Any]:
    return {name: Jsonb(value) if isinstance(value, dict | list) else value for name, value in row.items()}


@pytest.fixture
def facade(warehouse: Any) -> Iterator[Facade]:
    """As an application of the design connects; what a test writes is rolled back."""
    with psycopg.Connection[dict[str, Any]].connect(
        warehouse.settings.postgres_url, row_factory=dict_row
    ) as connection:
        connection.execute("SET search_path = learning, public; SET timezone = 'UTC'")
        yield Facade(connection)
        connection.rollback()


def test_tables_have_the_designs_columns_in_its_order(facade: Facade) -> None:
    found = facade.run(
        "SELECT c.relname AS name, string_agg(a.attname, ' ' ORDER BY a.attnum) AS columns FROM pg_class AS c"
        " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0"
        " WHERE c.relnamespace = 'learning'::regnamespace AND c.relkind IN ('v', 'm') GROUP BY 1"
    )
    assert {row["name"]: row["columns"] for row in found} == COLUMNS


@pytest.mark.parametrize("table", ROWS)
def test_a_row_is_read_as_it_was_written_changed_and_deleted(facade: Facade, table: str) -> None:
    row, change = ROWS[table], CHANGES[table]
    stored = facade.insert(table, row)
    assert stored.items() >= row.items()
    assert facade.run(f"SELECT * FROM {table}") == [stored]
    assignments = ", ".join(f"{name} = %({name})s" for name in change)
    [changed] = facade.run(f"UPDATE {table} SET {assignments} RETURNING *", adapted(change))
    assert changed == stored | change
    assert facade.run(f"SELECT * FROM {table}") == [changed]
    if table in ("positions", "prompt_versions"):  # trades and decisions leave with the archive's proof only
        assert facade.run(f"DELETE FROM {table} RETURNING *") == [changed]
        assert facade.run(f"SELECT * FROM {table}") == []


@pytest.mark.parametrize(("table", "key"), KEYS)
def test_upserts_infer_the_designs_keys_and_a_replay_changes_nothing(facade: Facade, table: str, key: str) -> None:
    first = facade.upsert(table, key, ROWS[table])
    [before] = facade.run(f"SELECT updated_at FROM public.{table}")
    assert facade.upsert(table, key, ROWS[table]) == first
    assert facade.run(f"SELECT updated_at FROM public.{table}") == [before]
    change = {name: value for name, value in CHANGES[table].items() if name != key}
    assert facade.upsert(table, key, ROWS[table] | change) == first | change
    assert len(facade.run(f"SELECT * FROM {table}")) == 1


def test_defaults_are_the_designs(facade: Facade) -> None:
    trade = facade.insert("trades", {"symbol": "B", "side": "LONG", "quantity": 1})
    assert trade["status"] == "pending"
    position = facade.insert("positions", {"symbol": "B", "side": "LONG", "quantity": 1, "entry_price": 1})
    decision = facade.insert("decisions", {"symbol": "B", "timeframe": "1h", "prompt_version": "v"})
    assert (decision["traded"], decision["model_version"]) == (False, "gpt-4-vision-preview")
    prompt = facade.insert("prompt_versions", {"version": "v", "prompt_text": "x"})
    assert prompt["is_active"] is False
    ids = {row["id"] for row in (trade, position, decision, prompt)}
    assert len(ids) == 4
    assert all(len(generated) == 36 for generated in ids)
    for stamp in (trade["created_at"], position["synced_at"], decision["analyzed_at"], prompt["created_at"]):
        assert abs(stamp - datetime.now(UTC)) < timedelta(minutes=5)
    owners = facade.run("SELECT DISTINCT agent_id, exchange FROM public.trades")
    assert owners == [{"agent_id": "learning", "exchange": "hyperliquid"}]


def test_null_where_the_design_allows_it_is_taken(facade: Facade) -> None:
    for table, needed in (
        ("trades", {"symbol": "B", "side": "LONG", "quantity": 1}),
        ("decisions", {"symbol": "B", "timeframe": "1h", "prompt_version": "v"}),
        ("prompt_versions", {"version": "v", "prompt_text": "x"}),
        ("positions", {"symbol": "B", "side": "LONG", "quantity": 1, "entry_price": 1}),
    ):
        nothing = dict.fromkeys(COLUMNS[table].split()) | {"id": "x"}
        stored = facade.insert(table, nothing | needed)
        filled = {name for name, value in stored.items() if value is not None} - needed.keys() - {"id"}
        assert filled <= {"created_at", "analyzed_at", "status"}
    assert facade.run("SELECT status FROM trades") == [{"status": "open"}]


@pytest.mark.parametrize(
    ("table", "change", "named"),
    [
        ("trades", {"symbol": None}, "symbol"),
        ("trades", {"side": None}, "side"),
        ("trades", {"side": "BUY"}, "side"),
        ("trades", {"side": "long"}, "side"),
        ("trades", {"status": "done"}, "status"),
        ("trades", {"quantity": -1}, "quantity"),
        ("trades", {"quantity": -1, "side": "LONG"}, "quantity"),
        ("trades", {"quantity": 0}, "quantity"),
        ("positions", {"symbol": None}, "symbol"),
        ("positions", {"quantity": None}, "quantity"),
        ("decisions", {"recommendation": "Hold"}, "recommendation"),
        ("decisions", {"recommendation": "WAIT"}, "action"),
        ("decisions", {"confidence": Decimal("1.5")}, "confidence"),
        ("prompt_versions", {"prompt_text": None}, "prompt_text"),
    ],
)
def test_what_the_design_forbids_is_refused_by_name(
    facade: Facade, table: str, change: dict[str, Any], named: str
) -> None:
    with pytest.raises(psycopg.errors.IntegrityError) as refused:
        facade.insert(table, ROWS[table] | change)
    assert named in (refused.value.diag.message_primary or "")


def test_a_trade_closed_without_a_time_gets_the_databases_and_says_so(facade: Facade) -> None:
    facade.insert("trades", {"id": "t", "symbol": "B", "side": "LONG", "quantity": 1, "status": "open"})
    [told] = facade.run("UPDATE trades SET status = 'closed', pnl = 5 RETURNING closed_at")
    assert abs(told["closed_at"] - datetime.now(UTC)) < timedelta(minutes=5)
    assert facade.run("SELECT details FROM public.trades") == [{"details": {"closed_at_from": "database clock"}}]
    facade.run("UPDATE trades SET closed_at = %s", [CLOSED])
    assert facade.run("SELECT details FROM public.trades") == [{"details": {}}]
    with pytest.raises(psycopg.errors.CheckViolation, match="trades_closed_has_time"):
        facade.run("UPDATE trades SET closed_at = NULL")


def test_one_open_position_per_symbol_whatever_others_hold(facade: Facade) -> None:
    held = facade.insert("positions", ROWS["positions"])
    for values in ("('a', 'gpt-5', 'hyperliquid')", "('b', 'learning', 'bybit')", "('c', 'learning', 'hyperliquid')"):
        facade.run(
            "INSERT INTO public.positions (id, agent_id, exchange, symbol, side, quantity, entry_price)"
            f" SELECT v.*, 'BTCUSDT', 'long', 1, 1 FROM (VALUES {values}) AS v"
        )
    assert facade.run("SELECT * FROM positions") == [held]
    again = facade.upsert("positions", "symbol", {k: v for k, v in ROWS["positions"].items() if k != "id"})
    assert again == held
    with pytest.raises(psycopg.errors.UniqueViolation, match="live_symbol"):
        facade.insert("positions", ROWS["positions"] | {"id": "p2"})
    facade.run("UPDATE public.positions SET status = 'closed', quantity = 0 WHERE id = 'p1'")
    assert facade.run("SELECT * FROM positions") == []
    assert facade.insert("positions", ROWS["positions"] | {"id": "p3"})["id"] == "p3"


def test_two_home_agents_never_share_a_position(facade: Facade) -> None:
    facade.insert("positions", ROWS["positions"])
    facade.run("SET LOCAL candlehouse.agent_id = 'beta'")
    assert facade.run("SELECT * FROM positions") == []
    row = {k: v for k, v in ROWS["positions"].items() if k != "id"}
    with pytest.raises(psycopg.errors.UniqueViolation, match="held by agent learning at hyperliquid, not by beta"):
        facade.upsert("positions", "symbol", row)
    facade.run("SELECT ops.rehome()")
    facade.upsert("positions", "symbol", row)
    found = facade.run("SELECT agent_id, symbol, live_symbol FROM public.positions ORDER BY 1")
    assert found == [
        {"agent_id": "beta", "symbol": "BTCUSDT", "live_symbol": "BTCUSDT"},
        {"agent_id": "learning", "symbol": "BTCUSDT", "live_symbol": None},
    ]


def test_settings_say_whose_rows_they_are(facade: Facade) -> None:
    facade.run("SET LOCAL candlehouse.agent_id = 'gamma'")
    facade.run("SET LOCAL candlehouse.exchange = 'bybit'")
    for table, row in ROWS.items():
        facade.insert(table, row)
    for table in ("trades", "positions", "decisions"):
        found = facade.run(f"SELECT agent_id, exchange FROM public.{table}")
        assert found == [{"agent_id": "gamma", "exchange": "bybit"}]
    assert facade.run("SELECT id FROM public.agents") == [{"id": "gamma"}]


def test_sandbox_rows_are_hidden(facade: Facade) -> None:
    facade.run(
        "INSERT INTO public.trades (agent_id, exchange, symbol, side, origin)"
        " VALUES ('toy', 'sandbox', 'B', 'long', 'simulated')"
    )
    facade.run("INSERT INTO public.decisions (agent_id, exchange, symbol) VALUES ('toy', 'sandbox', 'B')")
    assert facade.run("SELECT * FROM trades") == facade.run("SELECT * FROM decisions") == []
    facade.run("SET LOCAL candlehouse.exchange = 'sandbox'")
    assert (len(facade.run("SELECT * FROM trades")), len(facade.run("SELECT * FROM decisions"))) == (1, 1)
    facade.run("SELECT refresh_prompt_performance()")
    assert facade.run("SELECT * FROM prompt_performance") == []


def test_prompt_performance_is_what_the_design_computes(facade: Facade) -> None:
    facade.insert("trades", ROWS["trades"])
    facade.insert("trades", ROWS["trades"] | {"id": "t2", "pnl": Decimal(-5), "pnl_percent": Decimal("-1.2")})
    facade.insert("decisions", ROWS["decisions"])
    facade.insert("decisions", ROWS["decisions"] | {"id": "d2", "trade_id": "t2", "outcome_correct": False})
    skipped = {"trade_id": None, "traded": False, "outcome_correct": None, "confidence": Decimal("0.1")}
    facade.insert("decisions", ROWS["decisions"] | skipped | {"id": "d3"})
    facade.insert("decisions", ROWS["decisions"] | skipped | {"id": "d4", "prompt_version": "v2"})
    facade.run("INSERT INTO public.decisions (id, symbol) VALUES ('d5', 'B')")
    for _ in range(2):
        facade.run("SELECT refresh_prompt_performance()")
    empty = dict.fromkeys(("avg_pnl_percent", "win_rate", "total_pnl")) | {"trades_taken": 0, "correct_predictions": 0}
    assert facade.run("SELECT * FROM prompt_performance ORDER BY prompt_version NULLS LAST") == [
        {
            "prompt_version": "v1",
            "total_decisions": 3,
            "trades_taken": 2,
            "correct_predictions": 1,
            "avg_confidence": Decimal("0.567"),
            "avg_pnl_percent": Decimal("1.17"),
            "win_rate": 0.5,
            "total_pnl": Decimal("10.005"),
        },
        empty | {"prompt_version": "v2", "total_decisions": 1, "avg_confidence": Decimal("0.100")},
        empty | {"prompt_version": None, "total_decisions": 1, "avg_confidence": None},
    ]


@pytest.mark.parametrize(("table", "column", "named"), NUMBERS)
def test_numbers_are_stored_exactly_or_refused_by_name(facade: Facade, table: str, column: str, named: str) -> None:
    for text in ("1e-18", "12345678901234567890.123456789012345678", "99999999999999999999.999999999999999999"):
        assert facade.insert_for_a_moment(table, ROWS[table] | {column: text})[column] == Decimal(text)
    for text in ("1e30", "1e20", "1e-19", "NaN", "Infinity", "-Infinity", "0.1234567890123456789"):
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            facade.insert(table, ROWS[table] | {column: text})
        assert named in (refused.value.diag.message_primary or ""), text


@pytest.mark.parametrize(("table", "column", "named"), TIMES)
def test_times_of_1970_and_2299_are_stored_and_others_refused_by_name(
    facade: Facade, table: str, column: str, named: str
) -> None:
    row = {name: value for name, value in ROWS[table].items() if name != "closed_at" or table != "trades"}
    row |= {"status": "open"} if table == "trades" else {}
    for text in ("1970-01-01 00:00:00+00", "2299-12-31 23:59:59.999999+00"):
        assert facade.insert_for_a_moment(table, row | {column: text})[column] == datetime.fromisoformat(text)
    for text in ("1969-12-31 23:59:59.999999+00", "2300-01-01 00:00:00+00", "infinity", "-infinity"):
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            facade.insert(table, row | {column: text})
        assert named in (refused.value.diag.constraint_name or "")


def test_text_keeps_every_character_that_postgresql_has(facade: Facade) -> None:
    words = "🚀 \u202e\t\n\x01 ﷽ 👩‍👩‍👧"
    texts = {"reasoning": words, "skip_reason": words, "market_snapshot": {words: [words]}}
    assert facade.insert("decisions", ROWS["decisions"] | texts).items() >= texts.items()
    # NUL is the one character that PostgreSQL has not; neither it nor the driver says in which column it stood.
    with pytest.raises(psycopg.DataError, match="NUL"):
        facade.insert("decisions", ROWS["decisions"] | {"id": "d2", "reasoning": "a\0b"})
    with pytest.raises(psycopg.errors.UntranslatableCharacter):
        facade.insert("decisions", ROWS["decisions"] | {"id": "d2", "raw_response": {"a": "\0"}})
    assert facade.run("SELECT id FROM decisions") == [{"id": "d1"}]


def test_trades_written_here_are_read_through_nof0(facade: Facade) -> None:
    facade.insert("trades", ROWS["trades"])
    facade.insert("trades", {"id": "t2", "symbol": "BTCUSDT", "side": "LONG", "quantity": 1})
    found = facade.run(
        "SELECT id, model_id, side, quantity, entry_price, entry_ts_ms, exit_ts_ms, realized_net_pnl, entry_oid"
        " FROM nof0.trades"
    )
    ms = int(OPENED.timestamp()) * 1000 + 123
    assert found == [
        {
            "id": "t1",
            "model_id": "learning",
            "side": "short",
            "quantity": Decimal("-0.01"),
            "entry_price": Decimal("42500.5"),
            "entry_ts_ms": ms,
            "exit_ts_ms": ms + 90 * 60_000,
            "realized_net_pnl": Decimal("15.005"),
            "entry_oid": None,
        }
    ]  # a pending trade is none yet to the arena
    facade.run("UPDATE trades SET status = 'open', opened_at = %s WHERE id = 't2'", [CLOSED])
    facade.run(f"UPDATE nof0.trades SET exit_ts_ms = {ms + 10**10}, realized_net_pnl = 2 WHERE id = 't2'")
    [closed] = facade.run("SELECT status, pnl, opened_at, closed_at FROM trades WHERE id = 't2'")
    assert closed == {
        "status": "closed",
        "pnl": 2,
        "opened_at": CLOSED,
        "closed_at": OPENED.replace(microsecond=123000) + timedelta(milliseconds=10**10),
    }


def test_trades_written_through_nof0_are_read_here(facade: Facade) -> None:
    facade.run(
        "INSERT INTO nof0.trades (id, model_id, symbol, side, quantity, entry_price, entry_ts_ms, exit_ts_ms,"
        " realized_net_pnl, entry_oid) VALUES ('n1', 'gpt-5', 'BTC', 'short', -1818, 0.19, 1761314029249,"
        " 1761418991842, -90.55, 210143471881)"
    )
    [found] = facade.run("SELECT side, quantity, pnl, bybit_order_id, status, opened_at FROM trades")
    assert found == {
        "side": "SHORT",
        "quantity": 1818,
        "pnl": Decimal("-90.55"),
        "bybit_order_id": "210143471881",
        "status": "closed",
        "opened_at": datetime(2025, 10, 24, 13, 53, 49, 249000, UTC),
    }
    facade.run("UPDATE trades SET side = 'LONG', quantity = 2, bybit_order_id = 'x' WHERE id = 'n1'")
    [changed] = facade.run("SELECT side, quantity, entry_oid FROM nof0.trades")
    assert changed == {"side": "long", "quantity": 2, "entry_oid": None}


def test_positions_written_here_are_read_through_nof0(facade: Facade) -> None:
    facade.insert("positions", ROWS["positions"] | {"side": "SHORT"})
    [found] = facade.run("SELECT model_id, symbol, side, quantity, status FROM nof0.positions")
    assert found == {
        "model_id": "learning",
        "symbol": "BTCUSDT",
        "side": "short",
        "quantity": Decimal("-0.01"),
        "status": "open",
    }
    facade.run("UPDATE nof0.positions SET status = 'closed'")
    assert facade.run("SELECT * FROM positions") == []
