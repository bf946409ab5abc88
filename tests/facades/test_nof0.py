"""The nof0 facade on a real PostgreSQL: its columns, writes and upserts, and nothing lost between the two shapes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

COLUMNS = {
    "models": "id display_name created_at",
    "symbols": "symbol quote_currency created_at",
    "price_ticks": "id symbol price ts_ms source ingested_at",
    "price_latest": "symbol price ts_ms updated_at",
    "accounts": "model_id base_currency created_at updated_at",
    "account_equity_snapshots": "id model_id ts_ms equity_usd realized_pnl unrealized_pnl run_id created_at",
    "positions": "id model_id symbol side entry_price quantity leverage confidence entry_ts_ms commission status"
    " exit_ts_ms exit_price metadata updated_at",
    "trades": "id model_id symbol side trade_type quantity leverage confidence entry_price entry_ts_ms exit_price"
    " exit_ts_ms realized_gross_pnl realized_net_pnl total_commission_dollars entry_oid exit_oid created_at",
    "model_analytics": "model_id updated_at payload server_time_ms",
    "conversations": "id model_id created_at",
    "conversation_messages": "id conversation_id role content ts_ms metadata",
    "decision_cycles": "id model_id cycle_number prompt_digest cot_trace decisions success error_message executed_at",
    "v_crypto_prices_latest": "symbol price timestamp_ms",
    "v_leaderboard": "model_id equity sharpe num_trades num_wins num_losses win_dollars lose_dollars return_pct",
    "v_since_inception": "model_id timestamp value",
}
NOW = 1761452335744
ROWS: dict[str, dict[str, Any]] = {
    "models": {"id": "gpt-5", "display_name": "GPT 5"},
    "symbols": {"symbol": "BTC", "quote_currency": "USDT"},
    "price_ticks": {"symbol": "BTC", "price": Decimal("111317.5"), "ts_ms": NOW, "source": "hyperliquid"},
    "price_latest": {"symbol": "BTC", "price": Decimal("111317.5"), "ts_ms": NOW},
    "accounts": {"model_id": "gpt-5", "base_currency": "USDC"},
    "account_equity_snapshots": {
        "model_id": "gpt-5",
        "ts_ms": NOW,
        "equity_usd": Decimal("8552.7"),
        "realized_pnl": Decimal("-90.55"),
        "unrealized_pnl": Decimal(3),
    },
    "positions": {
        "id": "p1",
        "model_id": "gpt-5",
        "symbol": "BTC",
        "side": "short",
        "entry_price": Decimal(107343),
        "quantity": Decimal("-0.12"),
        "leverage": Decimal(20),
        "confidence": Decimal("0.75"),
        "entry_ts_ms": NOW,
        "commission": Decimal("1.2"),
        "status": "open",
        "metadata": {"plan": "🚀"},
    },
    "trades": {
        "id": "t1",
        "model_id": "gpt-5",
        "symbol": "BTC",
        "side": "long",
        "trade_type": "market",
        "quantity": Decimal("0.1"),
        "leverage": Decimal("2.5"),
        "confidence": Decimal("0.6"),
        "entry_price": Decimal(100),
        "entry_ts_ms": NOW - 1000,
        "exit_price": Decimal(110),
        "exit_ts_ms": NOW,
        "realized_gross_pnl": Decimal(1),
        "realized_net_pnl": Decimal("0.9"),
        "total_commission_dollars": Decimal("0.1"),
        "entry_oid": 210143471881,
        "exit_oid": 2**63 - 1,
    },
    "model_analytics": {
        "model_id": "gpt-5",
        "updated_at": datetime(2025, 10, 26, tzinfo=UTC),
        "payload": {"sharpe": 1.5},
        "server_time_ms": NOW,
    },
    "conversations": {"model_id": "gpt-5"},
    "decision_cycles": {
        "model_id": "gpt-5",
        "cycle_number": 7,
        "prompt_digest": "sha",
        "cot_trace": "hm\n",
        "decisions": [{"symbol": "BTC"}],
        "success": True,
    },
}
CHANGES: dict[str, dict[str, Any]] = {
    "models": {"display_name": "GPT-5"},
    "symbols": {"quote_currency": "USD"},
    "price_ticks": {"price": Decimal("1e-18"), "ts_ms": NOW + 1},
    "price_latest": {"price": Decimal(5), "ts_ms": NOW + 1},
    "accounts": {"base_currency": "USD"},
    "account_equity_snapshots": {"equity_usd": Decimal(1), "ts_ms": NOW + 1},
    "positions": {"status": "closed", "quantity": Decimal(0), "exit_ts_ms": NOW + 5, "metadata": {}},
    "trades": {"exit_ts_ms": NOW + 5, "realized_net_pnl": Decimal(-1), "exit_oid": 5, "quantity": Decimal(2)},
    "model_analytics": {"payload": {}, "server_time_ms": NOW + 1},
    "conversations": {"model_id": "gpt-6"},
    "decision_cycles": {"success": False, "error_message": "late"},
}
KEYS = {
    "models": "id",
    "symbols": "symbol",
    "price_latest": "symbol",
    "accounts": "model_id",
    "positions": "id",
    "trades": "id",
    "model_analytics": "model_id",
}
# (facade table, its column, the column that the error names)
NUMBERS = [
    ("price_ticks", "price", "price"),
    ("price_latest", "price", "price"),
    ("account_equity_snapshots", "equity_usd", "equity"),
    ("account_equity_snapshots", "realized_pnl", "realized_pnl"),
    ("positions", "entry_price", "entry_price"),
    ("positions", "commission", "fee"),
    ("trades", "quantity", "quantity"),
    ("trades", "realized_gross_pnl", "gross_pnl"),
    ("trades", "realized_net_pnl", "net_pnl"),
    ("trades", "total_commission_dollars", "fee"),
]
TIMES = [
    ("price_ticks", "ts_ms", "ts_ms"),
    ("price_latest", "ts_ms", "priced_at_ms"),
    ("account_equity_snapshots", "ts_ms", "ts_ms"),
    ("positions", "entry_ts_ms", "opened_at_ms"),
    ("trades", "exit_ts_ms", "closed_at_ms"),
    ("model_analytics", "server_time_ms", "server_time_ms"),
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
        names = ", ".join(row)
        marks = ", ".join(f"%({name})s" for name in row)
        [stored] = self.run(f"INSERT INTO {table} ({names}) VALUES ({marks}) {rest} RETURNING *", adapted(row))
        return stored

    def insert_for_a_moment(self, table: str, row: dict[str, Any]) -> dict[str, Any]:
        with self.connection.transaction(force_rollback=True):
            return self.insert(table, row)

    def upsert(self, table: str, row: dict[str, Any]) -> dict[str, Any]:
        key = KEYS[table]
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
        connection.execute("SET search_path = nof0, public; SET timezone = 'UTC'")
        yield Facade(connection)
        connection.rollback()


def test_tables_have_the_designs_columns_in_its_order(facade: Facade) -> None:
    found = facade.run(
        "SELECT c.relname AS name, string_agg(a.attname, ' ' ORDER BY a.attnum) AS columns FROM pg_class AS c"
        " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0"
        " WHERE c.relnamespace = 'nof0'::regnamespace AND c.relkind IN ('v', 'm') GROUP BY 1"
    )
    assert {row["name"]: row["columns"] for row in found} == COLUMNS


# Rows of these leave PostgreSQL with the archive's proof only.
ARCHIVED = ("trades", "price_ticks", "account_equity_snapshots", "conversations", "decision_cycles")


@pytest.mark.parametrize("table", ROWS)
def test_a_row_is_read_as_it_was_written_changed_and_deleted(facade: Facade, table: str) -> None:
    row, change = ROWS[table], CHANGES[table]
    stored = facade.insert(table, row)
    given = {name: value for name, value in row.items() if name != "updated_at"}
    assert stored.items() >= given.items()
    assert facade.run(f"SELECT * FROM {table}") == [stored]
    assignments = ", ".join(f"{name} = %({name})s" for name in change)
    [changed] = facade.run(f"UPDATE {table} SET {assignments} RETURNING *", adapted(change))
    assert changed.items() >= (given | change).items()
    assert facade.run(f"SELECT * FROM {table}") == [changed]
    if table in ARCHIVED:
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="no verified archive manifest"):
            facade.run(f"DELETE FROM {table}")
    else:
        assert facade.run(f"DELETE FROM {table} RETURNING *") == [changed]
        assert facade.run(f"SELECT * FROM {table}") == []


@pytest.mark.parametrize("table", KEYS)
def test_upserts_infer_the_designs_keys_and_a_replay_changes_nothing(facade: Facade, table: str) -> None:
    first = facade.upsert(table, ROWS[table])
    assert facade.upsert(table, ROWS[table]) == first
    assert facade.insert(table, ROWS[table], f"ON CONFLICT ({KEYS[table]}) DO UPDATE SET {KEYS[table]} ="
                         f" EXCLUDED.{KEYS[table]}") == first  # fmt: skip
    changed = facade.upsert(table, ROWS[table] | CHANGES[table])
    assert changed.items() >= {k: v for k, v in CHANGES[table].items() if k != "updated_at"}.items()
    names, marks = ", ".join(ROWS[table]), ", ".join(["%s"] * len(ROWS[table]))
    nothing = f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT ({KEYS[table]}) DO NOTHING RETURNING *"
    assert facade.run(nothing, list(adapted(ROWS[table]).values())) == []
    assert facade.run(f"SELECT * FROM {table}") == [changed]


def test_a_message_belongs_to_its_conversation(facade: Facade) -> None:
    thread = facade.insert("conversations", ROWS["conversations"])
    row = {"conversation_id": thread["id"], "role": "assistant", "content": "to the 🌕", "ts_ms": NOW}
    stored = facade.insert("conversation_messages", row)
    assert stored == {**row, "id": stored["id"], "metadata": {}}
    [changed] = facade.run(f"UPDATE conversation_messages SET ts_ms = {NOW + 1}, metadata = NULL RETURNING *")
    assert changed == {**stored, "ts_ms": NOW + 1}
    with pytest.raises(psycopg.errors.CheckViolation, match="role"):
        facade.insert("conversation_messages", row | {"role": "tool"})
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="no verified archive manifest"):
        facade.run("DELETE FROM conversations")


def test_replays_of_ticks_and_snapshots_are_no_second_rows(facade: Facade) -> None:
    tick = facade.insert("price_ticks", ROWS["price_ticks"])
    assert facade.insert("price_ticks", ROWS["price_ticks"]) == tick
    assert facade.insert("price_ticks", ROWS["price_ticks"], "ON CONFLICT DO NOTHING") == tick
    other = facade.insert("price_ticks", ROWS["price_ticks"] | {"price": Decimal(1)})
    assert other["id"] != tick["id"]
    assert len(facade.run("SELECT * FROM price_ticks")) == 2
    snapshot = facade.insert("account_equity_snapshots", ROWS["account_equity_snapshots"])
    assert facade.insert("account_equity_snapshots", ROWS["account_equity_snapshots"]) == snapshot
    again = facade.insert("account_equity_snapshots", ROWS["account_equity_snapshots"] | {"equity_usd": Decimal(2)})
    assert again == snapshot | {"equity_usd": Decimal(2)}
    assert facade.run("SELECT * FROM account_equity_snapshots") == [again]


def test_defaults_are_the_designs(facade: Facade) -> None:
    for table, row, defaults in [
        ("symbols", {"symbol": "BTC"}, {"quote_currency": "USD"}),
        ("price_ticks", {"symbol": "BTC", "price": 1, "ts_ms": 1}, {"source": "hyperliquid"}),
        ("accounts", {"model_id": "m"}, {"base_currency": "USD"}),
        (
            "account_equity_snapshots",
            {"model_id": "m", "ts_ms": 1, "equity_usd": 1},
            {"realized_pnl": 0, "unrealized_pnl": 0},
        ),
        (
            "positions",
            {
                "id": "p",
                "model_id": "m",
                "symbol": "B",
                "side": "long",
                "entry_price": 1,
                "quantity": 1,
                "entry_ts_ms": 1,
            },
            {"status": "open", "metadata": {}},
        ),
        ("decision_cycles", {"model_id": "m"}, {"success": False}),
    ]:
        stored = facade.insert(table, row)
        assert stored.items() >= defaults.items()
        stamps = {"created_at", "ingested_at", "updated_at", "executed_at", "run_id"} & stored.keys()
        assert all(stored[name] is not None for name in stamps)


def test_null_where_the_design_allows_it_is_taken(facade: Facade) -> None:
    nothing = dict.fromkeys(COLUMNS["trades"].split())
    stored = facade.insert("trades", nothing | {"id": "t", "model_id": "m", "symbol": "B", "side": "long"})
    assert {name for name, value in stored.items() if value is not None} == {
        "id",
        "model_id",
        "symbol",
        "side",
        "created_at",
    }
    for table, row in [
        ("symbols", {"symbol": "B", "quote_currency": None, "created_at": None}),
        ("price_ticks", {"symbol": "B", "price": 1, "ts_ms": 1, "source": None, "ingested_at": None}),
        ("price_latest", {"symbol": "B", "price": 1, "ts_ms": 1, "updated_at": None}),
        ("accounts", {"model_id": "m", "created_at": None, "updated_at": None}),
        ("conversations", {"model_id": "m", "created_at": None}),
        ("decision_cycles", dict.fromkeys(COLUMNS["decision_cycles"].split()[2:-1]) | {"model_id": "m"}),
        (
            "account_equity_snapshots",
            {"model_id": "m", "ts_ms": 1, "equity_usd": 1, "realized_pnl": None, "run_id": None, "created_at": None},
        ),
        (
            "positions",
            ROWS["positions"] | {"leverage": None, "confidence": None, "metadata": None, "updated_at": None},
        ),
    ]:
        facade.insert(table, row)


@pytest.mark.parametrize(
    ("table", "column", "named"),
    [
        ("trades", "model_id", "agent_id"),
        ("trades", "symbol", "symbol"),
        ("trades", "side", "side"),
        ("positions", "quantity", "quantity"),
        ("price_ticks", "ts_ms", "ts_ms"),
        ("price_latest", "price", "price"),
        ("account_equity_snapshots", "equity_usd", "equity"),
        ("account_equity_snapshots", "ts_ms", "ts_ms"),
        ("model_analytics", "payload", "payload"),
    ],
)
def test_null_where_the_design_forbids_it_is_refused_by_name(
    facade: Facade, table: str, column: str, named: str
) -> None:
    with pytest.raises(psycopg.errors.NotNullViolation) as refused:
        facade.insert(table, ROWS[table] | {column: None})
    assert refused.value.diag.column_name == named


def test_an_unknown_model_needs_no_announcement(facade: Facade) -> None:
    facade.insert("trades", ROWS["trades"] | {"model_id": "new one"})
    assert facade.run("SELECT id, display_name FROM models") == [{"id": "new one", "display_name": "new one"}]
    facade.insert(
        "models", {"id": "new one", "display_name": "New"}, "ON CONFLICT (id) DO UPDATE SET display_name = 'New'"
    )
    assert facade.run("SELECT display_name FROM models") == [{"display_name": "New"}]


def test_an_exit_time_closes_a_trade_and_its_removal_opens_it(facade: Facade) -> None:
    row = {k: v for k, v in ROWS["trades"].items() if not k.startswith("exit")}
    facade.insert("trades", row)
    assert facade.run("SELECT status FROM public.trades") == [{"status": "open"}]
    facade.upsert("trades", ROWS["trades"])
    assert facade.run("SELECT status, closed_at FROM public.trades") == [
        {"status": "closed", "closed_at": datetime.fromtimestamp(NOW / 1000, UTC)}
    ]
    facade.run("UPDATE trades SET exit_ts_ms = NULL")
    assert facade.run("SELECT status, closed_at FROM public.trades") == [{"status": "open", "closed_at": None}]


def test_microseconds_stay_while_the_millisecond_does(facade: Facade) -> None:
    facade.insert("trades", ROWS["trades"])
    exact = datetime(2025, 10, 26, 4, 18, 55, 744999, UTC)
    facade.run("UPDATE public.trades SET closed_at = %s", [exact])
    assert facade.run("SELECT exit_ts_ms FROM trades") == [{"exit_ts_ms": NOW}]
    facade.upsert("trades", ROWS["trades"])
    facade.run(f"UPDATE trades SET exit_ts_ms = {NOW}, exit_price = 5")
    assert facade.run("SELECT closed_at FROM public.trades") == [{"closed_at": exact}]
    facade.run(f"UPDATE trades SET exit_ts_ms = {NOW + 1}")
    assert facade.run("SELECT closed_at FROM public.trades") == [{"closed_at": exact.replace(microsecond=745000)}]
    facade.run("INSERT INTO public.price_ticks (symbol, priced_at, price) VALUES ('BTC', %s, 1)", [exact])
    facade.run("UPDATE price_ticks SET price = 2")
    assert facade.run("SELECT priced_at, price FROM public.price_ticks") == [{"priced_at": exact, "price": 2}]
    facade.insert("account_equity_snapshots", ROWS["account_equity_snapshots"])
    facade.run("UPDATE public.account_equity_snapshots SET captured_at = %s", [exact])
    facade.insert("account_equity_snapshots", ROWS["account_equity_snapshots"] | {"equity_usd": 5})
    found = facade.run("SELECT captured_at, equity FROM public.account_equity_snapshots")
    assert found == [{"captured_at": exact, "equity": 5}]


@pytest.mark.parametrize(
    ("given", "column"),
    [
        ({"opened_at": datetime(2020, 1, 1, tzinfo=UTC), "opened_at_ms": NOW}, "opened_at"),
        ({"closed_at": datetime(2020, 1, 1, tzinfo=UTC), "closed_at_ms": NOW}, "closed_at"),
        ({"side": "long", "side_upper": "SHORT"}, "side"),
        ({"side_upper": "Long"}, "side"),
        ({"quantity": 1, "quantity_signed": 2}, "quantity"),
        ({"side": "long", "quantity_signed": -2}, "side"),
        ({"entry_order_id": "7", "entry_oid": 8}, "entry_order_id"),
        ({"exit_order_id": "order-7", "exit_oid": 7}, "exit_order_id"),
    ],
)
def test_a_column_and_its_companion_that_contradict_are_refused_by_name(
    facade: Facade, given: dict[str, Any], column: str
) -> None:
    row = {"id": "t", "symbol": "B"} | ({} if "side_upper" in given else {"side": "short"})
    with pytest.raises(psycopg.errors.CheckViolation) as inserted:
        facade.insert("public.trades", row | given)
    facade.insert("public.trades", {"id": "t", "symbol": "B", "side": "short", "quantity": 9})
    if given == {"side": "long", "side_upper": "SHORT"}:
        return  # only one of the two changes, and that one is meant
    marks = ", ".join(f"{name} = %({name})s" for name in given)
    with pytest.raises(psycopg.errors.CheckViolation) as updated:
        facade.run(f"UPDATE public.trades SET {marks}", given)
    for refused in (inserted, updated):
        assert refused.value.diag.column_name == column
        assert column in str(refused.value)


def test_either_of_a_column_and_its_companion_is_enough(facade: Facade) -> None:
    facade.insert("public.trades", {"id": "t", "symbol": "B", "side": "short", "quantity": 2, "entry_order_id": "77"})
    facade.insert("public.trades", {"id": "u", "symbol": "B", "side": "long", "entry_order_id": "0x7"})
    found = facade.run("SELECT id, quantity, entry_oid FROM trades ORDER BY id")
    assert found == [
        {"id": "t", "quantity": -2, "entry_oid": 77},
        {"id": "u", "quantity": None, "entry_oid": None},
    ]
    facade.run("UPDATE trades SET entry_oid = 8, quantity = 3, side = 'long' WHERE id = 't'")
    facade.run("UPDATE public.trades SET entry_order_id = 'abc' WHERE id = 'u'")
    found = facade.run("SELECT quantity, side_upper, entry_order_id FROM public.trades ORDER BY id")
    assert found == [
        {"quantity": 3, "side_upper": "LONG", "entry_order_id": "8"},
        {"quantity": None, "side_upper": "LONG", "entry_order_id": "abc"},
    ]


def test_the_size_of_a_short_is_read_with_its_writers_sign(facade: Facade) -> None:
    for sign in (1, -1):
        row = ROWS["positions"] | {"id": f"p{sign}", "quantity": Decimal("0.12") * sign}
        assert facade.insert("positions", row)["quantity"] == row["quantity"]
        facade.run("UPDATE public.positions SET quantity = 3 WHERE id = %s", [row["id"]])
        [changed] = facade.run("SELECT quantity FROM positions WHERE id = %s", [row["id"]])
        assert changed == {"quantity": 3 * sign}
    assert facade.run("SELECT DISTINCT quantity FROM public.positions") == [{"quantity": 3}]


def test_sandbox_rows_are_hidden_and_a_sandbox_session_sees_only_them(facade: Facade) -> None:
    facade.run(
        "INSERT INTO public.trades (id, agent_id, exchange, symbol, side, status, quantity, closed_at, origin)"
        " VALUES ('s', 'toy', 'sandbox', 'BTC', 'long', 'closed', 1, now(), 'simulated')"
    )
    facade.run(
        "INSERT INTO public.price_ticks (exchange, symbol, priced_at, price) VALUES ('sandbox', 'BTC', now(), 1)"
    )
    facade.run(
        "INSERT INTO public.price_latest (exchange, symbol, priced_at, price) VALUES ('sandbox', 'BTC', now(), 1)"
    )
    facade.run(
        "INSERT INTO public.account_equity_snapshots (agent_id, exchange, captured_at, equity)"
        " VALUES ('toy', 'sandbox', now(), 1)"
    )
    facade.run(
        "INSERT INTO public.positions (id, agent_id, exchange, symbol, side, quantity, entry_price)"
        " VALUES ('s', 'toy', 'sandbox', 'BTC', 'long', 1, 1)"
    )
    tables = ("models", "trades", "price_ticks", "account_equity_snapshots", "positions", "price_latest")
    for table in tables:
        assert facade.run(f"SELECT * FROM {table}") == [], table
    facade.run("SELECT refresh_views_nof0()")
    assert facade.run("SELECT * FROM v_leaderboard") == []
    facade.run("SET LOCAL candlehouse.exchange = 'sandbox'")
    facade.run("SELECT ops.rehome()")
    for table in tables:
        assert len(facade.run(f"SELECT * FROM {table}")) == 1, table
    facade.insert("trades", ROWS["trades"])
    assert facade.run("SELECT exchange FROM public.trades WHERE id = 't1'") == [{"exchange": "sandbox"}]
    # Boards are everybody's: the home of the database decides, and not that of the session that refreshes.
    facade.run("SELECT refresh_views_nof0()")
    assert facade.run("SELECT * FROM v_since_inception") == []
    assert facade.run("SELECT current_setting('candlehouse.exchange') AS home") == [{"home": "sandbox"}]


def test_two_home_exchanges_never_share_a_row(facade: Facade) -> None:
    facade.upsert("price_latest", ROWS["price_latest"])
    facade.insert("accounts", ROWS["accounts"])
    facade.run("INSERT INTO public.price_latest (exchange, symbol, price, priced_at) VALUES ('bybit', 'BTC', 9, now())")
    assert facade.run("SELECT symbol, price FROM price_latest") == [{"symbol": "BTC", "price": Decimal("111317.5")}]
    facade.run("SET LOCAL candlehouse.exchange = 'bybit'")
    with pytest.raises(psycopg.errors.UniqueViolation, match=r"symbol BTC of price_latest is at home on hyperliquid"):
        facade.upsert("price_latest", ROWS["price_latest"])
    with pytest.raises(psycopg.errors.UniqueViolation, match=r"agent_id gpt-5: its account is at home on hyperliquid"):
        facade.upsert("accounts", ROWS["accounts"])
    facade.run("SELECT ops.rehome()")
    assert facade.upsert("price_latest", ROWS["price_latest"])["price"] == Decimal("111317.5")
    assert facade.run("SELECT exchange, price FROM public.price_latest ORDER BY 1") == [
        {"exchange": "bybit", "price": Decimal("111317.5")},
        {"exchange": "hyperliquid", "price": Decimal("111317.5")},
    ]


@pytest.mark.parametrize(("table", "column", "named"), NUMBERS)
def test_numbers_are_stored_exactly_or_refused_by_name(facade: Facade, table: str, column: str, named: str) -> None:
    for text in ("1e-18", "12345678901234567890.123456789012345678", "99999999999999999999.999999999999999999"):
        assert facade.insert_for_a_moment(table, ROWS[table] | {column: text})[column] == Decimal(text)
    for text in ("1e30", "1e20", "1e-19", "NaN", "Infinity", "-Infinity", "0.1234567890123456789"):
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            facade.insert(table, ROWS[table] | {column: text})
        assert named in (refused.value.diag.message_primary or ""), text


def test_negative_zero_is_zero(facade: Facade) -> None:
    for given in ("-0", "-0.0", -0.0):
        stored = facade.upsert("trades", ROWS["trades"] | {"realized_net_pnl": given})
        assert str(stored["realized_net_pnl"]) in ("0", "0.0")


@pytest.mark.parametrize(("table", "column", "named"), TIMES)
def test_times_of_1970_and_2299_are_stored_and_others_refused_by_name(
    facade: Facade, table: str, column: str, named: str
) -> None:
    row = {k: v for k, v in ROWS[table].items() if k not in ("entry_ts_ms", "exit_ts_ms")}
    for ms in (0, 1, 10413791999999):
        assert facade.insert_for_a_moment(table, row | {column: ms})[column] == ms
    for ms in (-1, 10413792000000, 2**63 - 1, -(2**63)):
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            facade.insert(table, row | {column: ms})
        assert refused.value.diag.column_name == named


def test_text_keeps_every_character_that_postgresql_has(facade: Facade) -> None:
    words = "🚀 \u202e\t\n\x01 ﷽ 👩‍👩‍👧"
    thread = facade.insert("conversations", {"model_id": words})
    row = {"conversation_id": thread["id"], "role": "user", "content": words, "metadata": {words: words}}
    stored = facade.insert("conversation_messages", row)
    assert (thread["model_id"], stored["content"], stored["metadata"]) == (words, words, {words: words})
    # NUL is the one character that PostgreSQL has not; neither it nor the driver says in which column it stood.
    with pytest.raises(psycopg.DataError, match="NUL"):
        facade.insert("conversation_messages", row | {"content": "a\0b"})
    with pytest.raises(psycopg.errors.UntranslatableCharacter):
        facade.insert("conversation_messages", row | {"metadata": {"a": "\0"}})
    assert facade.run("SELECT content FROM conversation_messages") == [{"content": words}]


def test_the_boards_follow_after_a_refresh(facade: Facade) -> None:
    facade.insert("models", ROWS["models"])
    facade.insert("accounts", ROWS["accounts"])
    facade.run("UPDATE public.accounts SET initial_equity = 10000")
    facade.insert("account_equity_snapshots", ROWS["account_equity_snapshots"])
    facade.insert(
        "account_equity_snapshots", ROWS["account_equity_snapshots"] | {"ts_ms": NOW + 1, "equity_usd": 11000}
    )
    facade.insert("trades", ROWS["trades"])
    facade.insert("trades", ROWS["trades"] | {"id": "t2", "realized_net_pnl": Decimal(-4)})
    facade.insert("trades", {k: v for k, v in ROWS["trades"].items() if "exit" not in k} | {"id": "t3"})
    facade.upsert("price_latest", ROWS["price_latest"])
    for _ in range(2):
        facade.run("SELECT refresh_views_nof0()")
    assert facade.run("SELECT * FROM v_leaderboard") == [
        {
            "model_id": "gpt-5",
            "equity": 11000,
            "sharpe": None,
            "num_trades": 2,
            "num_wins": 1,
            "num_losses": 1,
            "win_dollars": Decimal("0.9"),
            "lose_dollars": -4,
            "return_pct": 10,
        }
    ]
    assert facade.run("SELECT * FROM v_since_inception ORDER BY timestamp") == [
        {"model_id": "gpt-5", "timestamp": NOW, "value": Decimal("8552.7")},
        {"model_id": "gpt-5", "timestamp": NOW + 1, "value": 11000},
    ]
    assert facade.run("SELECT * FROM v_crypto_prices_latest") == [
        {"symbol": "BTC", "price": Decimal("111317.5"), "timestamp_ms": NOW}
    ]


QUERIES = {
    "SELECT * FROM price_ticks WHERE symbol = 'S7' ORDER BY ts_ms DESC LIMIT 1": "symbol_epoch_ms_idx",
    "SELECT * FROM account_equity_snapshots WHERE model_id = 'a7' ORDER BY ts_ms DESC LIMIT 1": "agent_id_epoch_ms_idx",
    "SELECT * FROM positions WHERE model_id = 'a7' AND status = 'open' ORDER BY entry_ts_ms DESC": "positions_open_ms",
    "SELECT * FROM trades WHERE model_id = 'a7' ORDER BY entry_ts_ms DESC LIMIT 1": "trades_agent_opened_at_ms",
    "SELECT * FROM trades WHERE exit_oid = 5": "trades_exit_oid",
    "SELECT * FROM trades WHERE exit_ts_ms >= EXTRACT(EPOCH FROM (NOW() - INTERVAL '24 hours')) * 1000"
    " ORDER BY exit_ts_ms DESC": "trades_closed_at_ms",
    "SELECT * FROM conversation_messages WHERE conversation_id = (SELECT min(id) FROM conversations)"
    " ORDER BY ts_ms LIMIT 1": "conversation_messages_sent_at_ms",
    "SELECT * FROM decision_cycles WHERE model_id = 'a7' ORDER BY executed_at DESC LIMIT 1": "agent_executed_at",
}


def test_the_designs_indexes_serve_its_queries(facade: Facade) -> None:
    series = "FROM generate_series(1, 2000) AS n"
    for statement in (
        f"INSERT INTO conversations (model_id) SELECT 'a' || n % 20 {series}",
        f"INSERT INTO conversation_messages (conversation_id, role, content, ts_ms)"
        f" SELECT (SELECT min(id) FROM conversations) + n % 200, 'user', 'x', n {series}",
        f"INSERT INTO price_ticks (symbol, price, ts_ms) SELECT 'S' || n % 20, n, {NOW} + n {series}",
        f"INSERT INTO account_equity_snapshots (model_id, ts_ms, equity_usd)"
        f" SELECT 'a' || n % 20, {NOW} + n, n {series}",
        f"INSERT INTO decision_cycles (model_id, executed_at)"
        f" SELECT 'a' || n % 20, now() - n * interval '1 hour' {series}",
        f"INSERT INTO trades (id, model_id, symbol, side, quantity, entry_ts_ms, exit_ts_ms, exit_oid)"
        f" SELECT n::text, 'a' || n % 20, 'B', 'long', 1, ms, ms, n FROM (SELECT n, (extract(EPOCH FROM now()) * 1000"
        f" - n::bigint * 3600000)::bigint AS ms {series}) AS drawn",
        f"INSERT INTO positions (id, model_id, symbol, side, entry_price, quantity, entry_ts_ms, status)"
        f" SELECT n::text, 'a' || n % 20, 'B', 'long', 1, 1, n,"
        f" CASE WHEN n % 10 = 7 THEN 'open' ELSE 'closed' END {series}",
        "ANALYZE",
    ):
        facade.run(statement)
    missed = {}
    for query, index in QUERIES.items():
        plan = "\n".join(row["QUERY PLAN"] for row in facade.run(f"EXPLAIN {query}"))
        if index not in plan:
            missed[query] = plan
    assert missed == {}
