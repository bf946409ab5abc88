"""Codes, statuses, and errors that come after the first rows have left."""

from __future__ import annotations

import clickhouse_connect
import httpx
import pytest
from clickhouse_connect.driver.exceptions import StreamFailureError

from tests.stack.gateway.conftest import PASSWORD, USER, Http, Server


@pytest.mark.parametrize(
    ("sql", "code", "status"),
    [
        ("SELEKT 1", "62", 400),
        ("SELECT 1 +", "62", 400),
        ("SELECT * FROM no_such_table", "60", 404),
        ("SELECT * FROM no_such_db.t", "81", 404),
        ("SELECT no_such_column", "47", 404),
        ("SELECT no_such_function(1)", "46", 404),
        ("SELECT CAST('x' AS NoSuchType)", "50", 404),
        ("SELECT 1 FORMAT NoSuchFormat", "73", 404),
        ("CREATE TABLE x (a Int8) ENGINE = NoSuchEngine", "56", 404),
        ("SELECT toInt32('abc')", "6", 400),
        ("SELECT toDate('abc')", "38", 400),
        ("SELECT throwIf(1)", "395", 500),
        ("SELECT 1 + 'a'", "43", 500),
        ("SELECT sleep(3) SETTINGS max_execution_time = 0.1", "159", 408),
        ("CREATE USER somebody", "497", 403),
    ],
)
def test_code_and_status(http: Http, sql: str, code: str, status: int) -> None:
    answer = http.post(sql)
    assert (answer.headers["X-ClickHouse-Exception-Code"], answer.status_code) == (code, status), answer.text
    assert answer.text.startswith(f"Code: {code}. DB::Exception: ")
    assert "(version 26.9." in answer.text


def test_error_before_the_first_mebibyte_has_its_status(http: Http) -> None:
    for form in ("TSV", "JSON", "Native"):
        answer = http.post(f"SELECT throwIf(number = 5000) FROM numbers(9000) FORMAT {form}", max_block_size=100)
        assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (500, "395")


LATE = "SELECT number, throwIf(number = 3000000) FROM numbers(4000000)"


@pytest.mark.parametrize(
    ("form", "encoding"), [("TSV", "gzip"), ("JSON", "zstd"), ("Native", "identity"), ("CSVWithNames", "br")]
)
def test_error_in_the_middle_is_tagged_and_breaks_the_transfer(http: Http, form: str, encoding: str) -> None:
    received = b""
    with http.client.stream(
        "POST", "/", content=f"{LATE} FORMAT {form}", headers={"Accept-Encoding": encoding}
    ) as answer:
        assert answer.status_code == 200
        tag = answer.headers["X-ClickHouse-Exception-Tag"]
        broken = False
        try:
            for chunk in answer.iter_bytes():
                received = (received + chunk)[-5000:]
        except httpx.RemoteProtocolError:
            broken = True
    assert broken
    assert f"__exception__\r\n{tag}\r\nCode: 395. DB::Exception: " in received.decode(errors="replace")
    assert received.endswith(f" {tag}\r\n__exception__\r\n".encode())


def test_wait_end_of_query_turns_a_late_error_into_a_status(http: Http) -> None:
    answer = http.post(LATE, wait_end_of_query=1)
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (500, "395")
    whole = http.post("SELECT number FROM numbers(3000000)", wait_end_of_query=1)
    assert whole.text.count("\n") == 3_000_000
    assert '"read_rows":"3000000"' in whole.headers["X-ClickHouse-Summary"]


def test_clickhouse_connect_raises_on_a_late_error(server: Server) -> None:
    client = clickhouse_connect.get_client(host="127.0.0.1", port=server.port, username=USER, password=PASSWORD)
    with (
        pytest.raises(StreamFailureError, match="throwIf"),
        client.query_rows_stream(LATE, settings={"wait_end_of_query": 0}) as rows,
    ):
        for _ in rows:
            pass
    assert client.command("SELECT 1") == 1
