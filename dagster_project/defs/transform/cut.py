"""The moment that the marts of both warehouses are built of."""

import dagster as dg

from dagster_project.defs.transform.dbt import MART_CUT, OWNERS
from dagster_project.lib.warehouse_copy import POLICIES
from dagster_project.resources.postgres import PostgresResource

COPIED = [
    dg.AssetKey(["clickhouse", "candlehouse", name]) for name in ("trades_history", *(p.target for p in POLICIES))
]


@dg.asset(
    key=MART_CUT,
    deps=COPIED,
    description="The moment up to which both warehouses hold the same versions of trades. Marts are built of it, so"
    " that what is written meanwhile does not make them differ.",
    group_name="transform",
    kinds={"postgres", "python"},
    owners=OWNERS,
    pool="postgres",
    automation_condition=dg.AutomationCondition.eager(),
)
def mart_cut(context: dg.AssetExecutionContext, postgres: PostgresResource) -> dg.MaterializeResult:
    """Takes a new cut."""
    from dagster_project.lib.mart_builds import take_cut

    with postgres.connect(autocommit=True) as connection:
        return dg.MaterializeResult(metadata={"as_of": take_cut(connection, context.run_id)})
