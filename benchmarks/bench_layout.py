"""How candles are laid out in ClickHouse: bytes per candle by codec, reads by order key, GetCandles at any size.

Everything runs in one embedded engine in a temporary folder (or `--folder`, which is kept and used again).

    python -m benchmarks.bench_layout --rows 100000000 --folder /tmp/layout
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from dagster_project.lib.queries import query
from dagster_project.migrations import SQL_ROOT

SYMBOLS = ("BTC", "ETH", "SOL", "BNB", "DOGE", "XRP", "ADA", "TRX", "LINK", "AVAX")
EXCHANGES = ("binance", "okx")
FIRST = "2016-06-01"
VALUES = ("open", "high", "low", "close", "volume")
CODECS = {
    "LZ4": "LZ4",
    "ZSTD(1)": "ZSTD(1)",
    "ZSTD(3), chosen": "ZSTD(3)",
    "ZSTD(9)": "ZSTD(9)",
    "Delta, ZSTD(1)": "Delta, ZSTD(1)",
    "Gorilla, ZSTD(1)": "Gorilla, ZSTD(1)",
    "FPC, ZSTD(1)": "FPC, ZSTD(1)",
    "ALP (beta)": "ALP",
}
KEYS = {
    "exchange, symbol, timeframe, timestamp (chosen)": "exchange, symbol, timeframe, timestamp",
    "timeframe, exchange, symbol, timestamp": "timeframe, exchange, symbol, timestamp",
    "timestamp, exchange, symbol, timeframe": "timestamp, exchange, symbol, timeframe",
}
ROUNDS = 15


class Engine:
    """The embedded engine on a folder."""

    def __init__(self, folder: Path) -> None:
        import chdb

        self._connection = chdb.connect(str(folder))

    def run(self, sql: str) -> str:
        """Result as TSV."""
        return self._connection.query(sql, "TSV").bytes().decode()

    def milliseconds(self, sql: str) -> float:
        """Median wall time of a query after one warm-up."""
        self.run(sql)
        taken = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            self.run(sql)
            taken.append(time.perf_counter() - start)
        return round(statistics.median(taken) * 1000, 2)


def statements(file: Path) -> list[str]:
    """The statements of a migration."""
    import sqlparse

    found = (statement.rstrip().rstrip(";") for statement in sqlparse.split(file.read_text()))
    return [one for one in found if sqlparse.format(one, strip_comments=True).strip()]


def fill(engine: Engine, rows: int) -> None:
    """Tables as migrated, with at least `rows` random candles of 20 markets, hours built, and today's day not."""
    if engine.run("EXISTS DATABASE layout").strip() == "1":
        engine.run("USE layout")
        if int(engine.run("SELECT count() FROM market_ohlcv")) >= rows:
            return
        engine.run("DROP DATABASE layout")
    engine.run("CREATE DATABASE layout")
    engine.run("USE layout")
    for name in ("0001_market.sql", "0003_candles.sql"):
        for statement in statements(SQL_ROOT / "clickhouse" / name):
            engine.run(statement)
    each = -(-rows // (len(SYMBOLS) * len(EXCHANGES)))
    for exchange in EXCHANGES:
        for symbol in SYMBOLS:
            engine.run(
                "INSERT INTO market_ohlcv (exchange, symbol, timeframe, timestamp, open, high, low, close, volume,"
                f" quote_volume, trades) SELECT '{exchange}', '{symbol}/USDT', '1m', toDateTime64('{FIRST}', 3, 'UTC')"
                " + toIntervalMinute(number), round(30000 + sin(number / 10000) * 9000 + (rand(1) % 1000) / 100, 2)"
                " AS o,"
                " round(o + (rand(2) % 3000) / 100 + 20, 2), round(o - (rand(3) % 3000) / 100 - 20, 2),"
                " round(o + (rand(4) % 4000) / 100 - 20, 2), round(exp((rand(5) % 8000) / 1000), 5) AS v,"
                f" round(v * o, 7), rand(6) % 2000 FROM numbers({each}) SETTINGS max_insert_threads = 1,"
                " max_partitions_per_insert_block = 1000, max_block_size = 524288, min_insert_block_size_rows = 4000000"
            )
    roll(engine)
    engine.run("OPTIMIZE TABLE market_days FINAL")


def roll(engine: Engine) -> None:
    """What CandleStore.roll_hours does, with the values written into the statement."""
    last = engine.run("SELECT max(day) FROM market_days").strip()
    stale = query("market_stale_days").replace("{before:Date}", f"'{last}'")
    for line in engine.run(stale).splitlines():
        exchange, symbol, timeframe, _, days, touches = line.split("\t")
        dates = re.findall(r"\d{4}-\d\d-\d\d", days)
        values = {
            "exchange:String": f"'{exchange}'",
            "symbol:String": f"'{symbol}'",
            "timeframe:String": f"'{timeframe}'",
            "first:Date": f"toDate('{min(dates)}')",
            "last:Date": f"toDate('{max(dates)}')",
            "days:Array(Date)": "[" + ", ".join(f"toDate('{one}')" for one in dates) + "]",
            "touches:Array(UInt64)": touches,
        }
        engine.run(bound("market_roll_hours", values))
        notes = ", ".join(
            f"('{exchange}', '{symbol}', '{timeframe}', '{one}', {count})"
            for one, count in zip(dates, re.findall(r"\d+", touches), strict=True)
        )
        engine.run(f"INSERT INTO market_days (exchange, symbol, timeframe, day, rolled) VALUES {notes}")


def bound(name: str, values: dict[str, str]) -> str:
    """A statement with its parameters written in."""
    text = query(name)
    for parameter, value in values.items():
        text = text.replace("{" + parameter + "}", value)
    return text


def get_candles(engine: Engine, n: int) -> dict[str, float]:
    """Median milliseconds of GetCandles per timeframe."""
    found = {}
    for timeframe in ("1m", "5m", "15m", "1h", "4h", "1d"):
        values = {"exchange:String": "'binance'", "symbol:String": "'ETH/USDT'", "timeframe:String": f"'{timeframe}'"}
        statement = bound("get_candles", values | {"n:UInt32": str(n)})
        if len(engine.run(statement).splitlines()) < min(n, 100):
            raise SystemExit(f"GetCandles gave fewer than 100 candles of {timeframe}: more --rows are needed")
        found[timeframe] = engine.milliseconds(statement)
    return found


def codecs(engine: Engine, folder: Path, recording: Path) -> dict[str, dict[str, float]]:
    """Bytes per candle (time, open, high, low, close, volume) of recorded candles, and the time to read all of them."""
    import pandas as pd

    frame = pd.read_feather(recording)[["date", *VALUES]]
    parquet, feather = folder / "recorded.parquet", folder / "recorded.feather"
    frame.to_parquet(parquet, compression="zstd")
    frame.to_feather(feather, compression="zstd")
    found: dict[str, dict[str, float]] = {
        "feather as freqtrade writes it": {"bytes": round(recording.stat().st_size / len(frame), 2)},
        "feather, zstd": {"bytes": round(feather.stat().st_size / len(frame), 2)},
        "Parquet, zstd": {"bytes": round(parquet.stat().st_size / len(frame), 2)},
    }
    engine.run("SET enable_alp_codec = 1")
    for name, codec in CODECS.items():
        columns = ", ".join(f"{value} Float64 CODEC({codec})" for value in VALUES)
        engine.run("DROP TABLE IF EXISTS codec")
        engine.run(
            f"CREATE TABLE codec (timestamp DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)), {columns})"
            " ENGINE = MergeTree ORDER BY timestamp SETTINGS min_bytes_for_wide_part = 0, min_rows_for_wide_part = 0"
        )
        engine.run(f"INSERT INTO codec SELECT date, open, high, low, close, volume FROM file('{parquet}')")
        engine.run("OPTIMIZE TABLE codec FINAL")
        size = engine.run(
            "SELECT sum(data_compressed_bytes) / sum(rows) FROM system.parts WHERE active AND table = 'codec'"
        )
        found[name] = {
            "bytes": round(float(size), 2),
            "read_ms": engine.milliseconds("SELECT sum(open + high + low + close + volume) FROM codec"),
        }
    return found


def keys(engine: Engine) -> dict[str, dict[str, float]]:
    """A month of 20 markets in each order: bytes per row, the last 1,000 candles of one, and one minute of all."""
    found = {}
    for name, key in KEYS.items():
        engine.run("DROP TABLE IF EXISTS keyed")
        engine.run(
            "CREATE TABLE keyed AS market_ohlcv ENGINE = ReplacingMergeTree(version) PARTITION BY toYYYYMM(timestamp)"
            f" ORDER BY ({key})"
        )
        engine.run(
            "INSERT INTO keyed SELECT * FROM market_ohlcv WHERE toYYYYMM(timestamp) ="
            " (SELECT toYYYYMM(max(head)) - 1 FROM market_days)"
        )
        engine.run("OPTIMIZE TABLE keyed FINAL")
        size = engine.run("SELECT sum(bytes_on_disk) / sum(rows) FROM system.parts WHERE active AND table = 'keyed'")
        market = "exchange = 'binance' AND symbol = 'ETH/USDT' AND timeframe = '1m'"
        found[name] = {
            "bytes": round(float(size), 2),
            "last_1000_ms": engine.milliseconds(
                f"SELECT timestamp, open, high, low, close, volume FROM keyed FINAL WHERE {market} AND timestamp >="
                " (SELECT max(timestamp) - INTERVAL 1000 MINUTE FROM keyed) ORDER BY timestamp DESC LIMIT 1000"
            ),
            "one_minute_of_all_ms": engine.milliseconds(
                "SELECT symbol, close FROM keyed FINAL WHERE timestamp = (SELECT max(timestamp) FROM keyed)"
            ),
        }
    engine.run("DROP TABLE keyed")
    return found


def measure(folder: Path, rows: int, n: int, recording: Path | None) -> dict[str, Any]:
    """Everything; `recording` is a feather file of recorded candles for the codecs."""
    engine = Engine(folder)
    fill(engine, rows)
    size = engine.run(
        "SELECT sum(rows), count(), round(sum(bytes_on_disk) / sum(rows), 2) FROM system.parts WHERE active"
        " AND database = 'layout' AND table = 'market_ohlcv'"
    ).split()
    result: dict[str, Any] = {
        "rows": int(size[0]),
        "parts": int(size[1]),
        "bytes_per_row_random": float(size[2]),
        "select_1_ms": engine.milliseconds("SELECT 1"),
        "get_candles_ms": get_candles(engine, n),
        "keys": keys(engine),
    }
    if recording:
        result["codecs"] = codecs(engine, folder, recording)
    return result


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--n", type=int, default=100, help="candles per GetCandles")
    parser.add_argument("--folder", type=Path, help="kept, and used again if it holds enough rows")
    arguments = parser.parse_args()
    shared = Path(os.environ.get("CANDLEHOUSE_SHARED_DATA", "../shared/data"))
    recording = shared / "candles" / "long" / "binance_BTC_USDT-5m.feather"
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        result = measure(folder, arguments.rows, arguments.n, recording if recording.is_file() else None)
    if arguments.json:
        print(json.dumps(result))
        return
    print(f"{result['rows']:,} candles in {result['parts']} parts; SELECT 1 takes {result['select_1_ms']} ms")
    print(f"GetCandles, last {arguments.n}: " + ", ".join(f"{k} {v} ms" for k, v in result["get_candles_ms"].items()))
    for name, one in result["keys"].items():
        print(
            f"order by {name}: {one['bytes']} bytes/row, last 1,000 of a market {one['last_1000_ms']} ms,"
            f" one minute of all {one['one_minute_of_all_ms']} ms"
        )
    for name, one in result.get("codecs", {}).items():
        read = f", read {one['read_ms']} ms" if "read_ms" in one else ""
        print(f"{name}: {one['bytes']} bytes per candle{read}")


if __name__ == "__main__":
    main()
