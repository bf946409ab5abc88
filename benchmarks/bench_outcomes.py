"""Scoring decisions by the triple barrier against a bare read of the same candles, as the scorer reads them.

Real engines in a temporary folder, six markets of minutes, decisions spread evenly over instruments and time; half of
them have their own barriers. Three runs: all decisions are new, nothing changed, and a day of one market was corrected.

    python -m benchmarks outcomes --decisions 1000000 --days 60
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dagster_project import migrations
from dagster_project.settings import load_settings
from dagster_project.stack.embedded import EmbeddedStack

START = datetime(2025, 3, 1, tzinfo=UTC)
SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "BNB/USDT", "DOGE/USDT", "XRP/USDT")
DECISIONS = """
    INSERT INTO decisions (
        id, agent_id, exchange, symbol, action, confidence, quantity, take_profit, stop_loss, prompt_version, decided_at
    )
    SELECT
        'd' || n, 'agent-' || n % 500, 'x', (%(symbols)s::text [])[1 + n %% 6],
        (ARRAY['long', 'short', 'hold'])[1 + n / 6 %% 3], 0.5 + n %% 50 / 100.0, 1,
        CASE WHEN n %% 2 = 0 THEN 105 END, CASE WHEN n %% 2 = 0 THEN 95 END, 'v' || n %% 20,
        %(start)s::timestamptz + interval '2 days' + n * %(gap)s::interval
    FROM generate_series(0, %(count)s - 1) AS n
""".replace("n % 500", "n %% 500")


def fill(connection: Any, client: Any, count: int, days: int) -> None:
    """Candles of every symbol as a random walk, and `count` decisions on all days but the first two and the last."""
    import numpy as np
    import pyarrow as pa

    minutes = days * 1440
    times = pa.array(np.arange(minutes) * 60_000 + int(START.timestamp() * 1000)).cast(pa.timestamp("ms", "UTC"))
    for number, symbol in enumerate(SYMBOLS):
        draw = np.random.default_rng(number)
        close = np.round(100 * np.exp(np.cumsum(draw.normal(0, 0.0004, minutes))), 4)
        opening = np.concatenate([[100.0], close[:-1]])
        reach = np.round(np.abs(draw.normal(0, 0.02, (2, minutes))), 4)
        columns = {
            "exchange": pa.array(["x"] * minutes),
            "symbol": pa.array([symbol] * minutes),
            "timeframe": pa.array(["1m"] * minutes),
            "timestamp": times,
            "open": opening,
            "high": np.maximum(opening, close) + reach[0],
            "low": np.minimum(opening, close) - reach[1],
            "close": close,
            "volume": np.ones(minutes),
        }
        client.insert_arrow("market_ohlcv", pa.table(columns))
    gap = timedelta(days=days - 4) / count
    connection.execute(DECISIONS, {"symbols": list(SYMBOLS), "start": START, "gap": gap, "count": count})
    connection.execute("ANALYZE decisions")


def bare_read(client: Any, days: int) -> float:
    """Seconds of one read of every candle, a month of a market at a time, as Arrow."""
    from dagster_project.lib.queries import query

    began = time.perf_counter()
    first, day = int(START.timestamp() * 1000), 86_400_000
    for symbol in SYMBOLS:
        for start in range(0, days, 31):
            bounds = {"start": first + start * day, "end": first + min(start + 31, days) * day}
            names = {"exchange": "x", "symbol": symbol, "timeframe": "1m"}
            client.query_arrow(query("outcome_candles"), parameters=names | bounds, use_strings=True)
    return time.perf_counter() - began


def measure(count: int, days: int) -> dict[str, Any]:
    """Fills fresh databases and scores them."""
    import clickhouse_connect
    import psycopg

    from dagster_project.lib.outcomes.run import bring_up_to_date

    settings = load_settings()
    migrations.apply(settings)
    with (
        psycopg.connect(settings.postgres_url, autocommit=True, options="-c timezone=UTC") as connection,
        clickhouse_connect.get_client(dsn=settings.clickhouse_url, autogenerate_session_id=False) as client,
    ):
        fill(connection, client, count, days)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        def run() -> tuple[float, Any]:
            began = time.perf_counter()
            done = bring_up_to_date(connection, client)
            return time.perf_counter() - began, done

        read = min(bare_read(client, days) for _ in range(3))
        first, done = run()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        again, nothing = run()
        client.command(
            "INSERT INTO market_ohlcv"
            " (exchange, symbol, timeframe, timestamp, open, high, low, close, volume, revision) SELECT exchange,"
            " symbol, timeframe, timestamp, open, high + 1, low, close, volume, 1 FROM candles_stored"
            " WHERE symbol = 'BTC/USDT' AND toDate(timestamp) = {day:Date}",
            parameters={"day": (START + timedelta(days=days // 2)).date()},
        )
        corrected, changed = run()
    return {
        "decisions": done.decisions,
        "states": done.states,
        "candles": len(SYMBOLS) * days * 1440,
        "bare_read_s": round(read, 2),
        "first_run_s": round(first, 2),
        "ratio": round(first / read, 1),
        "decisions_per_s": round(done.decisions / first),
        "nothing_new_s": round(again, 2),
        "nothing_new_decisions": nothing.decisions,
        "corrected_day_s": round(corrected, 2),
        "corrected_day_decisions": changed.decisions,
        "memory_mb": round(peak / 1024),
        "memory_before_mb": round(before / 1024),
    }


def main() -> int:
    """Prints one line, or JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks outcomes", description=__doc__)
    parser.add_argument("--decisions", type=int, default=200_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedStack(Path(folder), parts=("postgres", "clickhouse")) as stack,
    ):
        os.environ.update(stack.environment)
        result = measure(arguments.decisions, arguments.days)
    if arguments.json:
        print(json.dumps(result))
    else:
        print(
            f"{result['decisions']:,} decisions in {result['first_run_s']} s ({result['decisions_per_s']:,} a second),"
            f" {result['ratio']} times a bare read of the {result['candles']:,} candles; again"
            f" {result['nothing_new_s']} s; a corrected day ({result['corrected_day_decisions']:,} decisions)"
            f" {result['corrected_day_s']} s; memory {result['memory_mb']} MB, {result['memory_before_mb']} before"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
