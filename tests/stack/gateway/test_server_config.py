"""What the engine's own configuration adds: its user inside the engine, and a query log."""

from __future__ import annotations

from tests.stack.gateway.conftest import PASSWORD, USER, Http, Server


def test_a_dictionary_reads_the_engines_own_tables(http: Http) -> None:
    secret = PASSWORD.replace("\\", "\\\\").replace("'", "\\'")
    http.run(
        "CREATE OR REPLACE TABLE named (id UInt64, name String) ENGINE = MergeTree ORDER BY id",
        "INSERT INTO named VALUES (7, 'seven')",
        "CREATE OR REPLACE DICTIONARY names (id UInt64, name String) PRIMARY KEY id LAYOUT(FLAT()) LIFETIME(0)"
        f" SOURCE(CLICKHOUSE(USER '{USER}' PASSWORD '{secret}' TABLE 'named' DB 'default'))",
    )
    assert http.text("SELECT dictGet('names', 'name', 7)") == "seven"


def test_the_query_log_says_what_ran(http: Http) -> None:
    http.text("SELECT 'logged'", query_id="logged-1")
    http.run("SYSTEM FLUSH LOGS query_log")
    found = "SELECT count() FROM system.query_log WHERE Settings['cluster_for_parallel_replicas'] = 'logged-1'"
    assert http.text(f"{found} AND type = 'QueryFinish'") == "1"


def test_the_files_are_private_and_hold_no_password(server: Server) -> None:
    for name in ("users.xml", "config.xml"):
        file = server.folder / name
        assert file.stat().st_mode & 0o077 == 0
        assert PASSWORD not in file.read_text()
