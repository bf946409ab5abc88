"""What keeps the databases in shape without changing what they say."""

import dagster as dg

from dagster_project.resources.postgres import PostgresResource

OWNERS = ["team:platform"]
MONTH_PARTITIONS = dg.AssetKey(["postgres", "ops", "month_partitions"])
MONTHS_AHEAD = 3


@dg.asset(
    key=MONTH_PARTITIONS,
    description=f"Monthly partitions of PostgreSQL's time-ordered tables, made {MONTHS_AHEAD} months ahead."
    " Rows that came before their month had a partition move there from the default partition.",
    group_name="upkeep",
    kinds={"postgres", "python"},
    owners=OWNERS,
    pool="postgres",
)
def month_partitions(postgres: PostgresResource) -> dg.MaterializeResult:
    """Makes what is missing; a second run makes nothing."""
    with postgres.connect() as connection:
        made = connection.execute(
            "SELECT partition, rows_moved FROM ops.ensure_month_partitions((now() AT TIME ZONE 'UTC' + %s)::date)",
            [f"{MONTHS_AHEAD} months"],
        ).fetchall()
    lines = ["| partition | rows moved |", "|---|---|", *(f"| {name} | {rows} |" for name, rows in made)]
    return dg.MaterializeResult(
        metadata={
            "partitions_made": len(made),
            "rows_moved": sum(rows for _, rows in made),
            "partitions": dg.MetadataValue.md("\n".join(lines) if made else "none"),
        }
    )
