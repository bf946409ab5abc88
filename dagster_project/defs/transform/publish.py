"""Publishes agent_analytics as the JSON objects that Alpha Arena serves, where applications of its design read them."""

from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from dagster_project.defs.transform.dbt import OWNERS
from dagster_project.defs.transform.parity import MART_PARITY
from dagster_project.resources.postgres import PostgresResource
from dagster_project.settings import ANALYTICS

if TYPE_CHECKING:
    import psycopg

ORIGINS = {"real": "live", "paper": "paper", "made up": "simulated"}
SHOWN = 20


class Publication(dg.Config):
    """What a publication may replace."""

    replace_recorded: bool = Field(
        default=False,
        description="Also replace figures that were imported from a venue's or an arena's own files (origin recorded).",
    )


@dg.asset(
    key=["postgres", "nof0", "model_analytics"],
    deps=[
        dg.AssetKey(["postgres", ANALYTICS, "agent_analytics"]),
        MART_PARITY,
        dg.AssetKey(["postgres", "public", "model_analytics"]),
    ],
    description="One JSON object per agent in Alpha Arena's shape, from agent_analytics of the home exchange. Published"
    " after both warehouses were found equal. Imported figures stay unless the run config says otherwise.",
    group_name="transform",
    kinds={"postgres", "python", "json"},
    owners=OWNERS,
    pool="postgres",
    # After a comparison only: a new mart beside the comparison of the last hour is not compared yet.
    automation_condition=dg.AutomationCondition.any_deps_updated()
    .allow(dg.AssetSelection.assets(MART_PARITY))
    .since_last_handled()
    & ~dg.AutomationCondition.in_progress()
    & ~dg.AutomationCondition.any_deps_in_progress()
    & dg.AutomationCondition.all_deps_blocking_checks_passed(),
)
def model_analytics(
    context: dg.AssetExecutionContext, config: Publication, postgres: PostgresResource
) -> dg.MaterializeResult:
    """Writes what changed."""
    with postgres.connect() as connection:
        offered, written, kept = _publish(connection, replace_recorded=config.replace_recorded)
    if kept:
        context.log.info(
            f"imported figures stay: {', '.join(kept[:SHOWN])}; run with replace_recorded to publish ours instead"
        )
    return dg.MaterializeResult(
        metadata={"agents": offered, "written": written, "unchanged": offered - written - len(kept), "kept": kept}
    )


def _publish(connection: "psycopg.Connection", *, replace_recorded: bool) -> tuple[int, int, list[str]]:
    from psycopg.rows import dict_row

    from dagster_project.lib.arena_analytics import payload, true_at
    from dagster_project.lib.exact_json import dumps

    with connection.cursor(row_factory=dict_row) as cursor:
        # A real agent publishes its real figures only; on a sandbox home everybody is made up.
        cursor.execute(
            """
            SELECT *
            FROM analytics.agent_analytics
            WHERE exchange = ops.home_exchange() AND (origin_group = 'real' OR exchange = 'sandbox')
            ORDER BY agent_id
            """
        )
        rows: list[dict[str, Any]] = cursor.fetchall()
        cursor.execute("SELECT agent_id FROM model_analytics WHERE origin = 'recorded'")
        recorded = {row["agent_id"] for row in cursor.fetchall()}
        kept = [row["agent_id"] for row in rows if row["agent_id"] in recorded and not replace_recorded]
        written = 0
        for row in rows:
            if row["agent_id"] in kept:
                continue
            moment = true_at(row)
            cursor.execute(
                """
                INSERT INTO model_analytics AS stored (agent_id, payload, server_time, origin)
                VALUES (%(agent)s, %(payload)s::jsonb, %(moment)s, %(origin)s)
                ON CONFLICT (agent_id) DO UPDATE SET
                    payload = excluded.payload, server_time = excluded.server_time, origin = excluded.origin
                WHERE (stored.payload, stored.server_time, stored.origin)
                    IS DISTINCT FROM (excluded.payload, excluded.server_time, excluded.origin)
                """,
                {
                    "agent": row["agent_id"],
                    "payload": dumps(payload(row, moment)),
                    "moment": moment,
                    "origin": ORIGINS[row["origin_group"]],
                },
            )
            written += cursor.rowcount
    return len(rows), written, kept
