"""Data deleted on request: gone everywhere, proven, not missed by the archive, and not to come back."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from dagster_project.cli import main
from dagster_project.lib.archive.parity import compare
from dagster_project.lib.archive.policies import policies, policy
from dagster_project.lib.archive.prove import prove
from dagster_project.lib.cold import engine as cold_engine
from dagster_project.lib.cold import ledger as cold_ledger
from dagster_project.lib.cold import views as cold_views
from dagster_project.lib.cold.erase import ColdFiles
from dagster_project.lib.cold.policies import ColdPolicy
from dagster_project.lib.cold.store import open_store
from dagster_project.lib.cold.table import table as cold_table
from dagster_project.lib.erasure.erase import CRASH_POINTS, Stores, erase, look, unfinished
from dagster_project.lib.erasure.holdings import KEPT, holdings
from dagster_project.lib.erasure.subject import Subject

House = Any
REFUSED = psycopg.errors.IntegrityConstraintViolation
ADA = Subject.of_user("ada")
# In every text of the person, and nowhere else.
WORD = "Analytical-Engine-1843"
LONG_AGO = datetime(2024, 3, 1, tzinfo=UTC)


@pytest.fixture
def stores(house: House, tmp_path: Path) -> Iterator[Stores]:
    """Both engines and a folder for cold files, without waiting for ClickHouse's own files."""
    store = open_store(str(tmp_path / "cold"))
    cold = ColdFiles(house.connection, house.client, store)
    yield Stores(house.connection, house.client, "analytics", house.settings.clickhouse_analytics, cold, wait=False)
    house.client.command(f"DROP DATABASE IF EXISTS {house.settings.clickhouse_analytics}")
    house.connection.execute("DROP TABLE IF EXISTS analytics.agent_board")


PEOPLE = """
INSERT INTO agents (id, display_name) VALUES ('hers', 'h'), ('both', 'b'), ('his', 'i'), ('a', 'a')
ON CONFLICT DO NOTHING;
INSERT INTO users (id, username, email, password_hash, details)
VALUES ('ada', 'ada', 'ada@example.org', 'x', '{"word": "WORD"}'), ('bob', 'bob', NULL, NULL, '{}');
INSERT INTO user_exchanges (user_id, exchange, api_key_encrypted, api_secret_encrypted)
VALUES ('ada', 'x', 'WORD', 's'), ('bob', 'x', 'k', 's');
INSERT INTO agent_configs (agent_id, user_id, name)
VALUES ('hers', 'ada', 'one'), ('both', 'ada', 'two'), ('both', 'bob', 'two'), ('his', 'bob', 'three');
INSERT INTO agent_states (agent_id, symbol, balance, initial_balance, equity) VALUES ('hers', 'BTC', 1, 1, 1);
INSERT INTO agent_memory (agent_id) VALUES ('hers'), ('his');
INSERT INTO agent_semantic_memories (agent_id, context, action, outcome, lesson, importance)
VALUES ('hers', 'WORD', 'a', 'o', 'l', 0.5), ('his', 'c', 'a', 'o', 'l', 0.5);
INSERT INTO prompt_versions (version, prompt_text, agent_id) VALUES ('hers-1', 'WORD', 'hers');
INSERT INTO accounts (agent_id, exchange) VALUES ('hers', 'x'), ('his', 'x');
INSERT INTO account_equity_snapshots (agent_id, exchange, captured_at, equity)
VALUES ('hers', 'x', '2024-03-01', 10), ('his', 'x', '2024-03-01', 10);
INSERT INTO positions (id, agent_id, user_id, exchange, symbol, side, status, quantity, entry_price, opened_at)
VALUES ('p1', 'both', 'ada', 'x', 'BTC', 'long', 'open', 1, 1, now());
INSERT INTO orders (id, agent_id, user_id, exchange, symbol, side, type, status, quantity, finished_at, details)
VALUES ('o1', 'both', 'ada', 'x', 'BTC', 'buy', 'market', 'filled', 1, '2024-03-01', '{"word": "WORD"}'),
    ('o2', 'both', 'bob', 'x', 'BTC', 'buy', 'market', 'filled', 1, '2024-03-01', '{}');
INSERT INTO decisions (id, agent_id, exchange, symbol, action, trade_id, decided_at)
VALUES ('d1', 'both', 'x', 'BTC', 'long', 't-both', '2024-03-01'),
    ('d2', 'hers', 'x', 'BTC', 'long', 't-hers', '2024-03-01');
INSERT INTO decision_cycles (agent_id, executed_at, cot_trace) VALUES ('hers', '2024-03-01', 'WORD');
INSERT INTO agent_reflections (agent_id, trade_id, analysis, created_at)
VALUES ('both', 't-both', 'WORD', '2024-03-01');
INSERT INTO conversations (agent_id, created_at) VALUES ('hers', '2024-03-01'), ('his', '2024-03-01');
INSERT INTO conversation_messages (conversation_id, role, content, created_at)
SELECT id, 'user', CASE agent_id WHEN 'hers' THEN 'WORD' ELSE 'hello' END, '2024-03-01' FROM conversations;
INSERT INTO agent_analysis_results (document, created_at, expires_at)
SELECT jsonb_build_object('user_id', user_number::text, 'word', 'WORD'), '2024-03-01', '2024-03-02'
FROM users WHERE id = 'ada';
INSERT INTO ops.quarantine (source, row_key, reason, payload)
VALUES ('import', 'k', 'r', '{"user_id": "ada", "word": "WORD"}'),
    ('archive/trades', 't-both', 'r', '{"word": "WORD"}');
""".replace("WORD", WORD)


def live(house: House) -> None:
    """Two people, one agent of each and one of both, with rows in every table, archived as far as policies go."""
    house.connection.execute(PEOPLE.encode())
    for name, agent, user in (("t-hers", "hers", None), ("t-both", "both", "ada"), ("t-bob", "both", "bob")):
        word = json.dumps({"word": WORD if user != "bob" else "none"})
        house.insert(name, agent_id=agent, user_id=user, exit_reason="first", details=word)
    archive_all(house)
    # A correction after the archive: two versions in ClickHouse.
    house.connection.execute("UPDATE trades SET exit_reason = 'again' WHERE id = 't-both'")
    house.archive()
    # Not archived yet.
    house.insert("t-new", agent_id="hers", user_id="ada", details=json.dumps({"word": WORD}))
    house.client.command(
        "INSERT INTO agent_decisions_log_versions"
        " (id, agent_id, exchange, symbol, trade_id, reasoning, decided_at, origin, created_at, updated_at)"
        " VALUES ('d1', 'both', 'x', 'BTC', 't-both', 'r', now64(6), 'live', now64(6), now64(6)),"
        f" ('d2', 'hers', 'x', 'BTC', 't-hers', '{WORD}', now64(6), 'live', now64(6), now64(6))"
    )


def archive_all(house: House) -> None:
    """Every policy without delays."""
    for each in policies().values():
        house.archive(policy=replace(each, settle=timedelta(0), grace=timedelta(0)))


def marts(house: House) -> None:
    """Marts as dbt leaves them, one that names trades and one that names agents, in both databases."""
    house.connection.execute("INSERT INTO analytics.trade_facts SELECT id FROM trades ON CONFLICT DO NOTHING")
    house.connection.execute("CREATE TABLE analytics.agent_board (agent_id text, net numeric)")
    house.connection.execute("INSERT INTO analytics.agent_board VALUES ('hers', 1), ('his', 2)")
    database = house.settings.clickhouse_analytics
    house.client.command(f"CREATE DATABASE IF NOT EXISTS {database}")
    house.client.command(
        f"CREATE TABLE {database}.trade_facts (trade_id String, agent_id String) ENGINE = MergeTree ORDER BY trade_id"
    )
    house.client.command(
        f"INSERT INTO {database}.trade_facts VALUES ('t-hers', 'hers'), ('t-both', 'both'), ('t-bob', 'both')"
    )


def in_postgres(house: House) -> list[str]:
    """Every row of every table of PostgreSQL as text; ClickHouse may merge versions at any time."""
    parts = []
    for schema, table in house.connection.execute(
        "SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE n.nspname IN ('public', 'ops', 'analytics') AND c.relkind IN ('r', 'm')"
    ).fetchall():
        rows = house.connection.execute(f'SELECT to_jsonb(t)::text FROM "{schema}"."{table}" AS t'.encode()).fetchall()
        parts += [f"postgres {schema}.{table}: {row}" for (row,) in rows]
    return sorted(parts)


def everything(house: House) -> str:
    """Every row of every table of both databases as text, a line each, every version."""
    parts = in_postgres(house)
    for database, table in house.client.query(
        "SELECT database, name FROM system.tables WHERE database IN (currentDatabase(), {marts:String})"
        " AND engine LIKE '%MergeTree' AND total_rows > 0",
        parameters={"marts": house.settings.clickhouse_analytics},
    ).result_rows:
        rows = house.client.query(f"SELECT * FROM `{database}`.`{table}`")
        parts += [f"clickhouse {table}: {row}" for row in rows.result_rows]
    return "\n".join(sorted(parts))


def rows_of(planned: Any) -> dict[tuple[str, str], int]:
    return {(store, relation): rows for store, relation, rows in planned.lines()}


def test_a_person_leaves_both_stores_and_others_stay(house: House, stores: Stores) -> None:
    live(house)
    marts(house)
    before = in_postgres(house)
    assert everything(house).count(WORD) > 15
    planned = look(stores, ADA)
    assert (planned.person.agents, planned.person.shared) == (("hers",), ("both",))
    found = rows_of(planned)
    assert found[("postgres", "trades")] == 3
    # t-hers once, t-both in two versions unless they are merged; t-new never travelled.
    assert found[("clickhouse", "trades_history_versions")] in (2, 3)
    assert found[("postgres", "decisions.trade_id")] == 1
    assert in_postgres(house) == before

    done = erase(stores, ADA, reason="ticket 1")
    assert done.id is not None
    after = everything(house)
    left = [line for line in after.splitlines() if WORD in line or re.search(r"'ada'|\"ada\"|hers", line)]
    # Keys and the request; nothing of what the rows said.
    assert {line.split(":")[0] for line in left} <= {
        "postgres ops.erasures",
        "postgres ops.erased_rows",
        "postgres ops.archive_manifests",
    }
    assert WORD not in after
    assert house.ids() == ["t-bob"]
    assert house.history() == ["t-bob"]
    assert house.one("SELECT count(*) FROM orders") == 1
    assert house.one("SELECT count(*) FROM agent_configs WHERE user_id = 'bob'") == 2
    assert house.one("SELECT trade_id IS NULL FROM decisions WHERE id = 'd1'")
    assert house.client.command("SELECT count() FROM agent_decisions_log WHERE trade_id IS NULL") == 1
    assert house.client.command("SELECT countIf(trade_id IS NULL) = count() AND count() > 0 FROM decision_changes") == 1
    assert house.one("SELECT count(*) FROM ops.former_rows") == 0
    assert house.one("SELECT count(*) FROM conversation_messages") == 1
    assert house.client.command("SELECT count() FROM conversation_messages") == 1
    assert [row for (row,) in house.connection.execute("SELECT agent_id FROM analytics.agent_board")] == ["his"]
    mart = f"{house.settings.clickhouse_analytics}.trade_facts"
    assert house.client.query(f"SELECT trade_id FROM {mart}").result_rows == [("t-bob",)]
    assert house.one("SELECT subject IS NULL AND finished_at IS NOT NULL AND reason = 'ticket 1' FROM ops.erasures")

    # A second run proves that nothing is left, by the keys that went as well, and writes nothing.
    again = erase(stores, ADA)
    assert (again.id, again.rows) == (None, {})
    assert house.one("SELECT count(*) FROM ops.erasures") == 1


def test_the_archive_does_not_miss_erased_rows(house: House, stores: Stores) -> None:
    live(house)
    erase(stores, ADA)
    for each in policies().values():
        for deep in (False, True):
            parity = compare(each, house.connection, house.client, deep=deep)
            assert parity.differences() == [], each.name
    proof = prove(policy("trades"), house.connection, house.client, "t-both")
    assert proof is not None
    assert (proof.erased, proof.holds, proof.where, proof.trouble) == (True, True, [], [])
    assert [step["step"] for step in proof.steps] == ["archived with proof"] * 2 + ["erased on request"]
    assert prove(policy("trades"), house.connection, house.client, "t-bob").holds  # type: ignore[union-attr]
    archive_all(house)
    assert house.history() == ["t-bob"]
    shown = CliRunner().invoke(main, ["prove", "t-both", "--policy", "trades"])
    assert shown.exit_code == 0
    assert "trades t-both: erased, in neither database" in shown.output


def test_an_erased_id_does_not_come_back(house: House, stores: Stores) -> None:
    house.insert("t1", "t2")
    house.archive()
    house.purge()
    erase(stores, Subject.of_rows("trades", ("t1",)))
    upsert = (
        "INSERT INTO trades (id, agent_id, exchange, symbol, side, status, closed_at)"
        " VALUES ('t1', 'a', 'x', 'BTC', 'long', 'closed', now()) ON CONFLICT (id) DO UPDATE SET net_pnl = 1"
    )
    for url in (house.settings.app_url, house.settings.ingest_url):
        with (
            psycopg.connect(url) as writer,
            pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="was erased"),
        ):
            writer.execute(upsert)
    assert house.ids() == []
    assert house.history() == ["t2"]
    # A copy of the old insert that arrives late is found, and goes with the next call.
    house.client.command(
        "INSERT INTO trades_history_versions (id, agent_id, exchange, symbol, side, status, currency, closed_at,"
        " origin, created_at, updated_at, archive_batch) SELECT 't1', agent_id, exchange, symbol, side, status,"
        " currency, closed_at, origin, created_at, updated_at, archive_batch FROM trades_history_versions"
        " WHERE id = 't2'"
    )
    parity = compare(policy("trades"), house.connection, house.client)
    assert any("erased on request, but ClickHouse shows it" in line for line in parity.differences())
    assert not prove(policy("trades"), house.connection, house.client, "t1").holds  # type: ignore[union-attr]
    assert erase(stores, Subject.of_rows("trades", ("t1",))).id is not None
    assert house.history() == ["t2"]
    assert compare(policy("trades"), house.connection, house.client).agree


def test_rows_are_erased_in_every_state(house: House, stores: Stores) -> None:
    """Open, closed, archived, corrected since, purged."""
    house.insert("purged", net_pnl=Decimal(7))
    house.archive()
    house.purge()
    house.insert("archived", "corrected", "stays")
    house.archive()
    house.connection.execute("UPDATE trades SET net_pnl = 2 WHERE id = 'corrected'")
    house.insert("closed")
    house.insert("open", status="open", closed_at=None)
    done = erase(stores, Subject.of_rows("trades", ("purged", "archived", "corrected", "closed", "open")))
    assert done.rows[("postgres", "trades")] == 4
    # The correction had not travelled yet.
    assert done.rows[("clickhouse", "trades_history_versions")] == 3
    assert house.ids() == ["stays"]
    assert house.history() == ["stays"]
    assert house.one("SELECT count(*) FROM ops.archive_marks") == 1
    house.archive(full=True)
    assert compare(house.trades, house.connection, house.client, deep=True).agree
    assert house.purge().rows == 1


def test_a_conversation_takes_its_messages_along(house: House, stores: Stores) -> None:
    live(house)
    key = str(house.one("SELECT id FROM conversations WHERE agent_id = 'his'"))
    done = erase(stores, Subject.of_rows("conversations", (key,)))
    assert done.rows[("clickhouse", "conversation_messages_versions")] == 1
    assert done.rows[("postgres", "conversation_messages")] == 1
    assert house.one("SELECT count(*) FROM conversations") == 1


@pytest.mark.parametrize("statement", ["DELETE FROM trades WHERE id = 't1'", "TRUNCATE trades CASCADE"])
def test_the_guard_lets_go_in_the_erasure_only(house: House, stores: Stores, statement: str) -> None:
    house.insert("t1")
    with pytest.raises(REFUSED):
        house.connection.execute(statement.encode())
    house.connection.execute(
        "INSERT INTO ops.erasures (id, subject, digest, software) VALUES (gen_random_uuid(), '{}', '', '')"
    )
    # Keys of another transaction, without a manifest and with one.
    house.connection.execute(
        "INSERT INTO ops.erased_rows (policy, key, version, erasure, batch)"
        " SELECT 'trades', 't1', 'infinity', id, id FROM ops.erasures"
    )
    with pytest.raises(REFUSED):
        house.connection.execute(statement.encode())
    house.connection.execute(
        "INSERT INTO ops.archive_manifests (kind, policy, batch, verdict, source, target, contract, rows, bytes,"
        " row_keys, row_versions, row_digests, postgres, clickhouse, software, snapshot_at)"
        " SELECT 'erasure', 'trades', id, 'verified', '', '', '', 1, 0, '{t1}', '{infinity}', '', '{}', '{}', '', now()"
        " FROM ops.erasures"
    )
    with pytest.raises(REFUSED):
        house.connection.execute(statement.encode())


def test_rows_that_keep_coming_are_named(house: House, stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_project.lib.erasure import erase as module

    house.connection.execute("INSERT INTO users (id, username) VALUES ('ada', 'ada')")
    house.insert("t-both", agent_id="both", user_id="ada")
    house.archive()

    def reach(name: str) -> None:
        if name == "after_erasure_postgres":
            house.insert(f"late-{house.one('SELECT clock_timestamp()::text')}", agent_id="both", user_id="ada")

    monkeypatch.setattr(module, "reach", reach)
    with pytest.raises(module.NotErased, match="1 rows of trades in postgres"):
        erase(stores, ADA)
    assert unfinished(house.connection) == [ADA]
    monkeypatch.undo()
    assert erase(stores, unfinished(house.connection)[0]).resumed
    assert look(stores, ADA).is_empty


def test_what_clickhouse_cannot_delete_is_not_finished(house: House, stores: Stores) -> None:
    from dagster_project.lib.erasure.mutations import NotDeleted, wait

    house.insert("t1")
    house.archive()
    house.client.command("SYSTEM STOP MERGES trades_history_versions")
    house.client.command("ALTER TABLE trades_history_versions DELETE WHERE id = 't1'", settings={"mutations_sync": 0})
    try:
        with pytest.raises(NotDeleted, match="has not deleted from trades_history_versions within 0 s"):
            wait(house.client, "trades_history_versions", 0)
    finally:
        house.client.command("SYSTEM START MERGES trades_history_versions")
    wait(house.client, "trades_history_versions")
    assert house.history() == []


@pytest.fixture
def killed(house: House) -> Callable[[str], None]:
    """Runs `candlehouse erase apply --user ada` in a process that must die at a crash point."""

    def call(point: str) -> None:
        command = [sys.executable, "-m", "dagster_project.cli", "erase", "apply", "--user", "ada", "--no-wait"]
        done = subprocess.run(
            command, env=os.environ | {"CANDLEHOUSE_CRASH_AT": point}, capture_output=True, text=True, check=False
        )
        assert done.returncode == -signal.SIGKILL, done.stderr

    return call


def test_kill_at_every_step(house: House, stores: Stores, killed: Callable[[str], None]) -> None:
    """Each call goes on where the one before was killed, and dies one step later."""
    live(house)
    before = in_postgres(house)
    for point in CRASH_POINTS:
        killed(point)
        if point in ("before_erasure", "mid_erasure_postgres"):
            assert in_postgres(house) == before, point
            assert house.history() == ["t-bob", "t-both", "t-hers"]
            continue
        assert house.ids() == ["t-bob"], point
        assert unfinished(house.connection) == [ADA], point
        proof = prove(policy("trades"), house.connection, house.client, "t-both")
        assert proof is not None
        assert not proof.holds, point
        assert any("not finished" in line for line in proof.trouble), point
    # Without a name: what was interrupted goes on.
    ended = CliRunner().invoke(main, ["erase", "apply", "--no-wait", "--json"])
    assert ended.exit_code == 0, ended.output
    [result] = json.loads(ended.stdout)
    assert result["erasure"]
    assert house.one("SELECT count(*) FROM ops.erasures") == 1
    assert WORD not in everything(house)
    assert house.history() == ["t-bob"]
    assert unfinished(house.connection) == []
    assert look(stores, ADA).is_empty


def test_parts_behind_parts_go_at_once(house: House) -> None:
    """A part without rows goes after those that it replaced: one look of ClickHouse left it for minutes."""
    from dagster_project.lib.erasure.mutations import hurry, submit, wait, wait_for_files

    table, ids = "trades_history_versions", ("t1", "t2", "t3", "t4")
    for name in ids:
        house.insert(name)
        house.archive()
    for name in ids:
        submit(house.client, table, "DELETE", "id", [name], "Array(String)")
        wait(house.client, table)
        house.client.command(f"OPTIMIZE TABLE {table} FINAL")
    hurry(house.client, table)
    wait_for_files(house.client, table, patience=10)
    parts = f"SELECT count() FROM system.parts WHERE NOT active AND database = currentDatabase() AND table = '{table}'"
    assert house.client.command(parts) == 0
    assert house.history() == []


def test_the_bytes_are_gone(house: House, stores: Stores, stack: Any) -> None:
    """ClickHouse's folder holds the word before and not after, once the call has returned."""
    live(house)

    def on_disk() -> bool:
        # Small parts are not compressed beyond recognition: codecs of texts are ZSTD, which keeps a single word.
        folder = Path(stack.home) / "clickhouse"
        done = subprocess.run(
            ["grep", "-rqs", "--exclude-dir=system", WORD, str(folder)], check=False, capture_output=True
        )
        return done.returncode == 0

    assert on_disk()
    erase(replace(stores, wait=True), ADA)
    assert not on_disk()


@pytest.fixture
def frozen(house: House, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """`frozen("trades_history")`: every month of the table goes to files; the views are as they were afterwards."""
    store = open_store(str(tmp_path / "cold"))
    tables: list[str] = []

    def freeze(name: str) -> None:
        tables.append(name)
        rule = ColdPolicy(name, f"{name}_versions", 1)
        done = cold_engine.apply(rule, house.connection, house.client, store, datetime(2026, 1, 15, tzinfo=UTC))
        assert done.rows > 0

    yield freeze
    house.connection.execute("SET session_replication_role = replica")
    house.connection.execute("TRUNCATE ops.cold_files, ops.cold_events, ops.restore_drills CASCADE")
    house.connection.execute("RESET session_replication_role")
    for name in tables:
        described = cold_table(house.client, ColdPolicy(name, f"{name}_versions", 1))
        files = cold_ledger.read_now(house.connection, described.name)
        cold_views.show(house.client, described, files, store)


def test_cold_files_lose_the_rows_too(
    house: House, stores: Stores, frozen: Callable[[str], None], tmp_path: Path
) -> None:
    """Trades and messages whose month is in files only; the conversation itself as well."""
    live(house)
    for name in ("trades_history", "conversations", "conversation_messages"):
        frozen(name)
    assert house.client.command("SELECT count() FROM trades_history_versions") == 0
    assert house.history() == ["t-bob", "t-both", "t-hers"]
    planned = rows_of(look(stores, ADA))
    assert planned[("cold", "trades_history_versions")] >= 2
    assert planned[("cold", "conversation_messages_versions")] >= 1

    def texts() -> str:
        files = [str(path) for path in (tmp_path / "cold").rglob("*.parquet")]
        found = [house.client.query(f"SELECT * FROM file('{path}', 'Parquet')").result_rows for path in sorted(files)]
        assert found
        return str(found)

    assert WORD in texts()
    done = erase(stores, ADA)
    assert done.rows[("cold", "trades_history_versions")] >= 2
    assert WORD not in texts()
    assert house.history() == ["t-bob"]
    assert house.client.command("SELECT count() FROM conversation_messages") == 1
    assert look(stores, ADA).is_empty
    assert prove(policy("trades"), house.connection, house.client, "t-both").holds  # type: ignore[union-attr]
    assert prove(policy("trades"), house.connection, house.client, "t-bob").holds  # type: ignore[union-attr]


def test_the_command_plans_first(house: House, stores: Stores) -> None:
    live(house)
    before = in_postgres(house)
    shown = CliRunner().invoke(main, ["erase", "plan", "--user", "ada"])
    assert shown.exit_code == 0, shown.output
    assert re.search(r"^postgres +trades +3 rows$", shown.output, re.MULTILINE)
    assert "agents that go too, because nobody else runs them: hers" in shown.output
    assert "agents that stay, because others run them as well: both" in shown.output
    assert in_postgres(house) == before
    as_json = json.loads(CliRunner().invoke(main, ["erase", "plan", "--user", "ada", "--json"]).stdout)
    assert {"store": "postgres", "relation": "trades", "rows": 3} in as_json["rows"]
    assert "trades_history_versions" in {line["relation"] for line in as_json["rows"]}
    nobody = CliRunner().invoke(main, ["erase", "plan", "--user", "nobody"])
    assert nobody.output == "user nobody: no store holds anything\n"
    for wrong in (["--user", "ada", "--key", "x"], ["--policy", "trades"], []):
        assert CliRunner().invoke(main, ["erase", "plan", *wrong]).exit_code == 2
    unknown = CliRunner().invoke(main, ["erase", "plan", "--policy", "nope", "--key", "x"])
    assert unknown.exit_code == 1
    assert len(unknown.output.splitlines()) == 1


# Columns that name, or look as if they named, a person or an agent that may be a person's.
LOOKS_LIKE_A_PERSON = re.compile(r"(^|_)(user|users|agent|owner|author|customer|person|email|telegram)(_|$)")


def test_every_column_of_a_person_is_named(house: House) -> None:
    named = set(KEPT)
    for holding in holdings().values():
        for table in (holding.postgres, holding.clickhouse):
            if table:
                columns = [holding.user, *holding.agents, *(link.column for link in holding.links)]
                named |= {f"{table}.{column}" for column in columns if column}
    # All of a row of users goes with it.
    looks = {
        f"{table}.{column}"
        for table, column in house.connection.execute(
            "SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'users'"
        )
        if LOOKS_LIKE_A_PERSON.search(column)
    }
    looks |= {
        f"{table}.{column}"
        for table, column in house.connection.execute(
            "SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint AS c"
            " JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)"
            " WHERE c.contype = 'f' AND c.confrelid IN ('users'::regclass, 'agents'::regclass) AND c.conparentid = 0"
        )
        if not table.startswith("agent_semantic_memories_")
    }
    looks |= {
        f"{table}.{column}"
        for table, column in house.client.query(
            "SELECT c.table, c.name FROM system.columns AS c INNER JOIN system.tables AS t"
            " ON t.database = c.database AND t.name = c.table"
            " WHERE c.database = currentDatabase() AND t.engine LIKE '%MergeTree'"
        ).result_rows
        if LOOKS_LIKE_A_PERSON.search(column)
    }
    assert looks - named == set(), "holdings.py does not say what becomes of these columns"
    assert {name for name in KEPT if name not in looks} == set(), "these columns are not there any more"
    assert set(policies()) <= set(holdings()), "single rows of every policy can be erased"
    storages = {each.name: each.storage for each in policies().values()}
    assert {name: holdings()[name].clickhouse for name in storages} == storages
