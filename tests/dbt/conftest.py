"""Marts built through the assets, on real engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import clickhouse_connect
import dagster as dg
import psycopg
import pytest

from dagster_project.lib import trading_rows as rows
from dagster_project.lib.trading_store import land
from tests.dbt import crowd, desk
from tests.dbt.warehouses import Warehouses

Build = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture(scope="module")
def build(warehouse: Any) -> Build:
    """Takes marks, copies and archives what PostgreSQL holds, builds both targets, compares the marts, publishes.

    Where asset keys are given, only those are made.
    """
    from dagster_project.defs.transform.prepare import ensure_manifests

    ensure_manifests()
    from dbt.adapters.clickhouse import dbclient

    # dbt remembers for its process which databases it made; the module before this one had its own dropped.
    dbclient._ensured_databases.clear()
    from dagster_project.defs.trading.assets import copies
    from dagster_project.defs.transform.cut import mart_cut
    from dagster_project.defs.transform.dbt import dbt_clickhouse, dbt_postgres
    from dagster_project.defs.transform.marks import daily_marks
    from dagster_project.defs.transform.parity import mart_parity
    from dagster_project.defs.transform.publish import model_analytics
    from dagster_project.defs.upkeep.archive import archives
    from dagster_project.resources.clickhouse import ClickHouseResource
    from dagster_project.resources.postgres import PostgresResource

    def run(*only: list[str]) -> dg.ExecuteInProcessResult:
        return dg.materialize(
            [daily_marks, *copies, *archives, mart_cut, dbt_postgres, dbt_clickhouse, mart_parity, model_analytics],
            resources={"postgres": PostgresResource(), "clickhouse": ClickHouseResource()},
            selection=[dg.AssetKey(path) for path in only] or None,
            raise_on_error=False,
        )

    return run


@pytest.fixture(scope="module")
def tests_said_once() -> Iterator[None]:
    """Builds of ClickHouse leave out dbt's tests: every cell is compared with PostgreSQL's, which keeps them."""
    from dagster_project.defs.transform import command

    whole = command.run

    def run(arguments: Sequence[str], *more: Any) -> Iterator[dict[str, Any]]:
        if arguments[0] == "build" and "clickhouse" in arguments:
            place = arguments.index("--exclude-resource-types") + 1
            arguments = [*arguments[:place], "test", *arguments[place:]]
        return whole(arguments, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "run", run)
        yield


@pytest.fixture
def connection(warehouse: Any) -> Iterator[psycopg.Connection]:
    """An autocommit connection to PostgreSQL."""
    with psycopg.connect(warehouse.settings.postgres_url, autocommit=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def both(warehouse: Any) -> Iterator[Warehouses]:
    """Both engines with trades, accounts, snapshots and decisions, nothing built."""
    from dbt.adapters.clickhouse import dbclient

    from dagster_project.defs.transform.prepare import ensure_manifests

    ensure_manifests()
    dbclient._ensured_databases.clear()
    url = warehouse.settings.postgres_url
    with (
        psycopg.connect(url, autocommit=True, options="-c timezone=UTC") as connection,
        clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url, autogenerate_session_id=False) as client,
    ):
        names = [*crowd.AGENTS, *desk.AGENTS]
        for table, values in (
            (rows.AGENTS, [{"id": agent, "display_name": agent.title(), "origin": "live"} for agent in names]),
            (rows.ACCOUNTS, desk.accounts()),
            (rows.EQUITY_SNAPSHOTS, desk.snapshots()),
            (rows.DECISIONS, desk.decisions()),
            (rows.TRADES, desk.trades()),
            (rows.TRADES, crowd.made_up_trades(11, 200)),
        ):
            assert land(connection, table, (rows.Row(value, value) for value in values), "test").refused == 0
        connection.execute(
            "UPDATE decisions SET trade_id = 'desk-' || (row_number % 300) FROM (SELECT id AS one, row_number() OVER ()"
            " FROM decisions) AS numbered WHERE id = one"
        )
        connection.execute(
            f"ALTER DATABASE {connection.info.dbname} SET candlehouse.exchange = '{desk.EXCHANGE}'".encode()
        )
        connection.execute(f"SET candlehouse.exchange = '{desk.EXCHANGE}'".encode())
        yield Warehouses(connection, client, warehouse.settings)
