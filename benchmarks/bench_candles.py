"""Candles from a venue to committed rows against freqtrade's download-data, and our writer against a bare insert_arrow.

Both collectors ask the same replay venue through ccxt with equal rate limiters: once as ccxt has it for Binance (20 ms
per page of 1,000, which is Binance's own budget of 6,000 weight a minute), once with one of 1 ms, so that the code is
the limit. Times include loading the markets, not importing. freqtrade is installed into a virtualenv of its own in a
temporary folder, unless FREQTRADE_PYTHON names a Python that has it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from dagster_project import migrations
from dagster_project.lib.candles.corrections import changes
from dagster_project.lib.candles.ingest import Report, ingest
from dagster_project.lib.candles.ledger import Entry, Ledger
from dagster_project.lib.candles.plan import Policy
from dagster_project.lib.candles.rows import Candles, arrow_table
from dagster_project.lib.candles.store import CandleStore, Write, key_of, no_candles
from dagster_project.lib.candles.windows import DAY, Range, day_of, day_start
from dagster_project.lib.venue_urls import ccxt_options
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.exchange import ExchangeResource, VenueClient
from dagster_project.resources.postgres import PostgresResource
from dagster_project.settings import Market, load_settings
from dagster_project.stack.embedded import EmbeddedStack
from dagster_project.stack.ports import free_port

FIRST = date(2025, 1, 1)
WIDE = 1  # ms
BUDGET = 50_000  # candles a second that ccxt's limiter allows: 1,000 per 20 ms
SYMBOLS = ("AAA/USDT", "BBB/USDT", "CCC/USDT", "DDD/USDT")


def walk(seed: int, days: int) -> Candles:
    """A random walk of 1m candles."""
    draw, rows = np.random.default_rng(seed), days * 1440
    close = np.round(30_000 * np.exp(np.cumsum(draw.normal(0, 0.0004, rows))), 2)
    start = np.concatenate(([30_000.0], close[:-1]))
    high = np.round(np.maximum(start, close) + draw.integers(0, 2000, rows) / 100, 2)
    low = np.round(np.minimum(start, close) - draw.integers(0, 2000, rows) / 100, 2)
    volume = np.round(draw.exponential(5, rows), 5)
    times = day_start(FIRST) + np.arange(rows, dtype=np.int64) * 60_000
    return Candles(
        times,
        start,
        high,
        low,
        close,
        volume,
        np.round(volume * close, 7),
        draw.integers(1, 3000, rows).astype(np.int64),
    )


def record(folder: Path, days: int) -> None:
    """Candle files as freqtrade writes them."""
    import pandas as pd

    for seed, symbol in enumerate(SYMBOLS):
        candles = walk(seed, days)
        frame = pd.DataFrame(
            {name: getattr(candles, name) for name in ("open", "high", "low", "close", "volume")},
            index=pd.RangeIndex(len(candles)),
        )
        frame.insert(0, "date", pd.to_datetime(candles.time, unit="ms", utc=True))
        frame.to_feather(folder / f"{symbol.replace('/', '_')}-1m.feather")


@contextmanager
def venue(folder: Path) -> Iterator[str]:
    """The replay venue in a process of its own, without a weight limit: both sides obey ccxt's limiter."""
    import httpx

    port = free_port(set())
    command = [sys.executable, "-m", "dagster_project.stack.replay", str(folder), "--port", str(port)]
    process = subprocess.Popen([*command, "--weight-limit", "0"], stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                httpx.get(f"{url}/api/v3/ping", trust_env=False)
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(20)


@asynccontextmanager
async def open_wide(ccxt_id: str, base_url: str | None = None) -> AsyncIterator[VenueClient]:
    """A venue whose limiter does not hold anybody back."""
    import ccxt.async_support

    exchange = getattr(ccxt.async_support, ccxt_id)({**ccxt_options(ccxt_id, base_url), "rateLimit": WIDE})
    try:
        yield VenueClient(exchange, ccxt_id, tries=3)
    finally:
        await exchange.close()


def collect(url: str, exchange: str, days: int, wide: bool = False) -> tuple[float, Report]:
    """Seconds of our path, from opening the venue to rows and ledger committed and hours built."""
    markets = [Market(exchange, symbol, "1m", "binance", url) for symbol in SYMBOLS]
    window = [FIRST + timedelta(days=number) for number in range(days)]
    with ClickHouseResource().client() as client, PostgresResource().connect(autocommit=True) as connection:
        start = time.perf_counter()
        report = asyncio.run(
            ingest(
                open_wide if wide else ExchangeResource().open,
                CandleStore(client),
                Ledger(connection),
                markets,
                window,
                Policy(settle=0),
            )
        )
        return time.perf_counter() - start, report


def freqtrade(python: Path, url: str, days: int, folder: Path, wide: bool) -> float:
    """Seconds of freqtrade's download of the same candles."""
    folder.mkdir()
    options: dict[str, Any] = {**ccxt_options("binance", url), "enableRateLimit": True}
    if wide:
        options["rateLimit"] = WIDE
    config = {
        "stake_currency": "USDT",
        "dry_run": True,
        "trading_mode": "spot",
        "exchange": {
            "name": "binance",
            "only_from_ccxt": True,
            "ccxt_config": options,
            "pair_whitelist": list(SYMBOLS),
        },
    }
    (folder / "config.json").write_text(json.dumps(config))
    end = FIRST + timedelta(days=days)
    done = subprocess.run(
        [
            str(python), str(Path(__file__).with_name("freqtrade_download.py")), str(folder / "config.json"),
            str(folder), ",".join(SYMBOLS), f"{FIRST:%Y%m%d}-{end:%Y%m%d}",
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"freqtrade failed: {done.stderr[-1500:]}")
    import pandas as pd

    got = sum(len(pd.read_feather(file)) for file in (folder / "data").rglob("*-1m.feather"))
    if got < len(SYMBOLS) * days * 1440 * 0.99:
        raise SystemExit(f"freqtrade stored only {got} candles: {done.stderr[-1500:]}")
    return float(done.stdout.split()[-1])


def freqtrade_python(folder: Path) -> Path:
    """A Python that has freqtrade: FREQTRADE_PYTHON, else a new virtualenv."""
    if given := os.environ.get("FREQTRADE_PYTHON"):
        return Path(given)
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder], check=True)
    subprocess.run([uv, "pip", "install", "-q", "--python", folder / "bin" / "python", "freqtrade"], check=True)
    return folder / "bin" / "python"


def writer(days: int, rounds: int) -> dict[str, float]:
    """Rows per second of our writer (marks, rows with token, counts, ledger) and of a bare insert_arrow."""
    ours, bare = [], []
    now = int(time.time() * 1000)
    with ClickHouseResource().client() as client, PostgresResource().connect(autocommit=True) as connection:
        client.command("CREATE TABLE bare AS market_ohlcv")
        store, ledger = CandleStore(client), Ledger(connection)
        for number in range(rounds):
            markets = [Market(f"writer{number}", symbol, "1m") for symbol in SYMBOLS]
            data = {market: walk(seed, days) for seed, market in enumerate(markets)}
            rows = sum(map(len, data.values()))
            entries = [
                Entry(market, Range(start, start + DAY), "complete", 1440, 1440, 0, None, now)
                for market in markets
                for start in range(day_start(FIRST), day_start(FIRST) + days * DAY, DAY)
            ]
            import pyarrow as pa

            tables = pa.concat_tables(
                arrow_table(candles, *key_of(market), "venue", np.zeros(len(candles)), now)
                for market, candles in data.items()
            ).unify_dictionaries()
            begin = time.perf_counter()
            client.insert_arrow("bare", tables)
            bare.append(rows / (time.perf_counter() - begin))
            begin = time.perf_counter()
            store.write(
                [
                    Write(market, "venue", changes(no_candles(), candles, "venue"), no_candles())
                    for market, candles in data.items()
                ]
            )
            store.note_counts((key_of(entry.market), day_of(entry.window.start), entry.got) for entry in entries)
            ledger.record(entries)
            ours.append(rows / (time.perf_counter() - begin))
    pairs = [one / other for one, other in zip(ours, bare, strict=True)]
    return {
        "writer_rows_per_second": round(statistics.median(ours)),
        "bare_rows_per_second": round(statistics.median(bare)),
        "ratio": round(statistics.median(pairs), 3),
    }


def measure(days: int, rounds: int) -> dict[str, Any]:
    """Both comparisons, alternating within a round."""
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "recordings").mkdir()
        record(folder / "recordings", days)
        python = freqtrade_python(folder / "freqtrade")
        with EmbeddedStack(folder / "home", parts=("postgres", "clickhouse")) as stack:
            os.environ.update(stack.environment)
            migrations.apply(load_settings())
            with venue(folder / "recordings") as url:
                collect(url, "warmup", 1)
                for wide in (False, True):
                    result["wide" if wide else "equal"] = versus(python, url, days, rounds, folder, wide)
            written = writer(days, max(3, rounds))
            result["writer"] = written
    return result


def versus(python: Path, url: str, days: int, rounds: int, folder: Path, wide: bool) -> dict[str, Any]:
    """Our path and freqtrade's, in turns."""
    candles, name = len(SYMBOLS) * days * 1440, "wide" if wide else "equal"
    pairs = []
    for number in range(rounds):
        theirs = freqtrade(python, url, days, folder / f"{name}{number}", wide)
        mine, report = collect(url, f"{name}{number}", days, wide)
        stored = sum(one.stored for one in report.markets.values())
        if stored != candles:
            raise SystemExit(f"stored {stored} of {candles} candles: {report.failures}")
        pairs.append((mine, theirs))
    ours = candles / statistics.median(one[0] for one in pairs)
    return {
        "candles": candles,
        "ours_candles_per_second": round(ours),
        "freqtrade_candles_per_second": round(candles / statistics.median(one[1] for one in pairs)),
        "times_freqtrade": round(statistics.median(one[1] / one[0] for one in pairs), 2),
        "share_of_limit": None if wide else round(ours / BUDGET, 3),
    }


def main() -> None:
    """Prints the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--days", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    result = measure(arguments.days, arguments.rounds)
    if arguments.json:
        print(json.dumps(result))
        return
    for name in ("equal", "wide"):
        one = result[name]
        limit = f", {one['share_of_limit']:.0%} of the venue's limit" if one["share_of_limit"] else ""
        print(
            f"candle path, {'limiter of Binance' if name == 'equal' else 'limiter of 1 ms'}:"
            f" {one['ours_candles_per_second']:,} candles/s{limit}, freqtrade"
            f" {one['freqtrade_candles_per_second']:,}: {one['times_freqtrade']} times ({one['candles']:,} candles)"
        )
    w = result["writer"]
    print(
        f"writer: {w['writer_rows_per_second']:,} rows/s, bare insert_arrow {w['bare_rows_per_second']:,}:"
        f" ratio {w['ratio']}"
    )


if __name__ == "__main__":
    main()
