"""Rendering of sql/clickhouse for another database and for a cluster, checked by ClickHouse's own parser and, as far as
one process can, by running it: the engine counts 127.0.0.1:9000 as its own shard."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project import migrations
from dagster_project.lib.clickhouse_ddl import DdlError, Place, render, sharded_tables

FILES = sorted((migrations.SQL_ROOT / "clickhouse").glob("*.sql"))
STATEMENTS = [statement for file in FILES for statement in migrations.clickhouse_statements(file)]
SHARDED = sharded_tables(STATEMENTS)
CLUSTER = Place("candlehouse", cluster="{cluster}", sharded=SHARDED)


def in_engine(script: str, *arguments: str) -> str:
    """Runs a script with the embedded engine in a process of its own: one process can open one engine only."""
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_without_a_cluster_every_statement_is_the_text_of_its_file() -> None:
    assert len(STATEMENTS) > 100
    for file in FILES:
        text = file.read_text()
        for statement in migrations.clickhouse_statements(file):
            assert render(statement, Place("candlehouse")) == [statement]
            assert statement in text


def test_every_rendered_statement_is_read_by_clickhouse(tmp_path: Path) -> None:
    rendered = [one for statement in STATEMENTS for one in render(statement, CLUSTER)]
    assert len(rendered) >= len(STATEMENTS) + len(SHARDED)
    for number, statement in enumerate(rendered):
        (tmp_path / f"{number:04d}.sql").write_text(statement)
    script = (
        "import sys, pathlib\nfrom chdb import session\ns = session.Session()\n"
        "for file in sorted(pathlib.Path(sys.argv[1]).glob('*.sql')):\n"
        "    text = file.read_text().replace('\\\\', '\\\\\\\\').replace(\"'\", \"\\\\'\")\n"
        "    print(str(s.query(f\"SELECT formatQuerySingleLine('{text}')\", 'TSVRaw')).strip())\n"
    )
    read = in_engine(script, str(tmp_path)).splitlines()
    assert len(read) == len(rendered)
    for line in read:
        assert not line.startswith(("CREATE", "ALTER")) or "ON CLUSTER `{cluster}`" in line, line
    # A refreshable view keeps what it computed on its own node.
    views = [line for line in read if line.startswith("CREATE MATERIALIZED VIEW") and " REFRESH EVERY " in line]
    assert all(" ENGINE = MergeTree " in line and "_local" not in line for line in views)
    assert len(views) == 1
    local = [line for line in read if re.search(r"ENGINE = \w*MergeTree\b", line) and line not in views]
    assert len(local) == len(SHARDED)
    for line in local:
        assert re.search(
            r"ENGINE = Replicated\w+\('/clickhouse/tables/\{uuid\}/\{shard\}', '\{replica\}'(, \w+)?\)", line
        ), line


def test_rows_go_to_shards_by_identity_so_that_versions_meet() -> None:
    assert SHARDED["trades_history_versions"] == "cityHash64(agent_id, id)"
    assert SHARDED["price_ticks_versions"] == "cityHash64(exchange, symbol)"
    assert SHARDED["market_ohlcv"] == SHARDED["market_days"] == SHARDED["market_ohlcv_hours"]
    assert SHARDED["market_ohlcv"] == "cityHash64(exchange, symbol, timeframe)"


def test_a_sharded_table_is_a_replicated_and_a_distributed_one() -> None:
    statement = (
        "-- why\nCREATE TABLE IF NOT EXISTS t\n(\n    id String COMMENT 'ORDER BY (x) ENGINE = Null, it''s',\n"
        "    at DateTime64(3, 'UTC')\n)\nENGINE = ReplacingMergeTree(at)\nORDER BY (id, at)\nCOMMENT 'All; of it.'"
    )
    place = Place("db", cluster="c", sharded=sharded_tables([statement]))
    assert render(statement, place) == [
        statement.replace("EXISTS t\n", "EXISTS t_local ON CLUSTER 'c'\n").replace(
            "= ReplacingMergeTree(at)",
            "= ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', at)",
        ),
        "CREATE TABLE IF NOT EXISTS t ON CLUSTER 'c' AS t_local\n"
        "ENGINE = Distributed('c', 'db', 't_local', cityHash64(id))\nCOMMENT 'All; of it.'",
    ]


def test_an_engine_without_arguments_gets_them() -> None:
    statement = "CREATE TABLE IF NOT EXISTS t (a Int32) ENGINE = AggregatingMergeTree ORDER BY a"
    place = Place("db", cluster="c", sharded=sharded_tables([statement]))
    path = "'/clickhouse/tables/{uuid}/{shard}', '{replica}'"
    assert f"ENGINE = ReplicatedAggregatingMergeTree({path}) ORDER BY a" in render(statement, place)[0]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("CREATE DATABASE IF NOT EXISTS a COMMENT 'x'", "CREATE DATABASE IF NOT EXISTS a ON CLUSTER 'c' COMMENT 'x'"),
        (
            "CREATE TABLE IF NOT EXISTS n (a Int32) ENGINE = Null",
            "CREATE TABLE IF NOT EXISTS n ON CLUSTER 'c' (a Int32) ENGINE = Null",
        ),
        (
            "CREATE MATERIALIZED VIEW IF NOT EXISTS v TO s2 AS SELECT a FROM s",
            "CREATE MATERIALIZED VIEW IF NOT EXISTS v ON CLUSTER 'c' TO s2_local AS SELECT a FROM s_local",
        ),
        (
            "CREATE MATERIALIZED VIEW IF NOT EXISTS v REFRESH EVERY 1 HOUR (a Int8) ENGINE = MergeTree ORDER BY a"
            " AS SELECT a FROM s",
            "CREATE MATERIALIZED VIEW IF NOT EXISTS v ON CLUSTER 'c' REFRESH EVERY 1 HOUR (a Int8) ENGINE = MergeTree"
            " ORDER BY a AS SELECT a FROM s",
        ),
        (
            "CREATE MATERIALIZED VIEW IF NOT EXISTS w.v TO s AS SELECT a FROM w.n AS i CROSS JOIN o",
            "CREATE MATERIALIZED VIEW IF NOT EXISTS w.v ON CLUSTER 'c' TO s AS SELECT a FROM w.n AS i CROSS JOIN o",
        ),
        (
            "CREATE OR REPLACE VIEW v AS SELECT * FROM s FINAL INNER JOIN s2 ON 1"
            " WHERE a NOT IN (SELECT 'IN (SELECT') AND b IN (1)",
            "CREATE OR REPLACE VIEW v ON CLUSTER 'c' AS SELECT * FROM s FINAL GLOBAL INNER JOIN s2 ON 1"
            " WHERE a GLOBAL NOT IN (SELECT 'IN (SELECT') AND b IN (1)",
        ),
        ("ALTER TABLE v COMMENT COLUMN a 'x'", "ALTER TABLE v ON CLUSTER 'c' COMMENT COLUMN a 'x'"),
        ("SELECT throwIf(0)", "SELECT throwIf(0)"),
    ],
)
def test_other_statements_go_to_every_server(statement: str, expected: str) -> None:
    place = Place("db", cluster="c", sharded={"s": "cityHash64(a)", "s2": "cityHash64(a)"})
    assert render(statement, place) == [expected]


def test_a_change_of_a_sharded_table_changes_both_halves() -> None:
    place = Place("db", cluster="c", sharded={"s": "cityHash64(a)"})
    mixed = "ALTER TABLE s ADD COLUMN b Decimal(9, 2), ADD INDEX i b TYPE minmax, MODIFY SETTING x = 1, y = 2"
    assert render(mixed, place) == [
        mixed.replace("s ADD COLUMN", "s_local ON CLUSTER 'c' ADD COLUMN"),
        "ALTER TABLE s ON CLUSTER 'c'\n    ADD COLUMN b Decimal(9, 2)",
    ]
    assert render("ALTER TABLE s ADD INDEX i b TYPE minmax", place) == [
        "ALTER TABLE s_local ON CLUSTER 'c' ADD INDEX i b TYPE minmax"
    ]


def test_what_is_not_known_on_a_cluster_is_refused_loudly() -> None:
    with pytest.raises(DdlError, match="is not known on a cluster"):
        render("RENAME TABLE a TO b", Place("db", cluster="c"))
    with pytest.raises(DdlError, match="sharded by different columns"):
        render(
            "CREATE MATERIALIZED VIEW IF NOT EXISTS v TO s2 AS SELECT a FROM s",
            Place("db", cluster="c", sharded={"s": "cityHash64(a)", "s2": "cityHash64(b)"}),
        )


def test_databases_of_facades_get_their_prefix_and_nothing_else_does() -> None:
    place = Place("t", facade_prefix="t_")
    assert render("CREATE DATABASE IF NOT EXISTS hybrid COMMENT 'hybrid.x'", place) == [
        "CREATE DATABASE IF NOT EXISTS t_hybrid COMMENT 'hybrid.x'"
    ]
    assert render("SELECT hybrid, quantbot_write.a FROM hybrid.b -- hybrid.c", place) == [
        "SELECT hybrid, t_quantbot_write.a FROM t_hybrid.b -- hybrid.c"
    ]
    assert render("SELECT 1 FROM hybrid.b", Place("t", facade_prefix="my-db_")) == ["SELECT 1 FROM `my-db_hybrid`.b"]


# One shard and no Keeper: the statements without ON CLUSTER and with plain engines, everything else as on a cluster.
_ONE_SHARD = """
import pathlib, sys
from chdb import session
folder = pathlib.Path(sys.argv[1])
(folder / "users.xml").write_text(
    "<clickhouse><profiles><default/></profiles><quotas><default/></quotas><users><default><password></password>"
    "<networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></default></users></clickhouse>")
(folder / "config.xml").write_text(
    f"<clickhouse><users_config>{folder}/users.xml</users_config><tcp_port>9000</tcp_port><remote_servers><one><shard>"
    "<replica><host>127.0.0.1</host><port>9000</port></replica></shard></one></remote_servers></clickhouse>")
s = session.Session(f"{folder}/store?config-file={folder}/config.xml")
s.query("CREATE DATABASE candlehouse"); s.query("USE candlehouse")
for file in sorted((folder / "sql").glob("*.sql")):
    s.query(file.read_text())
s.query("INSERT INTO market_ohlcv (exchange, symbol, timeframe, timestamp, open, high, low, close, volume)"
        " SELECT 'binance', 'BTC/USDT', '1m', toDateTime64('2026-03-01', 3, 'UTC') + toIntervalMinute(number),"
        " 1, 2, 0.5, 1, 1 FROM numbers(120)")
for version in (1, 2):
    s.query("INSERT INTO agent_decisions_log_versions (id, agent_id, exchange, symbol, decided_at, origin, created_at,"
            " updated_at, final_score) VALUES ('d', 'a', 'bybit', 'BTC', '2026-03-01', 'live', now64(6), now64(6),"
            f" {version})")
s.query("INSERT INTO hybrid_write.market_tickers (timestamp, symbol, bid)"
        " VALUES ('2026-03-01 00:00:00', 'BTC', 3)")
for query in ("SELECT engine, count() FROM system.tables WHERE database = 'candlehouse' AND engine = 'Distributed'"
              " GROUP BY 1",
              "SELECT sum(candles) FROM market_days_local", "SELECT count() FROM candles_1h",
              "SELECT count() FROM hybrid.market_ohlcv WHERE timeframe = '5m'",
              "SELECT final_score FROM agent_decisions_log", "SELECT final_score FROM hybrid.agent_decisions_log",
              "SELECT bid FROM hybrid.market_tickers", "SELECT count() FROM market_tickers_versions_local"):
    print(str(s.query(query, "TSV")).strip())
"""


def test_tables_views_and_doors_work_over_distributed_tables(tmp_path: Path) -> None:
    place = Place("candlehouse", cluster="one", sharded=SHARDED)
    rendered = [one for statement in STATEMENTS for one in render(statement, place)]
    (tmp_path / "sql").mkdir()
    path = "'/clickhouse/tables/{uuid}/{shard}', '{replica}'"
    for number, statement in enumerate(rendered):
        alone = statement.replace(" ON CLUSTER 'one'", "").replace(f"({path}, ", "(").replace(f"({path})", "")
        (tmp_path / "sql" / f"{number:04d}.sql").write_text(alone.replace("= Replicated", "= "))
    assert in_engine(_ONE_SHARD, str(tmp_path)).splitlines() == [
        f"Distributed\t{len(SHARDED)}",
        "120",
        "2",
        "24",
        "2",
        "2",
        "3",
        "1",
    ]
