"""Why the columns of sql/clickhouse have the types, codecs and skip indexes that they have: bytes per value and reads.

Everything runs in one embedded engine in a temporary folder, on rows that look like an arena's: a few hundred agents,
prices with the decimals that venues send, UUIDs as ids, times in the order of the table's identity. Texts are the news
recordings where `--news` names their folder.

    python -m benchmarks.bench_tables --rows 500000 --news ../shared/data/news
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

ROUNDS = 7
# Parts below 10 MiB are kept in one file, whose columns have no size of their own.
WIDE = " SETTINGS min_bytes_for_wide_part = 0"
PRICE = "round(60000 + 20000 * sin(number / 5000) + (cityHash64(number) % 100000) / 1000, 2)"
PNL = "round(((cityHash64(number, 1) % 2000000) / 1000000 - 1) * 137.5, 6)"
AGENT = "concat('agent-', toString(cityHash64(number, 2) % {agents}))"
UUID = "toString(reinterpretAsUUID(MD5(toString(number))))"
CLOSED = (
    "toDateTime64('2026-01-01', 6, 'UTC')"
    " + toIntervalMicrosecond((cityHash64(number, 3) % 15552000) * 1000000 + number)"
)
SERIES = "toDateTime64('2026-01-01', 6, 'UTC') + toIntervalMillisecond(number * 60000 + cityHash64(number) % 900)"

# name -> (expression of the value, ORDER BY, {candidate: type and codec}); the chosen one is marked.
COLUMNS: dict[str, tuple[str, str, dict[str, str]]] = {
    "price": (
        PRICE,
        "id",
        {
            "Float64 LZ4": "Float64",
            "Float64 ZSTD(3)": "Float64 CODEC(ZSTD(3))",
            "Decimal(38, 18) LZ4": "Decimal(38, 18)",
            "Decimal(38, 18) ZSTD(1) *": "Decimal(38, 18) CODEC(ZSTD(1))",
            "Decimal(38, 18) ZSTD(3)": "Decimal(38, 18) CODEC(ZSTD(3))",
            "Decimal(38, 18) Delta, ZSTD(1)": "Decimal(38, 18) CODEC(Delta(8), ZSTD(1))",
        },
    ),
    "pnl, 6 decimals": (
        PNL,
        "id",
        {
            "Decimal(38, 18) LZ4": "Decimal(38, 18)",
            "Decimal(38, 18) ZSTD(1) *": "Decimal(38, 18) CODEC(ZSTD(1))",
            "Nullable ZSTD(1) *": "Nullable(Decimal(38, 18)) CODEC(ZSTD(1))",
            "Decimal(38, 18) ZSTD(3)": "Decimal(38, 18) CODEC(ZSTD(3))",
        },
    ),
    "id, UUID as text": (
        UUID,
        "id",
        {
            "String LZ4": "String",
            "String ZSTD(1) *": "String CODEC(ZSTD(1))",
            "String ZSTD(3)": "String CODEC(ZSTD(3))",
            "LowCardinality": "LowCardinality(String)",
        },
    ),
    "time, in the order of a series": (
        SERIES,
        "value",
        {
            "LZ4": "DateTime64(6, 'UTC')",
            "ZSTD(1)": "DateTime64(6, 'UTC') CODEC(ZSTD(1))",
            "Delta, ZSTD(1) *": "DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1))",
            "DoubleDelta, ZSTD(1)": "DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1))",
        },
    ),
    "time, in the order of ids": (
        CLOSED,
        "id",
        {
            "LZ4": "DateTime64(6, 'UTC')",
            "ZSTD(1) *": "DateTime64(6, 'UTC') CODEC(ZSTD(1))",
            "DoubleDelta, ZSTD(1)": "DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1))",
        },
    ),
    "side": (
        "if(cityHash64(number) % 2 = 0, 'long', 'short')",
        "id",
        {
            "String": "String",
            "LowCardinality": "LowCardinality(String)",
            "Enum8 *": "Enum8('long' = 1, 'short' = 2)",
        },
    ),
}
AGENTS = {"300 agents": 300, "100,000 agents": 100_000}


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

    def bytes_per_value(self, table: str, column: str = "value") -> float:
        """Compressed bytes of a column divided by its rows, after all parts were merged."""
        self.run(f"OPTIMIZE TABLE {table} FINAL")
        size, rows = self.run(
            f"SELECT sum(data_compressed_bytes), (SELECT count() FROM {table}) FROM system.columns"
            f" WHERE database = currentDatabase() AND table = '{table}' AND name = '{column}'"
        ).split()
        return round(int(size) / int(rows), 2)


def columns(engine: Engine, rows: int) -> dict[str, dict[str, float]]:
    """Bytes per value by column and candidate."""
    found: dict[str, dict[str, float]] = {}
    for name, (expression, order, candidates) in COLUMNS.items():
        found[name] = {}
        for candidate, kind in candidates.items():
            engine.run(f"CREATE OR REPLACE TABLE t (id String, value {kind}) ENGINE = MergeTree ORDER BY {order}{WIDE}")
            engine.run(f"INSERT INTO t SELECT {UUID}, {expression} FROM numbers({rows})")
            found[name][candidate] = engine.bytes_per_value("t")
    return found


def agents(engine: Engine, rows: int) -> dict[str, dict[str, dict[str, float]]]:
    """agent_id first in the ORDER BY: bytes per value, sum per agent and all rows of one agent, in milliseconds."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, number in AGENTS.items():
        found[name] = {}
        for kind in ("String CODEC(ZSTD(1))", "LowCardinality(String)"):
            engine.run(
                f"CREATE OR REPLACE TABLE t (value {kind}, id String CODEC(ZSTD(1)),"
                " pnl Decimal(38, 18) CODEC(ZSTD(1)))"
                f" ENGINE = MergeTree ORDER BY (value, id){WIDE}"
            )
            engine.run(f"INSERT INTO t SELECT {AGENT.format(agents=number)}, {UUID}, {PNL} FROM numbers({rows})")
            found[name][kind] = {
                "bytes": engine.bytes_per_value("t"),
                "sum per agent, ms": engine.milliseconds("SELECT value, sum(pnl) FROM t GROUP BY value FORMAT Null"),
                "one agent, ms": engine.milliseconds("SELECT sum(pnl) FROM t WHERE value = 'agent-7'"),
            }
    return found


def skip_indexes(engine: Engine, rows: int) -> dict[str, dict[str, float]]:
    """Finding a trade by its id alone, and an address among transfers, with and without a bloom filter; the reads are
    FINAL, as in the views."""
    found: dict[str, dict[str, float]] = {}
    for name, column, needle in (
        ("trade by id (id is second in the ORDER BY)", UUID, "reinterpretAsUUID(MD5('777'))"),
        (
            "address among transfers",
            "concat('0x', hex(MD5(toString(number % 50000))))",
            "concat('0x', hex(MD5('777')))",
        ),
    ):
        found[name] = {}
        for label, index in (
            ("none", ""),
            ("bloom_filter(0.01)", ", INDEX i value TYPE bloom_filter(0.01) GRANULARITY 1"),
            ("bloom_filter(0.001)", ", INDEX i value TYPE bloom_filter(0.001) GRANULARITY 1"),
        ):
            engine.run(
                "CREATE OR REPLACE TABLE t (agent String, hash String, value String CODEC(ZSTD(1)), pnl Float64"
                f"{index}) ENGINE = ReplacingMergeTree ORDER BY (agent, hash)"
            )
            engine.run(
                f"INSERT INTO t SELECT {AGENT.format(agents=300)}, {UUID}, {column}, number FROM numbers({rows})"
            )
            engine.run("OPTIMIZE TABLE t FINAL")
            found[name][f"{label}, ms"] = engine.milliseconds(
                f"SELECT sum(pnl) FROM t FINAL WHERE value = toString({needle})"
            )
            found[name][f"{label}, bytes"] = round(
                int(
                    engine.run(
                        "SELECT sum(secondary_indices_compressed_bytes) FROM system.parts WHERE table = 't' AND active"
                    )
                )
                / rows,
                2,
            )
    return found


def texts(engine: Engine, folder: Path | None) -> dict[str, float]:
    """Bytes per character of news by codec: recorded titles and texts, else nothing."""
    words = _recorded(folder) if folder else []
    found: dict[str, float] = {}
    if not words:
        return found
    characters = sum(len(word.encode()) for word in words)
    lines = "\n".join(json.dumps({"id": number, "value": word}) for number, word in enumerate(words))
    for codec in ("LZ4", "ZSTD(1)", "ZSTD(3)", "ZSTD(9)"):
        engine.run(
            f"CREATE OR REPLACE TABLE t (id UInt32, value String CODEC({codec})) ENGINE = MergeTree ORDER BY id{WIDE}"
        )
        engine.run(f"INSERT INTO t FORMAT JSONEachRow {lines}")
        mark = " *" if codec == "ZSTD(3)" else ""
        found[codec + mark] = round(engine.bytes_per_value("t") * len(words) / characters, 3)
    return found


def _recorded(folder: Path) -> list[str]:
    def strings(value: Any) -> list[str]:
        if isinstance(value, str):
            return [value] if len(value) > 40 else []
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        return [text for part in parts for text in strings(part)]

    found: list[str] = []
    for file in sorted(folder.rglob("*.json")):
        try:
            found += strings(json.loads(file.read_text()))
        except (UnicodeDecodeError, json.JSONDecodeError):
            continue
    random.Random(1).shuffle(found)
    return found[:20_000]


def main() -> None:
    """Prints the figures, as one JSON document with --json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--news", type=Path, help="folder of recorded news (JSON)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Path(folder))
        engine.run("CREATE DATABASE tables")
        engine.run("USE tables")
        result = {
            "rows": arguments.rows,
            "select 1, ms": engine.milliseconds("SELECT 1"),
            "bytes per value (* chosen)": columns(engine, arguments.rows),
            "agent_id": agents(engine, arguments.rows),
            "skip indexes": skip_indexes(engine, arguments.rows),
            "bytes per byte of text (* chosen)": texts(engine, arguments.news),
        }
    print(json.dumps(result, indent=None if arguments.json else 2))


if __name__ == "__main__":
    main()
