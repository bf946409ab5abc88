"""Accounts with everything that happened to them, from both stores: trades that are archived in their newest version
are counted in ClickHouse, all others in PostgreSQL, so that each counts once wherever the archive stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dagster_project.lib.outcomes.markets import Markets
from dagster_project.lib.performance.curve import HOURS, Account, Event, Prices
from dagster_project.lib.queries import query, statement

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

FRESH = (
    "SELECT t.id FROM trades AS t WHERE NOT EXISTS (SELECT FROM ops.archive_marks AS m WHERE m.policy = 'trades'"
    " AND m.version = t.updated_at AND m.key = t.id)"
)
PRICE_AGE = 24  # hours that a last price stands in for the next one
PLACES = Decimal(1).scaleb(-18)
Key = tuple[str, str]


@dataclass
class _Found:
    """What is known of one account so far."""

    events: list[Event]
    made_up: bool = False


def accounts(connection: psycopg.Connection, client: Client, first: int, last: int) -> list[Account]:
    """Every account with what happened to it until hour `last`, by midnights until `first` and by hours after it.

    Args:
        connection: in a transaction of isolation level REPEATABLE READ: what it sees of the archive is one moment's.
    """
    bounds = {"split": first, "last": last}
    found: dict[Key, _Found] = {}
    for row in connection.execute(statement("performance_fresh"), bounds).fetchall():
        _add(found, row)
    fresh = [row[0] for row in connection.execute(FRESH.encode())]
    owners = connection.execute(
        "SELECT agent_id, exchange, origin, base_currency, initial_equity,"
        " floor(extract(epoch FROM inception_at) / 3600)::bigint + 1 FROM accounts"
    ).fetchall()
    equities = _equities(connection, bounds)
    # After PostgreSQL was read: what the archive moves in between is excluded by its id and counted above.
    for row in _archived(client, fresh, bounds):
        _add(found, row)
    known = {(row[0], row[1]): row[2:] for row in owners}
    made = []
    for key in sorted({*found, *known, *equities}):
        origin, currency, initial, inception = known.get(key, (None, None, None, None))
        events = found[key].events if key in found else []
        recorded = equities.get(key, {})
        starts = [one.hour for one in events] + list(recorded) + ([inception] if inception is not None else [])
        if not starts:
            continue
        if origin is None:
            origin = "simulated" if key in found and found[key].made_up else "live"
        made.append(Account(*key, origin, currency, initial, min(starts), events, recorded))
    return made


def _add(found: dict[Key, _Found], row: Any) -> None:
    agent, exchange, symbol, hour, closed, won, lost, net, size, cost, made_up, version = row
    one = found.setdefault((agent, exchange), _Found([]))
    numbers = (Decimal(net), Decimal(size), Decimal(cost))
    one.events.append(Event(int(hour), symbol, int(closed), int(won), int(lost), *numbers, int(version)))
    one.made_up |= bool(made_up)


def _archived(client: Client, fresh: list[str], bounds: dict[str, int]) -> Any:
    from clickhouse_connect.driver.external import ExternalData

    lines = (one.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n") + "\n" for one in fresh)
    data = ExternalData(file_name="fresh", data="".join(lines).encode(), fmt="TSV", structure="id String")
    return client.query(query("performance_archived"), parameters=bounds, external_data=data).result_rows


def _equities(connection: psycopg.Connection, bounds: dict[str, int]) -> dict[Key, dict[int, Decimal]]:
    rows = connection.execute(
        """
        SELECT DISTINCT ON (agent_id, exchange, bucket) agent_id, exchange, bucket, equity
        FROM (
            SELECT
                agent_id,
                exchange,
                captured_at,
                equity,
                CASE WHEN hour <= %(split)s THEN (hour + 23) / 24 * 24 ELSE hour END AS bucket
            FROM (
                SELECT *, ceil(extract(epoch FROM captured_at) / 3600)::bigint AS hour FROM account_equity_snapshots
            ) AS timed
        ) AS bucketed
        WHERE bucket <= %(last)s
        ORDER BY agent_id, exchange, bucket, captured_at DESC
        """,
        bounds,
    )
    found: dict[Key, dict[int, Decimal]] = {}
    for agent, exchange, hour, equity in rows:
        found.setdefault((agent, exchange), {})[hour] = equity
    return found


def marks(connection: psycopg.Connection, last: int) -> dict[str, dict[tuple[str, int], Decimal]]:
    """Prices at midnights by exchange: those that the daily boards use."""
    rows = connection.execute(
        "SELECT exchange, symbol, (day - date '1970-01-01' + 1) * 24, price FROM daily_marks"
        " WHERE (day - date '1970-01-01' + 1) * 24 <= %s",
        (last,),
    )
    found: dict[str, dict[tuple[str, int], Decimal]] = {}
    for exchange, symbol, hour, price in rows:
        found.setdefault(exchange, {})[symbol, hour] = price
    return found


def prices(client: Client, markets: Markets, exchange: str, symbols: set[str], first: int, last: int) -> Prices:
    """The last price of instruments at the full hours of (first, last], by their best market with one within a day."""
    found: dict[tuple[str, int], Decimal] = {}
    for symbol in sorted(symbols):
        for source in markets.for_instrument((exchange, symbol)):
            if source.head <= (first - PRICE_AGE) * 3_600_000 or source.first >= last * 3_600_000:
                continue
            names = {"exchange": source.exchange, "symbol": source.symbol, "timeframe": source.timeframe}
            rows = client.query(
                query("performance_prices"),
                parameters=names | {"step": source.step, "first": first - PRICE_AGE, "last": last},
            ).result_rows
            by_hour = {int(row[0]): float(row[1]) for row in rows}
            newest: int | None = None
            for hour in range(first - PRICE_AGE, last + 1):
                newest = hour if hour in by_hour else newest
                if hour > first and newest is not None and hour - newest < PRICE_AGE:
                    found.setdefault((symbol, hour), Decimal(repr(by_hour[newest])).quantize(PLACES))
    return found


def hour_of(day: date) -> int:
    """The hour number of the midnight at which a UTC day begins."""
    return (day - date(1970, 1, 1)).days * HOURS


def moment(hour: int) -> datetime:
    """The time of an hour number."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
