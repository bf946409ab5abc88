"""INSERT bodies: found byte for byte, streamed, of every format."""

from __future__ import annotations

import base64
import io
import json
import struct
from collections.abc import Iterator

import pytest

from tests.stack.gateway.conftest import PASSWORD, USER, Http, Server


def native(http: Http, sql: str) -> bytes:
    answer = http.get(f"{sql} FORMAT Native", enable_http_compression=0)
    assert answer.status_code == 200
    return answer.content


@pytest.mark.parametrize("place", ["url", "body", "body on one line"])
def test_data_that_looks_like_white_space_is_kept(http: Http, place: str) -> None:
    """The first bytes of RowBinary or TSV data may be newlines, tabs and spaces."""
    http.run("CREATE OR REPLACE TABLE blank (s String) ENGINE = Memory")
    values = ["\n\n", " \t", "\r\n", " "]
    data = b"".join(bytes([len(value)]) + value.encode() for value in values)
    # A string of 9, 10, 13 or 32 bytes makes the very first data byte a blank.
    for size in (9, 10, 13, 32):
        http.run("TRUNCATE TABLE blank")
        body = bytes([size]) + b"\n" * size + data
        if place == "url":
            answer = http.post("INSERT INTO blank FORMAT RowBinary", body=body)
        elif place == "body":
            answer = http.post(b"INSERT INTO blank FORMAT RowBinary\n" + body)
        else:
            answer = http.post("INSERT INTO blank", body=b"FORMAT RowBinary\n" + body)
        assert answer.status_code == 200, answer.text
        got = http.text("SELECT groupArray(hex(s)) FROM blank FORMAT JSONCompactEachRow")
        want = ["0A" * size, *(value.encode().hex().upper() for value in values)]
        assert sorted(json.loads(got)[0]) == sorted(want)


def test_leading_empty_row_of_tsv(http: Http) -> None:
    http.run("CREATE OR REPLACE TABLE blank (s String) ENGINE = Memory")
    assert http.post("INSERT INTO blank FORMAT TSV", body=b"\n x\n\ty\n".replace(b"\ty", b"y")).status_code == 200
    assert http.post(b"INSERT INTO blank FORMAT TSV\n\nz\n").status_code == 200
    assert http.text("SELECT arraySort(groupArray(s)) FROM blank") == "['','',' x','y','z']"


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {t} VALUES (1, 'a'), (2, concat('b', 'c'))",
        "insert into {t} (s, n) values ('a', 1), ('bc', 2);",
        "INSERT INTO {t} FORMAT Values (1, 'a'), (2, 'bc')",
        "INSERT INTO {t} FORMAT CSV\n1,a\n2,bc\n",
        "INSERT INTO {t} FORMAT CSV 1,a\n2,bc",
        "INSERT INTO {t} SETTINGS input_format_parallel_parsing = 0 FORMAT CSV\n1,a\n2,bc",
        '/* note */ INSERT INTO {t} (n, s) FORMAT JSONEachRow {{"n":1,"s":"a"}} {{"n":2,"s":"bc"}}',
        "INSERT INTO {t} SELECT n, s FROM input('n Int32, s String') FORMAT CSV\n1,a\n2,bc\n",
        "INSERT INTO {t} SELECT number + 1, ['a', 'bc'][number + 1] FROM numbers(2)",
        "WITH 1 AS one INSERT INTO {t} FORMAT CSV\n1,a\n2,bc\n",
    ],
)
def test_statements_with_their_data(http: Http, table: str, statement: str) -> None:
    text = statement.format(t=table)
    answer = http.post(text)
    assert answer.status_code == 200, answer.text
    assert http.text(f"SELECT * FROM {table} ORDER BY n") == "1\ta\n2\tbc"
    http.run(f"TRUNCATE TABLE {table}")
    assert http.post(text, body=b"").status_code == 200
    assert http.text(f"SELECT * FROM {table} ORDER BY n") == "1\ta\n2\tbc"


def test_values_in_the_body_of_a_url_statement(http: Http, table: str) -> None:
    assert http.post(f"INSERT INTO {table} VALUES", body=b"(1,'a;'),(2,'b')").status_code == 200
    assert http.post("INSERT INTO {t:Identifier} FORMAT CSV", body=b"3,c", param_t=table).status_code == 200
    assert http.text(f"SELECT groupArray(s) FROM (SELECT s FROM {table} ORDER BY n)") == "['a;','b','c']"


@pytest.mark.parametrize(
    "form", ["Native", "RowBinary", "CSV", "TSV", "JSONEachRow", "Parquet", "Arrow", "ArrowStream", "ORC"]
)
def test_every_format_comes_back_as_it_went_in(http: Http, table: str, form: str) -> None:
    source = "SELECT toInt32(number) AS n, concat('v', toString(number)) AS s FROM numbers(50000)"
    data = http.get(
        f"{source} FORMAT {form}", enable_http_compression=0, output_format_arrow_string_as_string=1
    ).content
    answer = http.post(f"INSERT INTO {table} FORMAT {form}", body=data)
    assert answer.status_code == 200, answer.text
    sums = "SELECT count(), sum(n), sum(cityHash64(n, s))"
    assert http.text(f"{sums} FROM {table}") == http.text(f"{sums} FROM ({source})")


def test_bad_data_is_an_error_and_lands_nothing(http: Http, table: str) -> None:
    answer = http.post(f"INSERT INTO {table} FORMAT CSV", body=b"1,a\nnot a number,b\n")
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (400, "27")
    assert http.text(f"SELECT count() FROM {table}") == "0"
    assert http.post("INSERT INTO nowhere FORMAT CSV", body=b"1").status_code == 404
    assert http.post(f"INSERT INTO {table} FORMAT Nonsense", body=b"1").headers["X-ClickHouse-Exception-Code"] == "73"


def test_insert_token_is_honoured(http: Http) -> None:
    http.run(
        "CREATE OR REPLACE TABLE tokens (n Int32) ENGINE = MergeTree ORDER BY n"
        " SETTINGS non_replicated_deduplication_window = 100"
    )
    for token in ("a", "a", "b"):
        http.post("INSERT INTO tokens FORMAT CSV", body=b"1\n", insert_deduplication_token=token)
    assert http.text("SELECT count() FROM tokens") == "2"


def _rows(http: Http, rows: int, pieces: int) -> Iterator[bytes]:
    block = native(http, f"SELECT toInt32(number) AS n, toString(number) AS s FROM numbers({rows})")
    for _ in range(pieces):
        for start in range(0, len(block), 1 << 18):
            yield block[start : start + (1 << 18)]


def test_a_long_body_is_streamed_in_bounded_memory(http: Http, server: Server) -> None:
    """Ten million rows, 150 MB, chunked: resident memory grows by far less than the body."""
    import psutil

    http.run("CREATE OR REPLACE TABLE long (n Int32, s String) ENGINE = Null")
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    peak = 0

    def watched() -> Iterator[bytes]:
        nonlocal peak
        for chunk in _rows(http, 500_000, 20):
            peak = max(peak, process.memory_info().rss)
            yield chunk

    answer = http.client.post("/", params={"query": "INSERT INTO long FORMAT Native"}, content=watched())
    assert answer.status_code == 200, answer.text
    assert '"written_rows":"10000000"' in answer.headers["X-ClickHouse-Summary"]
    assert peak - before < 100 << 20


def test_half_a_body_lands_nothing(http: Http, server: Server, table: str) -> None:
    """The client goes away in the middle of an INSERT."""
    import socket
    import time

    token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    head = (
        f"POST /?query=INSERT+INTO+{table}+FORMAT+CSV HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Basic {token}\r\nContent-Length: 1000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.sendall(head.encode() + b"1,a\n2,b\n")
        time.sleep(0.3)
    time.sleep(0.5)
    assert http.text(f"SELECT count() FROM {table}") == "0"
    assert http.text("SELECT count() FROM system.processes WHERE query ILIKE 'INSERT%'") == "0"


def test_fixed_binary_layout(http: Http) -> None:
    http.run("CREATE OR REPLACE TABLE doubles (x Float64) ENGINE = Memory")
    data = b"".join(struct.pack("<d", value) for value in (0.1, -1e300, 5e-324))
    assert http.post("INSERT INTO doubles FORMAT RowBinary", body=data).status_code == 200
    back = io.BytesIO(http.get("SELECT x FROM doubles FORMAT RowBinary", enable_http_compression=0).content)
    assert back.read() == data


def test_long_values(http: Http, table: str) -> None:
    """More than a statement may be long: the data is streamed, expressions are evaluated."""
    body = b",".join(b"(%d, concat('a', 'b;'))" % number for number in range(120_000))
    assert len(body) > 2 << 20
    answer = http.post(f"INSERT INTO {table} (n, s) VALUES ".encode() + body)
    assert answer.status_code == 200, answer.text
    assert http.text(f"SELECT count(), uniqExact(s), any(s) FROM {table}") == "120000\t1\tab;"


def test_long_select_text(http: Http) -> None:
    numbers = ",".join(str(number) for number in range(60_000))
    sql = f"SELECT count() FROM numbers(90000) WHERE number IN ({numbers})"
    assert http.text(sql, max_query_size=10_000_000) == "60000"
    assert http.post(sql).headers["X-ClickHouse-Exception-Code"] == "62"
