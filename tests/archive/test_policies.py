"""Every policy of the table: its contract, its guard, and one row of each on its way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from dagster_project.lib.archive import contract
from dagster_project.lib.archive.parity import compare
from dagster_project.lib.archive.policies import policies
from dagster_project.lib.archive.policy import Policy
from dagster_project.lib.archive.purge import purge

House = Any
POLICIES = list(policies().values())
NASTY = "it's \\ \t\n\v \U0001f600"
DOCUMENT = '{"symbols": ["B\'TC", "ETH"], "title": "it\'s", "expires_at": "2025-01-01T00:00:00Z"}'
# One due row per table: what an INSERT says beside its defaults.
ROWS: dict[str, dict[str, Any]] = {
    "trades": {"symbol": "BTC", "side": "long", "status": "closed", "quantity": 1, "entry_reason": NASTY},
    "orders": {"symbol": "BTC", "side": "buy", "type": "limit", "status": "filled", "quantity": "1.50"},
    "agent_reasoning_sessions": {
        "session_id": "s",
        "agent_id": "a",
        "observation": NASTY,
        "generated_options": "[1]",
        "evaluations": "{}",
        "final_reasoning": "r",
        "decision": '{"it\'s": 1}',
        "started_at": "2025-01-01 00:00:00+00",
    },
    "agent_reflections": {
        "agent_id": "a",
        "analysis": NASTY,
        "what_worked": ["it's", 'a "b"', "back\\slash", "tab\t", "", "\U0001f600"],
        "key_lessons": [],
        "created_at": "2025-01-01 00:00:00+00",
    },
    "decision_cycles": {"agent_id": "a", "cot_trace": NASTY, "success": True, "executed_at": "2025-01-01 00:00:00+00"},
    "price_ticks": {"symbol": "BTC", "priced_at": "2025-01-01 00:00:00+00", "price": "100000.50"},
    "conversation_messages": {
        "conversation_id": 77,
        "role": "user",
        "content": NASTY,
        "created_at": "2025-01-01 00:00:00+00",
    },
    "conversations": {"id": 77, "agent_id": "a", "created_at": "2025-01-01 00:00:00+00"},
    "account_equity_snapshots": {"agent_id": "a", "captured_at": "2025-01-01 00:00:00+00", "equity": "5.0"},
    "agent_analysis_results": {"document": DOCUMENT},
    "trading_signals": {"document": DOCUMENT},
    "news_documents": {"document": DOCUMENT},
    "social_documents": {"document": DOCUMENT},
}


@pytest.fixture(params=POLICIES, ids=lambda policy: policy.name)
def policy(request: pytest.FixtureRequest) -> Policy:
    return replace(request.param, settle=timedelta(0), grace=timedelta(0), fact=None)


def insert(house: House, policy: Policy, **changes: Any) -> str:
    if policy.name == "conversation_messages":
        house.connection.execute("INSERT INTO conversations (id, agent_id) VALUES (77, 'a') ON CONFLICT DO NOTHING")
    row = ROWS[policy.name] | changes
    found = house.connection.execute(
        f"INSERT INTO {policy.source} ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))}) RETURNING id".encode(),
        list(row.values()),
    ).fetchone()
    return str(found[0])


def test_every_policy_has_a_row_here() -> None:
    assert set(ROWS) == {policy.name for policy in POLICIES}


def test_the_contract_is_what_the_catalogs_say(house: House, policy: Policy) -> None:
    contract.check(house.connection, house.client, policy)


def test_every_column_of_the_source_travels_or_says_why_not(house: House, policy: Policy) -> None:
    assert not {column.name for column in policy.columns} & set(policy.omitted)
    assert all(reason for reason in policy.omitted.values())


def test_a_row_travels_with_proof_and_may_go(house: House, policy: Policy) -> None:
    key = insert(house, policy)
    refused = pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="no verified archive manifest")
    with refused:
        house.connection.execute(f"DELETE FROM {policy.source}".encode())
    with refused:
        house.connection.execute(f"TRUNCATE {policy.source} CASCADE".encode())
    done = house.archive(policy=policy)
    assert (done.rows, done.quarantined) == (1, 0)
    assert house.archive(policy=policy).rows == 0
    assert house.archive(policy=policy, full=True).rows == 0
    assert compare(policy, house.connection, house.client, deep=True).agree
    shown = house.client.query(f"SELECT toString(id) FROM {policy.target}").result_rows
    assert [row[0] for row in shown] == [key]
    assert purge(policy, house.connection).rows == int(policy.purge)
    left = house.one(f"SELECT count(*) FROM {policy.source}")
    assert left == int(not policy.purge)


def test_a_young_row_stays(house: House, policy: Policy) -> None:
    if not policy.age:
        pytest.skip("the policy goes by state")
    young = {"priced_at": "now", "captured_at": "now", "started_at": "now", "executed_at": "now", "created_at": "now"}
    changes = {name: value for name, value in young.items() if name in ROWS[policy.name]}
    if "document" in ROWS[policy.name]:
        changes = {"document": '{"expires_at": "2290-01-01T00:00:00Z"}'}
    insert(house, policy, **changes)
    assert house.archive(policy=policy).rows == 0


def test_arrays_arrive_as_they_were(house: House) -> None:
    reflections = replace(policies()["agent_reflections"], settle=timedelta(0))
    insert(house, reflections)
    house.archive(policy=reflections)
    shown = house.client.query("SELECT what_worked, key_lessons, what_didnt_work FROM agent_reflections").result_rows
    assert [list(column) for column in shown[0]] == [ROWS["agent_reflections"]["what_worked"], [], []]


def test_a_row_that_comes_of_age_later_is_found(house: House) -> None:
    ticks = replace(policies()["price_ticks"], settle=timedelta(0))
    insert(house, ticks)
    insert(house, ticks, priced_at="2025-06-01 00:00:00+00")
    assert ticks.age is not None
    young = replace(ticks, age=replace(ticks.age, age=timedelta(days=450)))
    first = house.archive(policy=young).rows
    assert first + house.archive(policy=ticks).rows == 2
    assert house.client.command("SELECT count() FROM price_ticks") == 2


def test_what_tells_rows_apart_in_clickhouse_changes_only_while_they_are_young(house: House) -> None:
    ticks = replace(policies()["price_ticks"], settle=timedelta(0))
    insert(house, ticks)
    insert(house, ticks, priced_at="now")
    assert house.archive(policy=ticks).rows == 1
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="symbol, priced_at, price of a row"):
        house.connection.execute("UPDATE price_ticks SET price = 7 WHERE priced_at < '2026-01-01Z'")
    house.connection.execute("UPDATE price_ticks SET price = 7 WHERE priced_at > now() - interval '1 hour'")
    house.connection.execute("UPDATE price_ticks SET origin = 'repaired' WHERE priced_at < '2026-01-01Z'")
    assert house.archive(policy=ticks).rows == 1
    shown = house.client.query("SELECT toString(price), origin FROM price_ticks").result_rows
    assert [tuple(row) for row in shown] == [("100000.5", "repaired")]


def test_a_late_message_keeps_its_conversation(house: House) -> None:
    messages = replace(policies()["conversation_messages"], settle=timedelta(0), grace=timedelta(0))
    insert(house, messages)
    insert(house, messages, created_at="now")
    assert house.archive(policy=messages).rows == 0


def test_the_copy_of_young_snapshots_does_not_disturb_the_proof(house: House) -> None:
    from dagster_project.lib.warehouse_copy import POLICIES as COPIES
    from dagster_project.lib.warehouse_copy import copy

    snapshots = replace(policies()["account_equity_snapshots"], settle=timedelta(0))
    copied = next(entry for entry in COPIES if entry.source == "account_equity_snapshots")
    insert(house, snapshots, details='{"it\'s": [1]}', run_id="0b3f6f6e-6c1b-4a5e-9d0e-1a2b3c4d5e6f")
    insert(house, snapshots, captured_at="now")
    assert copy(house.connection, house.client, copied).agree
    assert house.archive(policy=snapshots).rows == 1
    assert compare(snapshots, house.connection, house.client).agree
    # Another row beside it makes it another insert, which ClickHouse does not take for a retry.
    insert(house, snapshots, captured_at="now")
    assert copy(house.connection, house.client, copied).sent == 3
    assert compare(snapshots, house.connection, house.client, deep=True).agree
    assert house.one("SELECT count(*) FROM account_equity_snapshots") == house.client.command(
        "SELECT count() FROM account_equity_snapshots"
    )


def test_the_copy_of_snapshots_has_every_column_of_the_contract() -> None:
    from dagster_project.lib.warehouse_copy import POLICIES as COPIES

    copied = next(entry for entry in COPIES if entry.source == "account_equity_snapshots")
    assert set(copied.columns) == {column.name for column in policies()["account_equity_snapshots"].columns}
