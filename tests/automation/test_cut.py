"""A cut that is taken by itself needs a reason; all models of both engines are built of it together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import clickhouse_connect
import dagster as dg
import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from dagster_project.lib import warehouse_copy
from dagster_project.lib.mart_builds import take_cut, why_no_cut
from dagster_project.lib.mart_positions import PositionsError
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource

MARTS = dg.AssetKey(["postgres", "analytics", "leaderboard"])


@pytest.fixture
def connection(warehouse: Any) -> Iterator[psycopg.Connection]:
    with psycopg.connect(warehouse.settings.ingest_url, autocommit=True) as opened:
        opened.execute("DELETE FROM ops.mart_cuts")
        yield opened


def age(connection: psycopg.Connection, minutes: int) -> None:
    connection.execute("UPDATE ops.mart_cuts SET taken_at = taken_at - %s * interval '1 minute'", [minutes])


@pytest.fixture
def client(warehouse: Any) -> Iterator[Client]:
    with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url) as opened:
        yield opened


def test_a_cut_needs_a_change_or_an_hour(connection: psycopg.Connection, client: Client) -> None:
    assert why_no_cut(connection) is None
    take_cut(connection, client)
    assert why_no_cut(connection) == "the last cut is too young"
    age(connection, 15)
    assert why_no_cut(connection) == "nothing changed since the last cut"
    connection.execute("INSERT INTO agents (id, display_name, origin) VALUES ('cut', 'C', 'live')")
    # ClickHouse does not have it yet.
    assert why_no_cut(connection) == "nothing changed since the last cut"
    connection.execute("UPDATE ops.copies SET seen_until = clock_timestamp() WHERE source <> 'agents'")
    assert why_no_cut(connection) == "nothing changed since the last cut"
    connection.execute("UPDATE ops.copies SET seen_until = clock_timestamp()")
    assert why_no_cut(connection) is None
    take_cut(connection, client)
    age(connection, 15)
    assert why_no_cut(connection) == "nothing changed since the last cut"
    connection.execute("DELETE FROM agents WHERE id = 'cut'")
    age(connection, 44)
    assert why_no_cut(connection) is None


def test_a_position_that_was_opened_is_a_change(connection: psycopg.Connection, client: Client) -> None:
    take_cut(connection, client)
    age(connection, 15)
    assert why_no_cut(connection) == "nothing changed since the last cut"
    connection.execute("INSERT INTO agents (id, display_name, origin) VALUES ('opens', 'O', 'live')")
    connection.execute(
        "INSERT INTO trades (id, agent_id, exchange, symbol, side, status, opened_at)"
        " VALUES ('opens', 'opens', 'cut', 'BTC', 'long', 'open', now())"
    )
    assert why_no_cut(connection) is None
    take_cut(connection, client)
    age(connection, 15)
    assert why_no_cut(connection) == "nothing changed since the last cut"


def test_a_list_that_did_not_arrive_leaves_no_cut(
    connection: psycopg.Connection, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute("INSERT INTO agents (id, display_name, origin) VALUES ('waits', 'W', 'live')")
    connection.execute(
        "INSERT INTO trades (id, agent_id, exchange, symbol, side, status, opened_at)"
        " VALUES ('waits', 'waits', 'cut', 'BTC', 'long', 'open', now())"
    )
    before = take_cut(connection, client)
    assert before.open_positions > 0

    def newest() -> list[tuple[int, int]]:
        return connection.execute("SELECT cut, count(*) FROM mart_positions GROUP BY cut ORDER BY cut").fetchall()

    known = newest()
    with monkeypatch.context() as broken:
        broken.setattr(warehouse_copy, "stream", lambda *_: 0)
        with pytest.raises(PositionsError, match="the cut is not taken, try again"):
            take_cut(connection, client)
    assert newest() == known
    assert take_cut(connection, client) == before
    (cut, listed) = newest()[-1]
    assert client.query(f"SELECT count() FROM mart_positions WHERE cut = {cut}").result_rows == [(listed,)]


def test_only_a_run_that_started_by_itself_may_find_no_reason(
    connection: psycopg.Connection, warehouse: Any, tmp_path: Path
) -> None:
    from dagster_project.defs.transform.cut import BY_ITSELF, mart_cut

    def run(instance: dg.DagsterInstance, *, by_itself: bool) -> int:
        done = dg.materialize(
            [mart_cut],
            instance=instance,
            resources={"postgres": PostgresResource(), "clickhouse": ClickHouseResource()},
            tags={BY_ITSELF: "true"} if by_itself else {},
        )
        assert done.success
        return len(done.get_asset_materialization_events())

    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        assert run(instance, by_itself=True) == 1
        assert run(instance, by_itself=True) == 0
        assert run(instance, by_itself=False) == 1
        age(connection, 120)
        building = dg.DagsterRun(
            job_name="marts", status=dg.DagsterRunStatus.STARTED, asset_selection=frozenset([MARTS])
        )
        instance.add_run(building)
        assert run(instance, by_itself=True) == 0
        instance.delete_run(building.run_id)
        assert run(instance, by_itself=True) == 1


def test_a_new_cut_asks_for_every_model_of_both_engines_at_once() -> None:
    from dagster_project.definitions import defs
    from dagster_project.defs.transform.dbt import MART_CUT

    loaded = defs()
    graph = loaded.resolve_asset_graph()
    models = {key for key in graph.materializable_asset_keys if key.path[1] == "analytics"}
    parents = {parent for key in models for parent in graph.get(key).parent_keys} - models
    with dg.DagsterInstance.ephemeral() as instance:

        def made(*keys: dg.AssetKey) -> None:
            for key in keys:
                instance.report_runless_asset_event(dg.AssetMaterialization(key))

        def tick(minute: int, cursor: Any) -> tuple[set[dg.AssetKey], Any]:
            result = dg.evaluate_automation_conditions(
                loaded,
                instance,
                asset_selection=dg.AssetSelection.assets(*models),
                evaluation_time=datetime(2026, 1, 5, 9, minute, tzinfo=UTC),
                cursor=cursor,
            )
            return {key for key in models if result.get_num_requested(key)}, result.cursor

        made(*parents, *graph.toposorted_asset_keys)
        for key in graph.asset_check_keys:
            if key.asset_key in models | parents:
                instance.report_runless_asset_event(
                    dg.AssetCheckEvaluation(key.asset_key, key.name, True, {}, blocking=True)
                )
        _, cursor = tick(0, None)
        made(*(parents - {MART_CUT}))
        asked, cursor = tick(1, cursor)
        assert asked == set()
        made(MART_CUT)
        asked, cursor = tick(2, cursor)
        # Also those without a parent: a build without them is a part, and the next one could not go on from it.
        assert asked == models
