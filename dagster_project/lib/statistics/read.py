"""Sums that the statistics start from, read from ClickHouse's marts one family at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from dagster_project.lib.statistics.pairs import Sums
from dagster_project.lib.statistics.recalibration import Count

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

Family = tuple[str, ...]
EPOCH = date(1970, 1, 1)
MOST_BY_MARKET = 100
NO_LIMIT = 1_000_000
# The exact sum of decimals, and then the nearest double: by way of text, because ClickHouse rounds a wide decimal twice
# on its way to a double. A sum beyond Decimal(76, 36) wraps around without a word.
EXACT_SUM = """if(
            throwIf(abs(sum(toFloat64(return_sum))) > 5e39, 'a sum of returns does not fit Decimal(76, 36)') = 0,
            toFloat64(toString(sum(return_sum))), 0
        )"""


def versions_of_agents(client: Client, marts: str) -> Iterator[tuple[Family, list[Sums]]]:
    """(exchange, origin_group, agent_id) and the sums of its versions. Decisions without a version have no part."""
    return _families(
        client,
        f"""
        SELECT exchange, origin_group, agent_id, prompt_version, symbol, day, returns, toFloat64(toString(return_sum))
        FROM `{marts}`.prompt_days
        WHERE returns > 0 AND prompt_version != 'not known'
        ORDER BY exchange, origin_group, agent_id, prompt_version, symbol, day
        """,
        3,
    )


def agents_of_boards(client: Client, marts: str, *, by_market: bool) -> Iterator[tuple[Family, list[Sums]]]:
    """(exchange, origin_group) and the sums of its agents, per market and day or per day alone.

    By market only boards of at most MOST_BY_MARKET agents: 500 agents that meet on 36,500 markets and days are five
    billion meetings.
    """
    market = "symbol" if by_market else "''"
    most = MOST_BY_MARKET if by_market else NO_LIMIT
    return _families(
        client,
        f"""
        SELECT exchange, origin_group, agent_id, {market} AS market, day, sum(returns), {EXACT_SUM}
        FROM `{marts}`.prompt_days
        WHERE returns > 0 AND (exchange, origin_group) IN (
            SELECT exchange, origin_group FROM `{marts}`.prompt_days WHERE returns > 0
            GROUP BY exchange, origin_group HAVING uniqExact(agent_id) <= {most}
        )
        GROUP BY exchange, origin_group, agent_id, market, day
        ORDER BY exchange, origin_group, agent_id, market, day
        """,
        2,
    )


def confidences_of_agents(client: Client, marts: str) -> Iterator[tuple[Family, list[Count]]]:
    """(exchange, origin_group, agent_id) and its decisions by day, confidence and day of knowing."""
    rows = _stream(
        client,
        f"""
        SELECT exchange, origin_group, agent_id, day, known_day, confidence, sum(decisions), sum(judged), sum(correct)
        FROM `{marts}`.int_confidence_days
        GROUP BY exchange, origin_group, agent_id, day, known_day, confidence
        ORDER BY exchange, origin_group, agent_id, day, known_day, confidence
        """,
    )
    for family, group in itertools.groupby(rows, key=lambda row: tuple(row[:3])):
        yield family, [Count(*row[3:]) for row in group]


def returns_of_boards(client: Client, marts: str) -> Iterator[tuple[Family, dict[str, list[float]]]]:
    """(exchange, origin_group) and the daily returns of its agents, oldest first."""
    rows = _stream(
        client,
        f"""
        SELECT exchange, origin_group, agent_id, daily_return
        FROM `{marts}`.agent_daily
        WHERE daily_return IS NOT NULL
        ORDER BY exchange, origin_group, agent_id, day
        """,
    )
    for family, group in itertools.groupby(rows, key=lambda row: tuple(row[:2])):
        returns: dict[str, list[float]] = {}
        for _, _, agent, value in group:
            returns.setdefault(agent, []).append(value)
        yield family, returns


def _families(client: Client, query: str, width: int) -> Iterator[tuple[Family, list[Sums]]]:
    for family, group in itertools.groupby(_stream(client, query), key=lambda row: tuple(row[:width])):
        yield (
            family,
            [
                Sums(member, market, (day - EPOCH).days, count, total)
                for member, market, day, count, total in (row[width:] for row in group)
            ],
        )


def _stream(client: Client, query: str) -> Iterator[Any]:
    with client.query_row_block_stream(query) as stream:
        for block in stream:
            yield from block
