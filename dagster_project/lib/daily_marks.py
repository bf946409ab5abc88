"""Prices at which positions that stay open overnight are valued: the last stored close of each UTC day.

A trade's instrument is priced by its own venue's market where candles of it are stored, else by another market with the
same base asset and a dollar quote. Sandbox trades see sandbox candles only, and nothing else ever sees them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

SANDBOX = "sandbox"
# In the order of preference. An instrument without a quote (a perpetual of its base) counts as quoted in dollars.
DOLLARS = ("USDT", "USD", "USDC", "USDE", "BUSD", "FDUSD")
_UNSPELT = re.compile(rf"^(?P<base>.+?)[-_]?(?P<quote>{'|'.join(DOLLARS)})?(?:[-_]?(?:PERP|SWAP))?$")
_PLACES = Decimal(1).scaleb(-18)

Instrument = tuple[str, str]


@dataclass(frozen=True)
class Held:
    """An instrument and the days on which somebody held it overnight, first and last inclusive."""

    exchange: str
    symbol: str
    first: date
    last: date


@dataclass(frozen=True)
class Mark:
    """The last price of one day."""

    exchange: str
    symbol: str
    day: date
    price: Decimal
    priced_at: datetime
    market_exchange: str
    market_symbol: str


@dataclass(frozen=True)
class Taken:
    """The outcome: `stored` rows are new or changed, `priced` days have a mark, `without` have no market."""

    stored: int
    priced: int
    without: tuple[Instrument, ...]


def base_and_quote(symbol: str) -> tuple[str, str]:
    """`BTC/USDT:USDT`, `BTC-USD`, `BTCUSDT` and `BTC` as base and quote, upper case; an unnamed quote is empty."""
    base, slash, rest = symbol.upper().partition("/")
    if slash:
        return base, rest.partition(":")[0]
    found = _UNSPELT.match(base)
    return (found["base"], found["quote"] or "") if found else (base, "")


def markets_for(instrument: Instrument, markets: Iterable[Instrument]) -> list[Instrument]:
    """The markets that price an instrument, best first; none when no market does."""
    exchange, symbol = instrument
    base, quote = base_and_quote(symbol)

    def rank(market: Instrument) -> tuple[int, int, int, str, str] | None:
        if (market[0] == SANDBOX) != (exchange == SANDBOX):
            return None
        own = market[0] == exchange
        if own and market[1] == symbol:
            return (0, 0, 0, *market)
        its_base, its_quote = base_and_quote(market[1])
        if its_base != base or its_quote not in DOLLARS or quote not in ("", *DOLLARS):
            return None
        return (1, 0 if own else 1, 0 if its_quote == quote else 1 + DOLLARS.index(its_quote), *market)

    ranked = [(place, market) for market in markets if (place := rank(market)) is not None]
    return [market for _, market in sorted(ranked)]


def take(connection: psycopg.Connection, client: Client) -> Taken:
    """Brings `daily_marks` up to date for every instrument in `trades`. Marks of trades that left stay."""
    held = _held(connection)
    markets: list[Instrument] = [
        (exchange, symbol)
        for exchange, symbol in client.query("SELECT DISTINCT exchange, symbol FROM market_days").result_rows
    ]
    without, stored, priced = [], 0, 0
    for one in held:
        fitting = markets_for((one.exchange, one.symbol), markets)
        if not fitting:
            without.append((one.exchange, one.symbol))
            continue
        marks = list(_marks(client, one, fitting))
        priced += len(marks)
        stored += _store(connection, marks)
    return Taken(stored, priced, tuple(without))


def _held(connection: psycopg.Connection) -> list[Held]:
    rows = connection.execute(
        """
        SELECT
            exchange,
            symbol,
            min((opened_at AT TIME ZONE 'UTC')::date),
            max(((CASE status WHEN 'closed' THEN closed_at ELSE now() END) AT TIME ZONE 'UTC')::date)
        FROM trades
        WHERE opened_at IS NOT NULL
            AND (
                status = 'open'
                OR (status = 'closed' AND (opened_at AT TIME ZONE 'UTC')::date < (closed_at AT TIME ZONE 'UTC')::date)
            )
        GROUP BY exchange, symbol
        ORDER BY exchange, symbol
        """
    )
    return [Held(*row) for row in rows]


def _marks(client: Client, held: Held, markets: Sequence[Instrument]) -> Iterator[Mark]:
    """Each day by the best market that has candles on it. Hours too: a day that is not over has no daily candle."""
    rows = client.query(
        """
        SELECT
            day,
            argMin((price, priced_at, exchange, symbol), place) AS best
        FROM
        (
            SELECT
                exchange,
                symbol,
                toDate32(timestamp) AS day,
                argMax(close, priced) AS price,
                max(priced) AS priced_at,
                indexOf({markets:Array(Tuple(String, String))}, (toString(exchange), toString(symbol))) AS place
            FROM
            (
                SELECT exchange, symbol, timestamp, close, origin, timestamp + INTERVAL 1 HOUR AS priced FROM candles_1h
                UNION ALL
                SELECT exchange, symbol, timestamp, close, origin, timestamp + INTERVAL 1 DAY AS priced FROM candles_1d
            )
            WHERE (exchange, symbol) IN {markets:Array(Tuple(String, String))}
                AND timestamp >= {first:Date32} AND timestamp < {last:Date32} + INTERVAL 1 DAY
                AND (origin != 'synthetic' OR exchange = {sandbox:String})
            GROUP BY exchange, symbol, day
        )
        GROUP BY day
        ORDER BY day
        """,
        parameters={"markets": list(markets), "first": held.first, "last": held.last, "sandbox": SANDBOX},
    ).result_rows
    for day, (price, priced_at, exchange, symbol) in rows:
        exact = Decimal(repr(price)).quantize(_PLACES)
        if exact > 0:
            yield Mark(held.exchange, held.symbol, day, exact, priced_at, exchange, symbol)


def _store(connection: psycopg.Connection, marks: Iterable[Mark]) -> int:
    stored = 0
    with connection.transaction(), connection.cursor() as cursor:
        for mark in marks:
            cursor.execute(
                """
                INSERT INTO daily_marks AS stored
                (exchange, symbol, day, price, priced_at, market_exchange, market_symbol)
                VALUES (%s, %s, %s, %s, %s, %s, %s)
                ON CONFLICT (exchange, symbol, day) DO UPDATE SET
                    price = excluded.price,
                    priced_at = excluded.priced_at,
                    market_exchange = excluded.market_exchange,
                    market_symbol = excluded.market_symbol
                WHERE (stored.price, stored.priced_at, stored.market_exchange, stored.market_symbol)
                    IS DISTINCT FROM
                    (excluded.price, excluded.priced_at, excluded.market_exchange, excluded.market_symbol)
                """,
                (
                    *(mark.exchange, mark.symbol, mark.day, mark.price, mark.priced_at),
                    *(mark.market_exchange, mark.market_symbol),
                ),
            )
            stored += cursor.rowcount
    return stored
