"""The moment that the marts of both warehouses are built of."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.defs.transform.dbt import MART_CUT, OWNERS
from dagster_project.lib.warehouse_copy import POLICIES
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource
from dagster_project.settings import ANALYTICS

COPIED = [
    dg.AssetKey(["clickhouse", "candlehouse", name]) for name in ("trades_history", *(p.target for p in POLICIES))
]
BY_ITSELF = "dagster/from_automation_condition"
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


@dg.asset(
    key=MART_CUT,
    deps=COPIED,
    description="The moment up to which both warehouses hold the same versions of trades, and the list of positions"
    " that are open. Marts are built of it, so that what is written meanwhile does not make them differ. Taken by"
    " itself only when an input changed or an hour is over, and not while marts are built.",
    group_name="transform",
    kinds={"postgres", "clickhouse", "python"},
    owners=OWNERS,
    pool="postgres",
    output_required=False,
    automation_condition=dg.AutomationCondition.eager(),
)
def mart_cut(
    context: dg.AssetExecutionContext, postgres: PostgresResource, clickhouse: ClickHouseResource
) -> Iterator[dg.MaterializeResult]:
    """Takes a new cut. Whoever asks for one gets it; a run that was started by a condition may find no reason."""
    from dagster_project.lib.mart_builds import take_cut, why_no_cut

    with postgres.connect(autocommit=True) as connection:
        if context.run.tags.get(BY_ITSELF):
            reason = _building(context) or why_no_cut(connection)
            if reason:
                context.log.info(f"no new cut: {reason}")
                return
        with clickhouse.client() as client:
            cut = take_cut(connection, client, context.run_id)
        yield dg.MaterializeResult(metadata={"as_of": cut.as_of, "open_positions": cut.open_positions})


def _building(context: dg.AssetExecutionContext) -> str | None:
    """A run that builds marts now, in words: a cut in the middle of it would part them."""
    for run in context.instance.get_runs(dg.RunsFilter(statuses=UNFINISHED), limit=100):
        built = [key for key in run.asset_selection or () if key.path[1:2] == [ANALYTICS]]
        if built and run.run_id != context.run_id:
            return f"run {run.run_id[:8]} builds {len(built)} marts"
    return None
