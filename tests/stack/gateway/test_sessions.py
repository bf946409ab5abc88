"""session_id: temporary tables, SET and USE live in it; what a URL sets does not."""

from __future__ import annotations

import threading
import time
import uuid

from tests.stack.gateway.conftest import Http


def _id() -> str:
    return uuid.uuid4().hex


def test_temporary_table_lives_in_its_session_only(http: Http) -> None:
    """One shared session once let a unit test's temporary table break the second `dbt build`."""
    mine, other = _id(), _id()
    http.text("CREATE TEMPORARY TABLE scratch (x Int8)", session_id=mine)
    http.post("INSERT INTO scratch FORMAT CSV", body=b"1\n2\n", session_id=mine)
    assert http.text("SELECT sum(x) FROM scratch", session_id=mine) == "3"
    assert http.post("SELECT sum(x) FROM scratch", session_id=other).status_code == 404
    assert http.post("SELECT sum(x) FROM scratch").status_code == 404
    http.text("CREATE TEMPORARY TABLE scratch (x Int8)", session_id=other)


def test_set_and_use_stay_url_settings_do_not(http: Http) -> None:
    session = _id()
    http.run("CREATE DATABASE IF NOT EXISTS kept")
    ask = "SELECT getSetting('max_block_size'), getSetting('max_threads'), currentDatabase()"
    start = http.text(ask, session_id=session)
    assert http.text(ask, session_id=session, max_block_size=77, database="system").startswith("77\t")
    assert http.text(ask, session_id=session) == start
    http.text("SET max_block_size = 55", session_id=session, max_threads=1)
    http.text("USE kept", session_id=session)
    assert http.text(ask, session_id=session).split("\t") == ["55", start.split("\t")[1], "kept"]
    assert http.text(ask, session_id=session, max_block_size=66, database="system").split("\t")[::2] == ["66", "system"]
    assert http.text(ask, session_id=session).split("\t")[::2] == ["55", "kept"]


def test_a_set_wins_over_the_url_of_its_request_and_survives_it(http: Http) -> None:
    session = _id()
    ask = "SELECT getSetting('max_block_size'), getSetting('format_csv_delimiter')"
    http.text("SET max_block_size = 55, format_csv_delimiter = ' '", session_id=session)
    assert http.text(ask, session_id=session, max_block_size=66, format_csv_delimiter="|") == "66\t|"
    http.text("SET max_block_size = 44", session_id=session, max_block_size=66, format_csv_delimiter="|")
    assert http.text(ask, session_id=session) == "44\t "
    assert http.text(ask, session_id=session, max_block_size=77) == "77\t "
    assert http.post("SELECT 1", session_id=session, no_such_setting="1").status_code == 404
    assert http.text(ask, session_id=session) == "44\t "


def test_a_session_with_settings_of_its_own_reads_them_once(http: Http) -> None:
    """dbt runs one SET and then sends 13 settings with every statement: reading each back took 50 ms a statement."""
    session = _id()
    http.text("SET allow_nondeterministic_mutations = 1", session_id=session)
    for threads in (1, 2, 1):
        assert http.text("SELECT 1", session_id=session, max_insert_threads=threads, join_use_nulls=1) == "1"
    http.run("SYSTEM FLUSH LOGS query_log")
    reads = "query LIKE '%FROM system.settings%max_insert_threads%' AND query NOT LIKE '%query_log%'"
    assert http.text(f"SELECT count() FROM system.query_log WHERE type = 'QueryFinish' AND {reads}") == "1"


def test_session_check_and_timeout(http: Http) -> None:
    session = _id()
    missing = http.post("SELECT 1", session_id=session, session_check=1)
    assert (missing.status_code, missing.headers["X-ClickHouse-Exception-Code"]) == (500, "372")
    http.text("SELECT 1", session_id=session, session_timeout=1)
    assert http.post("SELECT 1", session_id=session, session_check=1, session_timeout=1).status_code == 200
    time.sleep(2.2)
    assert http.post("SELECT 1", session_id=session, session_check=1).headers["X-ClickHouse-Exception-Code"] == "372"
    for wrong in ("abc", "4000"):
        answer = http.post("SELECT 1", session_id=session, session_timeout=wrong)
        assert answer.headers["X-ClickHouse-Exception-Code"] == "374"


def test_close_session(http: Http) -> None:
    session = _id()
    http.text("CREATE TEMPORARY TABLE scratch (x Int8)", session_id=session)
    http.text("SELECT 1", session_id=session, close_session=1)
    assert http.post("SELECT 1", session_id=session, session_check=1).headers["X-ClickHouse-Exception-Code"] == "372"


def test_a_session_serves_one_request_at_a_time(http: Http) -> None:
    session = _id()
    slow = threading.Thread(target=http.text, args=("SELECT sleep(1)",), kwargs={"session_id": session})
    slow.start()
    time.sleep(0.3)
    locked = http.post("SELECT 1", session_id=session)
    slow.join()
    assert (locked.status_code, locked.headers["X-ClickHouse-Exception-Code"]) == (500, "373")
    assert http.text("SELECT 1", session_id=session) == "1"


def test_the_session_is_free_when_the_answer_has_been_read(http: Http) -> None:
    session = _id()
    for _ in range(200):
        assert http.post("SELECT 1", session_id=session).status_code == 200


def test_get_cannot_write_in_a_session(http: Http, table: str) -> None:
    session = _id()
    answer = http.get(f"INSERT INTO {table} VALUES (1, 'a')", session_id=session)
    assert answer.headers["X-ClickHouse-Exception-Code"] == "164"
    assert http.get("SELECT 1", session_id=session).text == "1\n"
    assert http.post(f"INSERT INTO {table} VALUES (1, 'a')", session_id=session).status_code == 200


def test_a_failed_query_leaves_the_session_usable(http: Http) -> None:
    session = _id()
    http.text("CREATE TEMPORARY TABLE scratch (x Int8)", session_id=session)
    assert http.post("SELECT nope", session_id=session).status_code == 404
    assert http.post("INSERT INTO scratch FORMAT CSV", body=b"zz\n", session_id=session).status_code == 400
    assert http.post("SELECT throwIf(number = 3) FROM numbers(9) FORMAT JSON", session_id=session).status_code == 500
    assert http.post("SELECT 1", session_id=session, no_such_setting="1").status_code == 404
    assert http.text("SELECT count() FROM scratch", session_id=session) == "0"
