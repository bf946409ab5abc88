"""The only place where a resource is bound to a name."""

import dagster as dg

from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.exchange import ExchangeResource
from dagster_project.resources.postgres import PostgresResource


@dg.definitions
def resources() -> dg.Definitions:
    """Names that assets ask for by argument."""
    return dg.Definitions(
        resources={
            "postgres": PostgresResource(),
            "clickhouse": ClickHouseResource(),
            "exchange": ExchangeResource(),
        }
    )
