"""What came of each decision, from stored candles and from its trades."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_project.defs.trading.assets import OWNERS
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource
from dagster_project.settings import load_settings

if TYPE_CHECKING:
    import psycopg

DECISION_OUTCOMES = dg.AssetKey(["postgres", "public", "decision_outcomes"])
PLOTTED = 4_000  # points; more of them are one blot
# The tables and plots are about the newest of them, so that a run does not read all history.
NEWEST = 100_000
QUERY = "select state, count(*), avg(net_percent) from decision_outcomes group by state"


@dg.asset(
    key=DECISION_OUTCOMES,
    deps=[
        dg.AssetKey(["postgres", "public", "decisions"]),
        dg.AssetKey(["postgres", "public", "trades"]),
        dg.AssetKey(["clickhouse", "market", "market_ohlcv"]),
    ],
    description="""What came of each decision, traded or not, by a triple barrier over the candles that followed, and by
its trades: state, entry, exit, net return, best and worst excursion, right or wrong.

A run looks at decisions that are new or changed, whose trades changed, and whose candles came or were corrected. The
headline goes to the outcome columns of `decisions`. Definitions: docs/outcomes.md.""",
    group_name="trading",
    kinds={"postgres", "clickhouse", "python"},
    owners=OWNERS,
    pool="postgres",
    retry_policy=dg.RetryPolicy(max_retries=2, delay=20, backoff=dg.Backoff.EXPONENTIAL),
    check_specs=[
        dg.AssetCheckSpec(
            "every_decision_was_looked_at",
            asset=DECISION_OUTCOMES,
            blocking=True,
            description="Each decision that came since the last run has an outcome or the reason why it has none.",
        ),
        dg.AssetCheckSpec(
            "figures_agree",
            asset=DECISION_OUTCOMES,
            blocking=True,
            description="No entry before its decision, no exit before its entry, returns within the excursions, right"
            " exactly where the net return is above zero.",
        ),
        dg.AssetCheckSpec(
            "candles_suffice",
            asset=DECISION_OUTCOMES,
            description="Less than a tenth of the horizons that a run finished have holes in their candles.",
        ),
    ],
    # Candles come every minute; whoever reads outcomes does not need them faster than this.
    automation_condition=dg.AutomationCondition.cron_tick_passed("4-59/15 * * * *").since_last_handled()
    & dg.AutomationCondition.any_deps_updated().since_last_handled()
    & ~dg.AutomationCondition.in_progress(),
)
def decision_outcomes(
    context: dg.AssetExecutionContext, postgres: PostgresResource, clickhouse: ClickHouseResource
) -> dg.MaterializeResult:
    """Brings the outcomes up to date; a kill loses nothing."""
    from dagster_project.lib.outcomes.method import Method
    from dagster_project.lib.outcomes.queue import looked_until
    from dagster_project.lib.outcomes.run import Done, bring_up_to_date

    def log(done: "Done") -> None:
        if done.batches % 20 == 0:
            context.log.info(f"{done.decisions:,} decisions in {done.batches} batches")

    with postgres.connect(autocommit=True) as connection, clickhouse.client() as client:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        since = looked_until(connection)
        scoring = load_settings().collect.outcomes
        method = Method(horizon=scoring.horizon_hours * 60, fee_rate=scoring.fee_rate)
        done = bring_up_to_date(connection, client, method, on_batch=log)
        if done.busy:
            context.log.warning("another run scores decisions: nothing was done")
        return dg.MaterializeResult(
            metadata={
                "decisions_looked_at": done.decisions,
                "batches": done.batches,
                "horizon_hours": scoring.horizon_hours,
                "fee_rate_per_side": scoring.fee_rate,
            }
            | _metadata(connection),
            check_results=_checks(connection, since, row[0] if row else None),
        )


def _checks(connection: "psycopg.Connection", since: Any, began: Any) -> list[dg.AssetCheckResult]:
    from dagster_project.lib.queries import statement

    row = connection.execute(statement("outcome_checks"), {"since": since, "began": began}).fetchone()
    assert row is not None
    unseen, wrong, example, over, lacking = row
    return [
        dg.AssetCheckResult(
            check_name="every_decision_was_looked_at",
            passed=unseen == 0,
            description=f"{unseen:,} decisions have no outcome: run this asset again" if unseen else None,
            metadata={"decisions_without": unseen},
        ),
        dg.AssetCheckResult(
            check_name="figures_agree",
            passed=wrong == 0,
            description=f"{wrong:,} outcomes contradict themselves, such as that of decision {example}"
            if wrong
            else None,
            metadata={"contradictions": wrong},
        ),
        dg.AssetCheckResult(
            check_name="candles_suffice",
            passed=lacking * 10 <= over,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{lacking:,} of {over:,} finished horizons have holes in their candles"
            if lacking * 10 > over
            else None,
            metadata={"finished": over, "lacking_candles": lacking},
        ),
    ]


def _metadata(connection: "psycopg.Connection") -> dict[str, Any]:
    from dagster_project.lib.outcomes.plot import Group, outcomes_png

    states = [
        Group(*row)
        for row in connection.execute(
            "SELECT o.state, coalesce(o.stake, 'none'), coalesce(d.executed, false), count(*),"
            " count(*) FILTER (WHERE o.is_correct), avg(o.net_percent)::float8"
            " FROM (SELECT * FROM decision_outcomes ORDER BY updated_at DESC LIMIT %s) AS o"
            " JOIN decisions AS d ON d.id = o.decision_id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
            (NEWEST,),
        )
    ]
    counted = sum(one.decisions for one in states)
    points = connection.execute(
        "SELECT max_adverse_percent::float8, max_favorable_percent::float8, is_correct FROM decision_outcomes"
        " WHERE max_adverse_percent IS NOT NULL ORDER BY updated_at DESC, decision_id LIMIT %s",
        (PLOTTED,),
    ).fetchall()
    lines = ["| state | stake | traded | decisions | right | mean net % |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {one.state} | {one.stake} | {'yes' if one.traded else 'no'} | {one.decisions:,} | {one.share} |"
        f" {'' if one.mean is None else f'{one.mean:+.3f}'} |"
        for one in states
    ]
    metadata: dict[str, Any] = {
        "newest_outcomes" if counted >= NEWEST else "dagster/row_count": counted,
        "states": dg.MetadataValue.md("\n".join(lines)),
        "query": dg.MetadataValue.md(f'```sql\n{QUERY}\n```\n`candlehouse sql pg "..."`'),
    }
    if states:
        png = outcomes_png(states, points)
        metadata["outcomes"] = dg.MetadataValue.md(f"![outcomes](data:image/png;base64,{png})")
    return metadata
