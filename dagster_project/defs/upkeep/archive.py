"""One asset per archive policy, made from the table of policies, and the parity of all of them over all history."""

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_project.defs.upkeep.assets import OWNERS
from dagster_project.lib.archive.policies import policies
from dagster_project.lib.archive.policy import Policy
from dagster_project.lib.archive.policy_table import kept
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource
from dagster_project.settings import ANALYTICS

if TYPE_CHECKING:
    from dagster_project.lib.archive.backlog import Backlog
    from dagster_project.lib.archive.engine import Outcome
    from dagster_project.lib.archive.purge import Purged

ARCHIVE_PARITY = dg.AssetKey(["postgres", "ops", "archive_parity"])
CHECK = "everything_due_is_proven"


def asset_key(policy: Policy) -> dg.AssetKey:
    """The view in ClickHouse that people read, unless another asset makes that too."""
    return dg.AssetKey(["clickhouse", "candlehouse", policy.asset or policy.target])


def archive_asset(policy: Policy) -> dg.AssetsDefinition:
    """The asset of one policy: archives what is due, then deletes what may go."""

    @dg.asset(
        key=asset_key(policy),
        deps=[dg.AssetKey(["postgres", "public", policy.name])],
        description=f"{policy.description} Taken from PostgreSQL's `{policy.name}` batch by batch, each proven. Kept in"
        f" PostgreSQL {kept(policy)}.",
        group_name=policy.group,
        kinds={"clickhouse", "python"},
        owners=OWNERS,
        pool="clickhouse",
        check_specs=[
            dg.AssetCheckSpec(
                CHECK,
                asset=asset_key(policy),
                blocking=True,
                description="Every row that was due is in ClickHouse with a verified manifest; none is in quarantine.",
            )
        ],
        automation_condition=dg.AutomationCondition.eager(),
    )
    def archived(
        context: dg.AssetExecutionContext, postgres: PostgresResource, clickhouse: ClickHouseResource
    ) -> dg.MaterializeResult:
        from dagster_project.lib.archive.backlog import backlog
        from dagster_project.lib.archive.contract import ContractBroken
        from dagster_project.lib.archive.engine import NotVerified, archive
        from dagster_project.lib.archive.progress import NotMigrated
        from dagster_project.lib.archive.purge import NotGuarded, purge
        from dagster_project.lib.archive.state import quarantine

        if policy.settle < timedelta(seconds=1):
            # What was written before this run began has settled.
            time.sleep(policy.settle.total_seconds())
        with postgres.connect(autocommit=True) as connection, clickhouse.client() as client:
            try:
                done = archive(policy, connection, client, run_id=context.run_id, on_batch=_logging(context))
                purged = purge(policy, connection, marts=ANALYTICS, run_id=context.run_id)
                left = backlog(policy, connection, client, full=False)
            except (ContractBroken, NotVerified, NotMigrated, NotGuarded) as error:
                raise dg.Failure(str(error), allow_retries=False) from None
            proven_at, unfit = _proven_at(connection, policy), quarantine(policy, connection)
        if done.busy:
            context.log.warning(f"another archiver holds {policy.name}: nothing was done")
        return dg.MaterializeResult(
            metadata=_metadata(done, purged, left, proven_at),
            check_results=[
                dg.AssetCheckResult(
                    check_name=CHECK,
                    passed=unfit == 0,
                    description=f"{unfit} rows do not fit ClickHouse and stay in PostgreSQL: see ops.quarantine, source"
                    f" archive/{policy.name}"
                    if unfit
                    else None,
                    metadata={"quarantined": unfit},
                )
            ],
        )

    return archived


def _logging(context: dg.AssetExecutionContext) -> Any:
    def log(outcome: "Outcome") -> None:
        context.log.info(f"{outcome.rows} rows in {outcome.batches} batches, last {outcome.last_batch}")

    return log


def _proven_at(connection: Any, policy: Policy) -> float:
    """Epoch seconds of the last proof; 0: none."""
    row = connection.execute(
        "SELECT coalesce(extract(epoch FROM max(verified_at)), 0)::float8 FROM ops.archive_manifests"
        " WHERE policy = %s AND verdict = 'verified'",
        [policy.name],
    ).fetchone()
    return row[0]


def _metadata(done: "Outcome", purged: "Purged", left: "Backlog", proven_at: float) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "backlog": left.due,
        "rows_archived": done.rows,
        "rows_purged": purged.rows,
        "rows_quarantined": done.quarantined,
        "rows_waiting_for_purge": purged.waiting,
        "batches": done.batches,
        "archive_seconds": round(sum(done.seconds.values()), 3),
    }
    if proven_at:
        metadata["last_proof"] = dg.MetadataValue.timestamp(proven_at)
        # Dagster plots numbers only.
        metadata["seconds_since_last_proof"] = round(max(0.0, time.time() - proven_at), 1)
    if purged.why:
        metadata["purge_held_by"] = purged.why
    return metadata


archives = [archive_asset(policy) for policy in policies().values()]


@dg.asset(
    key=ARCHIVE_PARITY,
    deps=[asset_key(policy) for policy in policies().values()],
    description="Archived rows and sums per day over all history: what the manifests prove against what ClickHouse"
    " holds. One row per day that changed since the last comparison.",
    group_name="upkeep",
    kinds={"postgres", "clickhouse", "python"},
    owners=OWNERS,
    pool="clickhouse",
    check_specs=[
        dg.AssetCheckSpec(
            "archive_agrees",
            asset=ARCHIVE_PARITY,
            blocking=True,
            description="No archived row is missing from ClickHouse or changed there; a difference names its batch.",
        )
    ],
)
def archive_parity(
    context: dg.AssetExecutionContext, postgres: PostgresResource, clickhouse: ClickHouseResource
) -> dg.MaterializeResult:
    """Compares every policy and stores the outcome, after hiding versions of trades that moved to another month."""
    from dagster_project.lib.archive.parity import compare
    from dagster_project.lib.moved_trades import hide_left

    with postgres.connect(autocommit=True) as connection, clickhouse.client() as client:
        hidden = hide_left(client)
        found = [compare(policy, connection, client, run_id=context.run_id) for policy in policies().values()]
    lines = [f"{parity.policy} {line}" for parity in found for line in parity.differences()]
    table = ["| policy | rows | days | days that differ |", "|---|---|---|---|"]
    table += [f"| {p.policy} | {p.rows} | {len(p.days)} | {len(p.differing)} |" for p in found]
    return dg.MaterializeResult(
        metadata={
            "rows": sum(parity.rows for parity in found),
            "days_that_differ": sum(len(parity.differing) for parity in found),
            "trades_shown_in_two_months": hidden,
            "policies": dg.MetadataValue.md("\n".join(table)),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="archive_agrees",
                passed=not lines,
                description="; ".join(lines[:3]) or None,
                metadata={"differences": dg.MetadataValue.md("\n".join(f"- {line}" for line in lines) or "none")},
            )
        ],
    )
