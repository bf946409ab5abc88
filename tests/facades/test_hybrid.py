"""The hybrid facade as its applications use it: agents and their memories, trading, the trade archiver's statements."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.conftest import Warehouse

STATE = b"INSERT INTO agent_states (agent_id, symbol, balance, initial_balance, equity) VALUES (%s, 'BTC', 1, 1, 1)"
NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
Db = psycopg.Connection[dict[str, Any]]


def connect(warehouse: Warehouse, role: str = "candlehouse_app") -> Db:
    connection = Db.connect(warehouse.settings.postgres_url, row_factory=dict_row)
    connection.execute(f"SET ROLE {role}".encode())
    connection.execute("SET search_path = hybrid, public")
    connection.commit()
    return connection


@pytest.fixture
def db(warehouse: Warehouse) -> Iterator[Db]:
    """A trading application's connection; what a test writes is rolled back."""
    with connect(warehouse) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def owner(warehouse: Warehouse) -> Iterator[Db]:
    """The operator's connection; what a test writes is rolled back."""
    with Db.connect(warehouse.settings.postgres_url, row_factory=dict_row) as connection:
        connection.execute("SET search_path = hybrid, public")
        yield connection
        connection.rollback()


def one(db: Db, query: str, *parameters: object) -> dict[str, Any]:
    row = db.execute(query.encode(), parameters).fetchone()
    assert row is not None, query
    return row


def agent(db: Db, name: str = "momentum") -> str:
    user = one(db, "INSERT INTO users (telegram_id, username) VALUES (%s, 'ann') RETURNING id", 4711)
    row = one(
        db,
        "INSERT INTO agent_configs (user_id, name, personality, specialization, strategy, decision_interval)"
        " VALUES (%s, %s, 'aggressive', '{\"news\": 0.4}', '{\"max_leverage\": 3}', 300000000000)"
        " RETURNING id, created_at, updated_at",
        user["id"],
        name,
    )
    return str(row["id"])


def vector(rng: random.Random, dimensions: int = 1536) -> list[float]:
    return [rng.gauss(0, 1) for _ in range(dimensions)]


def remember(db: Db, agent_id: str, embedding: list[float] | None, lesson: str = "l") -> str:
    row = one(
        db,
        "INSERT INTO agent_semantic_memories (agent_id, context, action, outcome, lesson, embedding, importance,"
        " access_count) VALUES (%s, 'c', 'a', 'o', %s, %s, 0.7, 0) RETURNING id, created_at",
        agent_id,
        lesson,
        embedding,
    )
    assert row["created_at"] is not None
    return str(row["id"])


def test_a_configuration_is_an_agent_of_its_own(db: Db) -> None:
    agent_id = agent(db)
    canonical = one(
        db,
        "SELECT c.agent_id, c.decision_interval_ns, c.min_news_impact, a.display_name"
        " FROM public.agent_configs AS c JOIN public.agents AS a ON a.id = c.agent_id WHERE c.id = %s",
        agent_id,
    )
    assert canonical == {
        "agent_id": agent_id,
        "decision_interval_ns": 300_000_000_000,
        "min_news_impact": 7,
        "display_name": "momentum",
    }
    with pytest.raises(psycopg.errors.CheckViolation, match="agent_configs_learning_rate_fits"):
        db.execute("UPDATE agent_configs SET learning_rate = 1.5 WHERE id = %s", [agent_id])


def test_users_and_their_exchange_accounts(db: Db) -> None:
    user = one(db, "INSERT INTO users (telegram_id, username) VALUES (7, 'ann') RETURNING id")["id"]
    again = "INSERT INTO users (telegram_id, username) VALUES (7, 'anna') ON CONFLICT (telegram_id) DO UPDATE"
    assert one(db, again + " SET username = excluded.username RETURNING id, username") == {
        "id": user,
        "username": "anna",
    }
    upsert = (
        "INSERT INTO user_exchanges (user_id, exchange, api_key_encrypted, api_secret_encrypted)"
        " VALUES (%s, 'bybit', %s, 'cipher') ON CONFLICT (user_id, exchange)"
        " DO UPDATE SET api_key_encrypted = excluded.api_key_encrypted RETURNING testnet, api_key_encrypted"
    )
    one(db, upsert, user, "old")
    assert one(db, upsert, user, "new") == {"testnet": True, "api_key_encrypted": "new"}
    db.execute("DELETE FROM users WHERE id = %s", [user])
    assert one(db, "SELECT count(*) AS n FROM user_exchanges")["n"] == 0
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        one(db, upsert, "nobody", "x")


def test_state_is_upserted_per_agent_and_symbol(db: Db) -> None:
    agent_id = agent(db)
    upsert = (
        "INSERT INTO agent_states (agent_id, symbol, balance, initial_balance, equity, pnl, total_trades,"
        " winning_trades, losing_trades, win_rate, is_trading)"
        " VALUES (%s, 'BTC/USDT', %s, 1000, %s, 0, 3, 2, 1, 0.6667, true)"
        " ON CONFLICT (agent_id, symbol) DO UPDATE SET balance = EXCLUDED.balance, equity = EXCLUDED.equity,"
        " updated_at = NOW() RETURNING id, updated_at"
    )
    first = one(db, upsert, agent_id, Decimal(1000), Decimal(1000))
    exact = Decimal("1234.000000000000000001")
    second = one(db, upsert, agent_id, exact, exact)
    assert second["id"] == first["id"]
    assert second["updated_at"] > first["updated_at"]
    shown = one(db, "SELECT * FROM agent_states WHERE agent_id = %s AND symbol = 'BTC/USDT'", agent_id)
    assert (shown["balance"], shown["initial_balance"]) == (exact, 1000)
    with pytest.raises(psycopg.errors.CheckViolation, match="agent_states_win_rate_fits"), db.transaction():
        db.execute("UPDATE agent_states SET win_rate = 66.67 WHERE agent_id = %s", [agent_id])
    with pytest.raises(psycopg.errors.CheckViolation, match="agent_states_equity_fits"):
        one(db, upsert, agent_id, Decimal(1), Decimal("NaN"))


def test_agents_of_other_designs_have_state_too(db: Db) -> None:
    db.execute(STATE, ["gpt-5"])
    assert one(db, "SELECT display_name FROM public.agents WHERE id = 'gpt-5'")["display_name"] == "gpt-5"


def test_statistical_memory_adapts(db: Db) -> None:
    agent_id = agent(db)
    db.execute("INSERT INTO agent_memory (agent_id) VALUES (%s)", [agent_id])
    row = one(
        db,
        "UPDATE agent_memory SET adaptation_count = adaptation_count + 1, last_adapted_at = NOW(), updated_at = NOW()"
        " WHERE agent_id = %s RETURNING technical_success_rate, adaptation_count",
        agent_id,
    )
    assert row == {"technical_success_rate": Decimal("0.5"), "adaptation_count": 1}
    with pytest.raises(psycopg.errors.UniqueViolation):
        db.execute("INSERT INTO agent_memory (agent_id) VALUES (%s)", [agent_id])


def test_a_reasoning_session_is_interrupted_resumed_and_completed(db: Db) -> None:
    agent_id = agent(db)
    checkpoint = (
        "INSERT INTO agent_reasoning_sessions (session_id, agent_id, observation, recalled_memories, generated_options,"
        " evaluations, final_reasoning, decision, is_interrupted, checkpoint_state, checkpoint_history, started_at)"
        " VALUES ('s1', %s, '[INTERRUPTED]', '[]', '[]', '[]', '', '{}', true, %s, '[]', now())"
        " ON CONFLICT (session_id) DO UPDATE SET is_interrupted = true, checkpoint_state = EXCLUDED.checkpoint_state"
    )
    db.execute(checkpoint.encode(), [agent_id, '{"step": 1}'])
    db.execute(checkpoint.encode(), [agent_id, '{"step": 2}'])
    found = one(
        db,
        "SELECT session_id, checkpoint_state FROM agent_reasoning_sessions WHERE agent_id = %s"
        " AND is_interrupted = true AND completed_at IS NULL ORDER BY started_at DESC LIMIT 1",
        agent_id,
    )
    assert found == {"session_id": "s1", "checkpoint_state": {"step": 2}}
    db.execute(
        "UPDATE agent_reasoning_sessions SET is_interrupted = false, checkpoint_state = NULL, decision = '{\"a\": 1}',"
        " completed_at = NOW(), duration_ms = EXTRACT(EPOCH FROM (NOW() - started_at)) * 1000, executed = true"
        " WHERE session_id = 's1'"
    )
    assert one(db, "SELECT executed, decision FROM public.agent_reasoning_sessions") == {
        "executed": True,
        "decision": {"a": 1},
    }


def test_reflections_and_plans(db: Db) -> None:
    agent_id = agent(db)
    reflect = (
        "INSERT INTO agent_reflections (agent_id, trade_id, analysis, what_worked, what_didnt_work, key_lessons,"
        " suggested_adjustments, confidence_in_analysis)"
        " VALUES (%s, 'archived-long-ago', 'x', %s, NULL, '{}', '{}', %s) RETURNING what_worked, created_at"
    )
    assert one(db, reflect, agent_id, ["patience", "🚀"], 0.8)["what_worked"] == ["patience", "🚀"]
    plan = (
        "INSERT INTO agent_trading_plans (plan_id, agent_id, time_horizon, assumptions, scenarios, risk_limits,"
        " expires_at) VALUES (%s, %s, 86400000000000, %s, '[]', '{}', %s) RETURNING id, status"
    )
    assert one(db, plan, "p1", agent_id, ["calm"], NOW)["status"] == "active"
    active = one(
        db, "SELECT plan_id, time_horizon FROM agent_trading_plans WHERE agent_id = %s AND status = 'active'", agent_id
    )
    assert active == {"plan_id": "p1", "time_horizon": 86_400_000_000_000}
    with pytest.raises(psycopg.errors.CheckViolation, match="agent_trading_plans_status"), db.transaction():
        db.execute("UPDATE agent_trading_plans SET status = 'done'")
    with pytest.raises(psycopg.errors.CheckViolation, match="agent_reflections_confidence_in_analysis_fits"):
        one(db, reflect, agent_id, [], 80)


def test_deleting_a_configuration_forgets_what_the_agent_needs_and_keeps_what_it_did(db: Db) -> None:
    agent_id = agent(db)
    db.execute(STATE, [agent_id])
    remember(db, agent_id, None)
    db.execute("INSERT INTO agent_reflections (agent_id, analysis) VALUES (%s, 'x')", [agent_id])
    db.execute("DELETE FROM agent_configs WHERE id = %s", [agent_id])
    left = one(
        db,
        "SELECT (SELECT count(*) FROM agent_states) AS states,"
        " (SELECT count(*) FROM agent_semantic_memories) AS memories,"
        " (SELECT count(*) FROM agent_reflections) AS reflections",
    )
    assert left == {"states": 0, "memories": 0, "reflections": 1}


def trade(db: Db, agent_id: str, **columns: object) -> dict[str, Any]:
    values = {"agent_id": agent_id, "symbol": "BTC/USDT", "side": "long", "size": Decimal("0.5"), **columns}
    names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    return one(db, f"INSERT INTO trades ({names}) VALUES ({marks}) RETURNING *", *values.values())


def test_a_trade_opens_closes_and_is_archived_by_the_designs_statements(owner: Db) -> None:
    db = owner
    agent_id = agent(db)
    opened = trade(db, agent_id, entry_price=Decimal(42000), leverage=3, opened_at=NOW, entry_reason="breakout")
    assert (opened["status"], opened["duration"], opened["archived_at"]) == ("open", None, None)
    db.execute(
        "UPDATE trades SET exit_price = 43000, pnl = 499.5, pnl_percent = 2.38, fee = 0.5, exit_reason = 'tp_hit',"
        " closed_at = %s, status = 'closed' WHERE id = %s",
        [NOW + timedelta(seconds=90.9), opened["id"]],
    )
    canonical = one(db, "SELECT quantity, net_pnl, duration_seconds FROM public.trades WHERE id = %s", opened["id"])
    assert canonical == {"quantity": Decimal("0.5"), "net_pnl": Decimal("499.5"), "duration_seconds": 90}
    due = db.execute("SELECT * FROM trades WHERE status = 'closed' AND archived_at IS NULL LIMIT 1000").fetchall()
    assert [(row["id"], row["duration"], row["side"]) for row in due] == [(opened["id"], 90, "long")]
    # Which rows may go is for the archive's triggers to say; here the statement is tested.
    db.execute("SET LOCAL session_replication_role = replica")
    assert db.execute("DELETE FROM trades WHERE id = ANY(%s)", [[opened["id"]]]).rowcount == 1


def test_duration_follows_the_times(db: Db) -> None:
    agent_id = agent(db)
    until = NOW + timedelta(seconds=90.9)
    closed = {"opened_at": NOW, "closed_at": until, "status": "closed"}
    assert trade(db, agent_id, **closed)["duration"] == 90
    rounded = trade(db, agent_id, **closed, duration=91)
    assert rounded["duration"] == 91
    assert one(db, "UPDATE trades SET pnl = 1 WHERE id = %s RETURNING duration", rounded["id"])["duration"] == 91
    moved = one(db, "UPDATE trades SET closed_at = %s WHERE id = %s RETURNING duration", NOW, rounded["id"])
    assert moved["duration"] == 0
    assert trade(db, agent_id, closed_at=until, status="closed", duration=33)["duration"] == 33
    with pytest.raises(psycopg.errors.CheckViolation, match=r"duration_seconds: 60 contradicts the 90\.9") as refused:
        trade(db, agent_id, **closed, duration=60)
    assert refused.value.diag.column_name == "duration_seconds"


def test_sandbox_trades_do_not_mix_with_real_ones(db: Db) -> None:
    agent_id = agent(db)
    real = trade(db, agent_id)["id"]
    made_up = trade(db, agent_id, exchange="sandbox")["id"]
    assert [row["id"] for row in db.execute("SELECT id FROM trades")] == [real]
    db.execute("SET LOCAL candlehouse.exchange = 'sandbox'")
    assert [row["id"] for row in db.execute("SELECT id FROM trades")] == [made_up]


def test_orders_and_positions(db: Db) -> None:
    agent_id = agent(db)
    order = one(
        db,
        "INSERT INTO orders (id, agent_id, symbol, side, type, amount, price) VALUES ('o1', %s, 'BTC/USDT', 'buy',"
        " 'limit', 0.5, 42000) ON CONFLICT (id) DO UPDATE SET price = excluded.price"
        " RETURNING status, filled, exchange",
        agent_id,
    )
    assert order == {"status": "pending", "filled": 0, "exchange": "hyperliquid"}
    db.execute("UPDATE orders SET status = 'filled', filled = 0.5, fee = 0.1 WHERE id = 'o1'")
    assert one(db, "SELECT filled_quantity, status FROM public.orders") == {
        "filled_quantity": Decimal("0.5"),
        "status": "filled",
    }
    position = one(
        db,
        "INSERT INTO positions (agent_id, symbol, side, size, entry_price, leverage, opened_at)"
        " VALUES (%s, 'BTC/USDT', 'short', 0.5, 42000, 3, now()) RETURNING id, status",
        agent_id,
    )
    db.execute("UPDATE positions SET current_price = 41000, unrealized_pnl = 500 WHERE id = %s", [position["id"]])
    shown = one(db, "SELECT quantity, side, unrealized_pnl FROM public.positions")
    assert shown == {"quantity": Decimal("0.5"), "side": "short", "unrealized_pnl": 500}
    assert db.execute("DELETE FROM positions WHERE id = %s", [position["id"]]).rowcount == 1


SEARCH = (
    "SELECT id, agent_id, lesson, embedding <=> %s::vector AS distance FROM agent_semantic_memories"
    " WHERE agent_id = %s AND (embedding <=> %s::vector) < %s ORDER BY distance ASC LIMIT %s"
)


def plan_of(db: Db, query: str, *parameters: object) -> str:
    return "\n".join(str(row["QUERY PLAN"]) for row in db.execute(b"EXPLAIN " + query.encode(), parameters))


def leave_only_the_vector_index(owner: Db) -> None:
    owner.execute(
        "DROP INDEX public.agent_semantic_memories_agent_created_at, public.agent_semantic_memories_agent_importance"
    )
    owner.execute("ALTER TABLE public.agent_semantic_memories DROP CONSTRAINT agent_semantic_memories_pkey")


def test_the_designs_search_uses_the_index_and_finds_what_an_exact_search_finds(owner: Db) -> None:
    rng = random.Random(1)
    for i in range(120):
        remember(owner, f"agent-{i % 4}", vector(rng), f"lesson {i}")
    owner.execute("ANALYZE public.agent_semantic_memories")
    question = vector(rng)
    asked = (question, "agent-1", question, 2.0, 10)
    owner.execute("SET LOCAL enable_indexscan = off")
    exact = owner.execute(SEARCH.encode(), asked).fetchall()
    assert "hnsw" not in plan_of(owner, SEARCH, *asked)
    owner.execute("SET LOCAL enable_indexscan = on; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    leave_only_the_vector_index(owner)
    assert "agent_semantic_memories_hnsw_" in plan_of(owner, SEARCH, *asked)
    assert owner.execute(SEARCH.encode(), asked).fetchall() == exact
    assert len(exact) == 10
    assert {row["agent_id"] for row in exact} == {"agent-1"}


def test_an_agent_among_many_finds_its_own_memories(owner: Db) -> None:
    """The index stops after 40 neighbours unless it is told to go on; this agent's are the five farthest of 85."""
    rng = random.Random(2)
    near, far = [1.0] * 1536, [-1.0] * 1536
    # In one partition with the crowd, or else there is none.
    loner = one(
        owner,
        "SELECT 'loner-' || n AS name FROM generate_series(0, 31) AS share, generate_series(1, 500) AS n WHERE"
        " satisfies_hash_partition('public.agent_semantic_memories'::regclass, 32, share, 'crowd'::text)"
        " AND satisfies_hash_partition('public.agent_semantic_memories'::regclass, 32, share, 'loner-' || n) LIMIT 1",
    )["name"]
    rows = [("crowd", [x + rng.gauss(0, 0.1) for x in near]) for _ in range(80)]
    rows += [(loner, [x + rng.gauss(0, 0.1) for x in far]) for _ in range(5)]
    for agent_id, embedding in rows:
        remember(owner, agent_id, embedding)
    owner.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL hnsw.ef_search = 40")
    leave_only_the_vector_index(owner)
    asked = (near, loner, near, 3.0, 10)
    assert "agent_semantic_memories_hnsw_" in plan_of(owner, SEARCH, *asked)
    assert len(owner.execute(SEARCH.encode(), asked).fetchall()) == 5


def test_collective_memories_are_searched_by_personality(owner: Db) -> None:
    rng = random.Random(3)
    insert = (
        "INSERT INTO collective_agent_memories (personality, context, action, lesson, embedding, importance,"
        " confirmation_count, success_rate) VALUES (%s, 'c', 'a', %s, %s, 0.6, 1, 1)"
        " ON CONFLICT DO NOTHING RETURNING id"
    )
    kept = vector(rng)
    mine = one(owner, insert, "aggressive", "mine", kept)["id"]
    one(owner, insert, "calm", "other", kept)
    found = one(
        owner,
        "SELECT id, embedding <=> %s::vector AS distance FROM collective_agent_memories "
        " WHERE personality = 'aggressive' AND (embedding <=> %s::vector) < 0.3 ORDER BY distance LIMIT 5",
        kept,
        kept,
    )
    assert found["id"] == mine
    row = one(
        owner,
        "UPDATE collective_agent_memories SET confirmation_count = 2, success_rate = 0.5, last_confirmed_at = NOW()"
        " WHERE id = %s RETURNING confirmation_count, success_rate",
        mine,
    )
    assert row == {"confirmation_count": 2, "success_rate": Decimal("0.5")}
    assert owner.execute("DELETE FROM collective_agent_memories WHERE id = %s", [mine]).rowcount == 1


def test_a_vector_of_another_length_is_refused_by_name(db: Db) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="have 1536 dimensions, this one has 3") as refused:
        remember(db, "x", [1.0, 2.0, 3.0])
    assert (refused.value.diag.table_name, refused.value.diag.column_name) == ("agent_semantic_memories", "embedding")


def test_memories_wait_for_their_vector_and_get_it(db: Db) -> None:
    waiting = remember(db, "x", None)
    assert (
        one(db, "SELECT embedding, importance FROM agent_semantic_memories WHERE id = %s", waiting)["embedding"] is None
    )
    db.execute("UPDATE agent_semantic_memories SET embedding = %s WHERE id = %s", [[1.0] * 1536, waiting])
    made = one(db, "SELECT embedding_model, vector_dims(embedding) AS n FROM public.agent_semantic_memories")
    assert made == {"embedding_model": "text-embedding-3-small", "n": 1536}
    assert db.execute("DELETE FROM agent_semantic_memories WHERE id = %s AND access_count < 2", [waiting]).rowcount == 1


def test_another_default_model_shows_its_vectors_and_keeps_the_others(owner: Db) -> None:
    rng = random.Random(4)
    old = remember(owner, "x", vector(rng))
    owner.execute("INSERT INTO embedding_models (name, dimensions) VALUES ('tiny', 4)")
    owner.execute("SELECT ops.set_default_embedding_model('tiny')")
    new = remember(owner, "x", [1.0, 0.0, 0.0, 0.0])
    owner.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    nearest = "SELECT id FROM agent_semantic_memories ORDER BY embedding <=> '[1,0,0,0]' LIMIT 1"
    assert "agent_semantic_memories_hnsw_" in plan_of(owner, nearest)
    assert one(owner, nearest)["id"] == new
    owner.execute("UPDATE agent_semantic_memories SET access_count = access_count + 1 WHERE id = %s", [old])
    kept = one(
        owner,
        "SELECT m.embedding_model, vector_dims(m.embedding) AS n, v.embedding, v.access_count"
        " FROM public.agent_semantic_memories AS m JOIN agent_semantic_memories AS v USING (id) WHERE m.id = %s",
        old,
    )
    assert kept == {"embedding_model": "text-embedding-3-small", "n": 1536, "embedding": None, "access_count": 1}
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="register"):
        owner.execute("SELECT ops.set_default_embedding_model('unknown')")


def test_embedding_models_are_registered_once_and_stay(owner: Db) -> None:
    owner.execute("INSERT INTO embedding_models (name, dimensions) VALUES ('tiny', 4)")
    with pytest.raises(psycopg.errors.CheckViolation, match="stays as registered"), owner.transaction():
        owner.execute("UPDATE embedding_models SET dimensions = 5 WHERE name = 'tiny'")
    with (
        pytest.raises(psycopg.errors.CheckViolation, match="embedding_models_dimensions_indexable"),
        owner.transaction(),
    ):
        owner.execute("INSERT INTO embedding_models (name, dimensions) VALUES ('huge', 3072)")
    with pytest.raises(psycopg.errors.CheckViolation, match="no default is left"):
        owner.execute("SET CONSTRAINTS ALL IMMEDIATE; UPDATE embedding_models SET is_default = false")


def test_a_memory_that_two_sessions_recall_at_once_counts_twice(warehouse: Warehouse) -> None:
    recall = b"UPDATE agent_semantic_memories SET access_count = access_count + 1, last_accessed = NOW() WHERE id = %s"
    with connect(warehouse) as first, connect(warehouse) as second:
        memory = remember(first, "twice", None)
        first.commit()
        first.execute(recall, [memory])
        second.execute("SET lock_timeout = '10s'")
        waiting = threading.Thread(target=second.execute, args=(recall, [memory]))
        waiting.start()
        waiting.join(0.3)
        first.commit()
        waiting.join()
        second.commit()
        assert one(first, "SELECT access_count FROM agent_semantic_memories WHERE id = %s", memory)["access_count"] == 2
        first.execute("DELETE FROM agent_semantic_memories WHERE id = %s", [memory])


def test_a_renamed_column_has_the_comment_of_the_canonical_one(db: Db) -> None:
    told = one(
        db,
        "SELECT col_description('hybrid.trades'::regclass, v.attnum) AS facade,"
        " col_description('public.trades'::regclass, t.attnum) AS canonical FROM pg_attribute AS v, pg_attribute AS t"
        " WHERE v.attrelid = 'hybrid.trades'::regclass AND v.attname = 'pnl'"
        " AND t.attrelid = 'public.trades'::regclass AND t.attname = 'net_pnl'",
    )
    assert told["facade"] == told["canonical"] is not None
