"""Every figure of agent_analytics beside the one that a venue or an arena published. Pure: rows in, figures out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dagster_project.lib.arena_analytics import TABLES

CLOSE = 1e-6
SAME = 1e-9
FROM_DECISIONS = ("signals_breakdown_table", "invocation_breakdown_table")
# The arena's std_taker_fee has an unknown definition (some 60 were tried); the leverages are of its conversations.
NOT_FROM_TRADES = {
    "std_taker_fee": "definition not published",
    "avg_convo_leverage": "from the conversations",
    "median_convo_leverage": "from the conversations",
}


@dataclass(frozen=True)
class Figure:
    """One figure of one agent; `official` is None where nobody published it, `note` says why it may differ."""

    exchange: str
    origin_group: str
    agent: str
    table: str
    name: str
    official: float | None
    postgres: float
    clickhouse: float
    note: str | None

    @property
    def difference(self) -> float | None:
        """The larger difference of the two warehouses from the official value, relative to it above 1."""
        return None if self.official is None else max(_apart(self.official, self.postgres, self.clickhouse))

    @property
    def engines_differ(self) -> bool:
        """Whether PostgreSQL and ClickHouse say different things."""
        return max(_apart(self.postgres, self.clickhouse)) > SAME

    @property
    def is_wrong(self) -> bool:
        """Whether it follows from the trades and differs from the official one."""
        return self.note is None and self.difference is not None and self.difference > CLOSE


def figures(
    postgres: Mapping[tuple[str, str, str], Mapping[str, Any]],
    clickhouse: Mapping[tuple[str, str, str], Mapping[str, Any]],
    official: Mapping[str, Mapping[str, Any]],
) -> Iterator[Figure]:
    """The figures in the order of agents and tables.

    Args:
        postgres, clickhouse: rows of agent_analytics by (exchange, origin_group, agent_id), the same keys.
        official: published objects by agent, in Alpha Arena's shape.
    """
    for key in sorted(postgres):
        mine, theirs = postgres[key], clickhouse[key]
        published = official.get(key[2], {}) if key[1] == "real" else {}
        for table, names in TABLES.items():
            values = published.get(table, {})
            for name in names:
                stated = values.get(name)
                yield Figure(
                    *key,
                    table,
                    name,
                    None if stated is None else float(stated),
                    float(mine[name]),
                    float(theirs[name]),
                    None if stated is None else _note(table, name, mine, published),
                )


def _note(table: str, name: str, row: Mapping[str, Any], published: Mapping[str, Any]) -> str | None:
    if table in FROM_DECISIONS:
        return "from the decisions"
    if name in NOT_FROM_TRADES:
        return NOT_FROM_TRADES[name]
    trades = published.get("overall_trades_overview_table", {}).get("total_trades")
    return None if trades == row["total_trades"] else f"{row['total_trades']} of {trades} trades are here"


def _apart(first: float, *others: float) -> list[float]:
    return [abs(other - first) / max(1.0, abs(first)) for other in others]
