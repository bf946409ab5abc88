"""What SQL cannot work out: comparisons and recalibrated confidences, the same rows in both warehouses."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_project.defs.transform.dbt import OWNERS, REBUILD
from dagster_project.defs.transform.prepare import ENGINES
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource
from dagster_project.settings import ANALYTICS, load_settings

if TYPE_CHECKING:
    import psycopg

HOMES = {"postgres": ["postgres", "public"], "clickhouse": ["clickhouse", "candlehouse"]}
CHECKS = {
    "prompt_pairs": "Every verdict follows from its interval and its adjusted p-value.",
    "agent_pairs": "Every verdict follows from its interval and its adjusted p-value.",
    "calibrated_confidence": "Every map was fitted on exactly the outcomes recorded before its day.",
    "sharpe_ratios": "Every ratio is that of agent_analytics, inside its interval, and its verdict follows.",
}
STATISTICS = [dg.AssetKey([*HOMES[engine], table]) for table in CHECKS for engine in ENGINES]

_BAD_VERDICTS = """
SELECT count(*) FROM {table}
WHERE NOT coalesce(low <= difference AND difference <= high, low IS NULL AND high IS NULL AND p_value IS NULL)
    OR p_adjusted < p_value OR p_watched < p_adjusted
    OR verdict <> CASE
        WHEN p_adjusted < 0.05 AND low > 0 THEN 'better' WHEN p_adjusted < 0.05 AND high < 0 THEN 'worse'
        ELSE 'undecided'
    END
    OR verdict_watched <> CASE WHEN p_watched < 0.05 THEN verdict ELSE 'undecided' END
"""
# Counted from PostgreSQL's decisions, where the maps were fitted on ClickHouse's.
_BAD_TRAINING = """
WITH outcomes AS (
    SELECT exchange, origin_group, agent_id, known_day, sum(judged) AS learnt
    FROM analytics.int_confidence_days
    WHERE known_day IS NOT NULL
    GROUP BY exchange, origin_group, agent_id, known_day
),
days AS (SELECT DISTINCT exchange, origin_group, agent_id, day, trained_on FROM calibrated_confidence)
SELECT count(*) FROM days
WHERE trained_on <> (
    SELECT coalesce(sum(outcomes.learnt), 0) FROM outcomes
    WHERE outcomes.exchange = days.exchange AND outcomes.origin_group = days.origin_group
        AND outcomes.agent_id = days.agent_id AND outcomes.known_day < days.day
)
"""

# Against PostgreSQL's figures, where these come of ClickHouse's days.
_BAD_RATIOS = """
SELECT count(*) FROM sharpe_ratios
FULL JOIN (
    SELECT exchange, origin_group, agent_id, sharpe FROM analytics.agent_analytics WHERE sharpe IS NOT NULL
) AS figures USING (exchange, origin_group, agent_id)
WHERE NOT coalesce(
    abs(sharpe_ratios.sharpe - figures.sharpe) <= 1e-9 * greatest(1, abs(figures.sharpe))
        AND low <= sharpe_ratios.sharpe AND sharpe_ratios.sharpe <= high
        AND verdict = CASE
            WHEN probability_above_luck > 0.975 THEN 'above luck' WHEN probability_below_luck > 0.975 THEN 'below luck'
            ELSE 'undecided'
        END,
    false
)
"""


def _asset(table: str, reads: Sequence[str], about: str) -> Any:
    """What every one of these assets has: one key per warehouse, run after both built what it reads, one check."""
    return {
        "name": table,
        "specs": [
            dg.AssetSpec(
                dg.AssetKey([*HOMES[engine], table]),
                deps=[dg.AssetKey([built, ANALYTICS, mart]) for built in ENGINES for mart in reads],
                description=about,
                group_name="transform",
                kinds={engine, "python", "scipy"},
                owners=OWNERS,
                automation_condition=REBUILD,
            )
            for engine in ENGINES
        ],
        "check_specs": [
            dg.AssetCheckSpec(
                "holds_together",
                asset=dg.AssetKey([*HOMES["postgres"], table]),
                blocking=True,
                description=CHECKS[table],
            )
        ],
        "pool": "postgres",
    }


@dg.multi_asset(
    **_asset(
        "prompt_pairs",
        ("prompt_days", "prompt_performance"),
        "Every pair of prompt versions of an agent on the same markets and days: difference in mean net return, its"
        " interval, and whether it is decided. Holm's correction over the pairs of an agent.",
    )
)
def prompt_pairs(postgres: PostgresResource, clickhouse: ClickHouseResource) -> Iterator[dg.MaterializeResult]:
    """Compares and stores."""
    from dagster_project.defs.transform.pictures import prompt_metadata
    from dagster_project.lib.statistics.pairs import same_markets
    from dagster_project.lib.statistics.read import versions_of_agents

    marts = load_settings().clickhouse_analytics
    with postgres.connect(autocommit=True) as connection, clickhouse.client() as client:
        rows = (
            (*family, *_fields(pair))
            for family, sums in versions_of_agents(client, marts)
            for pair in same_markets(sums)
        )
        count = _replace(connection, client, "prompt_pairs", ("agent_id", "version_a", "version_b"), rows)
        bad = _count(connection, _BAD_VERDICTS.format(table="prompt_pairs"))
        yield from _results("prompt_pairs", count, bad, prompt_metadata(connection))


@dg.multi_asset(
    **_asset(
        "agent_pairs",
        ("prompt_days", "leaderboard", "agent_daily"),
        "Every pair of agents of a board: difference in mean net return over all trades, and over the markets and days"
        " that both traded, its interval, and whether it is decided. Holm's correction over the pairs of a board.",
    )
)
def agent_pairs(postgres: PostgresResource, clickhouse: ClickHouseResource) -> Iterator[dg.MaterializeResult]:
    """Compares and stores."""
    from dagster_project.defs.transform.pictures import board_metadata
    from dagster_project.lib.statistics.pairs import all_days, same_markets
    from dagster_project.lib.statistics.read import agents_of_boards

    marts = load_settings().clickhouse_analytics

    def rows(client: Any) -> Iterator[Sequence[Any]]:
        for by_market, basis, compare in (
            (False, "all trades", all_days),
            (True, "same markets and days", same_markets),
        ):
            for family, sums in agents_of_boards(client, marts, by_market=by_market):
                yield from ((*family, basis, *_fields(pair)) for pair in compare(sums))

    with postgres.connect(autocommit=True) as connection, clickhouse.client() as client:
        count = _replace(connection, client, "agent_pairs", ("basis", "agent_a", "agent_b"), rows(client))
        bad = _count(connection, _BAD_VERDICTS.format(table="agent_pairs"))
        yield from _results("agent_pairs", count, bad, board_metadata(connection))


@dg.multi_asset(
    **_asset(
        "calibrated_confidence",
        ("confidence_calibration", "calibration_scores"),
        "What a confidence was worth by what was known when the day began: an isotonic map per agent and day, fitted on"
        " outcomes recorded before it.",
    )
)
def calibrated_confidence(postgres: PostgresResource, clickhouse: ClickHouseResource) -> Iterator[dg.MaterializeResult]:
    """Fits and stores."""
    from dataclasses import astuple

    from dagster_project.defs.transform.pictures import calibration_metadata
    from dagster_project.lib.statistics.read import confidences_of_agents
    from dagster_project.lib.statistics.recalibration import recalibrate
    from dagster_project.lib.statistics.store import replace

    marts = load_settings().clickhouse_analytics
    columns = ("exchange", "origin_group", "agent_id", "day", "confidence", "decisions", "judged", "correct")
    with postgres.connect(autocommit=True) as connection, clickhouse.client() as client:
        rows = (
            (*family, *astuple(one))
            for family, counts in confidences_of_agents(client, marts)
            for one in recalibrate(counts)
        )
        count = replace(connection, client, "calibrated_confidence", (*columns, "trained_on", "calibrated"), rows)
        yield from _results(
            "calibrated_confidence", count, _count(connection, _BAD_TRAINING), calibration_metadata(connection)
        )


@dg.multi_asset(
    **_asset(
        "sharpe_ratios",
        ("agent_daily", "agent_analytics"),
        "How sure every Sharpe ratio is: its interval, the probability that it is above zero, and that it is more than"
        " the best of a board's agents would show by luck (deflated).",
    )
)
def sharpe_ratios(postgres: PostgresResource, clickhouse: ClickHouseResource) -> Iterator[dg.MaterializeResult]:
    """Works out and stores."""
    from dataclasses import fields

    from dagster_project.defs.transform.pictures import sharpe_metadata
    from dagster_project.lib.statistics.read import returns_of_boards
    from dagster_project.lib.statistics.sharpe import Sharpe, board
    from dagster_project.lib.statistics.store import replace

    marts = load_settings().clickhouse_analytics
    columns = ("exchange", "origin_group", "agent_id", *[field.name for field in fields(Sharpe)][1:])
    with postgres.connect(autocommit=True) as connection, clickhouse.client() as client:
        rows = (
            (*family, *_fields(one)) for family, returns in returns_of_boards(client, marts) for one in board(returns)
        )
        count = replace(connection, client, "sharpe_ratios", columns, rows)
        yield from _results("sharpe_ratios", count, _count(connection, _BAD_RATIOS), sharpe_metadata(connection))


def _fields(pair: Any) -> tuple[Any, ...]:
    from dataclasses import astuple

    return astuple(pair)


def _replace(
    connection: "psycopg.Connection", client: Any, table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    from dataclasses import fields

    from dagster_project.lib.statistics.pairs import Pair
    from dagster_project.lib.statistics.store import replace

    measured = [field.name for field in fields(Pair)][2:]
    return replace(connection, client, table, ("exchange", "origin_group", *names, *measured), rows)


def _count(connection: "psycopg.Connection", query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def _results(table: str, rows: int, bad: int, metadata: dict[str, Any]) -> Iterator[dg.MaterializeResult]:
    for engine in ENGINES:
        key = dg.AssetKey([*HOMES[engine], table])
        if engine != "postgres":
            yield dg.MaterializeResult(asset_key=key, metadata={"dagster/row_count": rows})
            continue
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={"dagster/row_count": rows} | metadata,
            check_results=[
                dg.AssetCheckResult(
                    check_name="holds_together",
                    asset_key=key,
                    passed=bad == 0,
                    description=f"{bad} rows do not hold together" if bad else None,
                    metadata={"rows": rows, "wrong": bad},
                )
            ],
        )
